"""A directory is read as a session only when it is whole, of this contract, and holds what it says."""

from __future__ import annotations

import json

import pytest

from osiris_core.errors import SessionError
from osiris_core.session.reader import open_session


@pytest.fixture
def directory(record_session):
    """A closed session's directory."""
    return record_session().directory


def edit(path, change):
    """Change a JSON file."""
    value = json.loads(path.read_bytes())
    change(value)
    path.write_text(json.dumps(value))


def edit_lines(path, change):
    """Change the list of a file's lines."""
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))


def test_an_untouched_session_opens(directory):
    """What was closed can be read."""
    assert open_session(directory).outcome == "succeeded"


@pytest.mark.parametrize("name", ["session.json", "target.json", "manifest.json", "events.jsonl", "metrics.jsonl"])
def test_a_missing_file_is_named(directory, name):
    """Without any one of its files a directory is no session."""
    (directory / name).unlink()

    with pytest.raises(SessionError, match=name):
        open_session(directory)


@pytest.mark.parametrize("name", ["session.json", "target.json", "manifest.json", "events.jsonl", "metrics.jsonl"])
def test_a_torn_file_is_named(directory, name):
    """A file cut off in the middle is refused."""
    data = (directory / name).read_bytes()
    (directory / name).write_bytes(data[: len(data) - 5])

    with pytest.raises(SessionError, match=f"{name}.*cut off"):
        open_session(directory)


def test_a_directory_that_is_none_is_refused(tmp_path):
    """An empty or absent directory is no closed session."""
    with pytest.raises(SessionError, match=r"is no closed session: it has no session\.json"):
        open_session(tmp_path)
    with pytest.raises(SessionError, match="is no closed session"):
        open_session(tmp_path / "absent")


@pytest.mark.parametrize("name", ["session.json", "target.json"])
@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_contract_version_is_refused(directory, name, version):
    """Both versions are said, the file's and the reader's."""
    edit(directory / name, lambda value: value.update(contract=version))

    with pytest.raises(SessionError, match=f"contract version {version!r}, this reader knows version 1"):
        open_session(directory)


@pytest.mark.parametrize("content", ["[]", "null", '"x"'])
def test_json_that_is_no_object_is_refused(directory, content):
    """session.json holds an object."""
    (directory / "session.json").write_text(content)

    with pytest.raises(SessionError, match="is no JSON object"):
        open_session(directory)


def without_outcome(facts):
    del facts["outcome"]


def strange_outcome(facts):
    facts["outcome"] = "great"


def strange_state(facts):
    facts["steps"][0]["state"] = "great"


def strange_step(facts):
    facts["steps"][0]["more"] = 1


def wrong_type(facts):
    facts["seed"] = "7"


def other_target(facts):
    facts["target"] = "e2b"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_outcome, "has no 'outcome'"),
        (strange_outcome, "unknown outcome 'great'"),
        (strange_state, "unknown state 'great' of step 'read'"),
        (strange_step, "has a malformed step"),
        (wrong_type, "'seed' of the wrong type: '7'"),
        (other_target, "is of another target"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_facts_that_make_no_sense_are_refused(directory, change, words):
    """session.json has its members, of their types, with known words."""
    edit(directory / "session.json", change)

    with pytest.raises(SessionError, match=words):
        open_session(directory)


@pytest.mark.parametrize(
    ("name", "counted"), [("events.jsonl", "events as 10, on disk are"), ("metrics.jsonl", "metrics as 3, on disk are")]
)
@pytest.mark.parametrize(
    "change", [lambda lines: lines.pop(1), lambda lines: lines.append(lines[0])], ids=["taken", "added"]
)
def test_lines_taken_away_or_added_are_noticed(directory, name, counted, change):
    """The number of lines is the one in session.json, or the session is refused."""
    edit_lines(directory / name, change)

    with pytest.raises(SessionError, match=counted):
        open_session(directory)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("events.jsonl", b'"rows":2', b'"rows":3'),
        ("metrics.jsonl", b'"value":2', b'"value":3'),
        ("logs/read.log", b"reading", b"ridding"),
        ("logs/write.out", b"half", b"full"),
        ("manifest.json", b"flights.csv", b"flight2.csv"),
        ("session.json", b'"state": "succeeded"', b'"state": "failed"'),
    ],
)
def test_a_changed_value_is_noticed(directory, name, old, new):
    """Content that no count covers is covered by the digest."""
    data = (directory / name).read_bytes()
    assert old in data
    (directory / name).write_bytes(data.replace(old, new, 1))

    with pytest.raises(SessionError, match="was changed after it was closed"):
        open_session(directory)


@pytest.mark.parametrize(
    ("name", "counted"),
    [("read.log", "log_lines as {'read': 1}, on disk are"), ("write.out", "printed_bytes as {'write': 22}, on disk")],
)
@pytest.mark.parametrize("how", ["longer", "gone", "another"])
def test_streams_that_are_longer_gone_or_new_are_noticed(directory, name, counted, how):
    """Lines and bytes of every step's streams are counted."""
    path = directory / "logs" / name
    if how == "longer":
        path.write_bytes(path.read_bytes() + b"more\n")
    elif how == "gone":
        path.unlink()
    else:
        path.with_stem("other").write_bytes(b"new\n")

    with pytest.raises(SessionError, match=counted):
        open_session(directory)


@pytest.mark.parametrize("how", ["bytes", "executable", "gone", "extra", "link"])
def test_artifacts_are_read_from_disk_again(directory, how):
    """A changed byte or executable bit, a missing file, an extra one and a link are all found."""
    path = directory / "artifacts" / "write" / "out.csv"
    if how == "bytes":
        path.write_bytes(b"carrier,n\nAA,3\n")
    elif how == "executable":
        path.chmod(0o755)
    elif how == "gone":
        path.unlink()
    elif how == "extra":
        path.with_name("more.csv").write_bytes(b"")
    else:
        path.unlink()
        path.symlink_to("/etc/hostname")

    with pytest.raises(SessionError, match=r"artifacts|artifact"):
        open_session(directory)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"20261124T120000Z-0a1b2c3d"', b'"20261124T120000Z-ffffffff"', "belongs to the session"),
        (b'"ts":', b'"tz":', "has no 'ts'"),
        (b'"step":null', b'"step":1', "'step' of the wrong type"),
        (b'"seed":7', b'"seed":NaN', "is not JSON"),
    ],
)
def test_a_line_that_is_no_event_of_this_session_is_named(directory, old, new, words):
    """File and line number say where."""
    path = directory / "events.jsonl"
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))

    with pytest.raises(SessionError, match=rf"events\.jsonl:1 .*{words}"):
        open_session(directory)


def test_a_copy_is_a_session_too(directory, tmp_path):
    """A session can be read wherever its directory is moved, without the host's own part."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("session.json", "target.json", "manifest.json", "events.jsonl", "metrics.jsonl", "logs", "artifacts"):
        (directory / name).rename(copy / name)

    assert open_session(copy).session_id == "20261124T120000Z-0a1b2c3d"
