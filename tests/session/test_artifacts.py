"""The artifact tree is what was recorded, and appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from osiris_core.errors import SessionError, WireError
from osiris_core.session.files import PIECE_BYTES, file_facts
from tests.session.tape import CSV, SESSION_ID, TARGET_FACTS, Tape, begin, go_on, healthy, outbox

CSV_SHA256 = hashlib.sha256(CSV).hexdigest()


@pytest.fixture
def source(writer):
    """The directory in which the worker left the files of a run that succeeded."""
    writer.feed(healthy().data)
    return outbox(writer.host_directory / "run" / "outbox")


def test_files_as_recorded_become_the_tree(writer, source):
    """Every recorded file is in the tree; directories without one are not."""
    (source / "read").mkdir()

    writer.adopt_artifacts(source)

    tree = writer.directory / "artifacts"
    assert sorted(str(path.relative_to(tree)) for path in tree.rglob("*")) == [
        "write",
        "write/deep",
        "write/deep/run.sh",
        "write/out.csv",
    ]


@pytest.mark.parametrize("size_bytes", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, 2 * PIECE_BYTES + 1])
def test_a_digest_is_of_all_bytes(tmp_path, size_bytes):
    """However many pieces a file is read in."""
    data = bytes(each % 251 for each in range(size_bytes))
    (tmp_path / "file").write_bytes(data)
    (tmp_path / "file").chmod(0o640)
    assert file_facts(tmp_path / "file") == (size_bytes, "0640", hashlib.sha256(data).hexdigest())


def flip(source):
    (source / "write" / "out.csv").write_bytes(b"carrier,n\nAA,3\n")


def grow(source):
    (source / "write" / "out.csv").write_bytes(CSV + b"BB,1\n")


def add(source):
    (source / "write" / "extra.csv").write_bytes(b"")


def remove(source):
    (source / "write" / "deep" / "run.sh").unlink()


def open_up(source):
    (source / "write" / "out.csv").chmod(0o666)


def link(source):
    (source / "write" / "out.csv").rename(source.parent / "elsewhere")
    (source / "write" / "out.csv").symlink_to(source.parent / "elsewhere")


def link_directory(source):
    (source / "write" / "deep").rename(source.parent / "elsewhere")
    (source / "write" / "deep").symlink_to(source.parent / "elsewhere")


def pipe(source):
    (source / "write" / "out.csv").unlink()
    os.mkfifo(source / "write" / "out.csv")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (flip, "the artifact write/out.csv is not the one recorded: its digest is"),
        (grow, "the artifact write/out.csv is not the one recorded: its size in bytes is 20, not 15"),
        (add, "files that no record names are among the artifacts: write/extra.csv"),
        (remove, "artifacts with a record are missing: write/deep/run.sh"),
        (open_up, "the artifact write/out.csv is not the one recorded: its mode is 0666, not 0644"),
        (link, "the artifact write/out.csv cannot be read"),
        (link_directory, "artifacts with a record are missing: write/deep/run.sh"),
        (pipe, "the artifact write/out.csv cannot be read: it is not a regular file"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_anything_else_is_refused_and_nothing_appears(writer, source, change, words):
    """One wrong file keeps the whole tree away, and the session is lost for that reason."""
    change(source)

    with pytest.raises(WireError, match=words):
        writer.adopt_artifacts(source)
    assert not (writer.directory / "artifacts").exists()
    session = writer.close(target_facts=TARGET_FACTS)

    assert session.outcome == "lost"
    assert words in session.error["message"]
    assert session.artifacts == {}
    assert session.facts["counts"]["artifacts"] == 0
    assert session.target_facts["artifact_root_reported"] != session.facts["artifact_root"]


def test_artifacts_that_never_came_are_a_lost_session(writer):
    """A run that left files has no success without them."""
    writer.feed(healthy().data)

    session = writer.close(target_facts=TARGET_FACTS)

    assert session.outcome == "lost"
    assert session.error["message"] == "2 artifacts were not brought back"


def test_artifacts_that_a_stop_kept_away_leave_the_run_cancelled(writer):
    """Whoever stops a run need not wait for its files; the session says that they are missing."""
    writer.feed(healthy().data)

    session = writer.close(target_facts=TARGET_FACTS, outcome_override="cancelled")

    assert session.outcome == "cancelled"
    assert session.error["message"] == "2 artifacts were not brought back"


@pytest.mark.parametrize("change", [flip, add, remove, open_up, link], ids=lambda change: change.__name__)
def test_a_tree_changed_before_the_close_is_a_lost_session(writer, source, change):
    """The tree is held against its records once more when the session is closed."""
    writer.adopt_artifacts(source)
    change(writer.directory / "artifacts")

    session = writer.close(target_facts=TARGET_FACTS, outcome_override="cancelled")

    assert session.outcome == "lost"
    assert "artifact" in session.error["message"]


def test_what_the_worker_reported_as_no_artifact_is_left_behind(writer, tmp_path):
    """A link in the outbox, skipped and said so by the worker, is neither refused nor adopted."""
    tape = begin(Tape())
    tape.event("artifact_skipped", "write", path="write/link", reason="it is a link")
    go_on(tape)
    tape.terminal()
    writer.feed(tape.data)
    source = outbox(tmp_path / "outbox")
    (source / "write" / "link").symlink_to("/etc/passwd")

    writer.adopt_artifacts(source)

    assert not (writer.directory / "artifacts" / "write" / "link").is_symlink()
    assert writer.close(target_facts=TARGET_FACTS).outcome == "succeeded"


def test_a_run_cut_off_has_no_tree_and_what_is_verified_is_kept_apart(writer):
    """Without a terminal record nobody knows what is missing: what is as recorded goes to `artifacts.partial/`."""
    writer.feed(b"".join(go_on(begin(Tape())).lines[:16]))
    source = outbox(writer.host_directory / "run" / "outbox")

    writer.adopt_artifacts(source)
    session = writer.close(target_facts=TARGET_FACTS, outcome_override="cancelled")

    assert (session.outcome, session.artifacts) == ("cancelled", {})
    assert not (writer.directory / "artifacts").exists()
    partial = writer.directory / "artifacts.partial"
    assert sorted(str(path.relative_to(partial)) for path in partial.rglob("*") if path.is_file()) == [
        "verified.json",
        "write/out.csv",
    ]
    assert json.loads((partial / "verified.json").read_text()) == {
        "contract": 1,
        "session": SESSION_ID,
        "verified": [{"path": "write/out.csv", "size_bytes": 15, "mode": "0644", "sha256": CSV_SHA256}],
        "missing": [],
    }


def test_the_mode_is_the_recorded_one(writer, tmp_path):
    """A set-user-id bit is not carried over."""
    tape = go_on(begin(Tape()), {"write/tool": (b"x", 0o755)})
    tape.terminal()
    writer.feed(tape.data)
    source = outbox(tmp_path / "outbox", {"write/tool": (b"x", 0o4755)})

    writer.adopt_artifacts(source)

    assert (writer.directory / "artifacts" / "write" / "tool").stat().st_mode & 0o7777 == 0o755


def test_artifacts_are_adopted_once(writer, source):
    """A second tree is refused."""
    writer.adopt_artifacts(source)

    with pytest.raises(SessionError, match="adopts its artifacts once"):
        writer.adopt_artifacts(outbox(writer.host_directory / "again"))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("write/../../escape", "'.' or '..' part"),
        ("/etc/passwd", "does not lie below its step"),
        ("other/out.csv", "does not lie below its step"),
        ("write/a\\b", "it has a backslash"),
        ("write/WRITE\x01", "it has a control character"),
        ("write/OUT.csv", "cannot travel together"),
        ("write/out.csv", "cannot travel together"),
        ("write/out.csv/below", "cannot travel together"),
    ],
)
def test_a_path_that_may_not_travel_is_refused(writer, path, words):
    """No record can name a place outside its step, or two places that meet."""
    tape = go_on(begin(Tape()))
    tape.artifact(path, b"x")

    with pytest.raises(WireError, match=words):
        writer.feed(tape.data)


@pytest.mark.parametrize("changed", [{"mode": "644"}, {"mode": "4755"}, {"sha256": "x"}, {"size_bytes": -1}])
def test_a_malformed_artifact_record_is_refused(writer, changed):
    """Mode, digest and size have one form."""
    tape = begin(Tape())
    record = {
        "kind": "artifact", "ts": tape.ts(), "step": "write", "path": "write/x", "size_bytes": 1, "mode": "0644",
        "sha256": "a" * 64,
    }  # fmt: skip
    tape.say({**record, **changed})

    with pytest.raises(WireError, match="is malformed"):
        writer.feed(tape.data)


def test_the_close_removes_what_a_driver_made_read_only(writer, source):
    """A directory without permissions in the run's scratch does not outlive the session."""
    (source / "read").mkdir()
    writer.adopt_artifacts(source)
    (source / "read" / "x").write_bytes(b"")
    (source / "read").chmod(0o000)

    writer.close(target_facts=TARGET_FACTS)

    assert not (writer.host_directory / "run").exists()
