"""What fails alike: one entry for each kind of first cause, whatever each manifest calls its own."""

from __future__ import annotations

import dataclasses

import pytest

from osiris_core.parity.record import Finding, Layer, RecordSet, Triage, TriageFactor, Verdict
from osiris_core.report import kinds
from osiris_core.report.html import render_html
from osiris_core.report.kinds import explained, kinds_of
from osiris_core.report.markdown import render_markdown
from osiris_core.report.search import search_index
from osiris_core.report.terminal import summary_lines
from tests.report.hostile import MARKUP, harmless
from tests.report.samples import comparison, divergent, e2b_run, local_run, record, step, unable
from tests.report.structure import Structure


def parted(
    name: str, message: str, *, at: str = "delays", hint: str = "", code: str = "table-order", **changes: object
):
    """A manifest that diverges at a step of one driver."""
    finding = Finding(layer=Layer.TABLES, step=at, code=code, path=f"{at}.df", message=message, hint=hint)
    steps = (step(at, "duckdb.processor"),)
    return record(
        name,
        Verdict.DIVERGENT,
        passed=False,
        targets=(local_run(steps=steps), e2b_run(steps=steps)),
        comparison=comparison(Verdict.DIVERGENT, findings=(finding,), findings_total=1, first_diverging_step=at),
        **changes,
    )


def told_of(*records) -> list[tuple[int, str]]:
    return [(len(kind.records), str(kind)) for kind in kinds_of(records)]


def test_one_reason_of_many_is_told_once_the_most_frequent_first():
    """An error of the sandbox is one place to mend, whatever ids, numbers and names it has; who fails like nobody else is in no kind."""
    long = "the sandbox of pipelines/{0}.osiris.yaml at 10.0.0.{1} is gone: " + "word " * 50
    records = [
        parted("x", "the same rows in another order", at="sort", hint="add an ORDER BY"),
        *(unable(f"load-{'x' * number}", long.format(f"load-{'x' * number}", number)) for number in range(3)),
        parted("y", "the same rows in another order", at="top", hint="add an ORDER BY"),
        unable("a", "the declared distribution torch==2.9 is not installed"),
        record("fine", Verdict.IDENTICAL),
    ]
    told = kinds_of(records)
    assert [len(kind.records) for kind in told] == [3, 2]
    assert str(told[0]).startswith("could not run on e2b: the sandbox of … at 10.0.0.… is gone: word word")
    assert str(told[1]) == "the same rows in another order; add an ORDER BY, at steps of driver `duckdb.processor`"
    assert [each.name for each in told[0].records] == [each.name for each in records[1:4]]
    assert told[0].key.startswith("could-not-run-on-e2b-the-sandbox-of-at-")
    assert [kind.key for kind in kinds_of(records[::-1])] == [kind.key for kind in told]


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (
            parted("a", "column `day` differs in 14 of 16 rows", code="table-column"),
            parted("b", "column `hour` differs in 2 of 16 rows", code="table-column"),
            "column `…` differs in … of 16 rows, at step `delays`",
        ),
        (parted("a", "x is `1`", hint="add it"), parted("b", "x is `1`", hint="take it away"), None),
        (parted("a", "the bytes differ"), parted("b", "the bytes differ", code="table-bytes"), None),
        (unable("a", "No module named 'torch'"), unable("b", "No module named 'numpy'"), None),
        (unable("a", "No module named 'torch'"), parted("b", "No module named 'torch'"), None),
        (  # a step that is called like a word takes nothing from an error
            unable("a", "read: timed out in step read", steps=(step("read", "d"),)),
            unable("b", "read: timed out in step write", steps=(step("write", "d"),)),
            "could not run on e2b: read: timed out in step …",
        ),
    ],
)
def test_alike_is_what_has_the_same_words_but_for_what_is_its_own(one, other, common):
    """Numbers, names between backquotes and a manifest's own are left open, as far as they are not the same in all."""
    assert told_of(one, other) == ([(2, common)] if common else [])


def test_what_triage_found_is_the_reason_whatever_differs_first():
    """Two manifests that part because of the time zone have one thing to mend."""
    factor = TriageFactor(name="time zone", left="Europe/Prague", right="UTC", fix="set TZ under env:")
    found = Triage(cause="ENVIRONMENT(time zone)", factors=(factor,))
    records = (
        parted("a", "column `day` differs", triage=found),
        parted("b", "the same rows in another order", at="other", triage=found),
    )
    assert told_of(*records) == [
        (2, "because of time zone, Europe/Prague on local and UTC on e2b, at steps of driver `duckdb.processor`")
    ]


def test_summaries_tell_one_of_many_and_name_the_others():
    """Thirty failures of one reason are one explanation in Markdown and in the terminal; each of them has its row all the same."""
    records = RecordSet(
        records=(*(unable(f"m{number:02}", "no room on 10.0.0.7") for number in range(30)), divergent())
    )
    said = "30 manifests fail alike, INFRA: could not run on e2b: no room on 10.0.0.7"
    others = "29 more fail alike: pipelines/m01.osiris.yaml, pipelines/m02.osiris.yaml, pipelines/m03.osiris.yaml and 26 others, all in the table"

    text = render_markdown(records)
    assert f"- `{said}`\n" in text
    assert text.count("```text") == 2
    assert others in text
    assert "not explained here" not in text
    assert text.count("\n| ! | `pipelines/m") == 30

    lines = summary_lines(records, 200, None)
    assert said in lines
    assert [line.strip() for line in lines].count(others) == 1
    assert sum(line.startswith("!  m") for line in lines) == 30
    assert sum(line.startswith("! pipelines/m") for line in lines) == 1
    assert said in summary_lines(records, 200, None, failures=False)


def test_the_page_tells_each_kind_once_with_links_to_its_manifests(monkeypatch):
    """Without the script a kind unfolds to links, so many at most, and with it a link lists just these; rare kinds are folded, then counted."""
    monkeypatch.setattr(kinds, "MOST_LINKS", 2)
    monkeypatch.setattr(kinds, "MOST_KINDS", 1)
    monkeypatch.setattr(kinds, "MOST_FOLDED", 1)
    many = [unable(f"m{number}", "no room") for number in range(4)]
    pairs = [unable(f"{word}{number}", f"{word} is full") for word in ("disk", "queue") for number in range(2)]
    records = RecordSet(records=(*many, *pairs, divergent(), record("fine", Verdict.IDENTICAL)))
    page = Structure(render_html(records))
    text = " ".join(page.text.split())

    assert "What fails alike 8 of 9 failures, of 3 kinds" in text
    assert "4 manifests could not run on e2b: no room pipelines/m0" in text
    assert "and 2 more of 4 in the list below" in text
    assert "1 more kind of 3 not listed here" in text
    assert "2 more kinds" in text
    keys = [kind.key for kind in kinds_of(records.records)]
    assert [each for each in page.values("href") if each.startswith("#?")] == [f"#?q=kind%3A{key}" for key in keys[:2]]
    index = search_index(records.records, kinds_of(records.records))
    alike = [place for place, own in enumerate(index.of) if ("kind", keys[0]) in [index.facts[each] for each in own]]
    assert alike == [0, 1, 2, 3]
    assert "What fails alike" not in render_html(RecordSet(records=(many[0], divergent())))


def test_hostile_words_of_a_kind_stay_text():
    """What an error says that many failed with makes no element, and is shown."""
    hostile, tame = (
        Structure(render_html(RecordSet(records=tuple(unable(each, each) for _ in range(2)))))
        for each in (" ".join(MARKUP), harmless(" ".join(MARKUP)))
    )
    assert "What fails alike" in hostile.text
    assert (hostile.shape, hostile.ends) == (tame.shape, tame.ends)


def test_two_that_are_alike_are_both_explained():
    """Leaving one of two out saves little; of three the first stands for all."""
    trio = [unable(name, "no room") for name in "abc"]
    assert explained(trio[:2], kinds_of(trio[:2])) == [(trio[0], None), (trio[1], None)]
    [kind] = kinds_of(trio)
    assert explained(trio, [kind]) == [(trio[0], kind)]


def test_a_manifests_own_names_are_taken_out_whole_and_its_targets_are_not():
    """A name in a longer word is none; the manifest's file is one, whatever the pipeline is called; a step that is named like a target is no reason."""
    assert told_of(unable("ab-x", "ab-xy is full"), unable("cd-x", "cd-xy is full")) == []
    files = [unable(name, f"{name}.osiris.yaml is torn") for name in ("ab-x", "cd-x")]
    assert told_of(*(dataclasses.replace(each, pipeline_id="p") for each in files)) == [
        (2, "could not run on e2b: … is torn")
    ]
    alike = [unable("a", "no room on e2b"), unable("b", "no room on e2b", steps=(step("e2b", "duckdb.processor"),))]
    assert told_of(*alike) == [(2, "could not run on e2b: no room on e2b")]


def test_kinds_that_the_terminal_does_not_name_are_counted():
    """Five are named."""
    words = ("disk", "queue", "room", "port", "clock", "name", "key")
    records = RecordSet(records=tuple(unable(f"{word}-{n}", f"{word} is gone") for word in words for n in "abc"))
    assert "2 more kinds of 3 failures or more that are alike" in summary_lines(records, 200, None)
