"""Exit 1 unless the record beside a report shows every manifest of a directory identical, with an isolated sandbox, and something compared.

The directory is the one of the healthy pipelines: `python .ci/require_identical.py reports/parity.json fixtures/manifests`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMPARED = ("events", "metrics", "tables", "artifacts")
SUFFIX = ".osiris.yaml"
WITHOUT_ARTIFACTS = {"failing-middle"}
"""Its writer is never reached."""


def main(record: Path, manifests: Path) -> int:
    """Read the record, and tell what it lacks."""
    records = json.loads(record.read_text(encoding="utf-8"))["records"]
    expected = {path.name.removesuffix(SUFFIX) for path in manifests.glob(f"*{SUFFIX}")}
    wrong = list(problems(records, expected))
    sys.stdout.write("".join(f"{each}\n" for each in wrong))
    sys.stdout.write(f"{len(records)} of {len(expected)} manifests are in the record, with {len(wrong)} problems\n")
    return 0 if records and not wrong else 1


def problems(records: Sequence[dict[str, Any]], expected: set[str]) -> Iterator[str]:
    """Yield what is wrong with the records of so many pipelines, a sentence each."""
    names = [Path(record["manifest"]).name.removesuffix(SUFFIX) for record in records]
    if sorted(names) != sorted(expected):
        yield f"the record has {sorted(names)}, the directory {sorted(expected)}"
    for name, record in zip(names, records, strict=True):
        if (record["verdict"], record["passed"]) != ("IDENTICAL", True):
            yield f"{name} is {record['verdict']}: {record['headline']}"
        if sandboxes(record) != [("embedded", "bubblewrap")]:
            yield f"{name} did not run once in an embedded sandbox behind bubblewrap"
        compared = record["comparison"]["compared"] if record["comparison"] else {}
        for layer in COMPARED:
            if not min(compared.get(layer, [0])) and not (layer == "artifacts" and name in WITHOUT_ARTIFACTS):
                yield f"{name}: no {layer} were compared"


def sandboxes(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Return provider and isolation of every run of a record that was made in a sandbox."""
    return [(run["provider"], run["isolation"]) for run in record["targets"] if run["target"] == "e2b"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
