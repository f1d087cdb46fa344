"""Manifests that are wrong on purpose: a good one with one mistake planted, which the loader has to name."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from osiris_core.fuzz.manifests import manifests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import SearchStrategy

    from osiris_core.fuzz.example import Example

    Draw = Callable[[SearchStrategy[Any]], Any]
    Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One class of mistake: how it is made, given the document and the index of a step, and what is said about it."""

    plant: Callable[[Document, int], None]
    says: str


def _set(key: str, value: Any) -> Callable[[Document, int], None]:
    return lambda document, _step: document.update({key: value})


def _set_in_step(key: str, value: Any) -> Callable[[Document, int], None]:
    return lambda document, step: document["steps"][step].update({key: value})


def _drop(key: str) -> Callable[[Document, int], None]:
    return lambda document, _step: document.pop(key)


def _needs_itself(document: Document, step: int) -> None:
    document["steps"][step]["needs"] = [document["steps"][step]["id"]]


def _cycle(document: Document, step: int) -> None:
    first = document["steps"][step]
    document["steps"].append({**copy.deepcopy(first), "id": "closing", "needs": [first["id"]]})
    first["needs"] = ["closing"]


def _twice(document: Document, step: int) -> None:
    document["steps"].append(copy.deepcopy(document["steps"][step]))


def _same_table(document: Document, step: int) -> None:
    first = document["steps"][step]
    first["id"] = "one-name"
    document["steps"].append({**copy.deepcopy(first), "id": "one_name"})


def _unknown_option(document: Document, step: int) -> None:
    document["steps"][step]["config"]["pth"] = "x"


def _no_config(document: Document, step: int) -> None:
    document["steps"][step]["config"] = {}


MISTAKES: Final[Mapping[str, Mistake]] = {
    "another format": Mistake(plant=_set("osiris", "2"), says="does not read format"),
    "format as a number": Mistake(plant=_set("osiris", 1), says="`osiris` must be text"),
    "no pipeline": Mistake(plant=_drop("pipeline"), says="`pipeline` is missing"),
    "no steps": Mistake(plant=_drop("steps"), says="`steps` is missing"),
    "empty steps": Mistake(plant=_set("steps", []), says="`steps` is empty"),
    "unknown key": Mistake(plant=_set("imputs", []), says="unknown key `imputs`"),
    "id of a pipeline": Mistake(plant=_set("pipeline", {"id": "no id"}), says="is no id"),
    "missing input": Mistake(plant=_set("inputs", ["not-there.csv"]), says="does not exist"),
    "input outside of the project": Mistake(plant=_set("inputs", ["../secret.csv"]), says="outside the project root"),
    "absolute input": Mistake(plant=_set("inputs", ["/etc/hostname"]), says="is absolute"),
    "input in another Unicode form": Mistake(plant=_set("inputs", ["e\u0301.csv"]), says="Unicode form NFC"),
    "time": Mistake(plant=_set("timeout_s", 0), says="must be more than 0 seconds"),
    "requirement": Mistake(plant=_set("requirements", ["no requirement!"]), says="is no requirement"),
    "variable": Mistake(plant=_set("env", {"NO NAME": "x"}), says="is no name of a variable"),
    "unknown driver": Mistake(plant=_set_in_step("driver", "filesystem.csv_extracter"), says="unknown driver"),
    "unknown step": Mistake(plant=_set_in_step("needs", ["nobody"]), says="unknown step"),
    "needs itself": Mistake(plant=_needs_itself, says="needs itself"),
    "cycle": Mistake(plant=_cycle, says="in a cycle"),
    "same id twice": Mistake(plant=_twice, says="duplicate id"),
    "two ids, one table": Mistake(plant=_same_table, says="would both be"),
    "unknown option": Mistake(plant=_unknown_option, says="has no option"),
    "missing option": Mistake(plant=_no_config, says="needs the option"),
    "expects an unknown step": Mistake(plant=_set("expect", {"rows": {"nobody": 1}}), says="unknown step"),
}
"""By class; `says` is a part of what the loader answers."""


@st.composite
def bad_manifests(draw: Draw, *, mistakes: tuple[str, ...] = tuple(MISTAKES)) -> Example:
    """Return examples with one mistake planted; `planted` names its class."""
    example: Example = draw(manifests())
    name = draw(st.sampled_from(mistakes))
    document = copy.deepcopy(dict(example.document))
    MISTAKES[name].plant(document, draw(st.integers(0, example.steps - 1)))
    return replace(example, document=document, planted=name)
