"""What a driver is, and how it declares itself before any of its code is imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path
    from random import Random

    from osiris_core.wire.secret import Secret

Kind = Literal["extractor", "processor", "writer", "callable"]
OptionType = Literal[
    "string",
    "input_path",
    "output_path",
    "output_paths",
    "integer",
    "number",
    "boolean",
    "strings",
    "mapping",
    "any",
]
Frame = Literal["arrow", "pandas", "polars"]
"""As what a driver is handed its tables: `pyarrow.Table`, `pandas.DataFrame` or `polars.DataFrame`."""
Effects = Literal["artifacts", "external"]
"""What a driver changes: its step's artifact directory, or also something that outlives the run."""


class Context(Protocol):
    """What a driver may ask of the run; `now` is the run's logical time (aware), `rng` belongs to the step alone."""

    session_id: str
    step_id: str
    output_dir: Path
    logger: logging.Logger
    now: datetime
    seed: int
    rng: Random

    def log_metric(
        self, name: str, value: float, unit: str | None = None, volatile: bool = False, **tags: object
    ) -> None:
        """Record a finite number. With `volatile`, or a unit of time, it is compared by its shape only."""

    def log_event(self, name: str, data: Mapping[str, Any] | None = None, /, **fields: Any) -> None:
        """Record an event of the driver's own; `data` and `fields` are anything that JSON can say."""

    def secret(self, name: str) -> Secret:
        """Return a secret that the manifest declares, whose `reveal()` returns the value; LookupError for another."""

    def log(self, message: object, level: str = "info") -> None:
        """Log a line by `logger`."""


class Driver(Protocol):
    """One step's work. Called once, in the target, with the manifest's directory as working directory."""

    def run(
        self, *, step_id: str, config: Mapping[str, Any], inputs: Mapping[str, Any], ctx: Context
    ) -> dict[str, Any] | None:
        """Do the step; return `{"df": table}` for a source or processor, `{}` or None for a writer.

        `inputs` holds `df_<upstream id>` for every step that this one needs, each as the driver's frame says, or
        None where that step handed on nothing. Whatever is raised fails the step.

        A driver whose frame is pandas may return further keys with what JSON can say, and its `inputs` also hold
        `<upstream id>`: the whole dict that the step returned.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One key of a step's `config`. `strings` is a list of texts.

    `choices` lists the values of a text, or of the texts of a list; a number lies between `minimum` and `maximum`. An `input_path` counts from the manifest's directory and stays inside the project root; an `output_path`
    counts from the step's artifact directory and stays inside that; `output_paths` is a list of these. `default`
    is what the driver takes where the key is missing, as JSON says it, and `summary` one sentence for readers. What a `visible`
    option says can be seen from outside while the step runs, so that it cannot hold a secret.
    """

    type: OptionType
    required: bool = False
    choices: tuple[str, ...] = ()
    default: Any = None
    summary: str = ""
    minimum: float | None = None
    maximum: float | None = None
    visible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverSpec:
    """A driver's declaration: enough to check a manifest and to prepare a target without importing the driver.

    `target` is `module:Class`; `requirements` are PEP 508 names of the distributions that it imports; with
    `open_options` a config may have keys that are not among `options`. `secret_variables` are
    secrets that it reads from variables of its process. `source` says where the name comes from, and
    `documentation` is what its class says of itself beyond the `summary`.
    """

    name: str
    kind: Kind
    target: str
    requirements: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=lambda: MappingProxyType({}))
    summary: str = ""
    frame: Frame = "arrow"
    effects: Effects = "artifacts"
    open_options: bool = False
    secret_variables: tuple[str, ...] = ()
    source: str = "built in"
    documentation: str = ""
