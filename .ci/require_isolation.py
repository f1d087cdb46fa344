"""Exit 1 unless every e2b run in a report's record was isolated by bubblewrap, and there was at least one."""

import json
import sys
from pathlib import Path


def main(path: Path) -> int:
    """Read the record beside the HTML report and look at what really ran."""
    records = json.loads(path.read_text(encoding="utf-8"))["records"]
    runs = [target for record in records for target in record["targets"] if target["target"] == "e2b"]
    wrong = [run for run in runs if run["isolation"] != "bubblewrap" or run["provider"] != "embedded"]
    sys.stdout.write(f"{len(records)} manifests, {len(runs)} runs in a sandbox, {len(wrong)} not isolated by bubblewrap\n")
    return 0 if runs and len(runs) == len(records) and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
