"""The file of a baseline: one thing a line, the same bytes for the same run, and one sentence for what is wrong with it."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import TYPE_CHECKING

import pytest

from osiris_core.baseline.making import Making, make_baseline
from osiris_core.baseline.reading import read_baseline
from osiris_core.baseline.tokens import concrete, tokenizer
from osiris_core.baseline.window import text_window
from osiris_core.errors import BaselineError
from osiris_core.parity.side import view
from tests.baseline.stored import NAME, stored
from tests.parity.sessions import failing, healthy, pair

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.parity.sessions import Draft

HEALTHY = """{
"osiris_baseline": 1,
"name": "flights.osiris.yaml",
"pipeline": "flights",
"text": "normalized",
"longest_s": 60,
"seed": null,
"table_digests": "DIGESTS",
"started": null,
"outcome": "succeeded",
"failed_step": null,
"error": null,
"steps": [
  {"id": "read", "state": "succeeded"},
  {"id": "delays", "state": "succeeded"},
  {"id": "write", "state": "succeeded"},
  {"id": "report", "state": "succeeded"}
],
"events": [
  {"step": null, "event": "run_start", "pipeline_id": "flights", "steps": 4},
  {"step": "read", "event": "step_start", "driver": "filesystem.csv_extractor", "needs": []},
  {"step": "read", "event": "step_complete", "rows": 3},
"""
TABLES = """"tables": [
  {"step": "read", "table": "df", "rows": 3, "ordered": "aa-ordered", "unordered": "aa-unordered"},
  {"step": "read", "table": "df", "column": "carrier", "type": "string", "nullable": true, "ordered": "aa-carrier-o", "unordered": "aa-carrier-u", "count": 3, "nulls": 0, "min": "AA", "max": "BB", "sum": null},
"""
REST = """"metrics": [
  {"step": "read", "metric": "rows_read", "value": 3, "unit": null, "volatile": false, "tags": {}},
  {"step": "read", "metric": "step_duration_ms", "unit": "ms", "volatile": false, "tags": {}},
  {"step": "write", "metric": "rows_written", "value": 2, "unit": null, "volatile": false, "tags": {"table": "delays"}}
],
"logs": {
  "read": [
    "INFO osiris.read read 3 rows"
  ],
  "report": [
    "INFO osiris.report start",
    "INFO osiris.report done"
  ]
},
"printed": {
  "report": [
    "in <project>, after <duration>",
    "no end of line \\\\udcff"
  ]
},
"unended": [
  "report.out"
],
"artifacts": [
  {"path": "report/blob.bin", "mode": "0644", "size_bytes": 4, "sha256": "054edec1d0211f624fed0cbca9d4f9400b0e491c43742af2c5b0abebf0c990d8"},
  {"path": "report/summary.json", "mode": "0644"},
  {"path": "write/delays.csv", "mode": "0644"}
]
}
"""


def test_the_file_reads_well(tmp_path):
    """Written out here, because people read it in pull requests."""
    draft = healthy("local")
    draft.printed["report"] = b"in /home/ann/flights, after 3 ms\nno end of line \xff"

    files = make_baseline(draft.build(tmp_path), Making(name=NAME))

    text = files["baseline.json"].decode()
    digests = json.loads(text)["table_digests"]
    assert len(digests) == 16
    assert text.startswith(HEALTHY.replace("DIGESTS", digests))
    assert TABLES in text
    assert text.endswith(REST.replace("\\\\", "\\"))
    assert sorted(files) == [
        "artifacts/report/summary.json",
        "artifacts/write/delays.csv",
        "baseline.json",
        "summaries/report/blob.bin.json",
    ]


def elsewhere(draft: Draft) -> None:
    """Another day, directory, user, process, machine and session; a slower one, with another logical time."""
    for record in (*draft.events, *draft.metrics):
        record["ts"] = record["ts"].replace("2026-11-24T12:00", "2027-05-01T03:17")
    draft.session_id = "20270501T031700Z-12345678"
    draft.event("run_start")["logical_now"] = "2027-05-01T03:16:59.000000Z"
    draft.events[-1]["ts"] = "2027-05-01T03:17:40.000000Z"
    for event in draft.events:
        if "duration_ms" in event:
            event["duration_ms"] *= 17
    draft.metric("step_duration_ms", "read")["value"] = 99.5
    draft.hello.update(
        pid=77, nonce="3" * 32, environment={"python": "3.14.0", "timezone": "Asia/Tokyo", "user": "bob"}
    )
    draft.hello["roots"] = {
        name: [each.replace("/home/ann", "/data/bob") for each in value]
        if isinstance(value, list)
        else value.replace("/home/ann", "/data/bob")
        for name, value in draft.hello["roots"].items()
    }


@pytest.mark.parametrize("side", ["healthy", "failing"])
def test_two_runs_of_the_same_make_the_same_bytes(tmp_path, side):
    """Else every update would be noise."""
    drafts = [healthy("local") if side == "healthy" else failing("local") for _ in range(2)]
    elsewhere(drafts[1])
    said = (
        b"in /home/ann/flights/x at 2026-11-24T12:00:00.120Z, %s, pid 51234, timeout 30 s, at 0x7f3a2c1d5e50\n",
        b"in /data/bob/flights/x at 2027-05-01T03:17:20.500Z, %s, pid 77, timeout 30 s, at 0x7f00aa1d5e50\n",
    )
    for draft, line, took in zip(drafts, said, (b"0.12 s", b"31 s"), strict=True):
        draft.printed["read"] = line % took
        if draft.error:
            draft.error["message"] = draft.event("step_failed")["message"] = (line % took).decode()

    first, second = (make_baseline(draft.build(tmp_path), Making(name=NAME)) for draft in drafts)

    assert first == second
    assert (
        b"in <project>/x at <timeZ>, <duration>, pid <pid>, timeout <duration>, at <address:1>"
        in first["baseline.json"]
    )
    assert not any(each in first["baseline.json"] for each in (b"ann", b"2026", b"51234", b"12:00"))


TEXTS = ["<", "<<", "<project>", "/home/ann/flights", "/home/ann/flights/a.csv:3", " 2026-11-24T12:00:00.100Z ", " 3 ms ",
         "2026-11-24 12:00:00,101 +00:00", " 12:00:00 ", " 1795521600.10 ", "pid=51234", "at 0x7f3a2c1d5e50", "x", "\udcff", "/tmp/tmpabcd1234/y",
         "<duration>", "5 min", " 10s", "7"]  # fmt: skip


def test_text_with_tokens_is_text_again(tmp_path):
    """Whatever stood there: with its tokens given values, it gets the same tokens; drawn from a seed."""
    session = healthy("local").build(tmp_path)
    window = text_window(session, least_s=60, fixed_now=False)
    tokens = tokenizer(view(session, "local", is_left=False, text_window=window))
    (directory := tmp_path / "b").mkdir()
    baseline_side = view(stored_session(directory), "baseline", is_left=True)
    again = tokenizer(baseline_side)
    draw = random.Random(7)
    for _ in range(400):
        text = "".join(draw.choices(TEXTS, k=draw.randint(1, 6)))
        with_tokens = tokens(text)
        assert again(concrete()(with_tokens)) == with_tokens, text


def stored_session(directory):
    """Return a baseline as the comparison sees it."""
    from osiris_core.baseline.reading import as_session

    session = healthy("local").build(directory)
    return as_session(stored(directory / "stored", session), session)


def edit(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


WRONG: dict[str, tuple[Callable[[str], str], str]] = {
    "a merge conflict": (
        edit('  {"id": "write"', '<<<<<<< HEAD\n  {"id": "write"'),
        "flights/baseline.json:16: a merge conflict was left in it",
    ),
    "torn": (lambda text: text[:700], "flights/baseline.json:23: it is no JSON: "),
    "a comma too many": (edit('"error": null,', '"error": null,,'), "flights/baseline.json:12: it is no JSON: "),
    "not ours": (lambda _: "[]", "flights/baseline.json is no baseline"),
    "empty": (lambda _: "", "flights/baseline.json:1: it is no JSON"),
    "newer": (edit('"osiris_baseline": 1', '"osiris_baseline": 2'), "flights/baseline.json has the format 2, but this version"),
    "unknown member": (edit('"seed": null', '"sed": null'), "flights/baseline.json:7: unknown member 'sed'"),
    "wrong type": (edit('"longest_s": 60', '"longest_s": "60"'), "flights/baseline.json:6: $.longest_s: Expected `int`"),
    "an item that is none": (
        edit('  {"id": "delays", "state": "succeeded"}', '  "delays"'), "flights/baseline.json:15: $.steps[1]: Expected `object`",
    ),
    "an event without a name": (
        edit('"event": "step_start", ', ""), "flights/baseline.json:21: $.events[1]: it has no 'event'",
    ),
    "an unknown state": (edit('"state": "succeeded"', '"state": "fine"'), "flights/baseline.json:14: $.steps[0]: it is no step's state"),
    "an unknown outcome": (edit('"outcome": "succeeded"', '"outcome": "fine"'), "flights/baseline.json:10: $.outcome: unknown outcome"),
    "a text that is none": (edit('"logs": {', '"logs": {"more": 3, '), "flights/baseline.json:52: $.logs: 'more' has no lines"),
    "a member that is there twice": (
        edit('"error": null,', '"outcome": "failed", "error": null,'), "flights/baseline.json:1: it is no JSON: the member 'outcome' is there twice",
    ),
    "a path that leads out": (
        edit('"path": "write/delays.csv", "mode"', '"path": "../../delays.csv", "mode"'), "flights/baseline.json: '../../delays.csv' is no path",
    ),
    "of another test": (
        edit('"name": "flights', '"name": "others'), "flights/baseline.json is the baseline of others.osiris.yaml, not of flights",
    ),
    "an artifact that is not there": (
        edit('"path": "write/delays.csv", "mode"', '"path": "write/more.csv", "mode"'),
        "flights/artifacts/write/more.csv is not there: was it committed, or does a .gitignore name it",
    ),
    "an artifact that is not named": (
        edit('  {"path": "report/summary.json", "mode": "0644"},\n', ""),
        "flights/artifacts/report/summary.json is not named in baseline.json",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_sentence(tmp_path, name):
    """With the line, where there is one; a newer format is the only one that is not replaced."""
    change, sentence = WRONG[name]
    left, _ = pair(tmp_path)
    stored(tmp_path / "b", left)
    file = tmp_path / "b" / "baseline.json"
    file.write_text(change(file.read_text()))

    with pytest.raises(BaselineError) as raised:
        read_baseline(tmp_path / "b", name=NAME, place="flights")

    assert str(raised.value).startswith(sentence)
    assert "\n" not in str(raised.value)
    assert raised.value.replaceable == (name != "newer")


def test_a_summary_that_is_not_there_is_told(tmp_path):
    """It is what a digest is read by."""
    left, _ = pair(tmp_path)
    stored(tmp_path / "b", left)
    (tmp_path / "b/summaries/report/blob.bin.json").write_text("{}")
    with pytest.raises(BaselineError, match=r"flights/summaries/report/blob\.bin\.json: it is no summary"):
        read_baseline(tmp_path / "b", name=NAME, place="flights")


def test_a_long_run_has_its_own_round_length(tmp_path):
    """A run of two minutes: durations up to an hour are tokens."""
    draft = healthy("local")
    end = dt.datetime.fromisoformat(draft.events[0]["ts"]) + dt.timedelta(minutes=2)
    draft.events[-1]["ts"] = f"{end:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert b'"longest_s": 3600,' in make_baseline(draft.build(tmp_path), Making(name=NAME))["baseline.json"]
