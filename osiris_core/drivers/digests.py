"""The hashes behind a table's digests, as SQL: 64 bits a value, the same whatever the chunks and threads."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa


def hash_of(field: str, kind: pa.DataType) -> str:
    """Return the SQL of one value's hash.

    The engine's hash takes -0.0 for 0.0, so the sign of a zero is hashed too; inside nested values, where that
    cannot be asked for, so is the value's text.
    """
    import pyarrow as pa

    if pa.types.is_floating(kind):
        return f"hash({field}, {field} = 0 and signbit({field}))"
    if pa.types.is_nested(kind):
        return f"hash({field}, {field}::varchar)"
    return f"hash({field})"


def row_hash(hashes: Sequence[str]) -> str:
    """Return the SQL of one row's hash from its values' hashes.

    Hashed once more: the engine combines hashes by xor, and an xor over rows would undo that.
    """
    return f"hash(hash({', '.join(hashes)}))"


def order_digest_of(hashed: str) -> str:
    """Return the SQL that binds a hash to its row's number `n`."""
    return f"hash(hash({hashed}, n))"


def digest(*facts: str | int) -> str:
    """Return 128 bits, as hex, over what the aggregates found."""
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()
