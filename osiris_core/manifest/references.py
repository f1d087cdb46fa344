"""What a step's config refers to without holding it: `${secret:NAME}` in its texts, `@family.alias` as its connection.

Nothing is looked up here but declarations: values are found on the host when a run begins (`osiris_core.secrets`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osiris_core.manifest import fields
from osiris_core.manifest.nodes import ListNode, MappingNode, ScalarNode
from osiris_core.manifest.problems import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osiris_core.manifest.connections import Connections
    from osiris_core.manifest.model import Connection, Manifest
    from osiris_core.manifest.nodes import Entry, Node
    from osiris_core.manifest.problems import Place, Problems
    from osiris_core.manifest.shapes import DriverShape

CONNECTION: Final = "connection"
"""The key of a step's config that refers to a connection."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\{secret:([A-Za-z_][A-Za-z0-9_]*)\}")
_BEGINNING = re.compile(r"\$\{secret\b")
_BUILT_IN = "osiris_core.drivers."
_MARK = "${secret"
_PATHS = {"input_path", "output_path", "output_paths"}


def read_secrets(problems: Problems, node: Node) -> Mapping[str, Place]:
    """Return the names of the secrets with their places."""
    declared: dict[str, Place] = {}
    for name, at in fields.texts(problems, node, "secrets"):
        if not _NAME.fullmatch(name):
            problems.add(at, f"{shown(name)} is no name of a secret", "a name of a variable: letters, digits, `_`")
        declared[name] = at
    return declared


def read_secrets_in_artifacts(problems: Problems, node: Node) -> Mapping[str, str]:
    """Return why which artifacts may hold secrets, by patterns of `<step>/<file>`."""
    section = fields.mapping(problems, node, "secrets_in_artifacts")
    found: dict[str, str] = {}
    for pattern, entry in {} if section is None else section.entries.items():
        reason = fields.text(problems, entry.node, pattern)
        if "/" not in pattern:
            problems.add(
                entry, f"{shown(pattern)} is no pattern of artifacts", "write `<step>/<file>`; `*` stands for any text"
            )
        if reason is not None and not reason.strip():
            problems.add(entry.node, f"{shown(pattern)} needs a reason", "say why this file has to hold a secret")
        found[pattern] = reason or ""
    return found


@dataclass(slots=True, kw_only=True)
class References:
    """Takes note of what each step refers to, and reports what is not declared; at the end, what nobody refers to."""

    secrets: Mapping[str, Place] = field(default_factory=dict)
    file: Connections | None = None
    file_hint: str = ""
    connections: dict[str, Connection] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _refers: bool = False
    _can_ask: bool = False

    def read(self, problems: Problems, config: MappingNode | None, shape: DriverShape | None) -> None:
        """Take note of one step's config."""
        if shape is None or shape.kind == "callable" or not shape.target.startswith(_BUILT_IN):
            self._can_ask = True  # `ctx.secret(name)` is not seen from here
        for name, entry in {} if config is None else config.entries.items():
            value = entry.node.value if isinstance(entry.node, ScalarNode) else None
            if name == CONNECTION and isinstance(value, str):
                self._read_connection(problems, value, entry.node)
            if isinstance(value, str) and _MARK not in value:
                continue  # nearly all
            option = shape.options.get(name) if shape else None
            for used, at in self._read_texts(problems, entry.node):
                self._used.add(used)
                if option is not None and option.type in _PATHS:
                    problems.add(at, f"{shown(name)} is a path, and cannot hold a secret", "write the path out")
                elif option is not None and option.visible:
                    message = f"{shown(name)} can be seen by others while the step runs, and cannot hold a secret"
                    problems.add(at, message, "the option `env` can" if shape and "env" in shape.options else "")

    def read_variables(self, problems: Problems, shape: DriverShape | None, at: Place) -> None:
        """Take note of the secrets that a driver, named at this place, reads from variables."""
        for name in () if shape is None else shape.secret_variables:
            self._used.add(name)
            if name not in self.secrets:
                problems.add(at, f"this driver reads the secret {shown(name)}", f"declare it: `secrets: [{name}]`")

    def report_unused(self, problems: Problems, top: Mapping[str, Entry]) -> None:
        """Report secrets and a file of connections that no step can use; `top` holds the keys of the manifest."""
        for name, at in self.secrets.items():
            if name not in self._used and not self._can_ask:
                problems.add(at, f"the secret {shown(name)} is not used", f"write `${{secret:{name}}}` in a config")
        if "connections" in top and not self._refers:
            problems.add(top["connections"], "no step has a `connection`", "leave `connections` out")

    def _read_connection(self, problems: Problems, written: str, at: Node) -> None:
        """Look the connection up that a step refers to; other texts are the driver's business."""
        if not written.startswith("@"):
            return
        self._refers = True
        if self.file is None:
            message = f"{shown(written)} refers to a connection, and there is no file of connections"
            problems.add(at, message, self.file_hint)
        elif written not in self.connections:
            found = self.file.find(problems, written, at)
            if found is not None:
                self.connections[written] = found

    def _read_texts(self, problems: Problems, node: Node) -> Iterator[tuple[str, Node]]:
        """Yield the secrets that the texts of a value refer to; report what is malformed or not declared."""
        if isinstance(node, ListNode):
            for each in node.items:
                yield from self._read_texts(problems, each)
        elif isinstance(node, MappingNode):
            for name, entry in node.entries.items():
                if _BEGINNING.search(name):
                    problems.add(entry, f"the key {shown(name)} cannot hold a secret", "only values can")
                yield from self._read_texts(problems, entry.node)
        elif isinstance(node, ScalarNode) and isinstance(node.value, str) and _MARK in node.value:
            for name in self._names(problems, node.value, node):
                yield name, node

    def _names(self, problems: Problems, text: str, at: Node) -> Iterator[str]:
        names = _REFERENCE.findall(text)
        if len(names) != len(_BEGINNING.findall(text)):
            problems.add(at, f"{shown(text)} holds a malformed reference", "write `${secret:NAME}`")
        for name in names:
            if name not in self.secrets:
                hint = problems.nearest(name, self.secrets) or f"declare it: `secrets: [{name}]`"
                problems.add(at, f"the secret {shown(name)} is not declared", hint)
            yield name


def check_exposure(problems: Problems, top: Mapping[str, Entry], manifest: Manifest) -> None:
    """Report what would write a secret into a file of the run, or send the file of connections; `top` as above."""
    for each in manifest.env:
        if each.name in manifest.secrets:
            problems.add(
                top["env"],
                f"{shown(each.name)} is a secret and one of `env`, whose values are written into files",
                "leave it out of `env`; steps have it from `ctx.secret` and `${secret:...}`",
            )
        if each.value is not None and _BEGINNING.search(each.value):
            problems.add(top["env"], f"the value of {shown(each.name)} cannot hold a secret", "only a config can")
    if manifest.connections_file in {each.relative for each in manifest.inputs}:
        problems.add(top["inputs"], f"{shown(str(manifest.connections_file))} is among the inputs", "it is never sent")
