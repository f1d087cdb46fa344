"""Reads what stands above the steps: the pipeline's name, and what a run is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osiris_core.choices import REQUIREMENTS
from osiris_core.manifest import fields
from osiris_core.manifest.model import FORMAT, Pipeline, Resources, Variable
from osiris_core.manifest.nodes import ListNode, MappingNode, ScalarNode
from osiris_core.manifest.normalizers import read_normalizers
from osiris_core.manifest.problems import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.manifest.model import Network, OnFailure, ParityText
    from osiris_core.manifest.nodes import Node
    from osiris_core.manifest.problems import Place, Problems
    from osiris_core.rules.model import Rule

PARITY_TEXTS: tuple[ParityText, ...] = ("normalized", "exact")
NETWORKS: tuple[Network, ...] = ("none", "full")
NO_PARITY: tuple[ParityText, tuple[Rule, ...], str] = ("normalized", (), "")
ON_FAILURE: tuple[OnFailure, ...] = ("stop", "continue")
TEMPLATE_RULE = "[A-Za-z0-9][A-Za-z0-9_./:-]{0,127}"
VARIABLE_RULE = "[A-Za-z_][A-Za-z0-9_]*"
"""Names of templates and of variables, as regular expressions for the whole name."""
_TEMPLATE = re.compile(TEMPLATE_RULE)
_PARITY_LATER = ("tables", "tolerances", "waivers")
_VARIABLE = re.compile(VARIABLE_RULE)
_MAX_REQUIREMENT = 500  # characters


def check_format(problems: Problems, node: Node) -> None:
    """Report a format that this version does not read."""
    if isinstance(node, ScalarNode) and node.value == 1 and node.value is not True:
        problems.add(node, "`osiris` must be text", f'write `osiris: "{FORMAT}"`')
        return
    value = fields.text(problems, node, "osiris")
    if value is not None and value != FORMAT:
        problems.add(node, f"this version does not read format {shown(value)}", f'it reads `osiris: "{FORMAT}"`')


def read_pipeline(problems: Problems, node: Node) -> Pipeline:
    """Return the pipeline's id, version and description."""
    default = Pipeline(id="")
    section = fields.mapping(problems, node, "pipeline")
    if section is None:
        return default
    found = fields.keys(problems, section, "`pipeline`", served=("id", "version", "description"))
    id_node = fields.required(problems, found, "id", "`pipeline`", section)
    version = fields.text(problems, found["version"].node, "version") if "version" in found else None
    words = fields.text(problems, found["description"].node, "description") if "description" in found else None
    return Pipeline(
        id=(fields.identifier(problems, id_node, "id") if id_node else None) or default.id,
        version=default.version if version is None else version,
        description=default.description if words is None else words,
    )


def read_requirements(problems: Problems, node: Node) -> tuple[str, ...]:
    """Return the requirements in canonical spelling (PEP 503 names, PEP 508 text), sorted."""
    from packaging.requirements import InvalidRequirement, Requirement  # a tenth of a start, and few manifests have any
    from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    for written, at in fields.texts(problems, node, "requirements"):
        try:
            requirement = Requirement(written[:_MAX_REQUIREMENT])
        except InvalidRequirement:
            problems.add(at, f"{shown(written)} is no requirement", "write the name of a distribution, as in `pandas`")
            continue
        if requirement.url is not None:
            problems.add(at, f"{shown(written)} names an address", "install it beside pytest-osiris, and name it only")
        elif canonicalize_name(requirement.name) in found:
            problems.add(at, f"{shown(requirement.name)} is required twice", "say it in one requirement")
        else:
            requirement.name = canonicalize_name(requirement.name)
            found[requirement.name] = str(requirement)
    return tuple(found[each] for each in sorted(found))


def read_env(problems: Problems, node: Node) -> tuple[Variable, ...]:
    """Return the variables, sorted by name: from a list of names, or a mapping of names to values.

    A name without a value, in either form, takes the value that the host has.
    """
    pairs = _mapped_variables(problems, node) if isinstance(node, MappingNode) else _listed_variables(problems, node)
    return tuple(sorted(pairs, key=lambda each: each.name))


def _mapped_variables(problems: Problems, node: MappingNode) -> Iterator[Variable]:
    for name, entry in node.entries.items():
        value = None
        if not (isinstance(entry.node, ScalarNode) and entry.node.value is None):
            value = fields.text(problems, entry.node, name)
        if value is not None and "\0" in value:
            problems.add(entry.node, f"the value of {shown(name)} holds U+0000, which no variable can")
        if _is_variable(problems, name, entry):
            yield Variable(name=name, value=value)


def _listed_variables(problems: Problems, node: Node) -> Iterator[Variable]:
    for name, at in fields.texts(problems, node, "env"):
        if _is_variable(problems, name, at):
            yield Variable(name=name)


def _is_variable(problems: Problems, name: str, at: Place) -> bool:
    """Say whether a name can be one of an environment variable (POSIX, with lower case); report where it cannot."""
    fits = _VARIABLE.fullmatch(name) is not None
    if not fits:
        hint = "to fix a value, write `NAME: value`, with a space" if {"=", ":"} & set(name) else "letters, digits, `_`"
        problems.add(at, f"{shown(name)} is no name of a variable", hint)
    return fits


def read_resources(problems: Problems, node: Node) -> Resources:
    """Return the resources, with E2B's defaults for what is not said."""
    default = Resources()
    section = fields.mapping(problems, node, "resources")
    if section is None:
        return default
    names = ("cpus", "memory_mb", "disk_mb")
    found = fields.keys(problems, section, "`resources`", served=names)
    said = {name: fields.whole(problems, entry.node, name, least=1) for name, entry in found.items()}
    return Resources(**{name: said.get(name) or getattr(default, name) for name in names})


def read_network(problems: Problems, node: Node) -> Network:
    """Return what the sandbox can reach: `none` or `full`; a list of addresses is refused with the reason."""
    if isinstance(node, ListNode):
        problems.add(
            node,
            "`network` cannot be a list of addresses: E2B filters by address and not by port, and the embedded "
            "server does not filter at all, so the two would not be the same",
            "write `none` or `full`",
        )
        return NETWORKS[0]
    return fields.choice(problems, node, "network", NETWORKS) or NETWORKS[0]


def read_template(problems: Problems, node: Node) -> str | None:
    """Return the name of a sandbox template, as E2B names them."""
    value = fields.text(problems, node, "template")
    if value is not None and not _TEMPLATE.fullmatch(value):
        problems.add(node, f"{shown(value)} is no name of a template", "letters, digits, `_`, `-`, `.`, `/`, `:`")
    return value


def read_on_failure(problems: Problems, node: Node) -> OnFailure:
    """Return what a failed step means for the steps that do not need it."""
    return fields.choice(problems, node, "on_failure", ON_FAILURE) or ON_FAILURE[0]


def read_parity(problems: Problems, node: Node) -> tuple[ParityText, tuple[Rule, ...], str]:
    """Return how log and error text is compared, `normalized` or `exact`, the declared rules, and the weakest verdict that passes."""
    section = fields.mapping(problems, node, "parity")
    if section is None:
        return NO_PARITY
    found = fields.keys(
        problems, section, "`parity`", served=("text", "normalizers", "require"), reserved_keys=_PARITY_LATER
    )
    value = fields.choice(problems, found["text"].node, "text", PARITY_TEXTS) if "text" in found else None
    rules = read_normalizers(problems, found["normalizers"].node) if "normalizers" in found else ()
    require = fields.choice(problems, found["require"].node, "require", REQUIREMENTS) if "require" in found else None
    return value or PARITY_TEXTS[0], rules, require or ""
