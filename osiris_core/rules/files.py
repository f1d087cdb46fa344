"""A file of rules, for sessions that are compared without a manifest: TOML with `[[normalizers]]`, as `pyproject.toml` has them."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from osiris_core.errors import UsageError
from osiris_core.rules.reading import read_rules

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.rules.model import Rule


def read_rules_file(path: Path) -> tuple[Rule, ...]:
    """Return the rules of a file. Raises `UsageError` with everything that is wrong with it."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if set(document) != {"normalizers"}:
        raise UsageError(f"{path} is no file of rules", hint="it has [[normalizers]], and nothing else")
    rules, problems = read_rules(document["normalizers"], path.name)
    if problems:
        raise UsageError(f"{path}: {'; '.join(map(str, problems))}")
    return rules
