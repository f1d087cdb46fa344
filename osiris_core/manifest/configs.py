"""Where a step's config stands: in the step, or in a file of its own whose problems have their places there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from osiris_core.errors import ManifestError
from osiris_core.manifest import fields
from osiris_core.manifest.files import declared_file
from osiris_core.manifest.nodes import texts_of
from osiris_core.manifest.text import read_text
from osiris_core.manifest.tree import read_tree
from osiris_core.wire.names import table_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.errors import ManifestProblem
    from osiris_core.manifest.connections import Connections
    from osiris_core.manifest.files import Places
    from osiris_core.manifest.model import InputFile
    from osiris_core.manifest.nodes import Entry, MappingNode, Node
    from osiris_core.manifest.problems import Problems

_PARAMETER = "${params."


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A step's config: its nodes, and where to report what is wrong with them; not `sound` where that was done already."""

    problems: Problems
    node: MappingNode | None = None
    sound: bool = True


class Layout(Protocol):
    """How the files of a manifest lie: in our own form, or as Osiris' compiler left them."""

    def config(self, problems: Problems, step: str, found: Mapping[str, Entry]) -> Config:
        """Return the config of the step of this id, whose keys were `found`."""

    def tables(self, step: str) -> Mapping[str, str]:
        """Return the names of the tables of the steps it needs, where they are not the usual ones."""

    def unique_name(self, step: str) -> str:
        """Return what no two steps may have in common, whatever the case."""

    @property
    def connections(self) -> Connections | None:
        """The file of connections that is there without being named."""

    def declared_inputs(self) -> tuple[InputFile, ...]:
        """Return the files that the configs read, where these declare them."""

    def all_notes(self) -> tuple[ManifestProblem, ...]:
        """Return what was left out of the configs, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLayout:
    """Our own form: `config` in the step, or `cfg_path`, seen from the manifest's directory."""

    places: Places
    connections: None = None
    connections_hint: str = "name it in the manifest: `connections: osiris_connections.yaml`"

    def config(self, problems: Problems, step: str, found: Mapping[str, Entry]) -> Config:  # noqa: ARG002 - the protocol's
        """Return the config, from where it stands."""
        if "cfg_path" not in found:
            node = fields.mapping(problems, found["config"].node, "config") if "config" in found else None
            return Config(problems=problems, node=node, sound=node is not None or "config" not in found)
        if "config" in found:
            problems.add(found["cfg_path"], "a step has `config` or `cfg_path`, not both")
        config = config_file(problems, found["cfg_path"].node, self.places)
        for each in texts_of(config.node) if config.node is not None else ():
            if _PARAMETER in str(each.value):
                config.problems.add(each, "parameters are not put into a file", "write this config in the manifest")
        return config

    def tables(self, step: str) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's
        """Return nothing: `df_<id>` names them all."""
        return {}

    def declared_inputs(self) -> tuple[InputFile, ...]:
        """Return nothing: `inputs` declares them."""
        return ()

    def all_notes(self) -> tuple[ManifestProblem, ...]:
        """Return nothing: all is taken as it is written."""
        return ()

    def unique_name(self, step: str) -> str:
        """Return the name of the step's table, which all later steps know it by."""
        return table_key(step)


def config_file(problems: Problems, node: Node, places: Places) -> Config:
    """Return the config in a file that the manifest names."""
    written = fields.text(problems, node, "cfg_path")
    relative = None if written is None else declared_file(problems, written, node, places)
    if relative is None:
        return Config(problems=problems, sound=False)
    there = problems.elsewhere(relative)
    try:
        return Config(problems=there, node=read_tree(read_text(places.root / relative, there), there))
    except ManifestError:
        return Config(problems=there, sound=False)  # what is wrong was noted there
