"""What a backend promises of a run, whichever it is: one list, held against the local backend and against E2B's alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from osiris_core.session.reader import open_session

if TYPE_CHECKING:
    from conftest import Project

MANIFEST = """
osiris: "1"
pipeline: {{id: promises}}
code: [code]
{more}steps:
  - {{id: act, driver: python.callable, config: {{function: "act:act"}}}}
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a driver does, and what both sessions must then hold."""

    code: str
    outcome: str = "succeeded"
    printed: bytes = b""
    error: str = ""
    more: str = ""


CASES = {
    "says-nothing": Case(code="pass"),
    "prints-bytes-that-are-no-text": Case(code="os.write(1, bytes(range(256)))", printed=bytes(range(256))),
    "prints-what-looks-like-a-record": Case(
        code="os.write(1, b'\\x1eOS1 0a1b2c3d 0 0 0 2 00000000 {}\\n')",
        printed=b"\x1eOS1 0a1b2c3d 0 0 0 2 00000000 {}\n",
    ),
    "prints-much": Case(code="print('x' * 3_000_000)", printed=b"x" * 3_000_000 + b"\n"),
    "raises": Case(code="raise ValueError('broken')", outcome="failed", error="broken"),
    "kills-itself": Case(code="os.kill(os.getpid(), 9)", outcome="crashed", error="SIGKILL"),
    "leaves-without-a-word": Case(code="os._exit(0)", outcome="crashed", error="exit code 0"),
    "takes-too-long": Case(code="signal.pause()", outcome="deadline", error="0.3 s", more="timeout_s: 0.3\n"),
}


@pytest.mark.parametrize("name", CASES)
def test_both_backends_keep_it(project: Project, name: str) -> None:
    """Outcome, error and every printed byte are what they must be, on both targets, and one terminal record is the last."""
    case = CASES[name]
    project.write("code/act.py", f"import os\nimport signal\n\n\ndef act(inputs, ctx):\n    {case.code}\n")
    project.write("promises.osiris.yaml", MANIFEST.format(more=case.more))

    record = project.check("promises.osiris.yaml")

    assert [each.outcome for each in record.targets] == [case.outcome, case.outcome], record.headline
    for run in record.targets:
        directory = project.session_root / run.session_directory
        session = open_session(directory)
        journal = (directory / ".host" / "journal.os1").read_bytes()
        assert case.error in str(session.error)
        printed = directory / "logs" / "act.out"
        assert (printed.read_bytes() if printed.exists() else b"") == case.printed
        assert journal.count(b'"kind":"terminal"') == 1
        assert b'"kind":"terminal"' in journal.splitlines()[-1]
