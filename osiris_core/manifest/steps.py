"""Reads the steps, and puts them into the order of execution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osiris_core.errors import DriverDeclarationError
from osiris_core.manifest import fields, graph
from osiris_core.manifest.model import Step
from osiris_core.manifest.nodes import ListNode, to_json
from osiris_core.manifest.options import check_options
from osiris_core.manifest.problems import shown
from osiris_core.wire.names import table_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from osiris_core.manifest.configs import Layout
    from osiris_core.manifest.files import Places
    from osiris_core.manifest.nodes import MappingNode, Node
    from osiris_core.manifest.problems import Place, Problems
    from osiris_core.manifest.references import References
    from osiris_core.manifest.shapes import DriverShape, DriverSource

SERVED = ("id", "driver", "needs", "config", "cfg_path", "timeout_s", "retries")
MAX_RETRIES = 100
_MAX_NAMED = 12  # steps of a cycle that a message names


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNodes:
    """A step as it stands in the file: its id with its place, its needs with theirs, and its config."""

    id: str
    at: Place
    driver: str
    needs: Mapping[str, Place] = field(default_factory=dict)
    config: MappingNode | None = None
    timeout_s: float | None = None
    retries: int = 0
    shape: DriverShape | None = None
    tables: Mapping[str, str] = field(default_factory=dict)

    @property
    def table_name(self) -> str:
        """How later steps call this one's table."""
        return table_key(self.id)


@dataclass(slots=True, kw_only=True)
class Drivers:
    """Looks drivers up, each name once; `code` are the project's code directories, absolute."""

    source: DriverSource
    code: Sequence[Path] = ()
    _found: dict[str, DriverShape | None] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)

    def find(self, problems: Problems, name: str, at: Place) -> DriverShape | None:
        """Return the driver, or report why there is none."""
        if name not in self._found:
            self._found[name] = None
            try:
                self._found[name] = self.source.find(name, self.code)
            except DriverDeclarationError as error:
                self._refused[name] = str(error)
        shape = self._found[name]
        if shape is None and name in self._refused:
            problems.add(at, f"the driver {shown(name)} cannot be used: {self._refused[name]}")
        elif shape is None:
            self._names = self._names or sorted(self.source.names())
            hint = problems.nearest(name, self._names) or "known: " + ", ".join(self._names)
            problems.add(at, f"unknown driver {shown(name)}", hint)
        return shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a step is read with: drivers, places of files, what configs refer to, and how the files lie."""

    drivers: Drivers
    places: Places
    references: References
    layout: Layout


def read_steps(problems: Problems, node: Node, around: Surroundings) -> tuple[StepNodes, ...]:
    """Return the steps in the file's order; those without a readable id are reported and left out."""
    nodes = fields.items(problems, node, "steps")
    if not nodes and isinstance(node, ListNode):
        problems.add(node, "`steps` is empty", "a pipeline has at least one step")
    found = [_read_step(problems, each, around) for each in nodes]
    steps = tuple(each for each in found if each is not None)
    _check_ids(problems, steps, around.layout)
    _check_needs(problems, steps)
    return steps


def order_of(steps: Sequence[StepNodes]) -> tuple[str, ...]:
    """Return the ids in the order of execution; complete only where no problem was reported."""
    return graph.execution_order(_needs(steps))


def to_steps(steps: Sequence[StepNodes]) -> tuple[Step, ...]:
    """Return the steps as values."""
    return tuple(
        Step(
            id=each.id,
            driver=each.driver,
            needs=tuple(each.needs),
            config={} if each.config is None else to_json(each.config),
            timeout_s=each.timeout_s,
            retries=each.retries,
            tables=each.tables,
            line=each.at.line,
        )
        for each in steps
    )


def _read_step(problems: Problems, node: Node, around: Surroundings) -> StepNodes | None:
    section = fields.mapping(problems, node, "steps[]")
    if section is None:
        return None
    found = fields.keys(problems, section, "a step", served=SERVED)
    id_node = fields.required(problems, found, "id", "a step", section)
    driver_node = fields.required(problems, found, "driver", "a step", section)
    step_id = fields.identifier(problems, id_node, "id") if id_node else None
    driver = fields.text(problems, driver_node, "driver") if driver_node else None
    config = around.layout.config(problems, step_id or "", found)
    needs = dict(fields.texts(problems, found["needs"].node, "needs")) if "needs" in found else {}
    timeout_s = fields.seconds(problems, found["timeout_s"].node, "timeout_s") if "timeout_s" in found else None
    retries = fields.whole(problems, found["retries"].node, "retries", least=0) if "retries" in found else None
    if retries is not None and retries > MAX_RETRIES:
        problems.add(found["retries"].node, f"`retries` must be at most {MAX_RETRIES}, not {retries}")
    shape = None
    if driver is not None and driver_node is not None:
        shape = around.drivers.find(problems, driver, driver_node)
        if shape is not None and config.sound:
            at, places = driver_node, around.places
            check_options(config.problems, config.node, driver=driver, shape=shape, at=at, places=places)
    around.references.read(config.problems, config.node, shape)
    if driver_node is not None:
        around.references.read_variables(problems, shape, driver_node)
    if step_id is None or id_node is None:
        return None
    return StepNodes(
        id=step_id,
        at=id_node,
        driver=driver or "",
        needs=needs,
        config=config.node,
        timeout_s=timeout_s,
        retries=retries or 0,
        shape=shape,
        tables=around.layout.tables(step_id),
    )


def _check_ids(problems: Problems, steps: Sequence[StepNodes], layout: Layout) -> None:
    """Report ids that are the same, or would be the same where steps meet: as names of tables, or as directories."""
    by_name: dict[str, StepNodes] = {}
    for step in steps:
        first = by_name.setdefault(layout.unique_name(step.id).lower(), step)
        if first is step:
            continue
        where = f"{shown(first.id)} stands at line {first.at.line}"
        if first.id == step.id:
            problems.add(step.at, f"duplicate id {shown(step.id)}", f"it stands at line {first.at.line} already")
        elif first.table_name == step.table_name:
            problems.add(
                step.at, f"{shown(first.id)} and {shown(step.id)} would both be {shown(step.table_name)}", where
            )
        else:
            problems.add(step.at, f"{shown(first.id)} and {shown(step.id)} differ in case only", where)


def _check_needs(problems: Problems, steps: Sequence[StepNodes]) -> None:
    """Report needs that no step meets."""
    known = {each.id for each in steps}
    for step in steps:
        for need, at in step.needs.items():
            if need == step.id:
                problems.add(at, f"step {shown(need)} needs itself")
            elif need not in known:
                problems.add(at, f"unknown step {shown(need)} in `needs`", problems.nearest(need, known))
    needs = _needs(steps)
    places = {each.id: each.needs for each in reversed(steps)}
    for cycle in graph.cycles(needs):
        names = [*cycle, cycle[0]]
        if len(names) > _MAX_NAMED:
            names = [*names[: _MAX_NAMED - 2], f"... {len(names) - _MAX_NAMED + 1} more ...", names[-1]]
        problems.add(places[cycle[0]][cycle[1]], f"the steps need each other in a cycle: {' -> '.join(names)}")


def _needs(steps: Sequence[StepNodes]) -> Mapping[str, Sequence[str]]:
    """Return what each step needs of the others that exist; of steps with one id, the first."""
    known = {each.id for each in steps}
    needs: dict[str, list[str]] = {}
    for step in steps:
        needs.setdefault(step.id, [each for each in step.needs if each in known and each != step.id])
    return needs
