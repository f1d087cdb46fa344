"""The E2B SDK is used in the range it was tested in, and the range is stated once."""

from __future__ import annotations

import tomllib
from importlib import metadata
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from osiris_core.backends import sdk
from osiris_core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_installed_sdk_is_accepted() -> None:
    """The control of this file: what is installed here fits."""
    sdk.require_supported_sdk()


@pytest.mark.parametrize("version", ["2.62.9", "2.64.0", "3.0.0"])
def test_an_sdk_outside_the_range_is_a_sentence_with_the_remedy(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """An older or newer SDK is refused before anything starts."""
    monkeypatch.setattr(metadata, "version", lambda _: version)

    with pytest.raises(UsageError, match=rf"the installed e2b SDK is {version}.*pip install 'e2b"):
        sdk.require_supported_sdk()


def test_the_range_is_the_one_that_installers_see(repository: Path) -> None:
    """The check and the package's metadata name the same range."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    [declared] = [Requirement(each) for each in project["dependencies"] if each.startswith("e2b")]

    assert declared.specifier == sdk.SUPPORTED
