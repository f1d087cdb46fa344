"""What Osiris' compiler leaves in a build directory, read as a manifest of ours: `manifest.yaml` and `cfg/<step>.json`.

Nodes keep their places, so that every problem is reported where it stands, in either file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osiris_core.manifest import fields
from osiris_core.manifest.configs import Config, config_file
from osiris_core.manifest.connections import UnreadConnectionFile
from osiris_core.manifest.files import Places
from osiris_core.manifest.model import FORMAT
from osiris_core.manifest.nodes import BrokenNode, Entry, ListNode, MappingNode, ScalarNode
from osiris_core.manifest.osiris.components import COMPONENTS, DISTRIBUTION
from osiris_core.manifest.osiris.names import as_id, as_ids, table_keys
from osiris_core.manifest.osiris.translation import Translation, text_of
from osiris_core.manifest.problems import shown
from osiris_core.wire.names import table_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from osiris_core.errors import ManifestProblem
    from osiris_core.manifest.model import InputFile
    from osiris_core.manifest.nodes import Node
    from osiris_core.manifest.problems import Place, Problems

BUILD_MANIFEST: Final = "manifest.yaml"
CONNECTIONS: Final = "osiris_connections.yaml"
_PROJECT: Final = ("osiris.yaml", CONNECTIONS)
_TOP: Final = ("name", "metadata", "pipeline", "meta", "steps")
_STEP: Final = ("id", "component", "driver", "cfg_path", "needs")


def is_compiled(tree: MappingNode) -> bool:
    """Say whether a manifest is one that Osiris compiled: it has no format of ours, but the compiler's marks."""
    if "osiris" in tree.entries or "steps" not in tree.entries:
        return False
    pipeline = tree.entries["pipeline"].node if "pipeline" in tree.entries else None
    return "meta" in tree.entries or (isinstance(pipeline, MappingNode) and "fingerprints" in pipeline.entries)


def is_osiris_project(directory: Path) -> bool:
    """Say whether a directory is one that `osiris` is run in."""
    return any((directory / each).is_file() for each in _PROJECT)


def compiled_layout(file: Path, root: Path, *, osiris_drivers: bool) -> CompiledLayout:
    """Return how the files around a compiled manifest lie.

    Osiris sees paths from where it is run, which a build directory does not say: it is the nearest directory that has
    `osiris.yaml` or `osiris_connections.yaml`, or else the one that holds `build`, or else the project root.
    """
    above = [each for each in file.parents if each.is_relative_to(root)]
    found = next((each for each in above if is_osiris_project(each)), None)
    work = found or next((each.parent for each in above if each.name == "build" and each != root), root)
    places = Places(directory=work, root=root)
    has_connections = (work / CONNECTIONS).is_file()
    relative = (work / CONNECTIONS).relative_to(root).as_posix()
    return CompiledLayout(
        build=Places(directory=file.parent, root=root),
        places=places,
        translation=Translation(places=places, own=osiris_drivers),
        connections=UnreadConnectionFile(relative=relative, root=root) if has_connections else None,
    )


@dataclass(slots=True, kw_only=True)
class CompiledLayout:
    """The files of a build directory: `places` says where paths in configs start, `build` where `cfg_path` does."""

    places: Places
    build: Places
    translation: Translation
    connections: UnreadConnectionFile | None = None
    connections_hint: str = f"`{CONNECTIONS}` lies where `osiris` is run"
    _components: dict[str, str] = field(default_factory=dict)
    _tables: dict[str, dict[str, str]] = field(default_factory=dict)

    def config(self, problems: Problems, step: str, found: Mapping[str, Entry]) -> Config:
        """Return the translation of a step's `cfg/<step>.json`."""
        if "cfg_path" not in found:
            return Config(problems=problems, sound=False)  # reported
        config = config_file(problems, found["cfg_path"].node, self.build)
        name = self._components.get(step, "")
        if config.node is None or name not in COMPONENTS:
            return Config(problems=config.problems, sound=False)
        node = self.translation.config(config.problems, name, COMPONENTS[name], config.node)
        return Config(problems=config.problems, node=node)

    def tables(self, step: str) -> Mapping[str, str]:
        """Return Osiris' names of the tables that a step is given, where ours would be others."""
        return self._tables.get(step, {})

    def unique_name(self, step: str) -> str:
        """Return the id: two ids may have the name of a table in common here."""
        return step

    def declared_inputs(self) -> tuple[InputFile, ...]:
        """Return the files that configs read, sorted."""
        return tuple(self.translation.inputs[each] for each in sorted(self.translation.inputs))

    def all_notes(self) -> tuple[ManifestProblem, ...]:
        """Return what was left out or changed, and why, in the order of files and places."""
        return tuple(sorted(set(self.translation.notes)))

    def tree(self, problems: Problems, tree: MappingNode) -> MappingNode:
        """Return a compiled manifest as our form has it; its configs are still in their files."""
        found = fields.keys(problems, tree, "a compiled manifest", served=_TOP)
        name = text_of(found["name"].node) if "name" in found else None
        entries = {"osiris": _entry(tree, ScalarNode(tree.line, tree.column, FORMAT))}
        if "pipeline" in found:
            entries["pipeline"] = _entry(found["pipeline"], self._pipeline(problems, found["pipeline"].node, name))
        steps = self._steps(problems, found["steps"].node)
        entries["steps"] = _entry(found["steps"], steps)
        used = [COMPONENTS[each] for each in self._components.values() if each in COMPONENTS]
        if any(map(self.translation.is_own, used)):
            requirement = ScalarNode(steps.line, steps.column, DISTRIBUTION)
            entries["requirements"] = _entry(steps, ListNode(steps.line, steps.column, (requirement,)))
        return MappingNode(tree.line, tree.column, entries)

    def _pipeline(self, problems: Problems, node: Node, name: str | None) -> Node:
        """Return the pipeline without its fingerprints; what it is called becomes its description."""
        section = fields.mapping(problems, node, "pipeline")
        if section is None:
            return node
        found = fields.keys(problems, section, "`pipeline`", served=("id", "version", "fingerprints"))
        kept = {name: entry for name, entry in found.items() if name != "fingerprints"}
        written = text_of(kept["id"].node) if "id" in kept else None
        if written is not None:
            kept["id"] = self._named(problems, kept["id"], "pipeline", written, as_id(written))
        if name is not None:
            kept["description"] = _entry(node, ScalarNode(node.line, node.column, name))
        return MappingNode(node.line, node.column, kept)

    def _named(self, problems: Problems, entry: Entry, what: str, written: str, name: str) -> Entry:
        """Return an id's entry with the name that it has here."""
        if name != written:
            self.translation.note(problems, entry.node, f"the {what} {shown(written)} is called {shown(name)} here")
        return _entry(entry, ScalarNode(entry.node.line, entry.node.column, name))

    def _steps(self, problems: Problems, node: Node) -> Node:
        sections = [fields.mapping(problems, each, "steps[]") for each in fields.items(problems, node, "steps")]
        ids = [text_of(each.entries["id"].node) if each and "id" in each.entries else None for each in sections]
        names = as_ids([each for each in ids if each is not None])
        steps = [
            self._step(problems, section, ids[: index + 1], names)
            for index, section in enumerate(sections)
            if section is not None
        ]
        return ListNode(node.line, node.column, tuple(steps))

    def _step(
        self, problems: Problems, section: MappingNode, ids: Sequence[str | None], names: Mapping[str, str]
    ) -> MappingNode:
        """Return a step as our form has it; `ids` ends with its own, `names` says what ids are called here."""
        found = fields.keys(problems, section, "a compiled step", served=_STEP)
        fields.required(problems, found, "cfg_path", "a compiled step", section)
        entries = {name: entry for name, entry in found.items() if name in {"id", "cfg_path"}}
        needs, at = _needs(problems, section, found, ids), found["needs"].node if "needs" in found else section
        items = tuple(ScalarNode(place.line, place.column, names[need]) for need, place in needs.items())
        entries["needs"] = _entry(at, ListNode(at.line, at.column, items))
        written = ids[-1]
        if written is not None:
            name = names[written]
            entries["id"] = self._named(problems, found["id"], "step", written, name)
            keys = {names[need]: key for need, key in table_keys(needs).items()}
            self._tables[name] = {need: key for need, key in keys.items() if key != table_key(need)}
            self._add_driver(problems, name, found, entries)
        return MappingNode(section.line, section.column, entries)

    def _add_driver(self, problems: Problems, step: str, found: Mapping[str, Entry], entries: dict[str, Entry]) -> None:
        """Add the driver that stands for the step's component; where there is none, the step has no driver."""
        key = "component" if "component" in found else "driver"
        if key not in found:
            return
        node = found[key].node
        written = fields.text(problems, node, key)
        if written is None:
            return
        self._components[step] = written
        entries["driver"] = _entry(found[key], BrokenNode(node.line, node.column))
        if written not in COMPONENTS:
            hint = problems.nearest(written, COMPONENTS) or "known: " + ", ".join(COMPONENTS)
            problems.add(node, f"no driver stands for the component {shown(written)}", hint)
            return
        component = COMPONENTS[written]
        entries["driver"] = _entry(found[key], ScalarNode(node.line, node.column, self.translation.driver(component)))
        if component.differs and not self.translation.is_own(component):
            self.translation.note(problems, node, f"{written}: {component.differs}")


def _needs(
    problems: Problems, section: MappingNode, found: Mapping[str, Entry], ids: Sequence[str | None]
) -> dict[str, Place]:
    """Return what a step needs, by Osiris' ids: where nothing is said, the step before it."""
    if "needs" not in found:
        before = ids[-2] if len(ids) > 1 else None
        return {} if before is None else {before: section}
    needs: dict[str, Place] = dict(fields.texts(problems, found["needs"].node, "needs"))
    for need, at in needs.items():
        if need not in ids[:-1]:
            problems.add(at, f"step {shown(need)} does not run before this one", "steps run in the order of the list")
    return {need: at for need, at in needs.items() if need in ids[:-1]}


def _entry(at: Place, node: Node) -> Entry:
    return Entry(at.line, at.column, node)
