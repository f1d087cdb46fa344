"""An exhibit is read from directories that a record names: whole ones, torn ones, none, and what somebody planted there."""

from __future__ import annotations

import dataclasses
import json
from itertools import cycle

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.exhibit.model import Standing, StreamKind
from osiris_core.parity.exhibit.reading import read_exhibit
from osiris_core.session.reader import open_session
from tests.parity.exhibit.on_disk import put, put_both, record_of, run_of
from tests.parity.rules import rule
from tests.parity.sessions import MANIFEST, SESSION_ID, failing, healthy

SAID = b"said nowhere else\n"


def rows_of(exhibit, kind, step):
    """Return the rows of one stream; none where it is not there."""
    steps = {each.id: each.streams for each in exhibit.steps} | {None: exhibit.run}
    return next((stream.rows for stream in steps.get(step, ()) if stream.kind is kind), ())


def test_two_whole_sessions_are_shown_step_by_step(tmp_path):
    """Configs, streams, artifacts, and how many tokens stand for secrets."""
    left, right = healthy("local"), healthy("e2b")
    left.target_facts["masked"], right.target_facts["masked"] = 2, 3
    right.files["report/more.txt"] = b"more"
    put_both(tmp_path, left, right)
    exhibit = read_exhibit(record_of(), [tmp_path])
    assert (exhibit.problems, exhibit.masked, exhibit.targets) == ((), 5, ("local", "e2b"))
    assert [each.id for each in exhibit.steps] == ["read", "delays", "write", "report"]
    assert [stream.kind for stream in exhibit.steps[0].streams] == [
        StreamKind.EVENTS,
        StreamKind.METRICS,
        StreamKind.LOG,
    ]
    assert [json.loads(config) for config in exhibit.steps[1].configs] == [{"query": "select 1"}] * 2
    assert next((row.left, row.right) for row in rows_of(exhibit, StreamKind.PRINTED, "report")) == ("line one",) * 2
    assert [(each.path, each.standing, each.sizes_bytes) for each in exhibit.steps[3].entries] == [
        ("report/blob.bin", Standing.SAME, (4, 4)),
        ("report/more.txt", Standing.RIGHT, (None, 4)),
        ("report/summary.json", Standing.SAME, (22, 22)),
    ]
    assert [json.loads(row.left)["event"] for row in rows_of(exhibit, StreamKind.EVENTS, None)] == [
        "run_start",
        "run_complete",
    ]


def test_an_artifact_stands_as_the_record_found_it(tmp_path):
    """One that differs by its digest is set aside where the record has nothing to say of it, and has said everything."""
    left, right = healthy("local"), healthy("e2b")
    right.files["report/summary.json"] = b'{"b": [1, 2], "a": 1}'
    right.files["report/blob.bin"] = b"other"
    sessions = [open_session(each) for each in put_both(tmp_path, left, right)]
    comparison = compare(*sessions)
    exhibit = read_exhibit(record_of(comparison=comparison, passed=False), [tmp_path])
    assert {each.path: each.standing for each in exhibit.steps[3].entries} == {
        "report/blob.bin": Standing.CHANGED,
        "report/summary.json": Standing.SET_ASIDE,
    }


def test_the_declared_rules_are_those_of_the_record(tmp_path):
    """Not those that the manifest has by now; without a comparison those of the manifest that ran."""
    left, right = healthy("local"), healthy("e2b")
    right.logs["read"] = b"INFO osiris.read read 4 rows\n"
    parity = {
        "text": "normalized",
        "normalizers": [{"id": "n", "reason": "r", "scope": {"record": "log"}, "kind": "token"}],
    }
    sessions = [open_session(each) for each in put_both(tmp_path, left, right)]
    declared = compare(*sessions, rules=[rule("token", "log", match=r"read (\d) rows", called="counts")])
    exhibit = read_exhibit(record_of(comparison=declared), [tmp_path])
    (row,) = rows_of(exhibit, StreamKind.LOG, "read")
    assert (row.standing, row.rules, row.left_normal) == (
        Standing.SET_ASIDE,
        ("counts",),
        "INFO osiris.read read <counts> rows",
    )
    left.manifest = right.manifest = {**MANIFEST, "parity": parity}
    parity["normalizers"][0]["scope"]["match"] = r"(\d) rows"
    put_both(tmp_path, left, right)
    (row,) = rows_of(read_exhibit(record_of(), [tmp_path]), StreamKind.LOG, "read")
    assert (row.standing, row.rules) == (Standing.SET_ASIDE, ("n",))


def test_text_is_exact_where_the_manifest_says_so(tmp_path):
    """Then paths of the two machines are a difference."""
    left, right = healthy("local"), healthy("e2b")
    left.logs["read"], right.logs["read"] = b"/home/ann/flights/a\n", b"/home/user/project/a\n"
    for text, standing in (("normalized", Standing.SET_ASIDE), ("exact", Standing.CHANGED)):
        left.manifest = right.manifest = {**MANIFEST, "parity": {"text": text}}
        put_both(tmp_path / text, left, right)
        (row,) = rows_of(read_exhibit(record_of(), [tmp_path / text]), StreamKind.LOG, "read")
        assert row.standing is standing


def test_one_target_stands_on_the_left_alone(tmp_path):
    """Without anything said of it."""
    put(failing("local"), tmp_path)
    exhibit = read_exhibit(record_of(run_of("local")), [tmp_path])
    assert exhibit.problems == ()
    rows = [row for step in exhibit.steps for stream in step.streams for row in stream.rows]
    assert rows
    assert {(row.standing, row.right, row.right_number) for row in rows} == {(Standing.LEFT, "", 0)}
    assert {each.configs[1] for each in exhibit.steps} == {""}


def test_a_session_that_is_gone_is_told(tmp_path):
    """With the option that keeps it, where its test passed; of the other everything is shown."""
    put(healthy("e2b"), tmp_path)
    removed = "the session of local was removed, because its test passed; `--osiris-keep-sessions=all` keeps it"
    for run in (run_of("local"), run_of("local", "")):
        exhibit = read_exhibit(record_of(run, run_of("e2b")), [tmp_path])
        assert exhibit.problems == (removed,)
        assert rows_of(exhibit, StreamKind.LOG, "read")[0].standing is Standing.RIGHT
    left = read_exhibit(record_of(run_of("local", ""), passed=False), [tmp_path])
    assert left.problems == ("local left no session",)
    failed = read_exhibit(record_of(run_of("local"), passed=False), [tmp_path])
    assert failed.problems == (f"the session of local cannot be shown: .osiris/runs/{SESSION_ID}/local is not there",)
    assert read_exhibit(record_of(), []).problems == ("it was made from the records alone",)


def test_the_first_root_that_has_a_session_gives_it(tmp_path):
    """Records of one page can come from several projects."""
    put_both(tmp_path / "b")
    exhibit = read_exhibit(record_of(), [tmp_path / "a", tmp_path / "b"])
    assert exhibit.problems == ()


@pytest.mark.parametrize(
    "named",
    [
        "/{outside}/.osiris/runs/{id}/local",
        "../outside/.osiris/runs/{id}/local",
        ".osiris/runs/../../../outside/.osiris/runs/{id}/local",
        ".osiris/runs/{id}/../local",
        ".osiris/runs/./local",
        ".osiris/runs//local",
        ".osiris/runs/{id}/local/logs",
        ".osiris/runs/linked/local",
        ".osiris/runs/{id}/linked",
        ".osiris/runs/{id}/with-linked-logs",
        ".osiris/runs/{id}/a\0b",
        ".osiris/runs/{id}/" + "n" * 5_000,
        ".osiris/runs/{id}/file",
        ".osiris",
    ],
)
def test_what_a_record_names_is_never_followed_outside(tmp_path, named):
    """Neither up, nor through a link in any part, nor to a link that lies in a session; and it is told."""
    outside = healthy("local")
    outside.logs["read"] = SAID
    there = put(outside, tmp_path / "outside")
    runs = tmp_path / "project" / ".osiris" / "runs"
    (runs / SESSION_ID / "with-linked-logs").mkdir(parents=True)
    (runs / SESSION_ID / "with-linked-logs" / "logs").symlink_to(there / "logs")
    (runs / SESSION_ID / "file").touch()
    (runs / SESSION_ID / "linked").symlink_to(there)
    (runs / "linked").symlink_to(there.parent)
    run = run_of("local", named.format(outside=str(tmp_path / "outside").lstrip("/"), id=SESSION_ID))
    exhibit = read_exhibit(record_of(run, passed=False), [tmp_path / "project"])
    assert exhibit.steps == ()
    assert len(exhibit.problems) == 1
    assert exhibit.problems[0].startswith("the session of local cannot be shown: ")


def test_a_torn_session_is_shown_as_far_as_it_goes(tmp_path):
    """With a sentence for everything that is wrong with it."""
    put_both(tmp_path)
    torn = tmp_path / ".osiris" / "runs" / SESSION_ID / "e2b"
    (torn / "session.json").unlink()
    data = (torn / "events.jsonl").read_bytes()
    (torn / "events.jsonl").write_bytes(data[: data.index(b"page_made") - 40])
    exhibit = read_exhibit(record_of(passed=False), [tmp_path])
    assert "e2b: it has no terminal record: its run goes on, or its owner died before the end" in exhibit.problems
    assert str(tmp_path) not in "".join(exhibit.problems)
    standings = {row.standing for row in rows_of(exhibit, StreamKind.EVENTS, "report")}
    assert Standing.LEFT in standings
    assert {row.standing for row in rows_of(exhibit, StreamKind.LOG, "read")} == {Standing.SAME}


def test_the_session_of_another_host_is_not_shown(tmp_path):
    """One that made the same id by chance, of another manifest: the record's own fingerprint tells."""
    put_both(tmp_path)
    own, another = (read_exhibit(record_of(fingerprint=each * 64), [tmp_path]) for each in "fe")
    assert own.steps != ()
    assert own.problems == ()
    assert another.steps == ()
    assert another.problems == tuple(
        f"{target}: .osiris/runs/{SESSION_ID}/{target} holds a run of another manifest" for target in ("local", "e2b")
    )


def test_a_session_is_shown_in_its_own_lane_alone(tmp_path):
    """A record that names the sides the other way round, or one side twice, would show what did not happen there; a diff may."""
    put_both(tmp_path)
    local, e2b = run_of("local"), run_of("e2b")
    swapped = record_of(
        run_of("local", e2b.session_directory), run_of("e2b", local.session_directory), session_id=SESSION_ID
    )
    twice = record_of(local, run_of("e2b", local.session_directory))
    assert read_exhibit(swapped, [tmp_path]).steps == ()
    assert read_exhibit(swapped, [tmp_path]).problems == (
        f"local: .osiris/runs/{SESSION_ID}/e2b holds the session of e2b",
        f"e2b: .osiris/runs/{SESSION_ID}/local holds the session of local",
    )
    assert read_exhibit(twice, [tmp_path]).problems == (
        f"e2b: .osiris/runs/{SESSION_ID}/local holds the session of local",
    )
    assert read_exhibit(dataclasses.replace(swapped, line=0), [tmp_path]).problems == ()


def test_a_session_of_another_check_is_not_shown(tmp_path):
    """Though it is whole, and of the same manifest; a diff names only the first of its two sessions."""
    put_both(tmp_path)
    record = record_of(session_id="20261124T120000Z-ffffffff")
    exhibit = read_exhibit(record, [tmp_path])
    assert exhibit.steps == ()
    assert exhibit.problems == tuple(
        f"{target}: .osiris/runs/{SESSION_ID}/{target} is of another check" for target in ("local", "e2b")
    )
    assert read_exhibit(dataclasses.replace(record, line=0), [tmp_path]).problems == ()


def test_a_place_that_holds_another_session_is_not_shown(tmp_path):
    """A copy under another name says nothing about this check."""
    stranger = healthy("local")
    directory = put(stranger, tmp_path)
    directory.parent.rename(directory.parent.with_name("another"))
    exhibit = read_exhibit(record_of(run_of("local", ".osiris/runs/another/local")), [tmp_path])
    assert exhibit.steps == ()
    assert exhibit.problems == (f"local: the place of another holds another session, {SESSION_ID}",)


WRONG = (None, 5, "text", [], [1], {"id": []}, [{"id": ["x"], "needs": [[]], "config": 1}], {"steps": 3}, {"roots": 3})


@pytest.mark.parametrize("name", ["session.json", "target.json", "manifest.json", "events.jsonl", "metrics.jsonl"])
def test_nothing_that_a_file_says_raises(tmp_path, name):
    """Whatever stands in the place of each of its members, and of the whole."""
    put_both(tmp_path, failing("local"), failing("e2b"))
    path = tmp_path / ".osiris" / "runs" / SESSION_ID / "e2b" / name
    whole = json.loads(path.read_bytes().splitlines()[0])
    wrong = cycle(WRONG)
    for value in (5, [1], *({**whole, member: next(wrong)} for member in whole)):
        path.write_bytes(json.dumps(value).encode() + b"\n")
        assert read_exhibit(record_of(), [tmp_path]).targets == ("local", "e2b")


def test_nothing_that_a_closed_session_says_raises(tmp_path):
    """Its digest vouches for what was written, not for what that means."""
    for number, wrong in enumerate(WRONG[1::2]):
        draft = healthy("e2b")
        draft.manifest = {"steps": wrong, "parity": wrong}
        draft.hello = {**draft.hello, "roots": wrong, "environment": wrong, "pid": wrong}
        draft.target_facts["masked"] = wrong
        root = tmp_path / str(number)
        put_both(root, healthy("local"), draft)
        assert read_exhibit(record_of(), [root]).targets == ("local", "e2b")


def test_a_stream_too_large_to_be_aligned_is_shown_by_its_ends(tmp_path, monkeypatch):
    """With the lines that differ, by number, and how many there are."""
    monkeypatch.setattr("osiris_core.parity.exhibit.streams.ALIGNED_BYTES", 1 << 20)
    monkeypatch.setattr("osiris_core.parity.exhibit.streams.ENDS", 10)
    left, right = healthy("local"), healthy("e2b")
    left.printed["report"] = b"a line of seventeen\n" * 60_000
    right.printed["report"] = (
        left.printed["report"]
        .replace(b"a line", b"/home", 1)
        .replace(b"\n", b"!\n", 30_000)
        .replace(b"!\n", b"\n", 29_990)
    )
    put_both(tmp_path, left, right)
    exhibit = read_exhibit(record_of(), [tmp_path])
    (stream,) = (each for each in exhibit.steps[3].streams if each.kind is StreamKind.PRINTED)
    differing = [row.left_number for row in stream.rows if row.standing is Standing.CHANGED]
    assert differing == [1, *range(29_991, 30_000)]
    assert stream.totals == (60_000, 60_000)
    assert (stream.rows[0].left_number, stream.rows[-1].left_number, len(stream.rows)) == (1, 60_000, 29)
    assert stream.cut.startswith("29 of 60,000 lines are shown")


def test_a_long_stream_keeps_what_differs(tmp_path, monkeypatch):
    """The middle goes, and the stream says how much of it is shown."""
    monkeypatch.setattr("osiris_core.parity.exhibit.cutting.MOST_ROWS", 400)
    monkeypatch.setattr("osiris_core.parity.exhibit.cutting.ENDS", 20)
    left, right = healthy("local"), healthy("e2b")
    lines = [b"%d\n" % number for number in range(1, 1_001)]
    left.logs["read"] = b"".join(lines)
    right.logs["read"] = b"".join([*lines[:499], b"other\n", *lines[500:]])
    put_both(tmp_path, left, right)
    exhibit = read_exhibit(record_of(), [tmp_path])
    (stream,) = (each for each in exhibit.steps[0].streams if each.kind is StreamKind.LOG)
    assert [row.left_number for row in stream.rows] == [*range(1, 21), *range(497, 504), *range(981, 1_001)]
    assert stream.cut == (
        "47 of 1,000 lines are shown, 1 of the 1 that are not the same among them; the sessions have all 1,000"
    )


@pytest.mark.parametrize(
    ("most_bytes", "kept"), [(1_000_000, [(50, False), (40, True)]), (2_800, [(38, True), (38, True)])]
)
def test_what_stays_of_a_stream_has_what_the_rules_made_of_it(tmp_path, monkeypatch, most_bytes, kept):
    """Also where the rest of it goes; what the rules made of it takes room as well."""
    monkeypatch.setattr("osiris_core.parity.exhibit.cutting.MOST_ROWS", 50)
    monkeypatch.setattr("osiris_core.parity.exhibit.cutting.MOST_BYTES", most_bytes)
    monkeypatch.setattr("osiris_core.parity.exhibit.cutting.ENDS", 20)
    shown = []
    for number in (50, 51):
        left, right = healthy("local"), healthy("e2b")
        left.logs["read"] = b"in /home/ann/flights/x\n" * number
        right.logs["read"] = b"in /home/user/project/x\n" * number
        put_both(tmp_path / str(number), left, right)
        exhibit = read_exhibit(record_of(), [tmp_path / str(number)])
        (stream,) = (each for each in exhibit.steps[0].streams if each.kind is StreamKind.LOG)
        assert {(row.standing, row.left_normal, row.right_normal) for row in stream.rows} == {
            (Standing.SET_ASIDE, "in <project>/x", "in <project>/x")
        }
        assert sum(len(row.left + row.right + row.left_normal + row.right_normal) for row in stream.rows) <= most_bytes
        shown.append((len(stream.rows), bool(stream.cut)))
    assert shown == kept


def test_lines_that_are_all_different_are_brought_into_their_form_once(tmp_path, monkeypatch):
    """And once more where they are shown: what is left out costs no more than its place."""
    asked = []
    monkeypatch.setattr("osiris_core.parity.exhibit.cutting.MOST_ROWS", 400)
    monkeypatch.setattr("osiris_core.parity.exhibit.cutting.ENDS", 20)
    monkeypatch.setattr(
        "osiris_core.parity.noise.noise_replacer", lambda _: lambda text: asked.append(text) or (text, ())
    )
    left, right = healthy("local"), healthy("e2b")
    for draft, word in ((left, "here"), (right, "there")):
        draft.logs["read"] = b"".join(f"{number} {word}\n".encode() for number in range(6_000))
    put_both(tmp_path, left, right)

    (stream,) = (each for each in read_exhibit(record_of(), [tmp_path]).steps[0].streams if each.kind is StreamKind.LOG)

    assert len(stream.rows) == 106
    held_by_number = 6_000 // 50 + 1  # after so many that differ, that is given up
    assert len(asked) <= 2 * (6_000 + held_by_number + len(stream.rows))
