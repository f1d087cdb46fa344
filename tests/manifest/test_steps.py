"""Steps: their ids, what they need, and their config against their driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.errors import ManifestError
from osiris_core.manifest.loader import load_manifest
from tests.manifest.project import HEAD

if TYPE_CHECKING:
    from tests.manifest.project import Project


def steps(*lines: str) -> str:
    """Return a manifest with one step a line, each in braces; the first stands at line 4."""
    return HEAD + "steps:\n" + "".join(f"  - {{{line}}}\n" for line in lines)


def query(step: str, *needs: str) -> str:
    """Return a step that needs others."""
    return f"id: {step}, driver: query, needs: [{', '.join(needs)}]"


@pytest.mark.parametrize("step", ["a", "Z", "a-b_c9", "a" * 63])
def test_good_ids(project: Project, step: str):
    """A letter, then up to 62 letters, digits, `_` or `-`."""
    assert project.load(steps(query(step))).order == (step,)


@pytest.mark.parametrize("step", ["", "9a", "_a", "-a", "a b", "a.b", "é", "aé", "a" * 64, "a\\n", "a/b", "٣"])
def test_bad_ids(project: Project, step: str):
    """Everything else is no id, however it looks."""
    (problem,) = project.problems(steps(f'id: "{step}", driver: query'))
    assert problem.startswith("4:10: `")
    assert "is no id" in problem


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("driver: query",), "4:5: `id` is missing in a step"),
        (("id: a",), "4:5: `driver` is missing in a step"),
        (("id: 7, driver: query",), "4:10: `id` must be text, but it is a whole number (quote it)"),
        ((query("a"), query("a")), "5:10: duplicate id `a` (it stands at line 4 already)"),
        ((query("a-b"), query("a_b")), "5:10: `a-b` and `a_b` would both be `df_a_b` (`a-b` stands at line 4)"),
        ((query("a"), query("A")), "5:10: `a` and `A` differ in case only (`a` stands at line 4)"),
        ((query("a", "a"),), "4:36: step `a` needs itself"),
        ((query("read"), query("b", "raed")), "5:36: unknown step `raed` in `needs` (did you mean `read`?)"),
        ((query("a"), query("b", "a", "a")), "5:39: `a` is listed twice in `needs`"),
        (
            (query("a"), "id: b, driver: query, needs: a"),
            "5:35: `needs` must be a list, but it is text (write it in [brackets])",
        ),
        (
            (query("a"), "id: b, driver: query, needs: [1]"),
            "5:36: `needs[]` must be text, but it is a whole number (quote it)",
        ),
        (("id: a, driver: quary",), "4:21: unknown driver `quary` (did you mean `query`?)"),
        (("id: a, driver: zzzz",), "4:21: unknown driver `zzzz` (known: call, query, read)"),
        (("id: a, driver: query, need: []",), "4:28: unknown key `need` in a step (did you mean `needs`?)"),
        (("id: a, driver: query, config: text",), "4:36: `config` must be a mapping, but it is text"),
    ],
)
def test_steps_are_checked(project: Project, lines: tuple[str, ...], problem: str):
    """Each thing wrong with a step is said at its place."""
    assert project.problems(steps(*lines)) == [problem]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("steps: []", "3:8: `steps` is empty (a pipeline has at least one step)"),
        ("steps: {a: {}}", "3:8: `steps` must be a list, but it is a mapping"),
        ("steps: [a]", "3:9: `steps[]` must be a mapping, but it is text"),
    ],
)
def test_steps_are_a_list_of_mappings(project: Project, written: str, place: str):
    """A pipeline has steps."""
    assert project.problems(HEAD + written) == [place]


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ("{}", "4:35: `read` needs the option `path`"),
        ("{path: 1}", "4:42: `path` must be text, but it is a whole number (quote it)"),
        ("{path: x, heder: true}", "4:45: `read` has no option `heder` (did you mean `header`?)"),
        (
            "{path: x, zzzz: true}",
            "4:45: `read` has no option `zzzz` (it has path, header, rows, nulls, quoting, columns)",
        ),
        (
            "{path: x, header: yes}",
            "4:53: `header` must be true or false, but it is text (YAML 1.2 knows only true and false)",
        ),
        ("{path: x, header: 1}", "4:53: `header` must be true or false, but it is a whole number"),
        ("{path: x, rows: true}", "4:51: `rows` must be a whole number, but it is true or false"),
        ("{path: x, nulls: NA}", "4:52: `nulls` must be a list, but it is text (write it in [brackets])"),
        ("{path: x, nulls: [NA, 0]}", "4:57: `nulls[]` must be text, but it is a whole number (quote it)"),
        ("{path: x, quoting: al}", "4:54: `quoting` cannot be `al` (did you mean `all`?)"),
        (
            "{path: null}",
            "4:42: `path` must be text, but it is empty (leave the key out where there is nothing to say)",
        ),
    ],
)
def test_config_is_held_against_the_driver(project: Project, config: str, problem: str):
    """Options are known, present, and of their type."""
    assert project.problems(steps(f"id: a, driver: read, config: {config}")) == [problem]


def test_a_missing_config_lacks_the_required_options(project: Project):
    """Without a config, the place is the driver's."""
    assert project.problems(steps("id: a, driver: read")) == ["4:21: `read` needs the option `path`"]


def test_a_mapping_option_takes_a_mapping(project: Project):
    """A list is none; what is in the mapping is the driver's."""
    assert project.problems(steps("id: a, driver: call, config: {kwargs: []}")) == [
        "4:44: `kwargs` must be a mapping, but it is a list"
    ]


@pytest.mark.parametrize("columns", ["[a, b]", "{a: BIGINT}", "3", "null", "text"])
def test_an_option_of_any_type_takes_all(project: Project, columns: str):
    """What several types are allowed for is the driver's to check."""
    project.load(steps(f"id: a, driver: read, config: {{path: x, columns: {columns}}}"))


def test_a_cycle_is_named_from_its_first_step(project: Project):
    """The message walks the cycle along the needs; a step behind it is not part of it."""
    text = steps(query("behind", "a"), query("a", "b"), query("b", "c"), query("c", "a"))
    assert project.problems(text) == ["5:36: the steps need each other in a cycle: a -> b -> c -> a"]


def test_every_knot_is_named_once(project: Project):
    """Two cycles that do not touch are two problems, one of them reached from the other."""
    text = steps(query("a", "b"), query("b", "a"), query("c", "a", "d"), query("d", "c"))
    assert project.problems(text) == [
        "4:36: the steps need each other in a cycle: a -> b -> a",
        "6:39: the steps need each other in a cycle: c -> d -> c",
    ]


def test_a_long_cycle_is_cut(project: Project):
    """A cycle of a hundred steps is named by its first ones."""
    text = steps(*(query(f"s{each}", f"s{(each + 1) % 100}") for each in range(100)))
    assert project.problems(text) == [
        (
            "4:37: the steps need each other in a cycle: "
            "s0 -> s1 -> s2 -> s3 -> s4 -> s5 -> s6 -> s7 -> s8 -> s9 -> ... 90 more ... -> s0"
        )
    ]


def test_the_real_drivers_are_checked_alike(project: Project):
    """The declarations of the built-in drivers fit what the loader asks of a driver."""
    from osiris_core.drivers.catalog import DriverCatalog

    text = HEAD + (
        "steps:\n"
        "  - {id: read, driver: filesystem.csv_extractor, config: {path: a.csv}}\n"
        '  - {id: count, driver: duckdb.processor, needs: [read], config: {query: "select 1"}}\n'
        "  - {id: call, driver: python.callable, needs: [count], config: {function: 'm:f', kwargs: {a: 1}}}\n"
        "  - {id: write, driver: filesystem.csv_writer, needs: [call], config: {path: b.csv, newline: lf}}\n"
    )
    project.manifest.write_text(text)
    manifest = load_manifest(project.manifest, project_root=project.root, drivers=DriverCatalog())
    assert manifest.order == ("read", "count", "call", "write")
    assert project.problems(text)[0].startswith("4:24: unknown driver `filesystem.csv_extractor`")


@pytest.mark.parametrize(
    ("driver", "path", "problem"),
    [
        ("csv_extractor", "../../../etc/passwd", "`../../../etc/passwd` is outside the project root"),
        ("csv_extractor", "/etc/passwd", "`/etc/passwd` is absolute"),
        ("csv_extractor", "../data/../../x.csv", "`../data/../../x.csv` goes back up after a name"),
        ("csv_extractor", '""', "a path is empty"),
        ("csv_writer", "../x.csv", "`../x.csv` cannot be an artifact: "),
        ("csv_writer", "/tmp/x.csv", "`/tmp/x.csv` cannot be an artifact: "),
        ("csv_writer", "a/../../x.csv", "`a/../../x.csv` cannot be an artifact: "),
    ],
)
def test_a_path_in_a_config_stays_where_it_belongs(project: Project, driver: str, path: str, problem: str):
    """Inputs are read inside the project root, artifacts are written inside the step's directory; at the value's place."""
    from osiris_core.drivers.catalog import DriverCatalog

    project.manifest.write_text(steps(f"id: a, driver: filesystem.{driver}, config: {{path: {path}}}"))

    with pytest.raises(ManifestError) as caught:
        load_manifest(project.manifest, project_root=project.root, drivers=DriverCatalog())

    (found,) = caught.value.problems
    assert found.message.startswith(problem)
    assert (found.line, found.column) == (4, {"csv_extractor": 62, "csv_writer": 59}[driver])


def test_a_path_in_a_config_need_not_exist(project: Project):
    """Whether a file is there is the run's business: it may be there on one target only, which is what is looked for."""
    from osiris_core.drivers.catalog import DriverCatalog

    project.manifest.write_text(steps("id: a, driver: filesystem.csv_extractor, config: {path: ../no/such.csv}"))

    assert load_manifest(project.manifest, project_root=project.root, drivers=DriverCatalog()).order == ("a",)
