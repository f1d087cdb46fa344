"""Tables that are too large to stand in memory until a later step needs them: mapped from an Arrow IPC file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

_BATCH_ROWS: Final = 1 << 20


def spilled(table: pa.Table, path: Path, *, limit_bytes: int) -> pa.Table:
    """Return `table`, mapped from a new file at `path` where it is larger than `limit_bytes`.

    The mapped table is equal to the last bit of its schema, its values and their encodings. Its file has no name any
    more when this returns: it goes with the last reference to the table, whatever becomes of this process. OSError
    when it cannot be written.
    """
    import pyarrow as pa

    if table.nbytes <= limit_bytes:
        return table
    path.parent.mkdir(exist_ok=True)
    try:
        # The stream form: a file cannot hold chunks with dictionaries of their own.
        with path.open("xb") as out, pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table, max_chunksize=_BATCH_ROWS)
        mapped = pa.ipc.open_stream(pa.memory_map(str(path))).read_all()
    finally:
        path.unlink(missing_ok=True)
    if not mapped.schema.equals(table.schema, check_metadata=True):
        return table  # a type that only this process knows
    return mapped


def give_back_memory() -> None:
    """Return to the system what Arrow keeps of memory that nobody uses any more."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
