"""A distribution that extends pytest-osiris in every way there is, in an environment of its own; and its broken twin."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.parity.record_io import decode_records

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord, RecordSet

EXTENDING = Path(__file__).resolve().parent.parent / "extending"
PAGE = EXTENDING.parent.parent / "docs" / "how-to" / "extending.md"
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
STEPS = """
import os

def write(inputs, ctx):
    (ctx.output_dir / "x.broken").write_text(str(os.nice(0)))
"""

TEST = """
import pytest

@pytest.mark.%s
@pytest.mark.osiris("%s.osiris.yaml", target="%s")
def test_it(osiris_run):
    pass
"""


def install(site: Path, source: Path) -> None:
    """Install a distribution as an editable one is: its metadata, and a path to its code."""
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in of.items()) for group, of in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups))
    (info / "RECORD").write_text("")
    (site / f"{project['name']}.pth").write_text(f"{source}\n")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has both distributions, and everything that this one has."""
    home = tmp_path_factory.mktemp("extended") / "env"
    venv.create(home, symlinks=True)
    here = sysconfig.get_path("purelib")
    (home / SITE / "here.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    for source in (EXTENDING / "example", EXTENDING / "broken"):
        install(home / SITE, source)
    return home / "bin" / "python"


class Shop:
    """A project, and pytest runs in it."""

    def __init__(self, root: Path, python: Path) -> None:
        self.root, self.python = root, python
        (root / "pyproject.toml").write_text("")
        (root / "code").mkdir()
        (root / "code" / "steps.py").write_text(STEPS)

    def manifest(self, name: str, driver: str = "shop.prices", config: str = "{path: list.prices}") -> None:
        """Write a pipeline of one step."""
        steps = f"steps:\n  - {{id: only, driver: {driver}, config: {config}}}\n"
        (self.root / f"{name}.osiris.yaml").write_text(f'osiris: "1"\npipeline: {{id: {name}}}\ncode: [code]\n{steps}')

    def test(self, name: str, target: str, *, mark: str = "filterwarnings") -> None:
        """Write a test function that runs a manifest on targets of its own."""
        (self.root / "test_it.py").write_text(TEST % (mark, name, target))

    def run(self, plugin: str, *arguments: str) -> tuple[int, str, RecordSet]:
        """Run pytest with one of the plugins; return its exit code, its output on few lines, and the records."""
        report = self.root / "report.html"
        report.with_suffix(".json").unlink(missing_ok=True)
        ended = subprocess.run(
            [
                self.python,
                "-m",
                "pytest",
                "-p",
                "osiris",
                "-p",
                plugin,
                "--osiris-triage=off",
                f"--osiris-report={report}",
                *arguments,
            ],
            cwd=self.root,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )
        data = report.with_suffix(".json")
        records: Any = decode_records(data.read_bytes()) if data.exists() else None
        return ended.returncode, " ".join((ended.stdout + ended.stderr).split()), records


@pytest.fixture
def shop(tmp_path: Path, python: Path) -> Shop:
    """An empty project."""
    return Shop(tmp_path, python)


def by_pipeline(records: RecordSet) -> dict[str, ParityRecord]:
    return {each.pipeline_id: each for each in records.records}


def test_the_example_is_at_work_in_every_way_there_is(shop: Shop) -> None:
    """Driver, backends, comparer and the four hooks, in one run of a project that has nothing of its own."""
    shop.manifest("cheap")
    shop.test("cheap", "nicest", mark="budget(ms=1)")

    code, said, records = shop.run("shop_osiris", "--osiris-target=local,nice:3")

    slow, cheap = sorted(records.records, key=lambda each: len(each.targets))
    assert (code, cheap.verdict, cheap.passed) == (1, "EQUIVALENT", True), said
    assert cheap.targets[0].steps[0].driver == "shop.prices"  # the driver
    assert [(run.target, run.provider) for run in cheap.targets] == [
        ("local", "host"),
        ("nice:3", "nice"),
    ]  # the backend
    assert [(use.comparer, use.examples) for use in cheap.comparison.comparers] == [
        ("prices of shop-osiris 1.0", ("only/list.prices",))
    ]
    decided = {use.rule: use.source for use in cheap.comparison.rules if use.decided}
    assert decided == {
        "list-numbers": "hook",
        "to-the-cent": "default",
    }  # the rule of the hook, and that of the comparer
    assert [(run.target, run.provider) for run in slow.targets] == [("nicest", "nice")]  # the backend by hook
    assert (slow.targets[0].outcome, slow.passed) == ("succeeded", False)  # the hook that makes verdicts worse
    assert re.search(r"FAILED cheap.osiris.yaml it took \d+ ms, and 1 are allowed", said)
    (section,) = records.sections
    assert (section.source, set(section.rows)) == (
        "shop_osiris",
        {("cheap.osiris.yaml", "local and nice:3"), ("cheap.osiris.yaml", "nicest")},
    )
    assert "Shop (by shop_osiris) Prices are in euro. manifest targets cheap.osiris.yaml " in said
    assert "compared by prices of shop-osiris 1.0: 1 file" in (shop.root / "report.html").read_text()
    assert "Prices are in euro." in (shop.root / "report.html").read_text()


def test_each_mistake_of_the_broken_twin_has_its_sentence(shop: Shop) -> None:
    """One run: none of them keeps another from being seen, and none is green."""
    shop.manifest("driver", "broken.prices", "{}")
    for name in ("rules", "backend", "comparer", "verdict"):
        shop.manifest(name, "python.callable", '{function: "steps:write"}')
    shop.test("comparer", "local,nice:3")

    code, said, records = shop.run(
        "shop_broken",
        "-p",
        "shop_osiris",
        "--osiris-target=broken",
        "test_it.py",
        *(f"{name}.osiris.yaml" for name in ("driver", "rules", "backend", "verdict")),
    )

    found = by_pipeline(records)
    comparer, gap = (
        found["comparer"],
        "x.broken was not compared as broken of shop-broken 1.0: RuntimeError: the scales are away",
    )
    assert code == 1
    assert "the driver `broken.prices` cannot be used: " in said
    assert "shop_broken.py:11:12: kind cannot be 'cashier'" in said
    assert "the hook pytest_osiris_normalizers of shop_broken gave {'id': 'not-a-list'}" in found["rules"].headline
    assert found["backend"].verdict == "INFRA"
    assert "LookupError: no shop is open (this is a fault of shop_broken)" in found["backend"].headline
    assert "the hook pytest_osiris_verdict of shop_broken made the record better" in found["verdict"].headline
    assert (comparer.verdict, comparer.comparison.not_compared) == ("DIVERGENT", (f"only/{gap}",))
    assert not any(each.passed for each in records.records)
    assert "the hook pytest_osiris_report_section of shop_broken gave '<h1>Shop</h1>'" in " ".join(records.unmet)


def test_the_page_about_extending_shows_what_runs() -> None:
    """Every block of code is in a file that a test runs, to the letter."""
    files = [EXTENDING.parent.parent / "osiris_core" / "backends" / "venv.py", *(EXTENDING / "example").rglob("*.*")]
    code = "\n".join(path.read_text() for path in files if path.suffix in {".py", ".toml"})
    blocks = re.findall(r"^```(?:python|toml)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)

    assert len(blocks) == 9
    assert [block for block in blocks if block not in code] == []
