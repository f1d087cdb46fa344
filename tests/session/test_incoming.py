"""Artifacts that come from elsewhere: in the stream, in packs, as files; whatever comes, and however it breaks off."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from jsonschema import Draft202012Validator

from osiris_core.errors import WireError
from osiris_core.session.volatile import load_schema
from osiris_core.wire import records
from osiris_core.wire.limits import ArtifactLimits
from osiris_core.wire.pack import MAGIC, PackEntry, write_pack
from tests.session.tape import TARGET_FACTS, Tape, begin, go_on, open_writer

LIMITS = ArtifactLimits(
    files=8, file_bytes=5000, total_bytes=9000, small_bytes=100, stream_bytes=150, pack_bytes=300, pack_files=50
)
BIG = bytes(range(256)) * 10
HOSTILE = [
    "traversal",
    "out-of-outbox",
    "absolute",
    "other-step",
    "control-character",
    "begins-late",
    "other-file",
    "too-long",
    "too-much",
    "other-bytes",
    "other-size",
    "late",
    "too-large",
    "too-large-together",
    "too-many",
    "pack-elsewhere",
    "pack-of-nothing",
    "pack-of-a-gigabyte",
]
FILES = {"write/a.txt": b"alpha", "write/deep/b.txt": b"", "write/c.txt": b"gamma" * 3, "write/d.bin": BIG}


@pytest.fixture
def session(tmp_path):
    """An open session with tiny limits."""
    writer = open_writer(tmp_path, limits=LIMITS)
    yield writer
    writer.release()


def content(tape, path, data, *, offset=0, step="write"):
    tape.say(records.content(ts=tape.ts(), step=step, path=path, offset=offset, data=data))


def packed(files):
    out = io.BytesIO()
    write_pack(out, [PackEntry(path=path, source=data, mode=0o644) for path, data in files.items()])
    return out.getvalue()


def announce(tape, data, *, members, **changed):
    said = {"path": "packs/00000000.pack", "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    tape.say(records.pack(ts=tape.ts(), step="write", **{**said, "members": members, **changed}))


def run():
    """A run that leaves two small files in the stream, one in a pack, and a large one; and that pack."""
    tape = begin(Tape())
    content(tape, "write/a.txt", b"al")
    content(tape, "write/a.txt", b"pha", offset=2)
    tape.artifact("write/a.txt", b"alpha")
    content(tape, "write/deep/b.txt", b"")
    tape.artifact("write/deep/b.txt", b"", 0o755)
    tape.artifact("write/c.txt", FILES["write/c.txt"])
    tape.artifact("write/d.bin", BIG)
    pack = packed({"write/c.txt": FILES["write/c.txt"]})
    announce(tape, pack, members=1)
    go_on(tape, {})
    tape.terminal()
    return tape, pack


def fetch(session, sources, *, pieces=7):
    """Fetch all that is wanted, in small pieces."""
    for wanted in session.incoming.take_wanted():
        reception = session.incoming.receive(wanted)
        reception.open()
        data = sources[wanted.path]
        while reception.left_bytes:
            reception.take(data[reception.offset : reception.offset + pieces])
        reception.finish()
        reception.close()


def surroundings(root):
    """What lies in a directory: paths, kinds and bytes."""
    return {
        str(path): path.read_bytes() if path.is_file() else str(path.readlink()) if path.is_symlink() else None
        for path in root.rglob("*")
    }


def test_all_three_ways_lead_to_one_tree(session):
    """Every file has its bytes and its mode, and the tree appears when all are there."""
    tape, pack = run()
    session.feed(tape.data)
    fetch(session, {"packs/00000000.pack": pack, "outbox/write/d.bin": BIG})
    assert not (session.directory / "artifacts").exists()

    session.adopt_incoming()
    closed = session.close(target_facts=TARGET_FACTS)

    assert closed.outcome == "succeeded"
    assert {path: file.absolute.read_bytes() for path, file in closed.artifacts.items()} == FILES
    assert closed.artifacts["write/deep/b.txt"].mode == "0755"
    assert not (session.directory / "artifacts.partial").exists()


@pytest.mark.parametrize("cut", range(24))
def test_a_host_that_dies_anywhere_ends_with_the_same_bytes(tmp_path, cut):
    """What came in the stream is made again from the journal, and what was fetched is not lost."""
    tape, pack = run()
    first = open_writer(tmp_path, limits=LIMITS)
    first.feed(b"".join(tape.lines[:cut]) + (tape.lines[cut][:40] if cut < len(tape.lines) else b""))
    fetch(first, {"packs/00000000.pack": pack, "outbox/write/d.bin": BIG})
    first.release()

    second = open_writer(tmp_path, limits=LIMITS)
    second.feed(tape.data)  # everything again: what is known is dropped
    fetch(second, {"packs/00000000.pack": pack, "outbox/write/d.bin": BIG})
    second.adopt_incoming()
    closed = second.close(target_facts=TARGET_FACTS)

    assert closed.outcome == "succeeded"
    assert {path: file.absolute.read_bytes() for path, file in closed.artifacts.items()} == FILES


def test_a_file_goes_on_at_the_byte_where_it_stood(session):
    """Another attempt starts behind what came; bytes that are not right are thrown away as a whole."""
    tape, _ = run()
    session.feed(tape.data)
    [wanted] = [each for each in session.incoming.take_wanted() if not each.is_pack]
    for _ in range(2):
        reception = session.incoming.receive(wanted)
        reception.open()
        reception.take(BIG[reception.offset : reception.offset + 1000])
        reception.close()

    last = session.incoming.receive(wanted)
    last.open()
    assert last.offset == 2000
    last.take(b"x" * last.left_bytes)
    assert not last.is_as_recorded()
    with pytest.raises(WireError, match="does not have the digest"):
        last.finish()
    last.begin_again()
    assert last.offset == 0
    last.take(BIG)
    with pytest.raises(WireError, match="brings more than the 2560 bytes announced"):
        last.take(b"x")
    last.finish()
    last.close()

    assert (session.incoming.tree / "write" / "d.bin").read_bytes() == BIG


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (lambda t: content(t, "write/../../x", b"x"), "cannot travel"),
        (lambda t: content(t, "../x", b"x", step=".."), "does not lie below its step"),
        (lambda t: content(t, "/etc/x", b"x"), "does not lie below its step"),
        (lambda t: content(t, "read/x", b"x"), "does not lie below its step"),
        (lambda t: content(t, "write/x\0", b"x"), "control character"),
        (lambda t: content(t, "write/x", b"x", offset=1), "does not go on at byte 1"),
        (lambda t: (content(t, "write/x", b"x"), content(t, "write/y", b"y", offset=1)), "does not go on at byte 1"),
        (lambda t: content(t, "write/x", b"x" * 100), "more than the record stream may bring"),
        (lambda t: [content(t, f"write/{n}", b"x" * 60) for n in range(3)], "more than the record stream may bring"),
        (lambda t: (content(t, "write/x", b"x"), t.artifact("write/x", b"y")), "not what its record says"),
        (lambda t: (content(t, "write/x", b"x"), t.artifact("write/x", b"xx")), "not what its record says"),
        (lambda t: (t.artifact("write/x", b"x"), content(t, "write/x", b"x")), "comes behind its record"),
        (lambda t: t.artifact("write/x", b"x" * 5001), "over a limit: it has 5001 bytes"),
        (lambda t: [t.artifact(f"write/{n}", b"x" * 4000) for n in range(3)], "over a limit: with it there are 12000"),
        (lambda t: [t.artifact(f"write/{n}", b"") for n in range(9)], "over a limit: a run may leave 8 files"),
        (lambda t: announce(t, b"x", members=0, path="../outbox"), "does not match the artifacts"),
        (lambda t: announce(t, b"x", members=1), "does not match the artifacts"),
        (lambda t: (t.artifact("write/x", b"x"), announce(t, b"x", members=1, size_bytes=1 << 30)), "does not match"),
    ],
    ids=HOSTILE,
)
def test_what_a_hostile_worker_says_is_refused(session, tmp_path, say, words):
    """No name leads out, no count and no size is believed; the session is lost, and nothing else has changed."""
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "file").write_bytes(b"as it was")
    before = surroundings(tmp_path / "beside")
    tape = begin(Tape())
    say(tape)

    with pytest.raises(WireError, match=words):
        session.feed(tape.data)
    closed = session.close(target_facts=TARGET_FACTS)

    assert closed.outcome == "lost"
    assert closed.artifacts == {}
    assert surroundings(tmp_path / "beside") == before
    assert {each.name for each in tmp_path.iterdir()} == {"beside", ".osiris"}


def handmade(path, data, **changed):
    """A pack written by hand, that says what it is told to."""
    head = {
        "path": path,
        "size": len(data),
        "mode": "0644",
        "sha256": hashlib.sha256(data).hexdigest(),
        "mtime_ns": None,
    }
    first = json.dumps({**head, **changed}).encode()
    return MAGIC + len(first).to_bytes(4, "big") + first + data


@pytest.mark.parametrize(
    ("pack", "words"),
    [
        (handmade("../../escape", b"xxxxx"), "not what was recorded"),
        (handmade("write/other", b"xxxxx"), "not what was recorded"),
        (handmade("write/x", b"yyyyy"), "not what was recorded"),
        (handmade("write/x", b"xxxxx", mode="4755"), "not what was recorded"),
        (handmade("write/x", b"xxxx", size=5, sha256=hashlib.sha256(b"xxxxx").hexdigest()), "ends inside"),
        (b"x" * 50, "magic line"),
        (packed({"write/x": b"xxxxx"})[:-20], "cut off"),
        (packed({}), "lacks 'write/x'"),
    ],
)
def test_a_pack_holds_what_was_recorded_and_nothing_else(session, tmp_path, pack, words):
    """Names, sizes, modes and digests are those of the records before it."""
    tape = begin(Tape())
    tape.artifact("write/x", b"xxxxx")
    announce(tape, pack, members=1)
    session.feed(tape.data)

    with pytest.raises(WireError, match=words):
        fetch(session, {"packs/00000000.pack": pack})

    assert {each.name for each in tmp_path.iterdir()} == {".osiris"}
    assert not list(session.directory.rglob("escape"))


def test_a_directory_that_is_exchanged_for_a_link_is_not_followed(session, tmp_path):
    """While content comes, somebody puts a link where its directory is: the next file is refused, nothing is outside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    tape = begin(Tape())
    content(tape, "write/a", b"a")
    tape.artifact("write/a", b"a")
    session.feed(tape.data)
    taken = len(tape.data)
    (session.incoming.tree / "write").rename(tmp_path / "moved")
    (session.incoming.tree / "write").symlink_to(outside)
    content(tape, "write/b", b"b")

    with pytest.raises(WireError, match="leads through 'write', which is no directory"):
        session.feed(tape.data[taken:])
    assert list(outside.iterdir()) == []


def test_what_came_of_a_run_that_was_lost_is_kept_apart(session):
    """Verified files are listed and kept in `artifacts.partial/`; the others are listed as missing; no reader takes them."""
    tape, _ = run()
    session.feed(tape.data)

    closed = session.close(target_facts=TARGET_FACTS, outcome_override="cancelled")

    assert (closed.outcome, closed.artifacts) == ("cancelled", {})
    assert closed.error["message"] == "2 artifacts were not brought back and 2 artifacts are in artifacts.partial/"
    partial = closed.directory / "artifacts.partial"
    listed = json.loads((partial / "verified.json").read_text())
    Draft202012Validator(load_schema("partial")).validate(listed)
    assert [each["path"] for each in listed["verified"]] == ["write/a.txt", "write/deep/b.txt"]
    assert [each["path"] for each in listed["missing"]] == ["write/c.txt", "write/d.bin"]
    assert (partial / "write" / "a.txt").read_bytes() == b"alpha"


def test_small_files_that_no_pack_took_are_fetched_one_by_one(session):
    """At the end of the run what has no content and no pack is wanted from where it was made."""
    tape = begin(Tape())
    tape.artifact("write/x", b"x")
    go_on(tape, {})
    session.feed(tape.data)
    assert session.incoming.take_wanted() == []
    before = len(tape.data)
    tape.terminal()
    session.feed(tape.data[before:])

    fetch(session, {"outbox/write/x": b"x"})
    session.adopt_incoming()

    assert (session.directory / "artifacts" / "write" / "x").read_bytes() == b"x"


def test_what_an_earlier_owner_fetched_is_not_fetched_again(tmp_path):
    """A file in the tree that is as recorded is known; one that was changed is not."""
    tape, pack = run()
    first = open_writer(tmp_path, limits=LIMITS)
    first.feed(tape.data)
    fetch(first, {"packs/00000000.pack": pack, "outbox/write/d.bin": BIG})
    first.release()

    second = open_writer(tmp_path, limits=LIMITS)
    wanted = second.incoming.take_wanted()
    assert [second.incoming.is_here(each) for each in wanted] == [True, True]
    (second.incoming.tree / "write" / "d.bin").write_bytes(BIG[:-1] + b"x")
    assert [second.incoming.is_here(each) for each in wanted if not each.is_pack] == [False]
    second.release()
