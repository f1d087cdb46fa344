"""Whole manifests: a graph of steps, the config of each, and the files that they read."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from osiris_core.drivers.registry import builtin_specs
from osiris_core.fuzz import step_code
from osiris_core.fuzz.example import Example
from osiris_core.fuzz.options import Given, config_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

    from osiris_core.drivers.protocol import DriverSpec
    from osiris_core.fuzz.options import Config

    Draw = Callable[[SearchStrategy[Any]], Any]

MAX_STEPS = 5
STEP_CODE: Final = "code/fuzz_steps.py"
_OPENINGS: Final = ("s", "Read-", "x_")


@st.composite
def manifests(
    draw: Draw,
    *,
    drivers: Sequence[DriverSpec] | None = None,
    options: Mapping[str, Mapping[str, SearchStrategy[Any]]] | None = None,
    code: Mapping[str, bytes] | None = None,
    max_steps: int = MAX_STEPS,
) -> Example:
    """Return examples whose steps use `drivers`, by default all that ship.

    Where none of them is a source, a table comes from a step of our own code. `options` are strategies by driver and
    option, asked before ours. `code` is the project's own Python, by path below the directory `code`.
    """
    chosen = tuple(drivers if drivers is not None else _default_drivers())
    sources = [each for each in chosen if each.kind in ("extractor", "callable")] or [
        builtin_specs()["python.callable"]
    ]
    others = [each for each in chosen if each.kind != "extractor"]
    steps: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    data: tuple[str, ...] = ()
    tables: list[str] = []  # the steps that hand on a table, as far as their kind says
    fewest = min(max_steps, 1 if len(others) < len(chosen) else 2)  # a driver that is no source has one before it
    for number in range(1, draw(st.integers(fewest, max_steps)) + 1):
        spec = draw(st.sampled_from([*others, *sources] if tables and others else sources))
        needs = _needs(draw, spec, tables)
        step_id = f"{draw(st.sampled_from(_OPENINGS))}{number}"
        given = Given(number=number, needs=needs)
        config: Config = config_of(draw, spec, given, (options or {}).get(spec.name))
        needed = {"needs": list(needs)} if needs else {}
        steps.append({"id": step_id, "driver": spec.name, **needed, "config": dict(config.values)})
        files |= config.files
        data += config.data
        if spec.kind != "writer":
            tables.append(step_id)
    params = _params(draw, steps, files)
    for step in steps:
        step.update(draw(_STEP_KEYS))
    return Example(
        document={**_document(steps, files, code or {}, params), **draw(_RUN_KEYS)},
        files={**files, **_code(steps), **{f"code/{path}": content for path, content in (code or {}).items()}},
        data=data,
    )


def _needs(draw: Draw, spec: DriverSpec, tables: Sequence[str]) -> tuple[str, ...]:
    """Return the steps that one of `spec` gets its tables from."""
    if spec.kind == "extractor" or not tables or (spec.kind == "callable" and draw(st.booleans())):
        return ()
    first = draw(st.sampled_from(tables[::-1]))  # a chain is simpler than a star
    if spec.kind == "writer":
        return (first,)
    more = draw(st.lists(st.sampled_from(tables), max_size=1))
    return tuple(dict.fromkeys([first, *more]))


_often_nothing: Final = st.integers(0, 4)
_STEP_KEYS: Final = _often_nothing.map(lambda each: {3: {"retries": 1}, 4: {"timeout_s": 60}}.get(each, {}))
_RUN_KEYS: Final = _often_nothing.map(lambda each: {4: {"on_failure": "continue"}}.get(each, {}))
"""What a step and a run may say of themselves, without a change to what they do as long as nothing fails."""


def _params(draw: Draw, steps: Sequence[dict[str, Any]], files: Mapping[str, bytes]) -> dict[str, Any]:
    """Put a reference in the place of one value of a config, now and then; return the parameters that it needs.

    Files, and what a step of our own code is told, stay where those who make an example smaller look for them.
    """
    places = [
        (step["config"], name)
        for step in steps
        for name, value in step["config"].items()
        if name not in ("function", "kwargs") and not (isinstance(value, str) and value in files)
    ]
    if not places or draw(_often_nothing) < 4:  # noqa: PLR2004 - one time in five
        return {}
    config, name = draw(st.sampled_from(places))
    value, config[name] = config[name], "${params.value}"
    return {"value": value}


def _document(
    steps: list[dict[str, Any]], files: Mapping[str, bytes], code: Mapping[str, bytes], params: Mapping[str, Any]
) -> dict[str, Any]:
    needs_code = code or _code(steps)
    return {
        "osiris": "1",
        "pipeline": {"id": "generated"},
        **({"inputs": sorted(files)} if files else {}),
        **({"code": ["code"]} if needs_code else {}),
        **({"params": dict(params)} if params else {}),
        "steps": steps,
    }


def _code(steps: list[dict[str, Any]]) -> dict[str, bytes]:
    """Return the file with the steps of our own, where one is used."""
    used = any(str(each["config"].get("function", "")).startswith("fuzz_steps:") for each in steps)
    return {STEP_CODE: _step_code()} if used else {}


@functools.cache
def _step_code() -> bytes:
    return Path(step_code.__file__).read_bytes()


def _default_drivers() -> list[DriverSpec]:
    """Return the drivers that change nothing outside of a run."""
    return [each for each in builtin_specs().values() if each.effects == "artifacts" and each.name not in _NEED_A_PLAN]


_NEED_A_PLAN: Final = frozenset({"shell.command", "sql.extractor", "sql.writer"})
"""Drivers whose config cannot be drawn from their declaration alone."""
