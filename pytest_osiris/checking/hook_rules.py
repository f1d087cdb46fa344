"""The rules of what may differ that other plugins declare for a check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.errors import UsageError
from pytest_osiris.extension import answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from osiris_core.manifest.model import Manifest
    from osiris_core.rules.model import Rule


def hook_rules(config: pytest.Config, manifest: Manifest) -> tuple[Rule, ...]:
    """Return the rules that `pytest_osiris_normalizers` gives; raises `UsageError` for what is wrong with them."""
    declared: list[Rule] = []
    for plugin, given in answers(config, config.hook.pytest_osiris_normalizers, manifest=manifest):
        if not isinstance(given, list | tuple):
            what = f"gave {given!r:.60}, but a list of rules is asked for"
            raise UsageError(f"the hook pytest_osiris_normalizers of {plugin} {what}")
        declared += _rules_of(plugin, given)
    return tuple(declared)


def _rules_of(plugin: str, given: Sequence[Any]) -> tuple[Rule, ...]:
    from osiris_core.rules.reading import read_rules

    rules, problems = read_rules(list(given), "hook")
    if problems:
        raise UsageError(f"the hook pytest_osiris_normalizers of {plugin}: {'; '.join(map(str, problems))}")
    return rules
