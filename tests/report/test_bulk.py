"""Lines of sessions in a page: what is put in, in which form, and what is left out and how that is said."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json

import pytest

from osiris_core.parity.exhibit.model import Exhibit, Row, Standing, StepExhibit, StreamKind
from osiris_core.parity.record import RecordSet, Verdict
from osiris_core.report import html
from osiris_core.report.bulk import chunks, embedding
from osiris_core.report.bulk.embedding import Bulk
from osiris_core.report.bulk.lines import MAX_CHARACTERS, shown_pair
from osiris_core.report.bulk.streams import config_rows, entry_rows
from osiris_core.report.html import render_html
from tests.report.exhibits import HOSTILE, TARGETS, of_lines, small, stream
from tests.report.samples import divergent, record
from tests.report.structure import Structure


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch):
    """Chunks of 500 lines, so that a long manifest need not be very long."""
    monkeypatch.setattr(chunks, "CHUNK_LINES", 500)
    monkeypatch.setattr(embedding, "CHUNK_LINES", 500)


def put(*exhibits, brief=False):
    """Return the lanes of each exhibit, and all blocks of the page by their addresses."""
    waiting = list(exhibits)
    bulk = Bulk(lambda _: waiting.pop(0))
    lanes = [bulk.lanes(divergent(), brief=brief) for _ in exhibits]
    embedded = bulk.embedded()
    unpacked = [gzip.decompress(base64.b64decode(chunk)).decode().split("\x1e") for chunk in embedded.chunks]
    blocks = {f"{number}.{place}": text for number, each in enumerate(unpacked) for place, text in enumerate(each)}
    return lanes, blocks, embedded


def lines_of(place, blocks, step, kind):
    directory = json.loads(blocks[place])
    (found,) = [s for p in directory["parts"] if p["step"] == step for s in p["streams"] if s["kind"] == kind]
    text = [blocks[f"{chunk}.{at}"] for chunk, at in found["blocks"]]
    return [line.split("\t") for block in text for line in block.split("\n")]


def with_log(*rows, **facts) -> Exhibit:
    step = StepExhibit(
        id="delays", configs=("", ""), streams=(stream(StreamKind.LOG, list(rows), **facts),), entries=()
    )
    return Exhibit(targets=TARGETS, steps=(step,))


def test_what_is_put_in_comes_out_again():
    """Gunzip and split give every row: sign and texts, numbers of rules, and numbers of lines where they do not follow."""
    (lanes,), blocks, embedded = put(small())
    directory = json.loads(blocks[lanes.place])
    log = lines_of(lanes.place, blocks, "delays", "log")

    assert (lanes.lines, lanes.differing, lanes.set_aside, lanes.left_out) == (75, 8, 2, 0)
    assert (embedded.lines, embedded.manifests, embedded.whole) == (75, 1, 1)
    assert directory["targets"] == ["local", "e2b"]
    assert directory["first"] == "delays"
    assert [part["step"] for part in directory["parts"]] == [None, "read-flights", "delays"]
    assert directory["rules"] == [
        ["schema", ""],
        ["known-roots", "paths of the two machines in log and printed text become names"],
    ]
    assert log[0] == ["=INFO delays carrier 001 read"]
    assert log[30] == ["~INFO delays wrote /home/jana/out", "INFO delays wrote /home/user/out", "INFO delays wrote <project>/out", "INFO delays wrote <project>/out", "1"]  # fmt: skip
    assert log[31] == ["!INFO delays first day is 2026-02-01", "INFO delays first day is 2026-01-31·"]
    assert log[50] == ["<WARNING delays cache is cold"]
    assert log[-1] == [">", "WARNING delays only 2 CPUs"]
    assert len(log) == 61  # the numbers always follow here


def test_numbers_that_do_not_follow_are_written_down():
    """After a gap a block says which lines come next, and a side that has no line keeps its number."""
    rows = (
        Row(Standing.SAME, 1, 1, "a", "a"),
        Row(Standing.SAME, 9, 12, "b", "b"),
        Row(Standing.LEFT, 10, 0, "c", ""),
        Row(Standing.RIGHT, 0, 20, "", "d"),
    )
    (lanes,), blocks, _ = put(with_log(*rows))
    assert lines_of(lanes.place, blocks, "delays", "log") == [["=a"], ["@9,12"], ["=b"], ["<c"], ["@11,20"], [">", "d"]]


def test_small_manifests_share_a_chunk_and_large_ones_take_several():
    """A chunk has so many lines at most, and a long manifest begins a new one."""
    lanes, _, embedded = put(small(), small(), of_lines(1_200, every=100))
    assert [each.place.split(".")[0] for each in lanes] == ["0", "0", "3"]
    assert len(embedded.chunks) == 4
    assert lanes[2].differing == 12


def test_the_same_sessions_make_the_same_page():
    """Nothing of the time or the order of hashing is in a chunk."""
    pages = {render_html(RecordSet(records=(divergent(),)), read=lambda *_: small()) for _ in range(2)}
    assert len(pages) == 1
    assert base64.b64decode(put(small())[2].chunks[0])[4:8] == bytes(4)  # gzip's time


def with_every_text(text: str) -> Exhibit:
    rows = (Row(Standing.CHANGED, 1, 1, text, "x", text, "x", (text,)),)
    exhibit = with_log(*rows, cut=text)
    steps = (dataclasses.replace(exhibit.steps[0], id=text),)
    return dataclasses.replace(exhibit, targets=(text, "e2b"), steps=steps, problems=(text,))


def test_hostile_text_stays_data():
    """No text of a session makes an element, ends a row, or is invisible when it is decoded."""
    text = f"{HOSTILE}\t\x1e\x1f\n=a\x00\t]]>"
    pages = [
        render_html(RecordSet(records=(divergent(),)), read=lambda *_, each=each: with_every_text(each))
        for each in (text, "x")
    ]
    (lanes,), blocks, _ = put(with_every_text(text))

    assert Structure(pages[0]).shape == Structure(pages[1]).shape
    decoded = "".join(blocks.values())
    assert "⟨ESC⟩[31m⟨U+202E⟩⇥⟨RS⟩⟨US⟩↵=a⟨NUL⟩⇥]]>" in decoded
    assert not {"\x1b", "\u202e", "\x1e", "\x1f", "\x00"} & set(decoded)
    assert json.loads(blocks[lanes.place])["parts"][0]["streams"][0]["counts"] == [0, 0, 1, 0, 0]


def test_a_page_takes_data_for_the_script_whole_and_only_as_base64():
    """A chunk is longer than any text that a page prints; what is no base64 never gets there."""
    page = render_html(RecordSet(records=(divergent(),)), read=lambda *_: of_lines(1_200))
    assert all(f">{chunk}</script>" in page for chunk in put(of_lines(1_200))[2].chunks)
    with pytest.raises(ValueError, match="must be base64"):
        html._environment().from_string("{{ data|base64 }}").render(data="</script>")


def test_a_very_long_line_is_cut_where_both_sides_are_equal_first():
    """What is hidden is counted, and the difference stays."""
    left, right = shown_pair("a" * 20_000 + "1" + "b" * 20_000, "a" * 20_000 + "2" + "b" * 20_000)
    assert left.startswith("(19,800 equal characters) …" + "a" * 200 + "1b")
    assert right.startswith("(19,800 equal characters) …" + "a" * 200 + "2b")
    assert left.endswith("b… (10,228 more characters)")
    assert shown_pair("c" * (MAX_CHARACTERS + 1), "")[0] == "c" * MAX_CHARACTERS + "… (1 more characters)"


def test_what_finds_no_room_is_told_with_numbers(monkeypatch):
    """Failing manifests come first; then the page says how many lines are not in it, and where they are."""
    monkeypatch.setattr(chunks, "EMBEDDED_LINES", 600)
    lanes, blocks, embedded = put(small(), of_lines(1_200), small())
    directory = json.loads(blocks[lanes[1].place])
    assert [each.left_out for each in lanes] == [0, 200, 0]
    assert [each.unread for each in lanes] == [False, False, True]
    assert directory["parts"][0]["streams"][0]["left_out"] == 200
    assert (embedded.whole, embedded.unread, embedded.left_out) == (1, 1, 200)

    records = RecordSet(
        records=(divergent(), dataclasses.replace(divergent(), manifest="b"), record("c", Verdict.IDENTICAL))
    )
    text = Structure(render_html(records, read=lambda *_: of_lines(1_200))).text
    place = ".osiris/runs/20260203T101500Z-4f1c2a9e/local and .osiris/runs/20260203T101500Z-4f1c2a9e/e2b"
    assert f"200 more lines would make this page too large: {place} have them." in text
    assert f"The lines of this manifest would make this page too large; {place} have them." in text
    assert (
        "all those of 0 of 3 manifests. 200 more lines would make it too large. 2 manifests found no room in it."
        in text
    )


@pytest.mark.parametrize(
    ("name", "limit"), [("EMBEDDED_BYTES", 8_000), ("EMBEDDED_CHARACTERS", 10_000), ("EMBEDDED_LINES", 500)]
)
def test_every_budget_holds(name, limit, monkeypatch):
    """Bytes of the page and characters in the browser's memory have limits, too."""
    monkeypatch.setattr(chunks, name, limit)
    monkeypatch.setattr(embedding, "EMBEDDED_BYTES", chunks.EMBEDDED_BYTES)
    (lanes,), _, _ = put(of_lines(1_200, every=1_300))
    assert (lanes.lines, lanes.left_out) == (500, 700)


def test_lines_that_differ_find_room_where_others_do_not(monkeypatch):
    """Once a page is full, each line that differs is still put in, with three around it."""
    monkeypatch.setattr(chunks, "EMBEDDED_LINES", 500)
    (lanes,), blocks, _ = put(of_lines(1_200, every=550))
    log = lines_of(lanes.place, blocks, "delays", "log")
    assert (lanes.lines, lanes.differing) == (514, 2)
    assert log[500] == ["@547,547"]
    assert [line[0][0] for line in log[501:]] == list("===!===@===!===")


def test_brief_manifests_have_a_budget_of_their_own(monkeypatch):
    """A page of many manifests stays small: those shown in brief have their lines in it only while there is room for that."""
    monkeypatch.setattr(embedding, "BRIEF_BYTES", 1_000)
    first, second = put(small(), small(), brief=True)[0]
    assert (first.left_out, second.left_out > 0) == (0, True)


def test_what_was_not_read_is_said():
    """A session that is gone leaves a sentence, and where it was."""
    gone = Exhibit(targets=TARGETS, problems=("the e2b session is gone",))
    text = Structure(render_html(RecordSet(records=(divergent(),)), read=lambda *_: gone)).text
    assert "The lines of both sides are not in this page: the e2b session is gone. The sessions: .osiris/runs/" in text


def test_configs_are_matched_line_by_line():
    """JSON is brought into one form; a key that one side has alone stands alone."""
    rows = config_rows('{"b": 1, "a": [1, 2]}', '{"a": [1, 2], "b": 2, "c": null}')
    assert [(row.standing.value, row.left_number, row.right_number, row.left, row.right) for row in rows[-3:]] == [
        ("changed", 6, 6, '  "b": 1', '  "b": 2,'),
        ("right", 0, 7, "", '  "c": null'),
        ("same", 7, 8, "}", "}"),
    ]
    assert [row.left for row in config_rows("{torn", "{torn")] == ["{torn"]


def test_artifacts_are_rows_with_what_either_side_has():
    """Path, kind, size and digest of both; what only one side has says nothing on the other."""
    changed, alone = entry_rows(small().steps[1].entries)
    assert changed.left == f"delays.csv · file · 412 B · sha256 {'ab' * 32}"
    assert changed.right == f"delays.csv · file · 410 B · sha256 {'cd' * 32}"
    assert (alone.standing, alone.left_number, alone.right_number, alone.right) == (Standing.LEFT, 2, 0, "")
