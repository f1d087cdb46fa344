"""Parameters: what `${params.x}` becomes, where it may stand, and who gives its value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.errors import UsageError
from osiris_core.manifest.model import Limits
from osiris_core.manifest.overrides import read_overrides, unknown_names, write_override
from tests.manifest.project import HEAD

if TYPE_CHECKING:
    from tests.manifest.project import Project


def with_params(params: str, config: str, rest: str = "", driver: str = "read") -> str:
    """Return a manifest; `params` stands at 3:9, the config at 5:35 (with the driver `read`)."""
    return f"{HEAD}params: {params}\nsteps:\n  - {{id: a, driver: {driver}, config: {config}}}\n{rest}"


@pytest.mark.parametrize(
    ("params", "written", "value"),
    [
        ("{n: 5}", '"${params.n}"', 5),
        ("{n: 5.0}", '"${params.n}"', 5.0),
        ("{n: true}", '"${params.n}"', True),
        ("{n: null}", '"${params.n}"', None),
        ('{n: "5"}', '"${params.n}"', "5"),
        ("{n: [a, 1]}", '"${params.n}"', ["a", 1]),
        ("{n: {a: {b: 1}}}", '"${params.n}"', {"a": {"b": 1}}),
        ("{n: 5}", '"${params.n} rows"', "5 rows"),
        ("{n: true}", '"is ${params.n}"', "is true"),
        ("{n: 1.50}", '"${params.n}%"', "1.5%"),
        ("{a: x, b: y}", '"${params.a}-${params.b}${params.a}"', "x-yx"),
        ("{a-b_c: x}", '"${params.a-b_c}!"', "x!"),
        ("{n: 5}", '"$${params.n}"', "${params.n}"),
        ("{n: 5}", '"$${params.n} ${params.n}"', "${params.n} 5"),
        ("{n: '$${params.m}'}", '"${params.n}"', "${params.m}"),
        ("{n: 5}", '"${HOME} $$ ${param.n} $x ${secret_a} $${HOME}"', "${HOME} $$ ${param.n} $x ${secret_a} $${HOME}"),
        ("{n: 5}", '[1, ["${params.n}"], {k: "${params.n}"}]', [1, [5], {"k": 5}]),
        ("{n: 5}", '"\\u0024{params.n}"', 5),
        ("{n: é☃}", '"<${params.n}>"', "<é☃>"),
    ],
)
def test_a_reference_becomes_the_value(project: Project, params: str, written: str, value: Any):
    """Alone it has the value's type; in more text it is written out; an escape, and all else with a `$`, is text."""
    manifest = project.load(with_params(params, f"{{path: x, columns: {written}}}"))
    assert manifest.steps[0].config["columns"] == value
    assert type(manifest.steps[0].config["columns"]) is type(value)


def test_references_in_a_block_of_text(project: Project):
    """A query over several lines is text like any other."""
    text = HEAD + "params: {t: flights}\nsteps:\n- id: a\n  driver: query\n  config:\n    query: |\n      select *\n"
    manifest = project.load(text + "      from ${params.t}\n")
    assert manifest.steps[0].config["query"] == "select *\nfrom flights\n"


def test_sections_that_serve_parameters(project: Project):
    """Whatever a run is given and held to may depend on them; variables are text whatever the value's type."""
    project.write("data/a.csv")
    text = with_params(
        "{file: a, cpus: 3, s: 9, net: full, rows: 7, stop: continue, t: tpl}",
        "{path: x}",
        'inputs: ["../data/${params.file}.csv"]\nenv: {CPUS: "${params.cpus}"}\nresources: {cpus: "${params.cpus}"}\n'
        "timeout_s: ${params.s}\nnetwork: ${params.net}\non_failure: ${params.stop}\ntemplate: ${params.t}\n"
        'expect: {rows: {a: "${params.rows}"}, artifacts: ["a/${params.file}"]}\n',
    ).replace("driver: read,", 'driver: read, timeout_s: "${params.s}", retries: "${params.cpus}",')
    manifest = project.load(text)
    assert [each.relative for each in manifest.inputs] == ["data/a.csv"]
    assert [(each.name, each.value) for each in manifest.env] == [("CPUS", "3")]
    assert (manifest.resources.cpus, manifest.timeout_s, manifest.network, manifest.on_failure) == (
        3,
        9,
        "full",
        "continue",
    )
    assert (manifest.template, manifest.steps[0].timeout_s, manifest.steps[0].retries) == ("tpl", 9, 3)
    assert (manifest.expect.rows, list(manifest.expect.artifacts)) == ({"a": Limits(7, 7)}, ["a/a"])
    assert manifest.params_unused == ()


@pytest.mark.parametrize(
    ("params", "config", "problem"),
    [
        ("[]", "{path: x}", "3:9: `params` must be a mapping, but it is a list"),
        ("{1a: x}", "{path: x}", "3:10: `1a` is no name of a parameter (a letter, then letters, digits, `_`, `-`)"),
        ("{a: 1, a: 2}", "{path: x}", "3:16: duplicate key `a` (it stands at line 3 already)"),
        (
            "{a: 1, b: 'x ${params.a}'}",
            "{path: x}",
            "3:19: a parameter cannot be made of others (write `$${params.` for the text itself)",
        ),
        (
            "{a: 1, b: [{c: '${params.a}'}]}",
            "{path: x}",
            "3:24: a parameter cannot be made of others (write `$${params.` for the text itself)",
        ),
        (
            "{carrier: AA}",
            '{path: "data/${params.carier}.csv"}',
            "5:48: unknown parameter `carier` (did you mean `carrier`?)",
        ),
        (
            "{carrier: AA}",
            '{path: "${params.carrier}/${params.zzzzzz}"}',
            "5:61: unknown parameter `zzzzzz` (known: `carrier`)",
        ),
        ("{}", "{path: '${params.x}'}", "5:43: unknown parameter `x` (declare it in `params`)"),
        ("{}", "{path: '${params.}'}", "5:43: unknown parameter `` (declare it in `params`)"),
        ("{a: 1}", "{path: '${params. a}'}", "5:43: unknown parameter ` a` (did you mean `a`?)"),
        ("{a: 1}", "{path: 'x ${params.a'}", "5:45: `${params.` has no closing brace (write `${params.NAME}`)"),
        (
            "{a: 1}",
            "{path: 'x ${params.${params.a}}'}",
            "5:45: `${params.` has no closing brace (write `${params.NAME}`)",
        ),
        ("{a: [1]}", "{path: 'x ${params.a}'}", "5:45: the parameter `a` is a list, which cannot stand inside of text"),
        ("{a: null}", "{path: 'x ${params.a}'}", "5:45: the parameter `a` is empty, which cannot stand inside of text"),
        (
            "{rows: many}",
            "{path: x, rows: '${params.rows}'}",
            "5:51: `rows` must be a whole number, but it is text (written as `${params.rows}`)",
        ),
        (
            "{p: 5}",
            "{path: '${params.p}'}",
            "5:42: `path` must be text, but it is a whole number (quote it; written as `${params.p}`)",
        ),
        (
            "{q: al}",
            "{path: x, quoting: '${params.q}'}",
            "5:54: `quoting` cannot be `al` (did you mean `all`?; written as `${params.q}`)",
        ),
        (
            "{n: [NA, 0]}",
            "{path: x, nulls: '${params.n}'}",
            "3:18: `nulls[]` must be text, but it is a whole number (quote it)",
        ),
        (
            "{p: x}",
            "{path: x, '${params.p}': 1}",
            "5:45: the key `${params.p}` cannot refer to parameters (values can)",
        ),
    ],
)
def test_what_is_wrong_with_parameters(project: Project, params: str, config: str, problem: str):
    """A name is reported where it stands in the text; a value of the wrong type where it is used."""
    assert problem in project.problems(with_params(params, config))


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ("code: ['${params.a}']", "6:8: `code` cannot refer to parameters (write `$${params.` for the text itself)"),
        (
            "requirements: ['x${params.a}']",
            "6:16: `requirements` cannot refer to parameters (write `$${params.` for the text itself)",
        ),
        ("inputs: ['../${params.b}']", "6:14: unknown parameter `b` (known: `a`, `zero`)"),
        (
            "inputs: '${params.a}'",
            "6:9: `inputs` must be a list, but it is a whole number (write it in [brackets]; written as `${params.a}`)",
        ),
        ("expect: {rows: {a: '${params.x}'}}", "6:21: unknown parameter `x` (known: `a`, `zero`)"),
        ("timeout_s: '${params.zero}'", "6:12: `timeout_s` must be more than 0 seconds (written as `${params.zero}`)"),
    ],
)
def test_parameters_in_other_sections(project: Project, rest: str, problem: str):
    """Where they are not served, they are refused instead of being taken for text."""
    assert problem in project.problems(with_params("{a: 1, zero: 0}", "{path: x}", rest + "\n"))


def test_keys_of_the_oracle_may_refer_to_parameters(project: Project):
    """What a step writes is often named after one; a key is text whatever the value's type."""
    rest = "expect: {artifacts: {'a/${params.n}.csv': {lines: '${params.n}'}, a/x: {}}}\n"
    rules = project.load(with_params("{n: 5}", "{path: x}", rest)).expect.artifacts
    assert {path: rule.lines for path, rule in rules.items()} == {"a/5.csv": Limits(5, 5), "a/x": None}


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{artifacts: {'a/${params.m}': {}}}", "6:25: unknown parameter `m` (known: `n`)"),
        ("{artifacts: {'a/${params.n}': {}, a/5: {}}}", "6:43: duplicate key `a/5` (it stands at line 6 already)"),
        ("{artifacts: {'b/${params.n}': {}}}", "6:22: unknown step `b` in `expect` (written as `b/${params.n}`)"),
    ],
)
def test_what_is_wrong_with_such_keys(project: Project, written: str, problem: str):
    """Each at its place."""
    assert problem in project.problems(with_params("{n: 5}", "{path: x}", f"expect: {written}\n"))


@pytest.mark.parametrize(
    ("old", "new", "where", "column"),
    [("id: a,", "id: '${params.a}',", "`id`", 10), ("driver: read", "driver: '${params.a}'", "`driver`", 21)],
)
def test_what_a_step_is_depends_on_no_parameter(project: Project, old: str, new: str, where: str, column: int):
    """Ids, drivers and needs stand in the file."""
    problem = f"5:{column}: {where} of a step cannot refer to parameters (write `$${{params.` for the text itself)"
    assert problem in project.problems(with_params("{a: x}", "{path: x}").replace(old, new))


def test_values_from_outside_win_over_defaults(project: Project):
    """Given before offered before default; what is offered counts only where it is declared."""
    text = with_params("{a: 1, b: 2, c: 3, d: 4}", '{path: x, columns: ["${params.a}", "${params.b}", "${params.c}"]}')
    manifest = project.load(text, params={"a": 10}, offered={"a": 11, "b": 20, "e": 50})
    assert manifest.steps[0].config["columns"] == [10, 20, 3]
    assert manifest.params == {"a": 10, "b": 20, "c": 3, "d": 4}
    assert manifest.params_given == ("a", "b")
    assert manifest.params_unused == ("d",)
    assert manifest.canonical["params"] == {"a": 10, "b": 20, "c": 3, "d": 4}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"carier": 1}, "3:1: unknown parameter `carier` (did you mean `carrier`?)"),
        ({"zzzz": 1}, "3:1: unknown parameter `zzzz` (known: `carrier`)"),
        ({"carrier": math.nan}, "3:10: the value given for `carrier` is nan (give what JSON can say)"),
        (
            {"carrier": {1: 2}},
            "3:10: the value given for `carrier` has a key that is not text (give what JSON can say)",
        ),
        ({"carrier": 2**63}, "3:10: the value given for `carrier` is 9223372036854775808 (give what JSON can say)"),
        ({"carrier": b"AA"}, "3:10: the value given for `carrier` is b'AA' (give what JSON can say)"),
        (
            {"carrier": "\ud800"},
            "3:10: the value given for `carrier` holds half of a surrogate pair, which is no character (give what JSON can say)",
        ),
        (
            {"carrier": "${params.x}"},
            "3:10: a parameter cannot be made of others (write `$${params.` for the text itself)",
        ),
        (
            {"carrier": 5},
            "5:42: `path` must be text, but it is a whole number (quote it; written as `${params.carrier}`)",
        ),
    ],
)
def test_values_that_cannot_be_given(project: Project, given: dict[str, Any], problem: str):
    """They are refused at the parameter's place, or where the value does not fit."""
    text = with_params("{carrier: AA}", "{path: '${params.carrier}'}")
    assert problem in project.problems(text, params=given)


def test_a_value_for_a_manifest_without_parameters_is_refused(project: Project):
    """There is no section to point at."""
    text = HEAD + "steps: [{id: a, driver: query}]\n"
    assert project.problems(text, params={"x": 1}) == [
        "1:1: unknown parameter `x` (the manifest declares none in `params`)"
    ]


def test_a_value_that_holds_itself_is_refused(project: Project):
    """A program can make what no file can say."""
    endless: list[Any] = []
    endless.append(endless)
    (problem,) = project.problems(with_params("{a: 1}", "{path: x}"), params={"a": endless})
    assert problem.startswith("3:10: the value given for `a` is nested deeper than 32 levels")


def test_the_fingerprint_has_the_values_not_the_names(project: Project):
    """A manifest with a parameter is the manifest with its value written out."""
    plain = project.load(HEAD + "steps: [{id: a, driver: query, config: {query: select 5}}]\n")
    text = HEAD + "params: {n: 4, m: 1}\nsteps: [{id: a, driver: query, config: {query: 'select ${params.n}'}}]\n"
    assert project.load(text, params={"n": 5}).fingerprint == plain.fingerprint
    assert project.load(text, params={"n": 5, "m": 2}).fingerprint == plain.fingerprint
    assert project.load(text).fingerprint != plain.fingerprint


@pytest.mark.parametrize("value", ["x" * 500_000, [1] * 9_000])
def test_parameters_blow_nothing_up(project: Project, value: Any):
    """A big value that is put in many times is refused as soon as it is too much."""
    uses = ", ".join(["'${params.big}'"] * 100)
    problems = project.problems(with_params("{big: 1}", f"{{path: x, columns: [{uses}]}}"), params={"big": value})
    assert problems[-1].startswith("5:")
    assert "parameters make the manifest longer by more than 250,000 values or 4,194,304 characters" in problems[-1]


def test_text_that_is_long_by_many_pieces_is_refused(project: Project):
    """So is one text that refers to it many times."""
    value, uses = "x" * 100_000, "${params.big}" * 100
    (problem,) = project.problems(with_params("{big: 1}", f"{{path: '{uses}'}}"), params={"big": value})
    assert problem.startswith("5:42: parameters make the manifest longer")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("x=5", 5),
        ("x=0x10", 16),
        ("x=1.5", 1.5),
        ("x=true", True),
        ("x=yes", "yes"),
        ("x=AA", "AA"),
        ("x=a=b", "a=b"),
        ("x=a: b # c", "a: b # c"),
        ("x=- a", "- a"),
        ("x= AA ", "AA"),
        ("x=", None),
        ("x=null", None),
        ('x="5"', "5"),
        ("x='it''s'", "it's"),
        ('x=""', ""),
        ("x=[AA, 5]", ["AA", 5]),
        ("x={a: [1]}", {"a": [1]}),
        ("x=2013-01-01", "2013-01-01"),
    ],
)
def test_values_on_a_command_line(written: str, value: Any):
    """A word means what it means in a manifest; quotes and brackets are read as YAML."""
    read = read_overrides([written], "--param")["x"]
    assert read == value
    assert type(read) is type(value)
    assert read_overrides([write_override("x", value)], "--param") == {"x": value}


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("x", "--param: 'x' is no parameter (give NAME=VALUE, as in carrier=AA)"),
        ("=x", "--param: '=x' is no parameter (give NAME=VALUE, as in carrier=AA)"),
        ("1x=2", "--param: '1x=2' is no parameter (give NAME=VALUE, as in carrier=AA)"),
        ("x=.nan", "--param: the value '.nan' of 'x' is not a finite number (quote it to make it text)"),
        (
            "x=9223372036854775808",
            "--param: the value '9223372036854775808' of 'x' does not fit into 64 bits (quote it to make it text)",
        ),
        ("x=[a", "--param: the value '[a' of 'x' is not understood: this is not YAML: "),
        ("x=[a]\ny: 2", "is not understood: it is more than one value"),
        ("x=[a-z]+", "--param: the value '[a-z]+' of 'x' is not understood: this is not YAML: "),
    ],
)
def test_words_that_are_no_values(written: str, sentence: str):
    """One sentence, with the option that it was given to."""
    with pytest.raises(UsageError) as caught:
        read_overrides([written], "--param")
    assert sentence in str(caught.value)


def test_the_last_value_of_a_name_counts():
    """As for any option that is given twice."""
    assert read_overrides(["x=1", "y=2", "x=3"], "--param") == {"x": 3, "y": 2}


def test_names_that_no_manifest_has():
    """The nearest one is a hint."""
    assert unknown_names(["a"], ["a", "b"]) == ""
    assert (
        unknown_names(["carier"], ["carrier"])
        == "no manifest of this run has the parameter 'carier' (did you mean 'carrier'?)"
    )
    assert (
        unknown_names(["x"], ["carrier", "day"])
        == "no manifest of this run has the parameter 'x' (known: carrier, day)"
    )
    assert unknown_names(["x"], []) == "no manifest of this run has the parameter 'x' (none declares any)"


HOSTILE = {
    "one text": lambda: with_params("{n: 1}", "{path: '" + "${params.x}" * 30_000 + "'}"),
    "one open text": lambda: with_params("{n: 1}", "{path: '" + "${params.x" * 30_000 + "'}"),
    "hidden in escapes": lambda: with_params(
        "{n: 1}", "{path: x, columns: [" + ", ".join(['"\\x24{params.x}"'] * 15_000) + "]}"
    ),
    "many names": lambda: with_params(
        "{" + ", ".join(f"n{each}: 1" for each in range(6_000)) + "}",
        "{path: x}",
        "pytest: {parametrize: {" + ", ".join(f"m{each}: [1]" for each in range(6_000)) + "}}\n",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_manifest_costs_no_more_than_a_long_one(project: Project, name: str):
    """More problems than anybody reads are found without looking for the place of each."""
    problems = project.problems(HOSTILE[name]())
    assert 2 <= len(problems) <= 1002
