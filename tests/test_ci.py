"""Whether a machine is one of CI, as pytest itself has it."""

from __future__ import annotations

import pytest

from osiris_core.ci import ci_variable


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"CI": "true"}, "CI"),
        ({"BUILD_NUMBER": "7"}, "BUILD_NUMBER"),
        ({"CI": "", "BUILD_NUMBER": "7"}, "BUILD_NUMBER"),
        ({"CI": ""}, ""),
        ({"CIRCUS": "true"}, ""),
        ({}, ""),
    ],
)
def test_a_variable_says_so_unless_it_is_empty(environ: dict[str, str], variable: str) -> None:
    """It is named, so that a refusal can name it."""
    assert ci_variable(environ) == variable
