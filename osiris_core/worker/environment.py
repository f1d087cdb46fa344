"""Which environment variables the executor sees: the target's own, less what must not matter, plus what is declared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_REMOVED = re.compile(
    r"(PYTHON|PYTEST_|COV_|COVERAGE_|OSIRIS_).*|E2B_API_KEY|E2B_ACCESS_TOKEN|FORCE_COLOR|CLICOLOR_FORCE|PY_COLORS"
)
FIXED: Final = {"PYTHONHASHSEED": "0", "TERM": "dumb", "COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"}
"""Set on every target, so that terminal and hash order are the same; a declared variable wins over them."""
UMASK: Final = 0o022


def executor_environment(
    base: Mapping[str, str], *, keep: Collection[str], variables: Mapping[str, str]
) -> dict[str, str]:
    """Return the executor's environment, made from `base`; names in `keep` are spared from removal."""
    spared = {name: value for name, value in base.items() if name in keep or not _REMOVED.fullmatch(name)}
    return {**spared, **FIXED, **variables}
