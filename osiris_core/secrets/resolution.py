"""The references of a manifest become `Secrets`, or one sentence about all that is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.errors import UsageError
from osiris_core.manifest.connections import VARIABLE
from osiris_core.manifest.nodes import ListNode, MappingNode, ScalarNode, texts_of
from osiris_core.wire.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osiris_core.manifest.model import Connection, Manifest
    from osiris_core.manifest.nodes import Node

MAX_LINE_BYTES = 1 << 18
"""The most that a run may be told; a certificate chain takes a few thousand bytes."""
_FLAG = "default"


def resolve_secrets(manifest: Manifest, environment: Mapping[str, str]) -> Secrets:
    """Return the values of a manifest's secrets, and the connections that its steps refer to.

    A variable that is set to nothing is missing: that is how CI systems pass a secret that they do not have. Raises
    `UsageError` naming all that is missing, those of a connection by their place; it repeats no value.
    """
    missing = [*_missing_secrets(manifest, environment), *_missing_variables(manifest, environment)]
    if missing:
        raise UsageError(
            "; ".join(missing),
            hint="export it, or name a file of variables: `--env-file`, in pytest `--osiris-env-file`",
        )
    secrets = Secrets(
        values={name: environment[name] for name in manifest.secrets},
        connections={each.reference: _resolved(each, environment) for each in manifest.connections},
    )
    if len(secrets.to_line()) > MAX_LINE_BYTES:
        raise UsageError(f"secrets and connections are bigger than {MAX_LINE_BYTES:,} bytes together")
    return secrets


def secret_variables(manifest: Manifest) -> frozenset[str]:
    """Return the variables whose values are told as secrets, and that no process of a run inherits: without `env`."""
    used = {name for each in manifest.connections for name, _ in _variables(each)}
    return frozenset({*manifest.secrets, *used} - {each.name for each in manifest.env})


def _missing_secrets(manifest: Manifest, environment: Mapping[str, str]) -> Iterator[str]:
    for name in manifest.secrets:
        if not environment.get(name):
            yield f"the secret {name} is not set"


def _missing_variables(manifest: Manifest, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield each variable once, at its first place."""
    seen: set[str] = set()
    for connection in manifest.connections:
        for name, node in _variables(connection):
            if name not in seen and not environment.get(name):
                seen.add(name)
                yield f"{connection.location}:{node.line}:{node.column}: the variable {name} is not set"


def _variables(connection: Connection) -> Iterator[tuple[str, ScalarNode]]:
    for each in texts_of(connection.fields):
        for name in VARIABLE.findall(str(each.value)):
            yield name, each


def _resolved(connection: Connection, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields with their values; the mark of a family's default is none of them."""
    found = _value(connection.fields, environment)
    return {name: value for name, value in found.items() if name != _FLAG}


def _value(node: Node, environment: Mapping[str, str]) -> Any:
    if isinstance(node, ListNode):
        return [_value(each, environment) for each in node.items]
    if isinstance(node, MappingNode):
        return {name: _value(entry.node, environment) for name, entry in node.entries.items()}
    value = node.value if isinstance(node, ScalarNode) else None
    return VARIABLE.sub(lambda match: environment[match[1]], value) if isinstance(value, str) else value
