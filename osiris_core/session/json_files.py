"""Reads the JSON files of a session, and names the place of what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from osiris_core.errors import SessionError
from osiris_core.session import contract
from osiris_core.session.files import open_regular

if TYPE_CHECKING:
    from pathlib import Path

Types = Mapping[str, type | tuple[type, ...]]
"""Members that an object must have, each with its type."""


def check_types(value: Any, keys: Types, place: str) -> None:
    """Check that a value is an object with these members, of these types. SessionError names the place and the member."""
    if not isinstance(value, dict):
        raise SessionError(f"{place} is no JSON object")
    for key, kind in keys.items():
        if key not in value:
            raise SessionError(f"{place} has no {key!r}")
        if not isinstance(value[key], kind):
            raise SessionError(f"{place} has a {key!r} of the wrong type: {value[key]!r:.80}")


def read_versioned(path: Path) -> dict[str, Any]:
    """Read a file that is one JSON object of this contract's version. SessionError for any other."""
    value = read_object(path)
    if value.get("contract") != contract.CONTRACT_VERSION:
        raise SessionError(
            f"{path} was written by contract version {value.get('contract')!r}, "
            f"this reader knows version {contract.CONTRACT_VERSION}",
            hint="use the version of pytest-osiris that wrote it",
        )
    return value


def read_object(path: Path) -> dict[str, Any]:
    """Read a file that is one JSON object. SessionError where it is missing, cut off, or something else."""
    try:
        with open_regular(path) as source:
            value = json.loads(source.read())
    except FileNotFoundError as error:
        raise SessionError(
            f"{path.parent} is no closed session: it has no {path.name}",
            hint="its run is still going on, or its owner died before the end",
        ) from error
    except OSError as error:
        raise SessionError(f"{path} cannot be read: {error.strerror or error.args[-1]}") from error
    except ValueError as error:
        raise SessionError(f"{path} is cut off or is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise SessionError(f"{path} is no JSON object")
    return value
