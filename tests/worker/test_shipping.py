"""Which way files take to a host that is elsewhere, and what a run may leave."""

from __future__ import annotations

import base64
import hashlib

import pytest

from osiris_core.wire.limits import ArtifactLimits
from osiris_core.wire.pack import PackLimits, unpack


@pytest.fixture
def worker(warm_worker):
    """What is shipped is asked here, and not how a process starts."""
    return warm_worker


LEAVE = """
def leave(config, inputs, ctx):
    for name, size in config["files"].items():
        (ctx.output_dir / name).parent.mkdir(exist_ok=True)
        (ctx.output_dir / name).write_bytes(bytes([65 + len(name)]) * size)
"""
TINY = ArtifactLimits(files=9, file_bytes=400, total_bytes=900, small_bytes=100, stream_bytes=150, pack_bytes=400)


def left(worker, files, limits=TINY, **placement):
    """Run one step that leaves files of these sizes."""
    step = ("leave", "leave", (), {"files": files})
    return worker.run(LEAVE, step, limits=limits.to_json(), artifacts_travel=True, **placement)


def test_small_files_come_in_the_stream_and_behind_its_share_in_a_pack(worker, tmp_path):
    """Content goes before its record, in order of the paths; what does not fit any more is in the pack; large ones stay."""
    run = left(worker, {"a": 90, "b": 60, "c": 0, "d": 20, "e": 100, "f": 30})

    told = [(r["kind"], r.get("path")) for r in run.records if r["kind"] in {"content", "artifact", "pack"}]
    assert told == [
        ("content", "leave/a"),
        ("artifact", "leave/a"),
        ("content", "leave/b"),
        ("artifact", "leave/b"),
        ("content", "leave/c"),
        ("artifact", "leave/c"),
        ("artifact", "leave/d"),
        ("artifact", "leave/e"),
        ("artifact", "leave/f"),
        ("pack", "packs/00000000.pack"),
    ]
    [pack] = run.of_kind("pack")
    data = (run.directory / pack["path"]).read_bytes()
    assert (pack["members"], pack["size_bytes"], pack["sha256"]) == (2, len(data), hashlib.sha256(data).hexdigest())
    with (run.directory / pack["path"]).open("rb") as stream:
        members = unpack(stream, tmp_path / "came", PackLimits(), keep_mtime=False)
    assert [(each.path, each.size_bytes) for each in members] == [("leave/d", 20), ("leave/f", 30)]


def test_content_comes_in_pieces_that_add_up(worker):
    """A file of 100,000 bytes is three records of 45,000 at most, at the places where they belong."""
    run = left(worker, {"x": 100_000}, ArtifactLimits())

    pieces = run.of_kind("content")
    assert [(each["offset"], len(base64.b64decode(each["data"]))) for each in pieces] == [
        (0, 45_000),
        (45_000, 45_000),
        (90_000, 10_000),
    ]
    assert b"".join(base64.b64decode(each["data"]) for each in pieces) == b"B" * 100_000


def test_packs_are_closed_when_they_are_full(worker):
    """More small files than fit one pack are in several, each announced behind its members."""
    run = left(worker, {f"f{number}": 99 for number in range(8)}, TINY)

    told = [r["kind"] for r in run.records if r["kind"] in {"artifact", "pack"}]
    assert told[-1] == "pack"
    assert told.count("pack") > 1
    assert sum(pack["members"] for pack in run.of_kind("pack")) == 7
    assert run.terminal["outcome"] == "succeeded"


def test_nothing_travels_where_the_host_sees_the_files(worker):
    """Local: no content, no pack."""
    run = worker.run(LEAVE, ("leave", "leave", (), {"files": {"a": 5}}))

    assert (run.of_kind("content"), run.of_kind("pack")) == ([], [])
    assert [each["path"] for each in run.of_kind("artifact")] == ["leave/a"]


@pytest.mark.parametrize(
    ("files", "kept", "words"),
    [
        ({"a": 10, "b": 401, "c": 10}, ["leave/a"], "leave/b: it has 401 bytes, and an artifact may have 400"),
        ({"a": 400, "b": 400, "c": 101}, ["leave/a", "leave/b"], "leave/c: with it there are 901 bytes"),
        ({f"f{n}": 1 for n in range(10)}, [f"leave/f{n}" for n in range(9)], "leave/f9: a run may leave 9 files"),
    ],
    ids=["one", "together", "many"],
)
def test_leaving_too_much_fails_the_step(worker, files, kept, words):
    """One too large, too much together, too many: the step fails by name; exactly the limit does not."""
    run = left(worker, files)

    assert run.terminal["outcome"] == "failed"
    assert run.terminal["error"]["type"] == "ArtifactLimitExceeded"
    assert words in run.terminal["error"]["message"]
    assert [each["path"] for each in run.of_kind("artifact")] == kept


def test_a_huge_sparse_file_is_not_read(worker):
    """Its size is the one that it states: 5 TB of nothing end the step at once."""
    source = """
def leave(config, inputs, ctx):
    with open(ctx.output_dir / "huge", "wb") as out:
        out.truncate(5 << 40)
"""
    run = worker.run(source, "leave", artifacts_travel=True)

    assert run.terminal["error"]["type"] == "ArtifactLimitExceeded"
    assert "leave/huge: it has 5497558138880 bytes" in run.terminal["error"]["message"]


def test_an_executor_killed_between_records_and_pack_leaves_no_pack(worker):
    """What had been recorded can be fetched where it was made: nothing names the pack that was not finished."""
    source = """
import signal
from osiris_core.worker import shipping
def leave(config, inputs, ctx):
    for name in "abc":
        (ctx.output_dir / name).write_text(name)
    shipping.Shipping._announced = lambda self, step: os.kill(os.getpid(), signal.SIGKILL)
"""
    run = worker.run(source, "leave", artifacts_travel=True, limits=ArtifactLimits(stream_bytes=0).to_json())

    assert run.terminal["outcome"] == "crashed"
    assert [each["path"] for each in run.of_kind("artifact")] == ["leave/a", "leave/b", "leave/c"]
    assert run.of_kind("pack") == []


def test_packs_that_the_disk_does_not_take_are_given_up(worker):
    """The step succeeds, its files stay where they are, and nothing names a pack."""
    source = """
from osiris_core.worker import shipping
def leave(config, inputs, ctx):
    for name in "abc":
        (ctx.output_dir / name).write_text(name)
    def full(self, data):
        raise OSError(28, "No space left on device")
    shipping._OpenPack.write = full
"""
    run = worker.run(source, "leave", artifacts_travel=True, limits=ArtifactLimits(stream_bytes=0).to_json())

    assert run.terminal["outcome"] == "succeeded"
    assert [each["path"] for each in run.of_kind("artifact")] == ["leave/a", "leave/b", "leave/c"]
    assert run.of_kind("pack") == []
