"""The references of a manifest become `Secrets`, or one sentence about all that is missing."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from osiris_core.errors import UsageError
from osiris_core.manifest.connections import VARIABLE
from osiris_core.manifest.nodes import ListNode, MappingNode, ScalarNode, texts_of
from osiris_core.wire.needles import LEAST, is_weak
from osiris_core.wire.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osiris_core.manifest.model import Connection, Manifest
    from osiris_core.manifest.nodes import Node

MAX_LINE_BYTES = 1 << 18
"""The most that a run may be told; a certificate chain takes a few thousand bytes."""
_FLAG = "default"
_SECRET_KEY = re.compile(
    r"pass(word|wd|phrase)?s?$|pwd|secret|token|credential|api_?key|(access|private|account|ssh|role|anon|encryption|signing|secret)_?key"
    r"|^key$|auth|dsn|ur[il]$|connection_?string|certificate|cookie|signature|sas",
    re.IGNORECASE,
)
"""Keys of a connection whose texts are secrets though they stand in the file itself."""
_PUBLIC_KEY = re.compile(
    r"(host(name)?|server|port|user(name)?|login|database|db(name)?|schema|catalog|warehouse|role|region|bucket|driver|dialect|type"
    r"|family|alias|project(_id)?|account(_id)?|ssl_?mode|charset|encoding|time_?zone|table|prefix|path|engine)s?",
    re.IGNORECASE,
)
"""Keys of a connection whose texts are none, though they come from variables; variables may be called so at their end."""


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
        hidden=tuple(dict.fromkeys(_hidden(manifest, environment))),
    )
    if len(secrets.to_line()) > MAX_LINE_BYTES:
        raise UsageError(f"secrets and connections are bigger than {MAX_LINE_BYTES:,} bytes together")
    return secrets


def weak_names(manifest: Manifest, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of secrets that are too short, or too common a word, to be masked inside of other text."""
    known = defaultdict(str, environment)
    named = (*((name, known[name]) for name in manifest.secrets), *_hidden(manifest, known))
    return tuple(sorted({name for name, value in named if value and is_weak(value)}))


def weakness(name: str) -> str:
    """Return the sentence that warns of such a secret; it says nothing of the value."""
    return (
        f"the secret {name} is shorter than {LEAST} characters, or a common word: it is masked where it is the whole of a "
        "value, and not inside of other text"
    )


def told_names(manifest: Manifest) -> frozenset[str]:
    """Return the names that a manifest has values for: of its secrets, and of the variables of its connections."""
    return frozenset({*manifest.secrets, *(name for each in manifest.connections for name, _ in _variables(each))})


def secret_variables(manifest: Manifest) -> frozenset[str]:
    """Return the variables whose values are told as secrets, and that no process of a run inherits: without `env`."""
    return told_names(manifest) - {each.name for each in manifest.env}


def _hidden(manifest: Manifest, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is secret in the connections, with the names that it is masked by.

    Of a text with variables these, by their names, and the text; of any other the text, where its key says that it is one
    (`password`, `api_key`, `dsn`), by its family and key. What a key calls a host, a port, a user or the like is no secret.
    """
    for connection in manifest.connections:
        for key, node in _texts_by_key(connection.fields, ""):
            if _PUBLIC_KEY.fullmatch(key):
                continue
            names = [each for each in VARIABLE.findall(str(node.value)) if not _is_public(each)]
            yield from ((name, environment[name]) for name in names)
            if names or _SECRET_KEY.search(key):
                yield names[0] if len(names) == 1 else _token_name(connection.reference, key), _value(node, environment)


def _is_public(variable: str) -> bool:
    """Say whether a variable is called by what is no secret: `DB_HOST`, `PGUSER`."""
    return any(
        _PUBLIC_KEY.fullmatch(each) for each in (variable, variable.rpartition("_")[2], variable.removeprefix("PG"))
    )


def _texts_by_key(node: Node, key: str) -> Iterator[tuple[str, ScalarNode]]:
    """Yield the texts inside of a value with the nearest keys above them."""
    if isinstance(node, MappingNode):
        for name, entry in node.entries.items():
            yield from _texts_by_key(entry.node, name)
    elif isinstance(node, ListNode):
        for each in node.items:
            yield from _texts_by_key(each, key)
    elif isinstance(node, ScalarNode) and isinstance(node.value, str):
        yield key, node


def _token_name(reference: str, key: str) -> str:
    """Return `MYSQL_MAIN_PASSWORD` for the password of `@mysql.main`."""
    return re.sub(r"[^A-Z0-9]+", "_", f"{reference}_{key}".upper()).strip("_")


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
