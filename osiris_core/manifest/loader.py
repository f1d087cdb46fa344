"""A manifest file becomes a `Manifest`: the door of this room."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from osiris_core.errors import ManifestError
from osiris_core.manifest import fields, header
from osiris_core.manifest.canonical import canonical_form, fingerprint_of
from osiris_core.manifest.collecting import read_collecting
from osiris_core.manifest.configs import OwnLayout
from osiris_core.manifest.connections import read_connections
from osiris_core.manifest.expect import read_expect
from osiris_core.manifest.files import Places, read_code, read_inputs
from osiris_core.manifest.model import Collecting, Expectation, Manifest, Pipeline, Resources
from osiris_core.manifest.nodes import to_json
from osiris_core.manifest.osiris.compiled import (
    BUILD_MANIFEST,
    CompiledLayout,
    compiled_layout,
    is_compiled,
    is_osiris_project,
)
from osiris_core.manifest.params import Overrides, read_params
from osiris_core.manifest.problems import START, Problems, printable
from osiris_core.manifest.references import References, check_exposure, read_secrets, read_secrets_in_artifacts
from osiris_core.manifest.steps import Drivers, Surroundings, order_of, read_steps, to_steps
from osiris_core.manifest.substitution import substitute
from osiris_core.manifest.text import read_text
from osiris_core.manifest.tree import read_tree
from osiris_core.wire.paths import broken_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from osiris_core.manifest.connections import Connections
    from osiris_core.manifest.nodes import Entry, MappingNode, Node
    from osiris_core.manifest.shapes import DriverSource
    from osiris_core.manifest.steps import StepNodes

_T = TypeVar("_T")

SERVED = (
    "osiris",
    "pipeline",
    "inputs",
    "code",
    "requirements",
    "env",
    "resources",
    "network",
    "template",
    "timeout_s",
    "on_failure",
    "params",
    "secrets",
    "secrets_in_artifacts",
    "connections",
    "steps",
    "expect",
    "parity",
    "pytest",
)


def load_manifest(
    path: Path,
    *,
    project_root: Path,
    drivers: DriverSource,
    params: Mapping[str, Any] | None = None,
    offered: Mapping[str, Any] | None = None,
    osiris_drivers: bool = False,
) -> Manifest:
    """Read and check a manifest, and find the files it declares; nothing is started or imported for it.

    `drivers` is where the drivers of its steps are looked up. `params` are values for parameters that it declares;
    `offered` are values for those of them that it declares. A build directory of Osiris, or the `manifest.yaml` in it, is read as well; with
    `osiris_drivers` all of its components are run by Osiris' own classes. Raises `ManifestError` with everything that is wrong, whatever the file
    holds: where the text cannot be read to its end, with everything up to there.
    """
    source = replace(open_source(path, project_root, drivers), osiris_drivers=osiris_drivers)
    return read_source(source, Overrides(offered=offered or {}, given=params or {}))


def has_changed(manifest: Manifest) -> bool:
    """Return whether the file of a manifest says something else by now, or is gone."""
    try:
        return bool(manifest.text_sha256) and _digest(read_text(manifest.path, Problems(""))) != manifest.text_sha256
    except ManifestError:
        return True


def find_project_root(path: Path) -> Path:
    """Return the nearest directory above a manifest that has a `pyproject.toml`, or is a project of Osiris, or else its own."""
    directory = Path(os.path.realpath(path if path.is_dir() else path.parent))
    above = (directory, *directory.parents)
    marked = next((each for each in above if (each / "pyproject.toml").is_file()), None)
    return marked or next((each for each in above if is_osiris_project(each)), directory)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _location(file: Path, root: Path) -> str:
    return printable(file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file))


def _check_place(problems: Problems, file: Path, root: Path) -> None:
    """Refuse a manifest that no target could be shown at the same place."""
    if not file.is_relative_to(root) or not Path(os.path.realpath(file)).is_relative_to(root):
        problems.add(START, f"the manifest is outside the project root {root}", "the root is where pyproject.toml is")
    elif file.is_dir():
        problems.add(START, "the manifest is a directory, not a regular file", "name a file in it")
    elif rule := broken_rule(file.relative_to(root).as_posix()):
        problems.add(START, f"the manifest's path cannot be sent: {rule}", "rename it")
    problems.raise_if_any()


@dataclass(frozen=True, slots=True)
class _Sections:
    """The top of the tree: reads the sections that the file has."""

    problems: Problems
    found: Mapping[str, Entry]

    def read(self, name: str, reader: Callable[[Problems, Node], _T], default: _T) -> _T:
        """Return what a reader makes of a section, or the default where the file does not have it."""
        return reader(self.problems, self.found[name].node) if name in self.found else default


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file whose text was read and is YAML: what it says depends on the values of its parameters.

    `collecting` is what its section `pytest` says, where that was read already, and `collecting_form` the same for JSON: they are the
    same for all values.
    """

    file: Path
    root: Path
    text: str
    tree: MappingNode
    problems: Problems
    drivers: DriverSource
    osiris_drivers: bool = False
    collecting: Collecting | None = None
    collecting_form: dict[str, Any] | None = None


def open_source(path: Path, project_root: Path, drivers: DriverSource) -> Source:
    """Read a file up to its nodes. Raises `ManifestError` where it has none."""
    root = Path(os.path.realpath(project_root))
    if "\0" in str(path):
        problems = Problems(printable(str(path)))
        problems.add(START, "the manifest's path holds U+0000, which no path can")
        raise problems.error()
    if (path / BUILD_MANIFEST).is_file():
        path = path / BUILD_MANIFEST
    file = Path(os.path.realpath(path.parent)) / path.name
    problems = Problems(_location(file, root))
    _check_place(problems, file, root)
    text = read_text(file, problems)
    return Source(file=file, root=root, text=text, tree=read_tree(text, problems), problems=problems, drivers=drivers)


def read_source(source: Source, overrides: Overrides) -> Manifest:
    """Return what a file says with these values; raises `ManifestError` with everything that is wrong."""
    problems, file, root, drivers = source.problems.copy(), source.file, source.root, source.drivers
    parameters = read_params(problems, source.tree.entries.get("params"), overrides)
    places = Places(directory=file.parent, root=root)
    layout: OwnLayout | CompiledLayout = OwnLayout(places=places)
    if is_compiled(source.tree):
        layout = compiled_layout(file, root, osiris_drivers=source.osiris_drivers)
        places, used = layout.places, frozenset[str]()
        tree = layout.tree(problems, source.tree)
    else:
        tree, used = substitute(problems, source.tree, parameters, source.text)
    found = fields.keys(problems, tree, "the manifest", served=SERVED)
    for name in ("osiris", "pipeline", "steps"):
        fields.required(problems, found, name, "the manifest", tree)
    sections = _Sections(problems, found)
    sections.read("osiris", header.check_format, None)
    nothing: tuple[StepNodes, ...] = ()
    directories: tuple[str, ...] = ()
    code = sections.read("code", partial(read_code, places=places), directories)
    lookup = Drivers(source=drivers, code=[root / each for each in code])
    connections: Connections | None = layout.connections
    connections = sections.read("connections", partial(read_connections, places=places), connections)
    references = References(
        secrets=sections.read("secrets", read_secrets, {}),
        file=connections,
        file_hint=layout.connections_hint,
    )
    around = Surroundings(drivers=lookup, places=places, references=references, layout=layout)
    nodes = sections.read("steps", partial(read_steps, around=around), nothing)
    ids = {each.id for each in nodes}
    parity_text, normalizers, require = sections.read("parity", header.read_parity, header.NO_PARITY)
    manifest = Manifest(
        path=file,
        project_root=root,
        pipeline=sections.read("pipeline", header.read_pipeline, Pipeline(id="")),
        inputs=sections.read("inputs", partial(read_inputs, places=places), layout.declared_inputs()),
        code=code,
        requirements=sections.read("requirements", header.read_requirements, ()),
        env=sections.read("env", header.read_env, ()),
        resources=sections.read("resources", header.read_resources, Resources()),
        network=sections.read("network", header.read_network, header.NETWORKS[0]),
        template=sections.read("template", header.read_template, None),
        timeout_s=sections.read("timeout_s", partial(fields.seconds, name="timeout_s"), None),
        on_failure=sections.read("on_failure", header.read_on_failure, header.ON_FAILURE[0]),
        params={name: to_json(each) for name, each in parameters.values.items()},
        params_given=tuple(sorted(parameters.overridden)),
        params_unused=tuple(name for name in parameters.values if name not in used),
        secrets=tuple(sorted(references.secrets)),
        secrets_in_artifacts=sections.read("secrets_in_artifacts", read_secrets_in_artifacts, {}),
        connections_file=references.file.relative if references.file and references.connections else None,
        connections=tuple(references.connections[each] for each in sorted(references.connections)),
        steps=to_steps(nodes),
        drivers={each.driver: each.shape for each in nodes if each.shape is not None},
        expect=sections.read("expect", partial(read_expect, steps=ids), Expectation()),
        parity_text=parity_text,
        normalizers=normalizers,
        require=require,
        pytest=source.collecting
        or sections.read("pytest", partial(read_collecting, params=parameters.values), Collecting()),
        order=order_of(nodes),
        work_directory=places.directory if places.directory != file.parent else None,
        compiled=isinstance(layout, CompiledLayout),
        notes=layout.all_notes(),
        text_sha256=_digest(source.text),
    )
    references.report_unused(problems, found)
    check_exposure(problems, found, manifest)
    problems.raise_if_any()
    canonical = canonical_form(manifest, source.collecting_form)
    return replace(manifest, canonical=canonical, fingerprint=fingerprint_of(canonical))
