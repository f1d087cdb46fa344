"""The config that Osiris compiled for a component becomes the config of the driver that stands for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osiris_core.errors import ManifestProblem
from osiris_core.manifest.files import check_output_path, declared_file
from osiris_core.manifest.model import InputFile
from osiris_core.manifest.nodes import Entry, MappingNode, ScalarNode, to_json
from osiris_core.manifest.problems import shown
from osiris_core.manifest.references import CONNECTION
from osiris_core.wire.names import OUTPUT_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.manifest.files import Places
    from osiris_core.manifest.nodes import Node
    from osiris_core.manifest.osiris.components import Component, Dropped
    from osiris_core.manifest.problems import Place, Problems

_META: Final = ("component", "mode")


@dataclass(slots=True, kw_only=True)
class Translation:
    """Translates configs; with `own` they stay what Osiris' own classes know. Paths in them start at `places`.

    `notes` says what was left out or changed, and why; `inputs` are the files that configs read, by path from the root.
    """

    places: Places
    own: bool = False
    notes: list[ManifestProblem] = field(default_factory=list)
    inputs: dict[str, InputFile] = field(default_factory=dict)

    def driver(self, component: Component) -> str:
        """Return the driver that stands for a component."""
        return component.own if self.own or component.driver is None else component.driver

    def is_own(self, component: Component) -> bool:
        """Say whether that is Osiris' own class."""
        return self.driver(component) == component.own

    def note(self, problems: Problems, at: Place, message: str) -> None:
        """Take note of something that is not as Osiris has it."""
        self.notes.append(ManifestProblem(path=problems.location, line=at.line, column=at.column, message=message))

    def config(self, problems: Problems, name: str, component: Component, config: MappingNode) -> MappingNode:
        """Return a config without what the driver does not know; report what cannot be left out."""
        self._check_meta(problems, name, component, config)
        entries: dict[str, Entry] = {}
        for key, entry in config.entries.items():
            dropped = component.dropped.get(key)
            if key in _META:
                continue
            if dropped is not None and (key == CONNECTION or not self.is_own(component)):
                self._drop(problems, key, entry, dropped)
            elif not self.is_own(component):
                entries[component.renamed.get(key, key)] = _with_value(entry, component.values.get(key, {}))
            elif key in component.outputs:
                entries[key] = self._below_output(problems, key, entry)
            else:
                entries[key] = entry
        self._add_connection(problems, name, component, config, entries)
        for key in component.inputs:
            self._declare(problems, entries.get(key))
        return MappingNode(config.line, config.column, entries)

    def _drop(self, problems: Problems, key: str, entry: Entry, dropped: Dropped) -> None:
        value = to_json(entry.node)
        if dropped.only is None or any(type(value) is type(each) and value == each for each in dropped.only):
            self.note(problems, entry, f"{shown(key)} is left out: {dropped.reason}")
        else:
            hint = f"{dropped.reason}; `osiris-parity import --drivers osiris` keeps Osiris' own driver"
            problems.add(entry, f"{shown(key)} cannot have this value here", hint)

    @staticmethod
    def _check_meta(problems: Problems, name: str, component: Component, config: MappingNode) -> None:
        for key, wanted in (("component", name), ("mode", component.mode)):
            entry = config.entries.get(key)
            if entry is not None and to_json(entry.node) not in (wanted, ""):
                problems.add(entry, f"{shown(key)} must be {shown(wanted)} here", "compile the pipeline again")

    @staticmethod
    def _add_connection(
        problems: Problems, name: str, component: Component, config: MappingNode, entries: dict[str, Entry]
    ) -> None:
        """Let a component that is not local have the connection of its family that is the default, as Osiris does."""
        if component.local:
            return
        family, entry = name.partition(".")[0], entries.get(CONNECTION)
        if entry is None:
            reference = ScalarNode(config.line, config.column, f"@{family}")
            entries[CONNECTION] = Entry(config.line, config.column, reference)
        elif not str(to_json(entry.node)).startswith(f"@{family}."):
            hint = f"write `@{family}.alias`"
            problems.add(entry.node, f"this step takes a connection of the family {shown(family)}", hint)

    def _below_output(self, problems: Problems, key: str, entry: Entry) -> Entry:
        """Let Osiris' own writer, which writes below the working directory, write to the step's artifact directory."""
        written = text_of(entry.node)
        if written is None:
            return entry  # the driver says what it thinks of it
        check_output_path(problems, written, entry.node)
        self.note(problems, entry, f"{shown(key)} is below the step's artifact directory, not the working directory")
        path = ScalarNode(entry.node.line, entry.node.column, f"{OUTPUT_DIRECTORY}/{written}")
        return Entry(entry.line, entry.column, path)

    def _declare(self, problems: Problems, entry: Entry | None) -> None:
        """Take a file that a config reads for an input: compiled manifests declare none."""
        written = None if entry is None else text_of(entry.node)
        if entry is None or written is None:
            return  # what is missing or wrong is said where options are checked
        relative = declared_file(problems, written, entry.node, self.places)
        if relative is not None:
            self.inputs[relative] = InputFile(path=self.places.root / relative, relative=relative)


def text_of(node: Node) -> str | None:
    """Return the text that a node is, or None."""
    return node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else None


def _with_value(entry: Entry, values: Mapping[str, str]) -> Entry:
    written = text_of(entry.node)
    if written is None or written not in values:
        return entry
    return Entry(entry.line, entry.column, ScalarNode(entry.node.line, entry.node.column, values[written]))
