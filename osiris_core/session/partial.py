"""What came of a run whose artifacts are not all there: kept apart from `artifacts/`, with a list of what is verified."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from osiris_core.session import contract
from osiris_core.session.adoption import move_into, tree_paths
from osiris_core.session.files import file_facts, make_directory, refused, remove_tree, write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def keep_partial(
    directory: Path, sources: Sequence[Path], records: Sequence[Mapping[str, Any]], *, session_id: str
) -> int:
    """Move the files below `sources` that are as recorded to `artifacts.partial/`; nothing appears where none is.

    Return how many there are.

    Each is held against its record first. SessionError names a path that the disk refused.
    """
    staging = directory / contract.HOST_DIRECTORY / contract.ADOPTION_DIRECTORY
    remove_tree(staging)
    verified, missing = [], []
    found = {source: tree_paths(source, set()) for source in sources}
    for record in records:
        source = next((each for each in sources if record["path"] in found[each] and _is_recorded(each, record)), None)
        entry = {name: record[name] for name in ("path", "size_bytes", "mode", "sha256")}
        if source is None:
            missing.append(entry)
            continue
        make_directory(staging)
        move_into(staging, source, record)
        verified.append(entry)
    if not verified:
        return 0
    listed = {
        "contract": contract.CONTRACT_VERSION,
        "session": session_id,
        "verified": verified,
        "missing": missing,
    }
    write_atomically(staging / contract.PARTIAL_FILE, json.dumps(listed, indent=2).encode("ascii") + b"\n")
    destination = directory / contract.PARTIAL_DIRECTORY
    remove_tree(destination)
    with refused(destination, "cannot be moved into place"):
        staging.rename(destination)
    return len(verified)


def _is_recorded(source: Path, record: Mapping[str, Any]) -> bool:
    try:
        facts = file_facts(source / record["path"])
    except OSError:
        return False
    return tuple(facts) == (record["size_bytes"], record["mode"], record["sha256"])
