"""Whether this is a machine of continuous integration, where nobody watches and nobody reviews what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES: Final = ("CI", "BUILD_NUMBER")
"""By which pytest itself knows it: https://docs.pytest.org/en/stable/explanation/ci.html."""


def ci_variable(environ: Mapping[str, str]) -> str:
    """Return the variable that says so, or nothing; one that is empty says nothing."""
    return next((each for each in _VARIABLES if environ.get(each)), "")
