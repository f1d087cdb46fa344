"""`pytest`: marks and cases, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.manifest.cases import load_cases
from tests.manifest.project import DRIVERS, HEAD

if TYPE_CHECKING:
    from osiris_core.manifest.cases import Loaded
    from tests.manifest.project import Project

BASE = (
    HEAD + "params: {carrier: AA, year: 2013}\n"
    "steps: [{id: a, driver: read, config: {path: '${params.carrier}', columns: '${params.year}'}}]\n"
)


def cases(project: Project, text: str, **given: Any) -> tuple[Loaded, ...]:
    """Load every case of a manifest."""
    project.manifest.write_text(text)
    return load_cases(project.manifest, project_root=project.root, drivers=DRIVERS, **given)


def with_pytest(written: str) -> str:
    """Return a manifest whose section `pytest` stands at 5:9."""
    return f"{BASE}pytest: {written}\n"


def ids(loaded: tuple[Loaded, ...]) -> list[str | None]:
    """Return the ids of the cases."""
    return [None if each.case is None else each.case.id for each in loaded]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[slow]", [("slow", (), {})]),
        ("[{timeout: 60}]", [("timeout", (60,), {})]),
        ("[{xdist_group: flights}]", [("xdist_group", ("flights",), {})]),
        ("[{owner: [ann, bob]}]", [("owner", ("ann", "bob"), {})]),
        ("[{flaky: {reruns: 2}}]", [("flaky", (), {"reruns": 2})]),
        ("[{skip: no data yet}]", [("skip", (), {"reason": "no data yet"})]),
        ("[{skip: {reason: why}}]", [("skip", (), {"reason": "why"})]),
        ("[{skip: {reason: why, without: [A, B_1]}}]", [("skip", (), {"reason": "why", "without": ["A", "B_1"]})]),
        ("[{skip: {reason: why, target: e2b}}]", [("skip", (), {"reason": "why", "target": ["e2b"]})]),
        ("[{xfail: bug 7}, slow]", [("xfail", (), {"reason": "bug 7"}), ("slow", (), {})]),
        ("[{xfail: {reason: bug 7, strict: true}}]", [("xfail", (), {"reason": "bug 7", "strict": True})]),
        ("[]", []),
    ],
)
def test_marks(project: Project, written: str, expected: list[Any]):
    """A name alone, or with one argument, several, or named ones."""
    manifest = project.load(with_pytest(f"{{marks: {written}}}"))
    assert [(each.name, each.args, each.kwargs) for each in manifest.pytest.marks] == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{parametrize: {carrier: [AA, UA]}}", ["AA", "UA"]),
        ("{parametrize: {carrier: [AA, UA], year: [1, 2]}}", ["AA-1", "AA-2", "UA-1", "UA-2"]),
        ("{parametrize: [{carrier: AA, year: 1}, {carrier: UA}, {}]}", ["AA-1", "UA", "case2"]),
        ("{parametrize: {carrier: [AA, UA]}, ids: [american, united air]}", ["american", "united air"]),
        ("{parametrize: {year: [1.5, true, null]}}", ["1.5", "true", "null"]),
        ("{parametrize: {carrier: [a/b, 'x y']}}", ["carrier0", "carrier1"]),
        ("{parametrize: {year: [[1, 2], {a: 1}]}}", ["year0", "year1"]),
        ("{parametrize: {year: [1, '1', 1_0]}}", ["1_1", "1_2", "1_0"]),
        ("{marks: [slow]}", [None]),
        ("{}", [None]),
    ],
)
def test_cases_have_ids(project: Project, written: str, expected: list[str]):
    """Made of the values where these can be read, the first name slowest; equal ones are numbered."""
    assert ids(cases(project, with_pytest(written))) == expected


def test_each_case_is_a_manifest_with_its_values(project: Project):
    """What a case does not say is the default; what is offered comes before that, and after the case."""
    text = with_pytest("{parametrize: [{carrier: UA}, {year: 5}]}")
    found = [each.manifest for each in cases(project, text, offered={"year": 1, "other": 2})]
    assert [each.steps[0].config for each in found if each] == [
        {"path": "UA", "columns": 1},
        {"path": "AA", "columns": 5},
    ]
    assert [each.params_given for each in found if each] == [("carrier", "year"), ("year",)]
    assert len({each.fingerprint for each in found if each}) == 2


def test_a_case_that_does_not_fit_leaves_the_others(project: Project):
    """Its problem is at the place where the value is used."""
    found = cases(project, with_pytest("{parametrize: {carrier: [AA, 5]}}"))
    assert ids(found) == ["AA", "5"]
    assert found[0].manifest is not None
    assert "4:46: `path` must be text, but it is a whole number (quote it; written as `${params.carrier}`)" in str(
        found[1].error
    )


def test_what_is_wrong_in_every_case_is_said_once(project: Project):
    """A wrong driver has nothing to do with the cases; and what is no manifest has none."""
    text = with_pytest("{parametrize: {year: [1, 2]}}").replace("driver: read", "driver: raed")
    assert ids(cases(project, text)) == [None]
    (broken,) = cases(project, "[")
    assert broken.error is not None
    assert broken.case is None


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("[]", "5:9: `pytest` must be a mapping, but it is a list"),
        ("{mark: [x]}", "5:10: unknown key `mark` in `pytest` (did you mean `marks`?)"),
        ("{marks: slow}", "5:17: `marks` must be a list, but it is text (write it in [brackets])"),
        ("{marks: [1]}", "5:18: `marks[]` must be text, but it is a whole number (quote it)"),
        ("{marks: [a b]}", "5:18: `a b` is no name of a mark (a letter, then letters, digits, `_`)"),
        ("{marks: [_x]}", "5:18: `_x` is no name of a mark (a letter, then letters, digits, `_`)"),
        ("{marks: [skip]}", "5:18: the mark `skip` has no reason (write `skip: why`)"),
        ("{marks: [xfail]}", "5:18: the mark `xfail` has no reason (write `xfail: why`)"),
        ("{marks: [{xfail: {strict: true}}]}", "5:26: `reason` is missing in `xfail`"),
        ("{marks: [{xfail: {reason: x, raises: y}}]}", "5:38: unknown key `raises` in `xfail` (known: reason, strict)"),
        (
            "{marks: [{xfail: {reason: x, strict: yes}}]}",
            "5:46: `strict` must be true or false, but it is text (YAML 1.2 knows only true and false)",
        ),
        ("{marks: [{skip: 5}]}", "5:25: `skip` must be text, but it is a whole number (quote it)"),
        ("{marks: [{skip: {without: [A]}}]}", "5:25: `reason` is missing in `skip`"),
        (
            "{marks: [{skip: {reason: x, wihtout: [A]}}]}",
            "5:37: unknown key `wihtout` in `skip` (did you mean `without`?)",
        ),
        (
            "{marks: [{skip: {reason: x, without: [A], target: e2b}}]}",
            "5:51: a `skip` has one condition (write a manifest for each, or leave one out)",
        ),
        (
            "{marks: [{skip: {reason: x, without: [1A]}}]}",
            "5:47: `1A` is no name of a variable (a letter or `_`, then letters, digits, `_`)",
        ),
        (
            "{marks: [{skip: {reason: x, without: []}}]}",
            "5:46: `without` names nothing (leave it out where the test is always skipped)",
        ),
        ("{marks: [{a: 1, b: 2}]}", "5:18: a mark is one name, or one `name: arguments` (write `- ` before each)"),
        ("{marks: [{slow: }]}", "5:19: the mark `slow` has no arguments (write `slow` alone)"),
        ("{marks: [slow, slow]}", "5:24: `slow` is listed twice in `marks`"),
        ("{marks: [parametrize]}", "5:18: the mark `parametrize` is refused (write `parametrize` beside `marks`)"),
        ("{marks: [osiris]}", "5:18: the mark `osiris` is refused (every manifest has it)"),
        ("{marks: [{usefixtures: x}]}", "5:19: the mark `usefixtures` is refused (a manifest takes no fixtures)"),
        (
            "{marks: [{skipif: x}]}",
            "5:19: the mark `skipif` is refused (write `skip: {reason: why, without: [VARIABLE]}` or `skip: {reason: why, target: e2b}`)",
        ),
        (
            "{parametrize: {carier: [x]}}",
            "5:24: unknown parameter `carier` in `parametrize` (did you mean `carrier`?)",
        ),
        (
            "{parametrize: [{day: 1}]}",
            "5:25: unknown parameter `day` in `parametrize` (known: `carrier`, `year`)",
        ),
        (
            "{parametrize: {carrier: AA}}",
            "5:33: `carrier` must be a list, but it is text (write it in [brackets])",
        ),
        ("{parametrize: {carrier: []}}", "5:33: `carrier` has no values, which would be no case at all"),
        ("{parametrize: []}", "5:23: `parametrize` is empty (leave the key out where there is nothing to say)"),
        ("{parametrize: {}}", "5:23: `parametrize` is empty (leave the key out where there is nothing to say)"),
        ("{parametrize: AA}", "5:23: `parametrize` must be a mapping of names to lists, or a list of mappings"),
        ("{parametrize: [AA]}", "5:24: `parametrize[]` must be a mapping, but it is text"),
        ("{ids: [a]}", "5:10: `ids` name the cases of `parametrize`, which is not there"),
        ("{parametrize: {year: [1, 2]}, ids: [a]}", "5:39: there are 1 `ids` for 2 cases (give one for each)"),
        ("{parametrize: {year: [1, 2]}, ids: [a, a]}", "5:48: `a` is listed twice in `ids`"),
        ("{parametrize: {year: [1]}, ids: [1]}", "5:42: `ids[]` must be text, but it is a whole number (quote it)"),
        (
            '{parametrize: {year: [1]}, ids: ["a\\nb"]}',
            "5:42: `a\\nb` is no id of a case (up to 100 printable characters without brackets and `::`)",
        ),
        (
            "{parametrize: {year: ['${params.carrier}']}}",
            "5:31: `pytest` cannot refer to parameters (write `$${params.` for the text itself)",
        ),
    ],
)
def test_what_is_wrong_with_the_collection(project: Project, written: str, problem: str):
    """Each thing wrong is said at its place, once, and collected as one broken item."""
    assert problem in project.problems(with_pytest(written))
    (loaded,) = cases(project, with_pytest(written))
    assert problem in str(loaded.error)


def test_too_many_cases_are_refused_before_they_are_made(project: Project):
    """A product of long lists is refused by its number."""
    numbers = ", ".join(map(str, range(200)))
    text = with_pytest(f"{{parametrize: {{carrier: [{numbers}], year: [{numbers}]}}}}")
    assert project.problems(text) == [
        "5:10: more than 1,000 cases (split the manifest, or choose fewer values)",
    ]


def test_the_collection_is_in_the_canonical_form_and_not_in_the_fingerprint(project: Project):
    """It decides how often a pipeline runs, not what a run is; and the form loads again."""
    text = with_pytest("{marks: [slow, {timeout: 60}], parametrize: {year: [1, 2]}}")
    manifest = project.load(text)
    assert manifest.canonical["pytest"] == {
        "marks": [{"slow": []}, {"timeout": [60]}],
        "parametrize": [{"year": 1}, {"year": 2}],
        "ids": ["1", "2"],
    }
    assert manifest.fingerprint == project.load(BASE).fingerprint
    assert ids(cases(project, with_pytest(str(manifest.canonical["pytest"])))) == ["1", "2"]


def test_a_reading_knows_where_it_stands(project: Project):
    """A case of a list at its own line, one of a product at `parametrize`, a file without cases at `pipeline`."""
    listed = "pytest:\n  parametrize:\n    - {carrier: AA}\n    - {carrier: UA}\n"
    product = "pytest: {marks: [slow],\n  parametrize: {carrier: [AA, UA]}}\n"

    assert [each.line for each in cases(project, BASE + listed)] == [7, 8]
    assert [each.line for each in cases(project, BASE + product)] == [6, 6]
    assert [each.line for each in cases(project, BASE)] == [2]


def test_all_cases_share_what_is_said_about_them(project: Project):
    """A thousand cases would otherwise hold a million."""
    loaded = cases(project, BASE + "pytest: {parametrize: {carrier: [AA, UA]}}\n")

    forms = [each.manifest.canonical["pytest"] for each in loaded if each.manifest]
    assert forms[0] is forms[1]
    assert forms[0] == {"parametrize": [{"carrier": "AA"}, {"carrier": "UA"}], "ids": ["AA", "UA"]}
