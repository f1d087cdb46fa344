"""Looks for a manifest that makes the loader raise anything but `ManifestError`, guided by coverage.

    uv run --with atheris python benchmarks/fuzz_loader.py [--seconds N] [--inputs DIRECTORY]

atheris is Google's fuzzer for Python, over libFuzzer; it has wheels for Linux and is no dependency of this project: install
it by hand. It changes the bytes of the manifests that ship with the project, keeps in DIRECTORY what reaches new code, and
stops at the first exception that is none of ours, at a problem that has no place in its file, or at a manifest that
loads without an order of all its steps. It prints the bytes then; they belong into `tests/manifest/test_fuzz.py`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["osiris_core.manifest", "osiris_core.drivers", "osiris_core.wire"]):
    from osiris_core.drivers.catalog import DriverCatalog
    from osiris_core.errors import ManifestError
    from osiris_core.manifest.loader import load_manifest

MAX_BYTES = 4096
WORDS = [
    *('osiris: "1"\n', "pipeline: {id: p}\n", "inputs: [", "code: [", "requirements: [", "env: {", "params: {", "secrets: ["),
    *("connections: ", "network: ", "resources: {cpus: ", "template: ", "timeout_s: ", "on_failure: ", "steps:\n  - {", "id: a"),
    *("driver: ", "duckdb.processor", "filesystem.csv_extractor", "python.callable", "shell.command", "config: {", "needs: ["),
    *("cfg_path: ", "retries: ", "expect: {", "outcome: ", "failed_step: ", "rows: {", "metrics: {", "artifacts: {", "parity: {"),
    *("text: exact", "pytest: {", "marks: [", "parametrize: {", "ids: [", "${params.", "${secret:", "@db.main", "query: ", "path: "),
    *("&x ", "*x", "|\n  ", ">-\n  ", "\\ud83d\\ude00", "\\u0000", "!!str ", "<<: ", "%YAML 1.2\n---\n", "0x", ".nan", "1e999", "~"),
]  # fmt: skip


class Target:
    """Loads what the fuzzer makes, in a project of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "data").mkdir()
        (root / "data" / "flights.csv").write_text("carrier\n")
        (root / "code").mkdir()
        (root / "code" / "work.py").write_text("def run(inputs, ctx):\n    return None\n")
        (root / "manifests").mkdir()
        self.manifest = root / "manifests" / "x.osiris.yaml"
        self.catalog = DriverCatalog(root)
        self.loaded = 0

    def __call__(self, data: bytes) -> None:
        """Load one; anything that is raised here is what was looked for."""
        self.manifest.write_bytes(data)
        try:
            found = load_manifest(self.manifest, project_root=self.root, drivers=self.catalog)
        except ManifestError as error:
            lines = len(data.replace(b"\r", b"\n").split(b"\n"))
            if not error.problems:
                raise AssertionError("an error without a problem") from error
            for each in error.problems:
                inside = each.path != "manifests/x.osiris.yaml" or each.line <= lines
                if not (inside and each.line >= 1 and each.column >= 1 and "\n" not in str(each)):
                    raise AssertionError(f"a problem without a place: {each}") from error
        else:
            self.loaded += 1
            if sorted(found.order) != sorted(each.id for each in found.steps):
                raise AssertionError("a manifest without an order of all its steps")


def main() -> None:
    """Fuzz for the given time; libFuzzer prints what it does, and ends the process."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("--seconds", type=int, default=300)
    given.add_argument("--inputs", type=Path, help="where interesting inputs are kept; a temporary directory")
    chosen = given.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        inputs = chosen.inputs or Path(scratch) / "inputs"
        inputs.mkdir(parents=True, exist_ok=True)
        for each in (ROOT / "fixtures").rglob("*.osiris.yaml"):
            (inputs / each.name).write_bytes(each.read_bytes()[:MAX_BYTES])
        words = Path(scratch) / "words"
        quoted = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in WORDS)
        words.write_text("".join(f'"{each}"\n' for each in quoted))
        project = Path(scratch) / "project"
        project.mkdir()
        arguments = [f"-max_total_time={chosen.seconds}", f"-max_len={MAX_BYTES}", f"-dict={words}", "-timeout=20"]
        atheris.Setup([sys.argv[0], *arguments, "-print_final_stats=1", str(inputs)], Target(project))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
