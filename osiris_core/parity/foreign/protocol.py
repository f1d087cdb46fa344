"""What a layout has to do: recognise what it can read, and read it as a session, as far as it is one.

Nothing that is read otherwise than it stands is silent: what a rule of reading sets aside is counted, what contradicts
itself is a problem, and what is wrong with one side by itself is a mark.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from osiris_core.parity.foreign.secrets import Secrets
from osiris_core.parity.record import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.session.artifacts import ArtifactFile
    from osiris_core.session.reader import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that is wrong with one side by itself, such as a secret in clear; it names a place and never the value.

    On one side only it is a difference; on both it is a problem, because nothing differs and nothing is well. `contradicts`
    marks evidence against itself, which is a problem in either case and decides nothing. `hidden` says that a value stands there which is not shown.
    """

    layer: Layer
    code: str
    path: str
    message: str
    step: str | None = None
    hint: str = ""
    contradicts: bool = False
    hidden: bool = False

    @property
    def place(self) -> tuple[str, str | None, str]:
        """What both sides' marks have in common where they are the same."""
        return self.code, self.step, self.path


@dataclass(slots=True)
class SetAside:
    """What the rules of reading set aside or renamed on one side: per rule its reason and the values, with their number."""

    reasons: dict[str, str] = field(default_factory=dict)
    values: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)

    def add(self, rule: str, reason: str, place: str, shown: str) -> None:
        """Count one value that `rule` set aside: where it stood, and how a reader can be shown it."""
        self.reasons[rule] = reason
        self.values.setdefault(rule, Counter())[place, shown] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One side of a `diff`, as its layout read it. What its sentences are about, the comparison says in front of them.

    `layout` is the layout's name, `identity` the same for two copies of one run and empty where that cannot be told, `others` what lies in
    the tree and is no file, in words, `guarded` artifacts with `secrets` in clear in them, which no comparer may show. The session of a plain tree has artifacts and nothing else.
    """

    layout: str
    session: Session
    identity: str = ""
    lost: bool = False
    problems: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    set_aside: SetAside = field(default_factory=SetAside)
    others: Mapping[str, str] = field(default_factory=dict)
    guarded: Mapping[str, ArtifactFile] = field(default_factory=dict)
    secrets: Secrets = field(default_factory=Secrets)
    layers: tuple[Layer, ...] = tuple(Layer)
    loose_paths: bool = False


class Layout(Protocol):
    """One way in which a run, or its output, can lie on a disk. Layouts are asked in turn; the first that recognises a path reads it."""

    @property
    def name(self) -> str:
        """How messages call it: `a session`, `a run directory of Osiris`."""

    def recognises(self, path: Path) -> bool:
        """Whether `path`, which exists, is of this layout, going by a few names in it."""

    def read(self, path: Path) -> Reading:
        """Read it. What is missing, torn or unreadable is a problem of the reading; nothing is raised for it."""
