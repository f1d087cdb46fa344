"""Arrow IPC files, the file form (`.arrow`, `.feather`) and the stream form (`.arrows`): one table each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.tables.model import Table, TableError, batch_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

MAGIC: Final = b"ARROW1\0\0"
_FEATHER_1: Final = b"FEA1"


def read_arrow(path: Path) -> Table:
    """Return the table of a file. pyarrow's errors pass where it is none or is cut off."""
    import pyarrow as pa

    with path.open("rb") as source:
        head = source.read(len(MAGIC))
    if head.startswith(_FEATHER_1):
        raise TableError("Feather of version 1 is not read")
    is_file = head == MAGIC
    # Not mapped: a file that is cut off meanwhile would end this process.
    with pa.OSFile(str(path)) as opened:
        schema = (pa.ipc.open_file(opened) if is_file else pa.ipc.open_stream(opened)).schema

    def batches() -> Iterator[pa.RecordBatch]:
        rows = batch_rows(len(schema))
        with pa.OSFile(str(path)) as source:
            for batch in _stored(source, is_file=is_file):
                # Offsets come from a file that nobody has checked: outside its buffers they would be read all the same.
                batch.validate(full=True)
                for start in range(0, batch.num_rows, rows):
                    yield batch.slice(start, rows)

    return Table(schema=schema, batches=batches)


def _stored(source: pa.NativeFile, *, is_file: bool) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    if not is_file:
        yield from pa.ipc.open_stream(source)
        if left := source.size() - source.tell():
            raise TableError(f"{left:,} bytes stand behind the end of the stream")
        return
    reader = pa.ipc.open_file(source)
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number)


def container(path: Path) -> dict[str, Any]:
    """Return what a file says about itself: facts of the container, not of the table."""
    import pyarrow as pa

    with path.open("rb") as source:
        is_file = source.read(len(MAGIC)) == MAGIC
    with pa.OSFile(str(path)) as opened:
        schema = (pa.ipc.open_file(opened) if is_file else pa.ipc.open_stream(opened)).schema
    with pa.OSFile(str(path)) as opened:
        lengths = [batch.num_rows for batch in _stored(opened, is_file=is_file)]
    return {
        "form": "file" if is_file else "stream",
        "types in memory": str(schema.remove_metadata()),
        "metadata": {str(key): str(value) for key, value in (schema.metadata or {}).items()},
        "field metadata": [str(field.metadata) for field in schema],
        "batches": lengths,
        "bytes": path.stat().st_size,
    }
