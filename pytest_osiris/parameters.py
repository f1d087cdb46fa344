"""Holds the parameters that the options give against the manifests of a whole run: one of these has to declare each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.check import load
from osiris_core.errors import ManifestError
from osiris_core.manifest.overrides import unknown_names
from pytest_osiris.checking.asking import project_of
from pytest_osiris.items import ManifestItem
from pytest_osiris.keys import CheckFailedError
from pytest_osiris.marker import read_marker

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pytest_osiris.settings import Settings


def unknown_param(items: Sequence[pytest.Item], settings: Settings) -> str:
    """Return a sentence about a parameter of the options that no manifest of this run declares, or nothing.

    A manifest that cannot be read may declare it; then the run is red anyway.
    """
    marked = [each for each in items if each.get_closest_marker("osiris")]
    known = {name for each in marked if isinstance(each, ManifestItem) for name in each.manifest.params}
    others = [each for each in marked if not isinstance(each, ManifestItem)]
    if not marked or known.issuperset(settings.params):
        return ""
    try:
        paths = {read_marker(each).path for each in others}
        read = [load(each, project_root=project_of(each, others[0].config.rootpath)) for each in sorted(paths)]
    except (CheckFailedError, ManifestError):
        return ""
    sentence = unknown_names(settings.params, known | {name for each in read for name in each.params})
    return f"--osiris-param: {sentence}" if sentence else ""
