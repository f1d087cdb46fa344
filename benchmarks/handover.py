"""How much memory a run needs to hand a table from step to step: nothing beyond the table itself, if it is not copied.

    python benchmarks/handover.py [--mib N] [--rounds N]

A worker runs three steps on the local target: the first makes a table, the second hands the same one on, the third looks at it. The
executor itself tells its peak of resident memory, in the last step. The base is the same run with a table of a few rows. The
quotient (peak - base) / table is what to quote.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from osiris_core.check import Checker, CheckOptions, load

CODE = r'''
import re
from pathlib import Path

import pyarrow as pa

ROWS = 1 << 20


def make(inputs, ctx, *, mib):
    """A table of three columns of 8 bytes a value, in chunks of 8 MiB that take no more memory than they have."""
    kinds = {"id": pa.int64(), "amount": pa.float64(), "at": pa.timestamp("us")}
    rows = ROWS if mib >= 24 else 1000
    columns = [
        pa.chunked_array([chunk(kind, rows, ctx.rng) for _ in range(max(1, mib // 24))], kind) for kind in kinds.values()
    ]
    return pa.table(columns, names=list(kinds))


def chunk(kind, rows, rng):
    return pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(rng.randbytes(rows * 8))])


def hand_on(inputs, ctx):
    (table,) = inputs.values()
    ctx.log_event("buffers", addresses=addresses(table))
    return table


def look(inputs, ctx):
    (table,) = inputs.values()
    ctx.log_event("buffers", addresses=addresses(table))
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
    ctx.log_event("memory", peak_kib=peak, table_bytes=table.nbytes)


def addresses(table):
    return [each.address for column in table.columns for chunk in column.chunks for each in chunk.buffers() if each]
'''
MANIFEST = """
osiris: "1"
pipeline: {{id: hand-over}}
code: [code]
steps:
  - {{id: make, driver: python.callable, config: {{function: "tables:make", kwargs: {{mib: {mib}}}}}}}
  - {{id: hand-on, driver: python.callable, needs: [make], config: {{function: "tables:hand_on"}}}}
  - {{id: look, driver: python.callable, needs: [hand-on], config: {{function: "tables:look"}}}}
"""


def run(checker: Checker, root: Path, mib: int) -> dict[str, int]:
    """Run once; return what the last step told of memory."""
    path = root / "hand-over.osiris.yaml"
    path.write_text(MANIFEST.format(mib=mib))
    record = checker.check(load(path, project_root=root), ["local"])
    if not record.passed:
        raise SystemExit(record.headline)
    lines = (root / record.targets[0].session_directory / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    first, second = (each["addresses"] for each in events if each["event"] == "buffers")
    if first != second:
        raise SystemExit("the two steps did not see the same buffers")
    (found,) = (each for each in events if each["event"] == "memory")
    return {"peak_bytes": found["peak_kib"] << 10, "table_bytes": found["table_bytes"]}


def main() -> int:
    """Print base, peak, table and the quotient."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "pyproject.toml").write_text("")
        (root / "code").mkdir()
        (root / "code" / "tables.py").write_text(CODE)
        with Checker(CheckOptions(project_root=root)) as checker:
            bases = [run(checker, root, 0)["peak_bytes"] for _ in range(given.rounds)]
            rounds = [run(checker, root, given.mib) for _ in range(given.rounds)]
    base, table = statistics.median(bases), rounds[0]["table_bytes"]
    peak = statistics.median(each["peak_bytes"] for each in rounds)
    print(
        f"table {table >> 20} MiB, base {int(base) >> 20} MiB, peak {int(peak) >> 20} MiB,"
        f" (peak - base) / table {(peak - base) / table:.3f}, rounds: {given.rounds}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
