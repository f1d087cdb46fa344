"""How long manifests take to load and to be checked, next to YAML readers that check nothing.

    python benchmarks/manifests.py [--rounds N]

Shapes: a thousand files of 20 steps, one of 10,000 steps, and one step that needs a thousand others; each file is
read, validated, put in order and fingerprinted by `load_manifest`. The peers only make dicts and lists of the same texts:
PyYAML with libyaml (`CSafeLoader`), msgspec.yaml (over the same libyaml), and ruamel.yaml, where it is installed and
where it does not take minutes. A round does all of it in turn; the ratios are made round by round.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import yaml

from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.manifest.loader import load_manifest

try:
    from ruamel.yaml import YAML
except ImportError:
    YAML = None

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = 'osiris: "1"\npipeline: {id: bench, version: 0.1.0}\ninputs: [../data/flights.csv]\nsteps:\n'
THREE = """\
  - {id: read-N, driver: filesystem.csv_extractor, config: {path: ../data/flights.csv}}
  - id: count-N
    driver: duckdb.processor
    needs: [read-N]
    config: {query: "select carrier, count(*) as n from df_read_N group by carrier order by carrier"}
  - id: write-N
    driver: filesystem.csv_writer
    needs: [count-N]
    config: {path: out-N.csv, header: true}
"""


def chain(steps: int) -> str:
    """Return a manifest of about `steps` steps: reading, counting, writing, over and over."""
    return HEAD + "".join(THREE.replace("-N", f"-{each}").replace("_N", f"_{each}") for each in range((steps + 2) // 3))


def fan(needs: int) -> str:
    """Return a manifest with one step that needs `needs` others."""
    lines = [
        f"  - {{id: s{each}, driver: duckdb.processor, config: {{query: select 1 as x}}}}\n" for each in range(needs)
    ]
    wanted = ", ".join(f"s{each}" for each in range(needs))
    return (
        HEAD
        + "".join(lines)
        + f"  - {{id: all, driver: duckdb.processor, needs: [{wanted}], config: {{query: select 1}}}}\n"
    )


def peers() -> dict[str, Callable[[str], object]]:
    """Return the other readers by name."""
    found: dict[str, Callable[[str], object]] = {
        "PyYAML": partial(yaml.load, Loader=yaml.CSafeLoader),
        "msgspec": msgspec.yaml.decode,
    }
    if YAML is not None:
        found["ruamel"] = YAML(typ="safe", pure=True).load
    return found


def cpu_seconds(work: Callable[[Path], object], files: list[Path]) -> float:
    """Return the processor time that the work takes for all files: others may use the machine meanwhile."""
    started = time.process_time()
    for file in files:
        work(file)
    return time.process_time() - started


def measure(files: list[Path], root: Path, rounds: int) -> tuple[list[float], dict[str, list[float]]]:
    """Return the seconds of each round, and what they are to those of each peer."""
    load = partial(load_manifest, project_root=root, drivers=DriverCatalog(root))
    ours: list[float] = []
    ratios: dict[str, list[float]] = {name: [] for name in peers()}
    for index in range(rounds):
        ours.append(cpu_seconds(load, files))
        for name, read in peers().items():
            if name == "ruamel" and index:
                continue  # once is enough to know
            some = files[: max(1, len(files) // 20)] if name == "ruamel" else files
            theirs = cpu_seconds(partial(_read_with, read), some) / len(some) * len(files)
            ratios[name].append(ours[-1] / theirs)
    return ours, ratios


def _read_with(read: Callable[[str], object], file: Path) -> None:
    read(file.read_text())


def main() -> int:
    """Print one row per shape: seconds of processor time, and how many times what each peer takes, medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"{'manifests':>20} {'cpu s':>8} {'least':>8}" + "".join(f" {'/ ' + name:>10}" for name in peers()))
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "data").mkdir()
        (root / "data" / "flights.csv").write_text("carrier\n")
        shapes = {
            "1,000 of 20 steps": [chain(20)] * 1000,
            "1 of 10,000 steps": [chain(10_000)],
            "1 of 1,000 needs": [fan(1000)],
        }
        for label, texts in shapes.items():
            folder = root / label.replace(" ", "-").replace(",", "")
            folder.mkdir()
            files = [folder / f"{index}.osiris.yaml" for index in range(len(texts))]
            for file, text in zip(files, texts, strict=True):
                file.write_text(text)
            ours, ratios = measure(files, root, rounds)
            medians = "".join(f" {statistics.median(each):10.2f}" for each in ratios.values())
            print(f"{label:>20} {statistics.median(ours):8.2f} {min(ours):8.2f}{medians}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
