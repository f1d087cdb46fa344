"""A spool in a sandbox is read by the part, over HTTP or by a command; the real SDK asks the embedded server."""

from __future__ import annotations

import asyncio

import pytest
from e2b import E2B

from osiris_core.backends.protocol import Patience, TargetFacts
from osiris_core.backends.ranges import RangeReader
from osiris_core.backends.sandbox_home import RUN_DIRECTORY
from osiris_core.backends.spool_ranges import SpoolRanges
from osiris_core.errors import SandboxError, WireError
from osiris_core.sandbox.launch import ServerProcess
from osiris_core.testing import Fault, fault_plan

SEGMENT = 1000
DATA = bytes(range(256)) * 10 + b"end"  # two segments and a bit


@pytest.fixture(scope="module")
def spool(bubblewrap):
    """One sandbox with a spool in three segments, of which a range is read by (offset, size, faults)."""
    with ServerProcess.start() as process:
        address = process.address
        client = E2B(api_key=address.api_key, api_url=address.url, sandbox_url=address.url)
        loop = asyncio.new_event_loop()
        facts = TargetFacts(target="e2b", provider="embedded", isolation="bubblewrap")

        async def made():
            sandbox = await client.AsyncSandbox.create()
            for index in range(3):
                path = RUN_DIRECTORY / "spool" / f"{index:08d}.os1"
                await sandbox.files.write(str(path), DATA[index * SEGMENT : (index + 1) * SEGMENT])
            return sandbox

        sandbox = loop.run_until_complete(made())

        class Spool:
            def __init__(self):
                self.facts = facts
                self.sandbox = sandbox
                self.url = address.url

            def read(self, offset, size_bytes, *faults):
                """Read by a reader of its own, and put what it noted into `facts`."""
                self.facts = TargetFacts(target="e2b", provider="embedded", isolation="bubblewrap")
                ranges = SpoolRanges(sandbox, RUN_DIRECTORY / "spool", self.facts, Patience(), segment_bytes=SEGMENT)

                async def told():
                    try:
                        return await ranges.read(offset, size_bytes)
                    finally:
                        await ranges.close()

                if not faults:
                    return loop.run_until_complete(told())
                with fault_plan(*faults, server=address):
                    return loop.run_until_complete(told())

        yield Spool()
        loop.run_until_complete(sandbox.kill())
        loop.close()


@pytest.mark.parametrize(
    ("offset", "size"), [(0, 10), (990, 20), (999, 1), (1000, 1000), (0, 5000), (2560, 3), (2563, 7), (1, 2000)]
)
@pytest.mark.parametrize("way", ["http", "command"])
def test_a_range_is_found_by_arithmetic(spool, offset, size, way):
    """Within a segment, across their borders, up to the end and behind it, whichever way it comes."""
    faults = [Fault(at="download", what="whole", times=None)] if way == "command" else []

    assert spool.read(offset, size, *faults) == DATA[offset : offset + size]


def test_the_tail_costs_the_tail(spool):
    """Nothing that lies before is read."""
    spool.read(2500, 1 << 20)

    assert spool.facts.bytes_down == 63
    assert spool.facts.http_requests == 1


def test_an_answer_that_breaks_off_is_asked_for_again_from_there(spool):
    assert spool.read(0, 1000, Fault(at="download", what="cut", after_bytes=300)) == DATA[:1000]

    assert [each.what for each in spool.facts.retries] == ["range"]
    assert spool.facts.http_requests == 2


def test_an_answer_that_is_too_short_is_not_the_spools_end(spool):
    """What it says of itself counts: a spool whose worker has left would be cut there for good."""
    assert spool.read(0, 1000, Fault(at="download", what="short", after_bytes=300)) == DATA[:1000]

    assert [each.cause for each in spool.facts.retries] == ["the answer broke off at byte 300"]


def test_another_range_than_was_asked_for_is_not_taken_for_it(spool, monkeypatch):
    """It is had by a command then."""
    answer = RangeReader.answer
    monkeypatch.setattr(RangeReader, "answer", lambda self, path, offset, size: answer(self, path, offset + 1, size))

    assert spool.read(100, 50) == DATA[100:150]


def test_what_a_command_prints_has_to_have_its_digest(spool, monkeypatch):
    """A byte that is changed on the way is base64 all the same."""
    run = SpoolRanges._run

    async def garbled(self, command):
        digest, _, text = (await run(self, command)).partition("\n")
        return f"{digest}\n{'B' if text[0] == 'A' else 'A'}{text[1:]}"

    monkeypatch.setattr(SpoolRanges, "_run", garbled)
    with pytest.raises(SandboxError, match="it does not have its digest"):
        spool.read(0, 100, Fault(at="download", what="whole"))


def test_refused_ranges_are_refused_once(spool):
    """Whoever answers with the whole is not asked for a part a second time; its whole file is not read."""
    assert spool.read(900, 1200, Fault(at="download", what="whole")) == DATA[900:2100]

    assert [each.cause for each in spool.facts.retries] == ["the provider serves whole files only"]


def test_a_file_service_that_fails_is_done_without(spool):
    assert spool.read(0, 3000, Fault(at="download", what="answer", status=503, times=None)) == DATA

    assert {each.what for each in spool.facts.retries} == {"range"}


def test_a_segment_that_is_not_begun_is_the_end(spool):
    """The worker begins a segment with its first byte: none of it is nothing, not an error."""
    assert spool.read(3 * SEGMENT, 10) == b""


def test_a_segment_that_was_freed_is_an_error(spool):
    """Somebody else acknowledged it: what stood there cannot be had any more."""
    with pytest.raises(WireError, match="the spool was freed at byte 4001, before this host had it"):
        spool.read(4001, 10)
