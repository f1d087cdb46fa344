"""Finds the connections that steps refer to, in a file as Osiris has it: `connections`, family, alias, fields.

No value of that file is ever shown: a password may stand there, and where the file is broken anything may be one.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from osiris_core.errors import ManifestError
from osiris_core.manifest import fields
from osiris_core.manifest.files import declared_file
from osiris_core.manifest.model import Connection
from osiris_core.manifest.nodes import MappingNode, ScalarNode, texts_of
from osiris_core.manifest.problems import Problems, shown
from osiris_core.manifest.text import read_text
from osiris_core.manifest.tree import read_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.errors import ManifestProblem
    from osiris_core.manifest.files import Places
    from osiris_core.manifest.nodes import Node
    from osiris_core.manifest.problems import Place

VARIABLE = re.compile(r"\$\{([^}]*)\}")
"""`${NAME}` in a connection's texts is the value of a variable on the host."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"@([^@.\s]+)(?:\.(\S+))?")
_DEFAULT = "default"
_SHOWN_TEXT = re.compile(r"`.*`|'(?!<).*'", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFile:
    """A file of connections: `relative` is its path from the project root."""

    relative: str
    problems: Problems
    families: MappingNode

    def find(self, problems: Problems, written: str, at: Place) -> Connection | None:
        """Return the connection that `written` refers to, or report, where that is written, why there is none."""
        match = _REFERENCE.fullmatch(written)
        if match is None:
            hint = "`@family.alias`, or `@family` for its default"
            problems.add(at, f"{shown(written)} is no reference to a connection", hint)
            return None
        family, alias = match.groups()
        aliases = self._family(problems, family, at)
        entry = None if aliases is None else self._alias(problems, family, alias, aliases, at)
        if entry is None:
            return None
        self._check_variables(entry)
        return Connection(reference=written, location=self.relative, fields=entry)

    def _family(self, problems: Problems, family: str, at: Place) -> MappingNode | None:
        if family not in self.families.entries:
            known = self.families.entries
            hint = problems.nearest(family, known) or "known: " + (", ".join(sorted(known)) or "none")
            problems.add(at, f"{self.relative} has no connections of the family {shown(family)}", hint)
            return None
        return fields.mapping(self.problems, self.families.entries[family].node, family)

    def _alias(
        self, problems: Problems, family: str, alias: str | None, aliases: MappingNode, at: Place
    ) -> MappingNode | None:
        """Return the fields of an alias, or of the family's default, as Osiris finds it."""
        known = aliases.entries
        name = self._default(aliases) if alias is None else alias
        if name is not None and name in known:
            return fields.mapping(self.problems, known[name].node, name)
        names = ", ".join(sorted(known)) or "none"
        if name is None:
            hint = f"name one of {names}; or give one `default: true`, or the name `default`"
            problems.add(at, f"the family {shown(family)} has no default connection", hint)
        else:
            hint = problems.nearest(name, known) or f"known: {names}"
            problems.add(at, f"the family {shown(family)} has no connection {shown(name)}", hint)
        return None

    @staticmethod
    def _default(aliases: MappingNode) -> str | None:
        for name, entry in aliases.entries.items():
            flag = entry.node.entries.get(_DEFAULT) if isinstance(entry.node, MappingNode) else None
            if flag is not None and isinstance(flag.node, ScalarNode) and flag.node.value is True:
                return name
        return _DEFAULT if _DEFAULT in aliases.entries else None

    def _check_variables(self, node: Node) -> None:
        """Report references to variables that no variable could meet, at their place in the file of connections."""
        for each in texts_of(node):
            if not all(_NAME.fullmatch(name) for name in VARIABLE.findall(str(each.value))):
                self.problems.add(each, "a `${...}` here is no name of a variable", "write `${NAME}`")


class Connections(Protocol):
    """Where the connections of a manifest are looked up; `relative` is a path from the project root."""

    @property
    def relative(self) -> str:
        """The file."""

    def find(self, problems: Problems, written: str, at: Place) -> Connection | None:
        """Return the connection that `written` refers to, or report why there is none."""


@dataclass(slots=True, kw_only=True)
class UnreadConnectionFile:
    """A file of connections that nobody named: it is read, and what is wrong with it said, once a step refers to it."""

    relative: str
    root: Path
    _file: ConnectionFile | None = None
    _was_read: bool = False

    def find(self, problems: Problems, written: str, at: Place) -> Connection | None:
        """Return the connection that `written` refers to, or report why there is none."""
        if not self._was_read:
            self._was_read, self._file = True, connection_file(problems, self.relative, self.root)
        return None if self._file is None else self._file.find(problems, written, at)


def read_connections(problems: Problems, node: Node, places: Places) -> Connections | None:
    """Return the file of connections that a manifest names."""
    written = fields.text(problems, node, "connections")
    relative = None if written is None else declared_file(problems, written, node, places)
    return None if relative is None else connection_file(problems, relative, places.root)


def connection_file(problems: Problems, relative: str, root: Path) -> ConnectionFile | None:
    """Return a file of connections, by its path from the root; what is wrong is reported at its place in that file."""
    own = Problems(relative, document="the file of connections")
    try:
        tree = read_tree(read_text(root / relative, own), own)
    except ManifestError:
        tree = None  # its problems are in `own`
    there = problems.elsewhere(relative)
    there.adopt(_without_values(own))
    if tree is None:
        return None
    section = fields.required(there, tree.entries, "connections", relative, tree)
    families = None if section is None else fields.mapping(there, section, "connections")
    return None if families is None else ConnectionFile(relative=relative, problems=there, families=families)


def _without_values(problems: Problems) -> Iterator[ManifestProblem]:
    """Yield the problems without the text that they show."""
    for each in problems.found:
        message, hint = (_SHOWN_TEXT.sub("`…`", words) for words in (each.message, each.hint))
        yield dataclasses.replace(each, message=message, hint=hint)
