from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Project

SHOP = '''
raise SystemExit("imported")


class Orders:
    """Reads orders from the shop.

    One request a page.
    """

    kind = "extractor"
    effects = "external"
    requirements = ["requests"]
    options = {
        "url": {"type": "string", "required": True, "summary": "Where the shop is."},
        "pages": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
    }
'''
PAGE = """shop:Orders: extractor, {root}/code/shop.py:5:1

Reads orders from the shop.

One request a page.

class     shop:Orders
tables    arrow
changes   also what outlives the run
requires  requests

  url    string, required: Where the shop is.
  pages  integer, at least 1, at most 9, default 3
"""


def test_all_drivers_are_listed_one_a_line(project: Project) -> None:
    """Built in, and the project's own with the place that names them."""
    (project.root / "code" / "shop.py").write_text(SHOP)
    (project.root / "pyproject.toml").write_text('\n[tool.osiris.drivers."a.shop"]\nclass = "shop:Orders"\n')
    ended = project.run("drivers", "--code", "code")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert lines[0] == "a.shop                        extractor  Reads orders from the shop. (pyproject.toml:2)"
    assert (
        "filesystem.copy               writer     Copies one file of the project, byte for byte, to the step's artifacts."
        in lines
    )
    assert [line.split()[0] for line in lines[1:]] == [
        "duckdb.processor",
        "filesystem.copy",
        "filesystem.csv_extractor",
        "filesystem.csv_writer",
        "filesystem.jsonl_extractor",
        "filesystem.jsonl_writer",
        "filesystem.parquet_extractor",
        "filesystem.parquet_writer",
        "python.callable",
        "shell.command",
        "sql.extractor",
        "sql.writer",
    ]


def test_all_about_one(project: Project) -> None:
    """A class of the project's code, which is not imported."""
    (project.root / "code" / "shop.py").write_text(SHOP)
    ended = project.run("drivers", "shop:Orders", "--code", "code")
    assert (ended.code, ended.out) == (0, PAGE.format(root=project.root))


def test_choices_and_defaults_are_shown(project: Project) -> None:
    """As JSON has them."""
    lines = project.run("drivers", "filesystem.csv_extractor").out.splitlines()
    assert '  nulls      strings, default [""]: The unquoted texts that mean a missing value.' in lines
    assert '  encoding   string, one of utf-8, utf-16, latin-1, default "utf-8": The file\'s encoding.' in lines


def test_the_same_as_data(project: Project) -> None:
    """One object a driver."""
    (found,) = json.loads(project.run("drivers", "filesystem.parquet_writer", "--json").out)
    assert (found["name"], found["kind"], found["source"]) == ("filesystem.parquet_writer", "writer", "built in")
    assert found["options"]["row_group_rows"] == {
        "type": "integer",
        "required": False,
        "choices": [],
        "default": 1048576,
        "summary": "Rows of one row group.",
        "minimum": 1,
        "maximum": 67108864,
        "visible": False,
    }
    assert len(json.loads(project.run("drivers", "--json").out)) == 12


def test_a_name_that_is_unknown_is_refused_with_the_nearest(project: Project) -> None:
    """On standard error."""
    ended = project.run("drivers", "filesystem.csv_writr")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "osiris-parity: there is no driver `filesystem.csv_writr` (did you mean `filesystem.csv_writer`?)\n"
    )


def test_a_driver_that_cannot_be_used_is_listed_with_the_reason(project: Project) -> None:
    """The others are listed all the same; the exit code says that something is wrong."""
    (project.root / "pyproject.toml").write_text('[tool.osiris.drivers.a]\nclass = "nowhere:A"\n')
    ended = project.run("drivers")
    assert ended.code == 2
    assert ended.out.splitlines()[0] == (
        "a                             cannot be used: there is no module nowhere for nowhere:A "
        "(its directory belongs under `code:`, or its distribution has to be installed)"
    )
    assert len(ended.out.splitlines()) == 13
    page = project.run("drivers", "a", "--json")
    assert (page.code, [*json.loads(page.out)[0]]) == (2, ["name", "error"])


def test_a_project_file_that_cannot_be_read_is_a_usage_error(project: Project) -> None:
    """There is nothing to list before it is mended."""
    (project.root / "pyproject.toml").write_text("[tool.osiris]\ndriver = 1\n")
    ended = project.run("drivers")
    assert (ended.code, ended.out) == (2, "")
    assert "has no key `driver` (did you mean `drivers`?)" in ended.err


@pytest.mark.parametrize("command", ["drivers", "schema"])
def test_code_that_is_no_directory_is_named(project: Project, command: str) -> None:
    """Rather than the modules that are not found in it."""
    ended = project.run(command, "--code", "nowhere")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "osiris-parity: nowhere is no directory (--code takes a directory of Python files)\n"
