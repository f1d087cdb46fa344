"""What is wrong with a file before its meaning: each problem at its line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.errors import ManifestError, ManifestProblem
from tests.manifest.project import HEAD, STEPS, WHOLE

if TYPE_CHECKING:
    from tests.manifest.project import Project


def test_a_problem_reads_as_editors_click_it(project: Project):
    """A problem names the file from the project root, line, column, and what to do."""
    with pytest.raises(ManifestError) as caught:
        project.load(WHOLE + "inputz: []\n")
    assert caught.value.problems == (
        ManifestProblem(
            path="pipelines/x.osiris.yaml",
            line=5,
            column=1,
            message="unknown key `inputz` in the manifest",
            hint="did you mean `inputs`?",
        ),
    )
    assert str(caught.value).startswith("pipelines/x.osiris.yaml:5:1: unknown key `inputz`")


def test_all_problems_come_at_once_in_file_order(project: Project):
    """One reading reports what is wrong anywhere."""
    text = """\
osiris: "2"
pipeline: {id: 1p, owner: me}
pipeline: {id: q}
resources: {cpus: true}
steps:
  - {id: a, driver: reed, needs: [b]}
  - {id: b, driver: query, needs: [a, c]}
nonsense: 1
"""
    assert project.problems(text) == [
        '1:9: this version does not read format `2` (it reads `osiris: "1"`)',
        "2:16: `1p` is no id (a letter, then up to 62 letters, digits, `_` or `-`, without accents)",
        "2:20: unknown key `owner` in `pipeline` (known: id, version, description)",
        "3:1: duplicate key `pipeline` (it stands at line 2 already)",
        "4:19: `cpus` must be a whole number, but it is true or false",
        "6:21: unknown driver `reed` (did you mean `read`?)",
        "6:35: the steps need each other in a cycle: a -> b -> a",
        "7:39: unknown step `c` in `needs`",
        (
            "8:1: unknown key `nonsense` in the manifest (known: osiris, pipeline, inputs, code, requirements, env, "
            "resources, network, template, timeout_s, on_failure, params, secrets, secrets_in_artifacts, connections, steps, expect, parity, pytest)"
        ),
    ]


@pytest.mark.parametrize("text", ["", "\n", "# only words\n", "---\n", "null", "\ufeff"])
def test_an_empty_file_is_said_to_be_empty(project: Project, text: str):
    """Nothing, blanks and comments are one problem."""
    assert project.problems(text) == ['1:1: the manifest is empty (it begins with `osiris: "1"`)']


@pytest.mark.parametrize(
    ("text", "place"), [("[]", "1:1"), ("\n\n  words", "3:3"), ("- a\n- b\n", "1:1"), ("3", "1:1")]
)
def test_a_file_that_is_no_mapping(project: Project, text: str, place: str):
    """Lists and words are no manifest."""
    assert project.problems(text) == [f'{place}: the manifest must be a mapping (it begins with `osiris: "1"`)']


def test_missing_sections(project: Project):
    """The three keys that every manifest has."""
    assert project.problems("env: []\n") == [
        "1:1: `osiris` is missing in the manifest",
        "1:1: `pipeline` is missing in the manifest",
        "1:1: `steps` is missing in the manifest",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "a: 'x\n\n",
            "3:1: this is not YAML: the file ends inside of quotes (while scanning a quoted scalar, which begins at 1:4)",
        ),
        ("%YAML 1.1\n---\na: 1\n", "1:1: a manifest is YAML 1.2 (leave the %YAML line out)"),
        ("a: 1\n---\nb: 1\n", "2:1: a second document starts here (a file holds one manifest)"),
    ],
)
def test_what_is_no_yaml_is_said_at_its_place(project: Project, text: str, problem: str):
    """Where the text cannot be read on, there is one problem, at the place."""
    assert project.problems(text) == [problem]


def test_problems_before_the_end_of_yaml_are_kept(project: Project):
    """A duplicate key that stands above broken YAML is reported with it."""
    assert project.problems("a: 1\na: 2\nb: 'x") == [
        "2:1: duplicate key `a` (it stands at line 1 already)",
        "3:6: this is not YAML: the file ends inside of quotes (while scanning a quoted scalar, which begins at 3:4)",
    ]


CONFIG = HEAD + "steps:\n  - id: a\n    driver: call\n    config: {kwargs: {v: %s}}\n"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("!!python/object:os.system x", "the tag `!!python/object:os.system` is refused"),
        ("!!str 1", "the tag `!!str` is refused"),
        ("!own {}", "the tag `!own` is refused"),
        ("! x", "the tag `!` is refused"),
    ],
)
def test_tags_are_refused(project: Project, written: str, problem: str):
    """A manifest makes values, never objects."""
    hint = "(a manifest has no tags; quotes make text)"
    assert project.problems(CONFIG % written) == [f"6:26: {problem} {hint}"]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (".nan", "`.nan` is not a finite number (quote it to make it text)"),
        ("-.inf", "`-.inf` is not a finite number (quote it to make it text)"),
        ("1e999", "`1e999` is not a finite number (quote it to make it text)"),
        ("9223372036854775808", "`9223372036854775808` does not fit into 64 bits (quote it to make it text)"),
        ("0x" + "f" * 5000, "`0x" + "f" * 57 + "…` does not fit into 64 bits (quote it to make it text)"),
        ('"\\ud800"', "`\\ud800` holds half of a surrogate pair, which is no character"),
    ],
)
def test_values_that_cannot_travel_are_refused(project: Project, written: str, problem: str):
    """What two JSON readers would read differently is no value."""
    assert project.problems(CONFIG % written) == [f"6:26: {problem}"]


def test_the_biggest_and_smallest_whole_numbers_travel(project: Project):
    """All of 64 bits is served, leading zeros or not."""
    config = project.load(CONFIG % "[9223372036854775807, -9223372036854775808, 00000000000000000000000000001]")
    assert config.steps[0].config["kwargs"]["v"] == [2**63 - 1, -(2**63), 1]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{1: x}", "6:27: a key must be text (quote it)"),
        ("{null: x}", "6:27: a key must be text (quote it)"),
        ("{[a]: x}", "6:27: a key must be text"),
        ("{k: 1, k: 1}", "6:33: duplicate key `k` (it stands at line 6 already)"),
        ('{k: 1, "k": 1}', "6:33: duplicate key `k` (it stands at line 6 already)"),
        ("{<<: {}}", "6:27: merge keys (`<<`) are no part of YAML 1.2 (write the keys out)"),
        ("*nothing", "6:26: the alias `*nothing` repeats nothing above it"),
        ("&me [*me]", "6:31: the alias `*me` stands inside of what it repeats"),
    ],
)
def test_keys_and_aliases(project: Project, written: str, problem: str):
    """Keys are text, once each; aliases repeat what is finished above them."""
    assert project.problems(CONFIG % written) == [problem]


@pytest.mark.parametrize(("section", "key"), [("parity", "waivers"), ("parity", "tables")])
def test_later_keys_of_sections_answer_reserved(project: Project, section: str, key: str):
    """So do the keys of `parity`."""
    assert project.problems(WHOLE + f"{section}:\n  {key}: []\n") == [
        f"6:3: `{key}` is reserved: this version does not serve it yet"
    ]


def test_the_verdict_that_a_manifest_requires(project: Project):
    """One of two words; what it says is in the canonical form, and decides no run."""
    plain, asking = project.load(WHOLE), project.load(WHOLE + "parity: {require: IDENTICAL}\n")

    assert (plain.require, asking.require) == ("", "IDENTICAL")
    assert asking.fingerprint == plain.fingerprint
    (problem,) = project.problems(WHOLE + "parity: {require: identical}\n")
    assert problem == "5:19: `require` cannot be `identical` (did you mean `IDENTICAL`?)"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("osiris: 1", '1:9: `osiris` must be text (write `osiris: "1"`)'),
        ("osiris: true", "1:9: `osiris` must be text, but it is true or false (quote it)"),
    ],
)
def test_the_format_is_text(project: Project, line: str, problem: str):
    """A number is not the format, and the message says how to write it."""
    assert project.problems(f"{line}\npipeline: {{id: p}}\n{STEPS}") == [problem]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("pipeline: flights", "1:11: `pipeline` must be a mapping, but it is text"),
        ("pipeline: {}", "1:11: `id` is missing in `pipeline`"),
        ("pipeline: {id: p, version: 0.1}", "1:28: `version` must be text, but it is a number (quote it)"),
        ("pipeline: {id: p, description: [x]}", "1:32: `description` must be text, but it is a list"),
        (
            "pipeline: {id: é}",
            "1:16: `é` is no id (a letter, then up to 62 letters, digits, `_` or `-`, without accents)",
        ),
    ],
)
def test_the_pipeline_is_checked(project: Project, line: str, problem: str):
    """A pipeline has an id; version and description are text."""
    assert project.problems(f'{line}\nosiris: "1"\n{STEPS}') == [problem]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("timeout_s: soon", "5:12: `timeout_s` must be a number of seconds, but it is text"),
        ("timeout_s: true", "5:12: `timeout_s` must be a number of seconds, but it is true or false"),
        ("timeout_s: 0", "5:12: `timeout_s` must be more than 0 seconds"),
        (
            "timeout_s:",
            "5:1: `timeout_s` must be a number of seconds, but it is empty (leave the key out where there is nothing to say)",
        ),
        ("network: all", "5:10: `network` cannot be `all` (known: none, full)"),
        (
            'network: ["db.example:5432"]',
            (
                "5:10: `network` cannot be a list of addresses: E2B filters by address and not by port, and the embedded "
                "server does not filter at all, so the two would not be the same (write `none` or `full`)"
            ),
        ),
        ("template: a b", "5:11: `a b` is no name of a template (letters, digits, `_`, `-`, `.`, `/`, `:`)"),
        ("on_failure: stopp", "5:13: `on_failure` cannot be `stopp` (did you mean `stop`?)"),
        ("resources: [2]", "5:12: `resources` must be a mapping, but it is a list"),
        ("resources: {cpus: 0}", "5:19: `cpus` must be at least 1, not 0"),
        ("resources: {cpus: 1.5}", "5:19: `cpus` must be a whole number, but it is a number"),
        ('resources: {memory_mb: "512"}', "5:24: `memory_mb` must be a whole number, but it is text"),
        ("resources: {memory: 512}", "5:13: unknown key `memory` in `resources` (did you mean `memory_mb`?)"),
        ("parity: {text: exakt}", "5:16: `text` cannot be `exakt` (did you mean `exact`?)"),
        ("parity: exact", "5:9: `parity` must be a mapping, but it is text"),
        ("requirements: pandas", "5:15: `requirements` must be a list, but it is text (write it in [brackets])"),
        ("requirements: [3]", "5:16: `requirements[]` must be text, but it is a whole number (quote it)"),
        ("requirements: [a b]", "5:16: `a b` is no requirement (write the name of a distribution, as in `pandas`)"),
        ("requirements: [Pandas, pandas>1]", "5:24: `pandas` is required twice (say it in one requirement)"),
        (
            'requirements: ["p @ https://example.org/p.whl"]',
            "5:16: `p @ https://example.org/p.whl` names an address (install it beside pytest-osiris, and name it only)",
        ),
        ("env: TZ", "5:6: `env` must be a list, but it is text (write it in [brackets])"),
        ("env: [TZ, TZ]", "5:11: `TZ` is listed twice in `env`"),
        ("env: [TZ=UTC]", "5:7: `TZ=UTC` is no name of a variable (to fix a value, write `NAME: value`, with a space)"),
        ("env: {1A: x}", "5:7: `1A` is no name of a variable (letters, digits, `_`)"),
        ("env: {N: 3}", "5:10: `N` must be text, but it is a whole number (quote it)"),
        ('env: {N: "a\\0b"}', "5:10: the value of `N` holds U+0000, which no variable can"),
        ("steps: []", "5:1: duplicate key `steps` (it stands at line 3 already)"),
    ],
)
def test_values_of_the_head_are_checked(project: Project, line: str, problem: str):
    """Each key takes values of its type, within its bounds; true is not 1."""
    assert project.problems(f"{WHOLE}{line}\n") == [problem]


def test_places_count_characters_and_lines_as_editors_do(project: Project):
    """Windows line ends are one line break each, and a letter beyond ASCII is one column."""
    assert project.problems(f"{WHOLE}env: [é, é]\n".replace("\n", "\r\n")) == [
        "5:7: `é` is no name of a variable (letters, digits, `_`)",
        "5:10: `é` is listed twice in `env`",
    ]


def test_hostile_names_are_shown_on_one_line(project: Project):
    """What a message quotes from a file cannot move the reader's cursor."""
    (problem,) = project.problems(WHOLE + '"a\\n\\x1b[31mb\\u202e": 1\n')
    assert problem.startswith("5:1: unknown key `a\\n\\x1b[31mb\\u202e` in the manifest")


def test_more_problems_than_anyone_reads_are_counted(project: Project):
    """The first thousand are shown."""
    found = project.problems(WHOLE + "".join(f"k{each}: 1\n" for each in range(1500)))
    assert len(found) == 1001
    assert found[-1] == "1005:1: 500 more problems, from here on, are not shown (mend the others first)"
