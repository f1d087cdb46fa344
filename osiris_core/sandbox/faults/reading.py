"""A fault plan as JSON: `{"faults": [{"at": "output", "what": "cut", "after_bytes": 700}, ...]}`."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from osiris_core.sandbox.faults.model import KEYS, Fault, FaultError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

_TYPES: dict[str, tuple[type, ...]] = {
    "at": (str,), "what": (str,), "sandbox": (str,), "metadata": (dict,), "message": (str,), "code": (str,),
    "after_calls": (int,), "every": (int,), "times": (int,), "after_bytes": (int,), "status": (int,), "exit_code": (int,),
    "after_s": (int, float), "seconds": (int, float), "bytes_per_s": (int, float), "retry_after_s": (int, float),
    "done": (bool,),
}  # fmt: skip
_WORDS: dict[type, str] = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false", dict: "an object of texts",
}  # fmt: skip
_MAY_BE_NULL = {each.name for each in fields(Fault) if each.default is None} | {"times"}


def faults_from_bytes(data: bytes) -> tuple[Fault, ...]:
    """Return the faults of a plan; FaultError says which key is wrong, and which one may be meant."""
    try:
        plan = json.loads(data)
    except ValueError as error:
        raise FaultError(f"the fault plan is not JSON: {error}") from error
    if not isinstance(plan, dict):
        raise FaultError('the fault plan must be an object: {"faults": [...]}')
    for key in plan:
        if key != "faults":
            raise FaultError(f"{key}: unknown key{nearest(key, ('faults',))}")
    listed = plan.get("faults")
    if not isinstance(listed, list):
        raise FaultError("faults: must be a list of faults")
    return tuple(_fault(each, f"faults[{index}]") for index, each in enumerate(listed))


def faults_to_json(faults: Iterable[Fault]) -> dict[str, Any]:
    """Return the plan of these faults."""
    return {"faults": [fault_to_json(each) for each in faults]}


def fault_to_json(fault: Fault) -> dict[str, Any]:
    """Return a fault as JSON: what is not at its default."""
    empty = Fault(at="any", what="cut")
    said = {name: getattr(fault, name) for name in KEYS}
    kept = {name: value for name, value in said.items() if name in {"at", "what"} or value != getattr(empty, name)}
    return kept | ({"metadata": dict(fault.metadata)} if fault.metadata else {})


def _fault(given: Any, where: str) -> Fault:
    if not isinstance(given, dict):
        raise FaultError(f"{where}: must be an object")
    for key, value in given.items():
        if key not in KEYS:
            raise FaultError(f"{where}.{key}: unknown key{nearest(key, KEYS)}")
        _check_type(value, key, f"{where}.{key}")
    for key in ("at", "what"):
        if key not in given:
            raise FaultError(f"{where}.{key}: is missing")
    try:
        return Fault(**given)
    except FaultError as error:
        raise FaultError(f"{where}.{error}") from None


def _check_type(value: Any, key: str, where: str) -> None:
    if value is None and key in _MAY_BE_NULL:
        return
    wanted = _TYPES[key]
    # To Python true is a number, to nobody else.
    fits = isinstance(value, wanted) and (not isinstance(value, bool) or bool in wanted)
    if key == "metadata":
        fits = fits and all(isinstance(each, str) for each in value.values())
    if not fits:
        raise FaultError(f"{where}: must be {_WORDS[wanted[-1]]}, not {json.dumps(value)}")
