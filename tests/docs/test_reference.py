from __future__ import annotations

import argparse
import builtins
import importlib.util
import json
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

import pytest_osiris
from osiris_core import project
from osiris_core.cli.main import COMMANDS
from osiris_core.parity.record import Verdict
from osiris_core.rules import codes
from pytest_osiris.options import ALL_NAMES, flag_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REMEDY = "run `uv run python docs/generate.py`, and commit what it wrote"
PAGES = ["commands.md", "fixtures.md", "options.md", "python.md"]


@pytest.fixture(scope="module")
def generated(repository: Path) -> dict[str, str]:
    """The pages that the code tells."""
    spec = importlib.util.spec_from_file_location("generate", repository / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


@pytest.fixture(scope="module")
def commands() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command of `osiris-parity`."""
    subparsers = argparse.ArgumentParser(prog="osiris-parity").add_subparsers()
    for module in COMMANDS.values():
        import_module(f"osiris_core.cli.{module}").add_parser(subparsers)
    return subparsers.choices


def test_there_are_no_other_generated_pages(generated):
    assert sorted(generated) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_fits_the_code(repository, generated, name):
    kept = (repository / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert kept == generated[name], f"docs/reference/{name} does not fit the code any more: {REMEDY}"


def test_what_a_test_is_handed_and_what_it_raises_come_from_the_package_itself(generated):
    """Nobody has to know the module that a class lives in, and each public name is there."""
    in_a_test = generated["python.md"].partition("\n## Results")[0]
    told = set(re.findall(r"^`pytest_osiris\.(\w+)`$", in_a_test, re.MULTILINE))
    raised = set(re.findall(r"`(\w+Error)`", in_a_test))

    assert {"Run", "Osiris", "ArtifactContentError"} <= told
    assert told | raised <= {*pytest_osiris.__all__, *dir(builtins)}
    assert [name for name in pytest_osiris.__all__ if getattr(pytest_osiris, name).__name__ != name] == []


def test_the_options_have_what_a_reader_looks_for(generated):
    """Written out, so that the page is held to something that is not made by itself."""
    options = dict(part.split("\n\n", 1) for part in generated["options.md"].split("\n## ")[1:])

    assert options["`--osiris-target=TARGET`"].startswith("Where manifests run: `local` (this machine), ")
    assert (
        options["`--osiris-target=TARGET`"]
        .strip()
        .endswith("\n\nDefault: local · ini file: `osiris_target` · `[tool.osiris]`: `target`, a text")
    )
    assert options["`--osiris-config`"].strip().endswith("on the command line only")
    assert options["`osiris_manifests`"].startswith("Which files are manifests: ")
    assert all(f"`{flag_of(name)}" in generated["options.md"] for name in ALL_NAMES if name != "manifests")


def test_every_option_is_explained_where_pytest_is(repository):
    text = (repository / "docs" / "pytest.md").read_text(encoding="utf-8")
    assert [name for name in ALL_NAMES if flag_of(name) not in text and f"osiris_{name}" not in text] == []


def test_every_command_and_flag_is_explained(repository, commands):
    """`docs/cli.md` is written by hand; a flag that it does not know is one that nobody told the reader of."""
    pages = "".join(
        (repository / "docs" / name).read_text(encoding="utf-8") for name in ("cli.md", "fuzz.md", "sandbox.md")
    )
    missing = [f"osiris-parity {name}" for name in commands if f"osiris-parity {name}" not in pages]
    for name, command in commands.items():
        missing += [
            f"osiris-parity {name} {each[-1]}" for each in flags(command) if not any(flag in pages for flag in each)
        ]

    assert missing == []


def flags(command: argparse.ArgumentParser) -> Iterator[list[str]]:
    """Yield the spellings of each option of a command, and of the actions below it."""
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from flags(below)
        elif action.option_strings and "--help" not in action.option_strings:
            yield list(action.option_strings)


def test_every_key_of_a_manifest_is_explained(repository):
    schema = json.loads((repository / "osiris_core/manifest/manifest.schema.json").read_text(encoding="utf-8"))
    text = (repository / "docs" / "manifest.md").read_text(encoding="utf-8")

    keys = list(schema["properties"])
    assert {"osiris", "pipeline", "steps", "expect", "parity"} <= set(keys)
    for part in ("pipeline", "resources", "expect", "parity", "pytest"):
        keys += part_of(schema, schema["properties"][part])
    keys += part_of(schema, schema["properties"]["steps"]["items"])
    assert {"memory_mb", "failed_step", "normalizers", "retries", "cfg_path"} <= set(keys)
    assert [key for key in keys if f"`{key}`" not in text] == []


def part_of(schema: dict[str, Any], part: dict[str, Any]) -> list[str]:
    """Return the keys of an object in the schema, through references and alternatives."""
    if "$ref" in part:
        return part_of(schema, schema["$defs"][part["$ref"].rpartition("/")[2]])
    below = [*part.get("anyOf", ()), *part.get("oneOf", ()), *part.get("allOf", ())]
    return [*part.get("properties", ()), *(key for each in below for key in part_of(schema, each))]


def test_every_key_of_the_projects_section_is_explained(repository):
    reference = repository / "docs" / "reference"
    text = "".join((reference / name).read_text(encoding="utf-8") for name in ("project.md", "options.md"))
    known = [each for each in project._KNOWN if f"`{each}`" not in text]

    assert known == []


def test_every_verdict_and_every_reason_code_has_a_page_in_the_list(repository):
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (repository / "docs/verdicts/README.md").read_text(encoding="utf-8"))
    pages = {path.stem for path in (repository / "docs/verdicts").glob("*.md")} - {"README"}

    assert sorted(listed) == sorted(pages)
    assert {verdict.value.lower() for verdict in Verdict} <= pages
    assert set(codes.CODES) <= pages
