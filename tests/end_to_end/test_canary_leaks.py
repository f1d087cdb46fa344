"""A driver that leaks fresh secrets of every kind in every way there is, however its run ends: no byte that is written anywhere has one."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import logging
import re
import secrets
import tarfile
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from osiris_core.backends.protocol import Patience
from osiris_core.report.files import write_report
from osiris_core.surface import record_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from osiris_core.parity.record import ParityRecord

    from conftest import Project

NAMES = ("TOKEN", "QUOTED", "LINES", "DOCUMENT", "DSN")
ENDINGS = {("succeed", "throw", "crash"): "crashed", ("overtime",): "failed", ("cancel",): "cancelled"}
"""Steps by how they end, and the outcome that this makes."""
MANIFEST = """
osiris: "1"
pipeline: {{id: leaks}}
code: [code]
secrets: [{names}]
connections: osiris_connections.yaml
on_failure: continue
steps:
{steps}
"""
STEP = '  - {{id: {end}, driver: "leaking:Leak", config: {{end: {end}, connection: "@db"}}{more}}}'
CONNECTIONS = """
connections:
  db:
    main: {{default: true, host: db.example, password: "${{DB_PASSWORD}}", nested: [{{api_key: {literal}}}]}}
"""
CODE = """
import base64, gzip, html, json, logging, os, re, signal, subprocess, sys, threading, traceback, warnings
from urllib.parse import quote, quote_plus

NAMES = ("TOKEN", "QUOTED", "LINES", "DOCUMENT", "DSN")

def encoded(value):
    data = value.encode()
    yield from (value, repr(value), json.dumps(value), json.dumps(value, ensure_ascii=False), json.dumps(json.dumps(value)))
    yield from (quote(value), quote(value, safe=""), re.sub("%..", lambda found: found[0].lower(), quote(value)), quote_plus(value), html.escape(value))
    yield from (data.hex(), data.hex().upper(), repr(data), repr({"password": [value]}))
    for before in (b"", b"u", b"u:"):
        yield from (base64.b64encode(before + data + b"!").decode(), base64.urlsafe_b64encode(before + data).decode())

class Leak:
    frame = "arrow"
    requirements = ()
    open_options = True

    def run(self, *, step_id, config, inputs, ctx):
        connection = config["resolved_connection"]
        if config["end"] == "overtime":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # overdue or not, first it leaks
        values = [*(ctx.secret(each).reveal() for each in NAMES), connection["password"], connection["nested"][0]["api_key"]]
        for number, value in enumerate(values):
            for text in encoded(value):
                print(text)
                ctx.logger.info("as text %s", text)
                ctx.log_event("leak", text=text, **{text: {text: [text]}})
            ctx.logger.warning("as %r", {value: [value]})
            logging.getLogger(value).error("by another logger", stack_info=False)
            ctx.log_metric(value, number, unit=value, tags={value: value})
            for character in value:
                os.write(1, character.encode())
            os.write(1, b"\\n")
            os.write(2, value.encode("utf-16-le") + b"\\n")
            warnings.warn(value)
            traceback.print_exception(ValueError(value))
        half = len(values[0]) // 2
        subprocess.run(["sh", "-c", 'printf "$A"; printf "$B\\n"'], env={**os.environ, "A": values[0][:half], "B": values[0][half:]})
        if config["end"] == "succeed":
            return None
        for number, value in enumerate(values):
            (ctx.output_dir / f"plain-{number}").write_text(f"x{value}x")
            (ctx.output_dir / f"packed-{number}.gz").write_bytes(gzip.compress(value.encode()))
        (ctx.output_dir / f"named-{values[0]}").write_text("x")
        (ctx.output_dir / "good").write_text("x")
        if config["end"] == "throw":
            try:
                raise KeyError(values[1])
            except KeyError as error:
                raise ValueError(f"{values}") from error
        if config["end"] == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if config["end"] == "cancel":
            os.kill(os.getppid(), signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        threading.Event().wait()
"""


@pytest.fixture
def values(project: Project, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A project whose secrets are fresh: 40 characters; with quotes; of lines; JSON with texts inside; a DSN; of a connection."""
    fresh = {name: secrets.token_hex(20) for name in ("TOKEN", "DB_PASSWORD", "literal", "a", "b", "c", "d", "e")}
    key = "-----BEGIN KEY-----\n{a}\n{b}/+\n-----END KEY-----\n".format(**fresh)
    given = {
        "TOKEN": fresh["TOKEN"],
        "DB_PASSWORD": fresh["DB_PASSWORD"],
        "QUOTED": f"\"{fresh['c'][:20]}é'\\{fresh['c'][20:]}☃<&> $x",
        "LINES": key,
        "DOCUMENT": json.dumps({"client": {"secret": fresh["d"]}, "scopes": ["read"]}),
        "DSN": f"postgres://user:{fresh['e']}%2F@db.example/x",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    project.write("osiris_connections.yaml", CONNECTIONS.format(literal=fresh["literal"]))
    project.write("code/leaking.py", CODE)
    return {**fresh, "e2": f"{fresh['e']}/"}


def leak(project: Project, *ends: str) -> ParityRecord:
    """Run a step for each end, on both targets; each leaks everything.

    One that is overdue before its driver has begun is tried again.
    """
    late = ", timeout_s: 0.3, retries: 100"
    steps = [STEP.format(end=end, more=late if end == "overtime" else "") for end in ends]
    text = MANIFEST.format(names=", ".join(NAMES), steps="\n".join(steps))
    project.write("leaks.osiris.yaml", text)
    return project.check("leaks.osiris.yaml", patience=Patience(driver_stop_s=100.0))


def forms(value: str) -> Iterator[bytes]:
    """Yield a text as it may have been written: made here, not by what is tested."""
    data = value.encode()
    yield from (
        data,
        data.hex().encode(),
        data.hex().upper().encode(),
        quote(value, safe="").encode(),
        html.escape(value).encode(),
    )
    yield value.encode("utf-16-le")
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + data)[4:-4]


def opened(data: bytes) -> Iterator[bytes]:
    """Yield bytes as they are, without blanks, unpacked, and with what is base64 in them decoded."""
    yield data
    yield re.sub(rb"\s+|\\n", b"", data)
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    for found in re.findall(rb"[A-Za-z0-9+/]{24,}={0,2}", data):
        yield base64.b64decode(found[: len(found) // 4 * 4])


def search(written: Mapping[str, bytes], values: Mapping[str, str]) -> set[str]:
    """Return what of all that was written has a secret in it."""
    wanted = {form for value in values.values() for form in forms(value)}
    return {
        name
        for name, data in written.items()
        if any(form in piece for piece in opened(data) for form in wanted)
        or any(each in name for each in values.values())
    }


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Callable[[], dict[str, bytes]]:
    """What was logged, at every level and by every library, and what came to the terminal."""
    caplog.set_level(logging.DEBUG)
    return lambda: {"log": caplog.text.encode(), "printed": "".join(capfd.readouterr()).encode()}


def everything(project: Project, record: ParityRecord, homes: list[bytes]) -> dict[str, bytes]:
    """Return every byte that was written to files, by where: sessions, reports, sandboxes."""
    write_report(record_set([record]), project.session_root / "reports" / "parity.html")
    written = {
        path.relative_to(project.session_root).as_posix(): path.read_bytes()
        for path in project.session_root.rglob("*")
        if path.is_file()
    }
    for number, packed in enumerate(homes):
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            for each in archive.getmembers():
                if each.isfile() and "/outbox/" not in each.name:  # there it was written by the driver itself
                    written[f"sandbox-{number}/{each.name}"] = archive.extractfile(each).read()  # type: ignore[union-attr]
    return {**written, "record": repr(record).encode()}


@pytest.mark.parametrize("ends", ENDINGS, ids=lambda ends: ends[-1])
def test_no_secret_is_written_however_a_run_ends(
    project: Project,
    values: dict[str, str],
    sandbox_homes: list[bytes],
    heard: Callable[[], dict[str, bytes]],
    ends: tuple[str, ...],
) -> None:
    """Both targets say the same, masked, and how often: not a byte of a secret, in any form, is in any place."""
    record = leak(project, *ends)

    written = {**everything(project, record, sandbox_homes), **heard()}
    assert {run.outcome for run in record.targets} == {ENDINGS[ends]}, record.headline
    assert search(written, values) == set()
    assert all(run.masked > 500 for run in record.targets), [run.masked for run in record.targets]
    assert len(sandbox_homes) == 1
    for target in ("local", "e2b"):
        events = next(data for name, data in written.items() if name.endswith(f"/{target}/events.jsonl"))
        assert all(
            f"***{name}***".encode() in events
            for name in ("TOKEN", "QUOTED", "LINES", "DOCUMENT", "DSN", "DB_PASSWORD", "DB_API_KEY")
        )


@pytest.mark.usefixtures("unmasked")
def test_with_masking_off_the_search_finds_it_in_every_place(
    project: Project,
    values: dict[str, str],
    sandbox_homes: list[bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The positive control: a search that finds nothing is worth something only where it could."""
    record = leak(project, "succeed", "throw")

    found = search(everything(project, record, sandbox_homes), values)

    for target in ("local", "e2b"):
        places = {name.partition(f"/{target}/")[2] for name in found if f"/{target}/" in name}
        assert places >= {
            *("events.jsonl", "metrics.jsonl", "session.json", ".host/journal.os1"),
            *("logs/succeed.log", "logs/succeed.out", "logs/throw.log", "logs/throw.out"),
        }, sorted(places)
        assert any(name.startswith(("artifacts/throw/packed-", "artifacts.partial/")) for name in places), sorted(
            places
        )
    assert {"reports/parity.html", "reports/parity.json", "record"} <= found, sorted(found)
    assert any(name.startswith("sandbox-0/") and "/spool/" in name for name in found)
