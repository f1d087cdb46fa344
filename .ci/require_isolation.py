"""Exit 1 unless every manifest in a report's record ran once in an embedded sandbox that bubblewrap isolates."""

import json
import sys
from pathlib import Path
from typing import Any


def main(path: Path) -> int:
    """Read the record beside the HTML report and look at what really ran."""
    records = json.loads(path.read_text(encoding="utf-8"))["records"]
    isolated = [record for record in records if sandboxes(record) == [("embedded", "bubblewrap")]]
    sys.stdout.write(f"{len(records)} manifests, {len(isolated)} of them ran once in a sandbox behind bubblewrap\n")
    return 0 if records and len(isolated) == len(records) else 1


def sandboxes(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Return provider and isolation of every run of a record that was made in a sandbox."""
    return [(run["provider"], run["isolation"]) for run in record["targets"] if run["target"] == "e2b"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
