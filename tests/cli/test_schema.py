"""`osiris-parity schema` prints a schema that knows the project's own drivers, or that of records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from osiris_core.manifest.schema import published_schema

if TYPE_CHECKING:
    from conftest import Project

DRIVER = """
class Orders:
    \"\"\"Reads orders.\"\"\"
    kind = "extractor"
    options = {"shop": {"type": "string", "required": True}}

    def run(self, *, step_id, config, inputs, ctx):
        raise AssertionError("a schema runs nothing")

raise AssertionError("a schema imports nothing")
"""


def test_the_built_in_schema_is_the_published_one(project: Project) -> None:
    """The command is how the file in the package is made."""
    ended = project.run("schema", "--built-in")

    assert ended.code == 0
    assert json.loads(ended.out) == published_schema()


def test_the_projects_own_drivers_are_in_it(project: Project) -> None:
    """Found by the configuration of the project in the current directory, in its code, and not imported."""
    (project.root / "code" / "shop_drivers.py").write_text(DRIVER)
    (project.root / "pyproject.toml").write_text('[tool.osiris.drivers."shop.orders"]\nclass = "shop_drivers:Orders"\n')

    ended = project.run("schema", "--code", "code")

    step = json.loads(ended.out)["properties"]["steps"]["items"]
    assert "shop.orders" in step["properties"]["driver"]["anyOf"][0]["enum"]
    [condition] = [each for each in step["allOf"] if each["if"]["properties"]["driver"]["const"] == "shop.orders"]
    assert condition["then"]["properties"]["config"]["required"] == ["shop"]


def test_a_driver_that_cannot_be_understood_takes_any_option(project: Project) -> None:
    """One broken declaration, of somebody else's distribution perhaps, costs nobody the rest of the schema."""
    (project.root / "pyproject.toml").write_text('[tool.osiris.drivers."shop.orders"]\nclass = "shop_drivers:Orders"\n')

    ended = project.run("schema")

    assert ended.code == 2
    assert ended.err.startswith("osiris-parity: any option of `shop.orders` is taken, because there is no module ")
    step = json.loads(ended.out)["properties"]["steps"]["items"]
    assert "shop.orders" in step["properties"]["driver"]["anyOf"][0]["enum"]
    [condition] = [each for each in step["allOf"] if each["if"]["properties"]["driver"]["const"] == "shop.orders"]
    assert condition["then"]["properties"]["config"]["additionalProperties"] is True


def test_what_a_command_writes_satisfies_the_schema_of_records(project: Project) -> None:
    """A program that checks records before it reads them accepts real ones, and needs no project for it."""
    (project.root / "a.csv").write_text("n\n1\n")
    (project.root / "b.csv").write_text("n\n2\n")
    assert project.run("diff", "a.csv", "b.csv", "--json=record.json").code == 1

    ended = project.run("schema", "records")

    assert (ended.code, ended.err) == (0, "")
    jsonschema.Draft202012Validator(json.loads(ended.out)).validate(
        json.loads((project.root / "record.json").read_bytes())
    )


@pytest.mark.parametrize("option", ["--built-in", "--code=code"])
def test_records_have_no_drivers(project: Project, option: str) -> None:
    """An option that would do nothing is refused."""
    ended = project.run("schema", "records", option)

    assert (ended.code, ended.out) == (2, "")
    assert "--built-in and --code are about drivers, of which records have none" in ended.err
