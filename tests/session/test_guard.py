"""What reaches the host with a secret in it is refused before it is kept, and the session says so."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from osiris_core.errors import WireError
from osiris_core.session.guard import SecretGuard
from osiris_core.wire.frames import encode_frame
from osiris_core.wire.leaks import Leaks
from osiris_core.wire.masking import MaskTable
from osiris_core.wire.parts import SLICE_CHARS
from tests.session.tape import TARGET_FACTS, Tape, begin, open_writer

if TYPE_CHECKING:
    from pathlib import Path

SECRET = 'q"9-secret-of-the-run'


@pytest.fixture
def guard() -> SecretGuard:
    """The guard of a run with one secret."""
    table = MaskTable.of_values([("TOKEN", SECRET)])
    assert table is not None
    return SecretGuard(Leaks(table=table, waived=("step/may-*",)))


def line(seq: int, **record: object) -> bytes:
    payload = json.dumps(record, separators=(",", ":")).encode()
    return encode_frame(tag="0a1b2c3d", epoch=0, seq=seq, offset=0, payload=payload)


def log(seq: int, message: str) -> bytes:
    return line(seq, kind="log", ts="t", step="s", level="INFO", logger="l", message=message)


def printed(seq: int, data: bytes) -> bytes:
    return line(seq, kind="stdio", ts="t", step="s", data=base64.b64encode(data).decode())


@pytest.mark.parametrize(
    "lines",
    [
        [log(0, "clean"), log(1, f"it is {SECRET}")],
        [printed(0, b"clean"), printed(1, SECRET.encode())],
        [
            printed(0, b"clean"),
            printed(1, SECRET.encode().hex().encode()),
        ],  # nothing in the record as it stands tells of it
        [log(0, "x"), line(1, kind="metric", ts="t", step="s", name="n", tags={SECRET: "x"}, unit=None)],
    ],
)
def test_a_record_with_a_secret_is_refused(guard: SecretGuard, lines: list[bytes]) -> None:
    """It is named by its number, and the secret by its name."""
    with pytest.raises(WireError, match="record 1 reached the host with the secret TOKEN in it") as caught:
        guard.check_lines(lines)
    assert SECRET not in str(caught.value)


def test_what_is_masked_passes(guard: SecretGuard) -> None:
    """Tokens, a digest that looks like anything, and the content of an artifact, which is looked through as a file."""
    guard.check_lines([log(0, "***TOKEN***"), printed(1, b"***TOKEN***\n")])
    guard.check_lines([line(2, kind="content", ts="t", step="s", path="s/x", offset=0, data=SECRET)])


def test_artifacts_are_looked_through_once_more(guard: SecretGuard, tmp_path: Path) -> None:
    """Whatever the target said of them; what may hold a secret may."""
    (tmp_path / "step").mkdir()
    (tmp_path / "step" / "may-hold").write_text(SECRET)
    (tmp_path / "step" / "must-not").write_text(f"x{SECRET}x")
    guard.check_files(tmp_path, ["step/may-hold"])
    with pytest.raises(
        WireError, match="the artifact step/must-not holds the secret TOKEN, and the target did not say"
    ):
        guard.check_files(tmp_path, ["step/may-hold", "step/must-not"])


def test_what_a_lost_run_left_is_cleared(guard: SecretGuard, tmp_path: Path) -> None:
    """Files without a secret stay to be looked at."""
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / "a").write_text(SECRET)
    (tmp_path / "outbox" / "b").write_text("harmless")
    guard.sweep(tmp_path)
    guard.sweep(tmp_path / "nowhere")
    assert [each.name for each in sorted(tmp_path.rglob("*"))] == ["outbox", "b"]


def test_tokens_are_counted(guard: SecretGuard, tmp_path: Path) -> None:
    """In events, metrics and logs: how often something was masked is evidence, too."""
    (tmp_path / "logs").mkdir()
    for name, text in (
        ("events.jsonl", "***TOKEN***,***TOKEN***\n"),
        ("metrics.jsonl", ""),
        ("logs/a.out", "***TOKEN***"),
    ):
        (tmp_path / name).write_text(text)
    assert guard.count(tmp_path) == 3


@pytest.mark.parametrize("before", [10, SLICE_CHARS - 260], ids=["inside a part", "across two parts"])
def test_a_secret_in_a_record_that_came_in_parts_is_refused(tmp_path: Path, before: int) -> None:
    """Each part may look harmless; the whole does not, the session is lost, and no file of it keeps the secret."""
    secret = "9-secret-of-the-run" * 10
    table = MaskTable.of_values([("TOKEN", secret)])
    assert table is not None
    tape = begin(Tape())
    tape.log("read", "x" * before + secret + "x" * 3 * SLICE_CHARS)
    writer = open_writer(tmp_path)
    writer.guard(Leaks(table=table))

    with pytest.raises(WireError, match="with the secret TOKEN in it"):
        writer.feed(tape.data)
    session = writer.close(target_facts=TARGET_FACTS)

    assert session.outcome == "lost"
    kept = [each for each in tmp_path.rglob("*") if each.is_file() and secret.encode() in each.read_bytes()]
    assert kept == []
