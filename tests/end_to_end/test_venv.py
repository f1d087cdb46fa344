"""Two sets of versions: the same worker in other virtual environments, with what is installed there."""

from __future__ import annotations

import json
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from osiris_core.check import Checker, CheckOptions, load
from osiris_core.cli import main
from osiris_core.errors import UsageError
from osiris_core.parity.record import Verdict
from osiris_core.parity.triage.reruns import TriageBudget

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = """
osiris: "1"
pipeline: {id: prices}
code: [code]
steps:
  - {id: only, driver: python.callable, config: {function: "steps:%s"}}
"""
STEPS = """
import shutil

def place(inputs, ctx):
    (ctx.output_dir / "place.txt").write_text(str(ctx.output_dir))

def write(inputs, ctx):
    import shop_rules
    (ctx.output_dir / "price.txt").write_text(f"{shop_rules.price(10)}\\n")
    ctx.logger.info("rules of %s, python of %s", shop_rules.__file__, shutil.which("python"))
"""
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def environment(home: Path, version: str, price: str) -> None:
    """Make an environment in which one distribution is installed."""
    venv.create(home, symlinks=True)
    info = home / SITE / f"shop_rules-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: shop-rules\nVersion: {version}\n")
    (home / SITE / "shop_rules.py").write_text(f"def price(n):\n    return {price}\n")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a pipeline, and three environments: two of one behaviour, one of another."""
    root = tmp_path_factory.mktemp("shop")
    (root / "pyproject.toml").write_text("")
    (root / "prices.osiris.yaml").write_text(MANIFEST % "write")
    (root / "places.osiris.yaml").write_text(MANIFEST % "place")
    (root / "code").mkdir()
    (root / "code" / "steps.py").write_text(STEPS)
    environment(root / "one", "1.0", "n")
    environment(root / "two", "2.0", "n + 1")
    environment(root / "also-one", "1.1", "1 * n")
    return root


def check(root: Path, session_root: Path, *targets: str, manifest: str = "prices", **options: object):
    given = CheckOptions(project_root=root, session_root=session_root, **options)  # type: ignore[arg-type]
    with Checker(given) as checker:
        return checker.check(load(root / f"{manifest}.osiris.yaml", project_root=root), targets)


def test_two_environments_that_behave_alike_are_identical_or_equivalent(shop, tmp_path):
    """Paths of the environments in a log are known roots; each worker imported from its own."""
    record = check(shop, tmp_path, "venv:one", "venv:also-one")

    assert record.verdict is Verdict.EQUIVALENT, record.headline
    assert [rule.rule for rule in record.comparison.rules if rule.decided] == ["known-roots"]
    assert [run.target for run in record.targets] == ["venv:one", "venv:also-one"]
    for run, home in zip(record.targets, ("one", "also-one"), strict=True):
        directory = tmp_path / run.session_directory
        told = json.loads((directory / "target.json").read_text())
        said = (directory / "logs" / "only.log").read_text()
        assert (told["target"], told["hello"]["roots"]["prefix"]) == (run.target, str(shop / home))
        assert f"rules of {shop / home}/{SITE}/shop_rules.py, python of {shop / home}/bin/python" in said
    assert [run.environment["distributions"] for run in record.targets] == [
        {"shop-rules": "1.0"},
        {"shop-rules": "1.1"},
    ]


def test_two_versions_that_behave_otherwise_diverge_with_both_versions_named(shop, tmp_path):
    """The headline names them; triage sees that each side is stable, that the place is not the cause, and that nothing else differs."""
    record = check(
        shop,
        tmp_path,
        "venv:one",
        "venv:two",
        triage="divergent",
        triage_budget=TriageBudget(repeats=1, confirmations=1),
    )

    assert record.verdict is Verdict.DIVERGENT
    assert "; because of distributions, shop-rules 1.0 on venv:one and shop-rules 2.0 on venv:two" in record.headline
    assert record.cause == record.triage.cause == "ENVIRONMENT(distributions)"
    assert record.triage.evidence == (
        "each target did the same in 2 of 2 runs",
        "distributions on venv:one and venv:two: shop-rules 1.0 | 2.0",
        "in the very place of venv:one, venv:two did as before, in 1 of 1 runs",
    )
    assert [(each.left, each.right) for each in record.triage.factors] == [("shop-rules 1.0", "shop-rules 2.0")]
    assert record.reproduce == "osiris-parity run prices.osiris.yaml --target venv:one,venv:two"
    left = [each.name for run in record.targets for each in (tmp_path / run.session_directory / ".host").iterdir()]
    assert not {"run", "reruns"} & set(left), left


def test_versions_are_not_blamed_for_what_the_place_of_a_run_does(shop, tmp_path):
    """They differ as well; but where the one runs in the other's place, it does otherwise than before."""
    budget = TriageBudget(repeats=1, confirmations=1)

    record = check(shop, tmp_path, "venv:one", "venv:two", manifest="places", triage="divergent", triage_budget=budget)

    assert (record.verdict, record.triage.cause) == (Verdict.DIVERGENT, "UNKNOWN")
    assert record.triage.evidence[-1] == "in the very place of venv:one, venv:two did otherwise than before"


def test_the_running_environment_can_be_named_and_is_another_process(shop, tmp_path):
    """It is no refusal: two nonces prove that two workers ran."""
    record = check(shop, tmp_path, "local", f"venv:{sys.prefix}")

    nonces = [
        json.loads((tmp_path / run.session_directory / "target.json").read_text())["hello"]["nonce"]
        for run in record.targets
    ]
    assert record.verdict in {Verdict.IDENTICAL, Verdict.EQUIVALENT}, record.headline
    assert nonces[0] != nonces[1]


def test_an_environment_that_is_not_there_starts_nothing(shop, tmp_path):
    """A target that cannot be is a wrong option, not a verdict."""
    with pytest.raises(UsageError, match="the target `venv:three` is no virtual environment"):
        check(shop, tmp_path, "local", "venv:three")

    assert not list(tmp_path.rglob("session.json"))


def test_the_command_runs_targets_of_environments(shop, monkeypatch, capfd):
    """`osiris-parity run --target`: exit code, verdict line, report and the command that repeats it."""
    monkeypatch.chdir(shop)
    targets = "--target=venv:one,venv:two"

    code = main(["run", "prices.osiris.yaml", targets, "--triage=off", "--report=r.html"])

    out, err = capfd.readouterr()
    page = (shop / "r.html").read_text()
    assert code == 1
    assert out == "DIVERGENT prices.osiris.yaml first diverging step: only\n"
    assert "    venv:one: 10\n    venv:two: 11\n" in err
    assert f"reproduce: osiris-parity run prices.osiris.yaml {targets} --triage=off" in err
    assert '<th scope="col" class="side-1">venv:one</th><th scope="col" class="side-2">venv:two</th>' in page
    assert "environment.distributions.shop-rules" in page or "distributions.shop-rules" in page


def test_an_environment_that_is_not_there_is_a_wrong_option_of_the_command(shop, monkeypatch, capfd):
    """Exit code 2, before anything runs."""
    monkeypatch.chdir(shop)

    assert main(["run", "prices.osiris.yaml", "--target=local,venv:three"]) == 2
    assert "the target `venv:three` is no virtual environment: " in capfd.readouterr().err
