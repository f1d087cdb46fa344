"""Every command that a page shows is one that the programs take: its options exist, and have values that they can have."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from osiris_core.cli.main import COMMANDS
from pytest_osiris.options import ALL_NAMES, flag_of
from tests.docs.pages import pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHOWN = re.compile(
    r"^(?:    |\$ |      - run: )\s*(?:[A-Z_]+=\S* )*((?:pipx run |uv run )*(osiris-parity|pytest) .*)$", re.MULTILINE
)


def blocks(repository: Path, language: str) -> Iterator[tuple[str, str]]:
    """Yield the blocks of code in one language, with the place where each stands."""
    for page in pages(repository):
        text = page.read_text(encoding="utf-8")
        for block in _FENCE.finditer(text):
            if block[1] == language:
                yield f"{page.relative_to(repository)}:{text.count(chr(10), 0, block.start()) + 1}", block[2]


def shown(repository: Path, program: str) -> list[tuple[str, list[str]]]:
    """Return the commands of one program that pages show, as their words without a comment."""
    found = []
    for page in pages(repository):
        for match in _SHOWN.finditer(page.read_text(encoding="utf-8")):
            if match[2] == program:
                words = shlex.split(match[1].partition(" > ")[0], comments=True)
                found.append((f"{page.relative_to(repository)}: {match[1]}", words[words.index(program) + 1 :]))
    return found


def test_every_option_of_pytest_that_a_page_shows_exists(repository):
    known = {flag_of(name) for name in ALL_NAMES} | {"--osiris-config"}
    commands = shown(repository, "pytest")
    assert len(commands) >= 20
    used = {
        (place, word.partition("=")[0]) for place, words in commands for word in words if word.startswith("--osiris")
    }

    assert [each for each in sorted(used) if each[1] not in known] == []


def test_every_option_that_any_page_names_exists(repository):
    """Also in the middle of a sentence: an option that was renamed lives on there the longest."""
    known = {flag_of(name) for name in ALL_NAMES} | {"--osiris-config", "--osiris-x", "--osiris"}
    named = {
        (str(page.relative_to(repository)), flag)
        for page in pages(repository)
        for flag in re.findall(r"--osiris-[a-z0-9-]*[a-z0-9]", page.read_text(encoding="utf-8"))
    }
    assert sorted(each for each in named if each[1] not in known) == []


def test_every_command_of_osiris_parity_that_a_page_shows_is_understood(repository):
    parser = argparse.ArgumentParser(prog="osiris-parity", exit_on_error=False)
    parser.add_argument("--version", action="store_true")
    subparsers = parser.add_subparsers()
    from importlib import import_module

    for module in COMMANDS.values():
        import_module(f"osiris_core.cli.{module}").add_parser(subparsers)
    commands = shown(repository, "osiris-parity")
    assert len(commands) >= 20
    refused = []
    for place, words in commands:
        try:
            parser.parse_args(words)
        except (argparse.ArgumentError, SystemExit) as error:
            refused.append((place, str(error)))

    assert refused == []


def test_every_block_of_toml_is_toml(repository):
    for place, text in blocks(repository, "toml"):
        assert tomllib.loads(text), place


def test_every_block_of_yaml_is_yaml(repository):
    for place, text in blocks(repository, "yaml"):
        assert YAML(typ="safe").load(text), place


def test_every_block_of_python_compiles(repository):
    for place, text in blocks(repository, "python"):
        compile(text, place, "exec")


def test_the_waiver_that_the_how_to_shows_is_one(repository, tmp_path):
    import datetime as dt

    from osiris_core.rules.waivers import read_waivers

    (text,) = [text for place, text in blocks(repository, "toml") if place.startswith("docs/how-to/waivers.md")]
    file = tmp_path / "osiris-waivers.toml"
    file.write_text(text)

    (waiver,) = read_waivers(file, dt.date(2026, 12, 1))
    assert (waiver.code, waiver.manifest, waiver.expires) == ("table-cells", "pipelines/late*", dt.date(2027, 3, 1))


def test_the_rules_that_the_how_to_shows_are_rules(repository):
    from osiris_core.rules.reading import read_rules

    listed = [text for place, text in blocks(repository, "yaml") if place.startswith("docs/how-to/waivers.md")]
    read = [read_rules(YAML(typ="safe").load(text)["parity"]["normalizers"], "manifest") for text in listed]

    assert [[str(problem) for problem in problems] for _, problems in read] == [[], [], []]
    assert [rule.id for rules, _ in read for rule in rules][-2:] == ["batch-ids", "rounding"]
