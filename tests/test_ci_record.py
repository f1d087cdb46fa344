"""`.ci/require_identical.py` tells what the record of the README's first command lacks; CI ends with it."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    """The script, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("require_identical", repository / ".ci" / "require_identical.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def record_of(name: str, artifacts: int = 1) -> dict[str, Any]:
    """Return as much of a record as is read."""
    compared = {"events": [9, 9], "metrics": [4, 4], "tables": [1, 1], "artifacts": [artifacts, artifacts]}
    return {
        "manifest": f"fixtures/manifests/{name}.osiris.yaml",
        "verdict": "IDENTICAL",
        "passed": True,
        "headline": "it is so",
        "targets": [
            {"target": "local", "provider": "host", "isolation": "none"},
            {"target": "e2b", "provider": "embedded", "isolation": "bubblewrap"},
        ],
        "comparison": {"compared": compared},
    }


def judged(
    script: ModuleType, place: Path, capsys: pytest.CaptureFixture[str], *records: dict[str, Any]
) -> tuple[int, str]:
    """Return how the script ends, and what it says, where the directory has two pipelines."""
    for name in ("linear", "failing-middle"):
        (place / f"{name}.osiris.yaml").touch()
    (place / "parity.json").write_text(json.dumps({"records": records}))
    return script.main(place / "parity.json", place), capsys.readouterr().out


def test_a_record_with_everything_passes(script, tmp_path, capsys):
    """A pipeline whose writer is never reached leaves nothing to compare, and is known by its name."""
    code, said = judged(script, tmp_path, capsys, record_of("linear"), record_of("failing-middle", artifacts=0))
    assert (code, said) == (0, "2 of 2 manifests are in the record, with 0 problems\n")


def equivalent(record: dict[str, Any]) -> None:
    record["verdict"] = "EQUIVALENT"


def failed(record: dict[str, Any]) -> None:
    record["passed"] = False


def in_plain_sight(record: dict[str, Any]) -> None:
    record["targets"][1]["isolation"] = "none"


def elsewhere(record: dict[str, Any]) -> None:
    record["targets"][1]["provider"] = "cloud"


def twice(record: dict[str, Any]) -> None:
    record["targets"].append(record["targets"][1])


def not_compared(record: dict[str, Any]) -> None:
    record.update(verdict=None, comparison=None)


def without(layer: str) -> Callable[[dict[str, Any]], None]:
    def take(record: dict[str, Any]) -> None:
        record["comparison"]["compared"][layer] = [3, 0]

    return take


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (equivalent, "linear is EQUIVALENT: it is so"),
        (failed, "linear is IDENTICAL: it is so"),
        (in_plain_sight, "linear did not run once in an embedded sandbox behind bubblewrap"),
        (elsewhere, "linear did not run once in an embedded sandbox behind bubblewrap"),
        (twice, "linear did not run once in an embedded sandbox behind bubblewrap"),
        (not_compared, "linear is None: it is so"),
        *(
            (without(layer), f"linear: no {layer} were compared")
            for layer in ("events", "metrics", "tables", "artifacts")
        ),
    ],
)
def test_what_it_lacks_is_told(script, tmp_path, capsys, damage, said):
    linear = record_of("linear")
    damage(linear)
    code, printed = judged(script, tmp_path, capsys, linear, record_of("failing-middle"))
    assert code == 1
    assert said in printed.splitlines()


def test_a_pipeline_that_did_not_run_is_told(script, tmp_path, capsys):
    code, printed = judged(script, tmp_path, capsys, record_of("linear"))
    assert code == 1
    assert "the record has ['linear'], the directory ['failing-middle', 'linear']" in printed
