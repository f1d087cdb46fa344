"""What a driver is told: the values of secrets that its config refers to, the connection that it names, its own directory.

The manifest and every record hold references only; they become values here, in a copy that nobody else sees.
"""

from __future__ import annotations

import copy
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from osiris_core.wire.names import OUTPUT_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from osiris_core.wire.secrets import Secrets

CONNECTION: Final = "connection"
RESOLVED: Final = "resolved_connection"
_REFERENCE: Final = re.compile(r"\$\{secret:([A-Za-z_][A-Za-z0-9_]*)\}|" + re.escape(OUTPUT_DIRECTORY))


def disclosed(config: Mapping[str, Any], secrets: Secrets, output_dir: Path) -> dict[str, Any]:
    """Return a copy of a step's config with values in place of references.

    `${secret:NAME}` becomes the value, inside longer texts too, `${step:output_dir}` the path; `connection: "@family.alias"` becomes
    `resolved_connection`, as Osiris' drivers know it. LookupError for what was not told.
    """
    told = {name: _value(value, secrets, output_dir) for name, value in config.items()}
    reference = told.get(CONNECTION)
    if isinstance(reference, str) and reference.startswith("@"):
        if reference not in secrets.connections:
            raise LookupError(f"the connection {reference!r} was not resolved for this run")
        del told[CONNECTION]
        told[RESOLVED] = copy.deepcopy(secrets.connections[reference])
    return told


def secret_of(secrets: Secrets, name: str) -> str:
    """Return a secret's value. LookupError for one that the manifest does not declare."""
    if name not in secrets.values:
        raise LookupError(f"the secret {name!r} is not declared: name it under `secrets:` in the manifest")
    return secrets.values[name]


@contextmanager
def variables(names: Iterable[str], secrets: Secrets) -> Iterator[None]:
    """Set variables of this process to the secrets of their names, for the drivers that declare that they read them.

    Afterwards they are as they were. LookupError for a secret that the manifest does not declare.
    """
    told = {name: secret_of(secrets, name) for name in names}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _value(value: Any, secrets: Secrets, output_dir: Path) -> Any:
    """Return a JSON value of one's own, with the references in its texts replaced."""
    if isinstance(value, dict):
        return {name: _value(each, secrets, output_dir) for name, each in value.items()}
    if isinstance(value, list):
        return [_value(each, secrets, output_dir) for each in value]
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: secret_of(secrets, found[1]) if found[1] else str(output_dir), value)
    return value
