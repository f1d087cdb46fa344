"""`python.callable`: a function of the project's own code as a step."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, Final

from osiris_core.wire.names import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from osiris_core.drivers.protocol import Context

_NAME: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


class PythonCallable:
    """Calls `function` as `name(inputs, ctx, **kwargs)`."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],
        ctx: Context,
    ) -> dict[str, Any]:
        """Return the function's dict, its table as `{"df": table}`, or `{}` for None.

        What importing or calling it raises passes unchanged; TypeError for a result that is none of these.
        """
        function = _load(str(config["function"]))
        result = function(dict(inputs), ctx, **dict(config.get("kwargs") or {}))
        if result is None:
            return {}
        if not isinstance(result, dict):
            result = {TABLE: result}
        if result.get(TABLE) is None:
            return result
        from osiris_core.drivers.tables import as_table

        table = as_table(result[TABLE])
        ctx.log_metric("rows_out", table.num_rows, unit="rows")
        return {**result, TABLE: table}


def _load(name: str) -> Callable[..., Any]:
    """Return the function `module:name`. ValueError for another form, AttributeError where the module lacks it."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"function: {name!r} is not of the form package.module:name")
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for attribute in path.split("."):
        found = getattr(found, attribute)
    if not callable(found):
        raise TypeError(f"function: {name!r} is no function but {type(found).__name__}")
    return found  # type: ignore[no-any-return]  # what it returns is looked at when it has
