"""Each parity bug of the catalogue that a run directory or a session can show is found: its verdict, reason code and step.

`docs/bug-catalogue.md` is the list; what a pipeline shows stands in `tests/end_to_end/test_fixtures.py`. The expected values stand
here; a case is a run without bugs to which exactly one is added.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from osiris_core.diffing import DiffOptions, diff
from osiris_core.parity.compare import compare
from osiris_core.parity.expectations import unmet
from osiris_core.parity.foreign.osiris import names
from tests.parity.osiris_runs import ROWS, WORKER_SESSION, healed
from tests.parity.sessions import failing, healthy, pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord
    from tests.parity.osiris_runs import Run

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
SECRET = "tr0ub4dor&3-horse"
DSN = f"postgresql://shop:{SECRET}@db.internal:5432/shop"


@dataclass(frozen=True)
class Expected:
    """What must be found: the verdict, the first diverging step, some findings (code, step, path), words of the problems."""

    verdict: str
    step: str | None = None
    finds: tuple[tuple[str, str | None, str], ...] = ()
    says: str = ""


CASES: dict[str, tuple[Callable[[Run, Run], object], Expected]] = {}


def bug(row: str, expected: Expected) -> Callable[[Callable[[Run, Run], object]], object]:
    """Register what a bug of the catalogue does to a pair of runs, and what must be found."""

    def register(plant: Callable[[Run, Run], object]) -> object:
        CASES[row] = (plant, expected)
        return plant

    return register


@bug(
    "D1",
    Expected("DIVERGENT", "total", (("event-missing", "total", "inputs_resolved"), ("outcome", "total", "outcome"))),
)
def no_input(_local: Run, e2b: Run) -> None:
    e2b.drop("inputs_resolved", "total")
    e2b.fail("total", "input_df of type NoneType")


@bug("D2", Expected("DIVERGENT", "extract", (("step-state", "extract", "state"), ("outcome", None, "outcome"))))
def worker_never_starts(_local: Run, e2b: Run) -> None:
    nothing_ran(e2b, "No module named 'osiris.components'")
    e2b.status.update(ok=False, exit_code=1)


@bug("D3", Expected("DIVERGENT", "total", (("failed-step", "total", "failed_step"), ("step-state", "total", "state"))))
def driver_is_not_registered(_local: Run, e2b: Run) -> None:
    e2b.events = [e for e in e2b.events if e.get("driver") != "duckdb.processor" or e["event"] != "driver_registered"]
    e2b.fail("total", "Driver 'duckdb.processor' not registered")


@bug(
    "D4",
    Expected(
        "DIVERGENT",
        "extract",
        (
            ("session-nested", None, "remote/session"),
            ("session-mixed", None, "events.jsonl"),
            ("event-doubled", "total", "step_complete"),
        ),
    ),
)
def session_in_a_session(_local: Run, e2b: Run) -> None:
    inner = [{**e, "session": WORKER_SESSION} for e in e2b.events if "step_id" in e]
    e2b.files["remote/session/events.jsonl"] = "".join(json.dumps(e) + "\n" for e in inner)
    for path in [each for each in e2b.files if each.startswith("artifacts/")]:
        e2b.files[f"remote/session/{path}"] = e2b.files.pop(path)


@bug("D5", Expected("DIVERGENT", None, (("event-changed", None, "cleanup_complete.total_rows"),)))
def rows_are_counted_twice(_local: Run, e2b: Run) -> None:
    e2b.find("cleanup_complete")["total_rows"] = 2 * ROWS


@bug(
    "D6",
    Expected(
        "DIVERGENT", "extract", (("metric-missing", None, "rows_read"), ("metric-missing", "write", "step_duration_ms"))
    ),
)
def no_metric_of_the_worker(_local: Run, e2b: Run) -> None:
    for name in ("rows_read", "rows_written", "step_duration_ms"):
        e2b.drop_metric(name)


@bug("D7", Expected("DIVERGENT", None, (("metric-missing", None, "rows_written"),)))
def rows_written_is_missing(_local: Run, e2b: Run) -> None:
    e2b.drop_metric("rows_written")


@bug("D8", Expected("DIVERGENT", "total", (("event-doubled", "total", "inputs_resolved"),)))
def event_is_doubled(local: Run, _e2b: Run) -> None:
    twin = local.find("inputs_resolved", "total")
    local.events.insert(local.events.index(twin), dict(twin))


@bug("D9", Expected("DIVERGENT", "extract", (("event-changed", "extract", "connection_resolve_complete.alias"),)))
def alias_is_unknown(_local: Run, e2b: Run) -> None:
    e2b.find("connection_resolve_complete")["alias"] = "unknown"


@bug("D10", Expected("DIVERGENT", "extract", (("artifact-content", "extract", "extract/cleaned_config.json*"),)))
def config_has_keys_of_the_host(_local: Run, e2b: Run) -> None:
    config = json.loads(e2b.files["artifacts/extract/cleaned_config.json"])
    config |= {"_connection_family": "mysql", "_connection_alias": "shop"}
    e2b.files["artifacts/extract/cleaned_config.json"] = json.dumps(config)


@bug("D11", Expected("EQUIVALENT"))
def both_fail_alike(local: Run, e2b: Run) -> None:
    for run in (local, e2b):
        run.fail("write", "_ddl_attempt() takes 1 positional argument but 6 were given")


@bug(
    "D15",
    Expected(
        "DIVERGENT",
        None,
        (
            ("secret-in-clear", None, "debug.log:an Authorization header"),
            ("secret-in-clear", None, "debug.log:a password in an address"),
        ),
    ),
)
def secrets_in_a_log(_local: Run, e2b: Run) -> None:
    e2b.files["debug.log"] = f"GET /orders\nAuthorization: Bearer {SECRET}\nconnecting to {DSN}\n"


@bug(
    "D16",
    Expected(
        "DIVERGENT",
        "total",
        (("event-changed", "total", "inputs_resolved.key"), ("event-changed", "write", "inputs_resolved.key")),
    ),
)
def inputs_have_other_keys(_local: Run, e2b: Run) -> None:
    for event in e2b.events:
        if event["event"] == "inputs_resolved":
            event["key"] = "df"


@bug(
    "D17",
    Expected("DIVERGENT", "extract", (("step-state", "extract", "state"), ("failed-step", "extract", "failed_step"))),
)
def context_lacks_a_method(_local: Run, e2b: Run) -> None:
    e2b.fail("extract", "'SimpleContext' object has no attribute 'log'", error_type="AttributeError")


@bug("D19", Expected("EQUIVALENT"))
def events_of_one_target_only(_local: Run, e2b: Run) -> None:
    e2b.event("dependency_install_complete", installed=[])
    e2b.events.insert(3, e2b.events.pop())


@bug("D20", Expected("DIVERGENT", "write", (("event-extra", "write", "table.ddl_planned"),)))
def event_too_many(_local: Run, e2b: Run) -> None:
    place = e2b.events.index(e2b.find("step_complete", "write"))
    e2b.events.insert(place, {**e2b.find("step_start", "write"), "event": "table.ddl_planned", "table": "orders"})


@bug("D22", Expected("INCONCLUSIVE", says="e2b: there is no status.json"))
def status_is_missing(_local: Run, e2b: Run) -> None:
    e2b.status = None


@bug("D26", Expected("DIVERGENT", "write", (("artifact-content", "write", "write/cfg.json*"),)))
def config_is_not_the_compilers(_local: Run, e2b: Run) -> None:
    e2b.configs["write"] = {"id": "write", "config": e2b.configs["write"]}


@bug(
    "D28",
    Expected(
        "DIVERGENT",
        "extract",
        (("absolute-path", "extract", "extract/cfg.json:path"), ("outcome", "extract", "outcome")),
    ),
)
def path_of_one_machine(local: Run, e2b: Run) -> None:
    local.configs["extract"]["path"] = "/Users/ann/data/orders.csv"
    e2b.configs["extract"]["path"] = "data/orders.csv"
    e2b.fail("extract", "No such file or directory: '/Users/ann/data/orders.csv'")


@bug(
    "P1",
    Expected(
        "DIVERGENT", "total", (("event-changed", "total", "inputs_resolved.key"), ("step-state", "total", "state"))
    ),
)
def table_is_not_there(_local: Run, e2b: Run) -> None:
    e2b.find("inputs_resolved", "total")["key"] = "df"
    e2b.fail("total", "Table with name df_extract does not exist")


@bug("P2", Expected("DIVERGENT", "extract", (("step-state", "extract", "state"), ("outcome", None, "outcome"))))
def prepare_fails(_local: Run, e2b: Run) -> None:
    nothing_ran(e2b, "No module named 'osiris.core.config'")
    e2b.status.update(ok=False, exit_code=1)


@bug(
    "P3",
    Expected(
        "DIVERGENT",
        "extract",
        (("outcome-contradicted", None, "status.json:ok"), ("outcome-contradicted", None, "run_complete")),
        says="the run says that it is complete, but 0 of 3 steps completed",
    ),
)
def nothing_ran_and_all_is_well(_local: Run, e2b: Run) -> None:
    nothing_ran(e2b, "")


@bug(
    "P4",
    Expected(
        "DIVERGENT",
        "write",
        (("step-state", "write", "state"), ("outcome-contradicted", None, "adapter_exit_code:exit_code")),
        says="the exit code is 0, but 2 of 3 steps completed",
    ),
)
def last_step_never_began(_local: Run, e2b: Run) -> None:
    e2b.events = [e for e in e2b.events if e.get("step_id") != "write" or e["event"] == "cfg_materialized"]
    e2b.files.pop("artifacts/write/cleaned_config.json")
    e2b.files.pop("artifacts/write/orders.csv")
    e2b.status.update(ok=False, exit_code=1, steps_completed=2)


@bug(
    "P5",
    Expected("DIVERGENT", "write", (("step-after-failure", "write", "step_start"), ("step-state", "write", "state"))),
)
def steps_go_on_after_a_failure(local: Run, e2b: Run) -> None:
    later = [e for e in e2b.events if e.get("step_id") == "write"]
    for run in (local, e2b):
        run.fail("total", "no rows")
    e2b.events[-4:-4] = later
    e2b.files["artifacts/write/orders.csv"] = "id,total\n"
    e2b.status["steps_completed"] = 2


@bug(
    "P6",
    Expected(
        "DIVERGENT",
        "write",
        (("artifact-missing", "write", "write/orders.csv"),),
        says="step write (filesystem.csv_writer) succeeded, but what it wrote is not in the run's directory",
    ),
)
def output_never_comes_back(_local: Run, e2b: Run) -> None:
    e2b.files.pop("artifacts/write/orders.csv")


@bug("P7", Expected("DIVERGENT", "write", (("event-missing", "write", "inputs_resolved"),)))
def second_input_is_lost(local: Run, _e2b: Run) -> None:
    first = local.find("inputs_resolved", "write")
    local.events.insert(local.events.index(first) + 1, {**first, "from_step": "extract", "key": "df_extract"})


@bug("P8", Expected("DIVERGENT", "extract", (("step-state", "extract", "state"), ("outcome", "extract", "outcome"))))
def metric_is_refused(_local: Run, e2b: Run) -> None:
    e2b.fail("extract", "1 validation error for MetricMessage: tags.tags", error_type="ValidationError")


@bug(
    "P9",
    Expected(
        "DIVERGENT",
        "extract",
        (
            ("secret-in-clear", "extract", "cfg/extract.json:resolved_connection.password"),
            ("artifact-content", "extract", "extract/cfg.json:resolved_connection"),
        ),
    ),
)
def password_in_a_config(_local: Run, e2b: Run) -> None:
    e2b.configs["extract"]["resolved_connection"] = {"host": "db", "user": "shop", "password": SECRET}


@bug(
    "P10",
    Expected(
        "DIVERGENT",
        "extract",
        (
            (
                "secret-in-clear",
                "extract",
                "artifacts/extract/cleaned_config.json:resolved_connection.pg_dsn: a password in an address",
            ),
            ("artifact-content", "extract", "extract/cleaned_config.json:resolved_connection.pg_dsn"),
        ),
    ),
)
def password_in_an_address(local: Run, e2b: Run) -> None:
    for run, dsn in ((local, DSN), (e2b, "***")):
        run.files["artifacts/extract/cleaned_config.json"] = json.dumps({"resolved_connection": {"pg_dsn": dsn}})


@bug("P11", Expected("EQUIVALENT"))
def failures_have_other_names(local: Run, e2b: Run) -> None:
    for run in (local, e2b):
        run.fail("total", "no such column: amount")


@bug(
    "P12",
    Expected(
        "DIVERGENT",
        "extract",
        (("event-changed", "extract", "step_failed.message"), ("error", "extract", "error.message")),
    ),
)
def errors_have_another_text(local: Run, e2b: Run) -> None:
    local.fail("extract", "Can't connect to MySQL server on 'db'")
    e2b.fail("extract", "No module named 'osiris.core.secrets_masking'")


@bug(
    "P13",
    Expected(
        "INCONCLUSIVE",
        None,
        (("outcome-contradicted", None, "cleanup_complete.total_rows"),),
        says="it counts 0 rows, but the metrics say that 10 were written",
    ),
)
def no_row_is_counted(local: Run, e2b: Run) -> None:
    for run in (local, e2b):
        run.find("cleanup_complete")["total_rows"] = 0


@bug(
    "P14",
    Expected(
        "INCONCLUSIVE",
        None,
        (("outcome-contradicted", None, "status.json:ok"),),
        says="ok is false (missing_events_jsonl), but 3 of 3 steps completed",
    ),
)
def good_run_is_called_bad(local: Run, _e2b: Run) -> None:
    local.status.update(ok=False, reason="missing_events_jsonl")


@bug("P16", Expected("INCONCLUSIVE", says="e2b: events.jsonl is cut off: its last line has no end"))
def line_is_torn(_local: Run, e2b: Run) -> None:
    e2b.torn = True


@bug("P19", Expected("DIVERGENT", "write", (("event-missing", "write", "write.start"),)))
def event_of_a_driver_is_lost(local: Run, _e2b: Run) -> None:
    place = local.events.index(local.find("step_complete", "write"))
    local.events.insert(place, {**local.find("step_start", "write"), "event": "write.start", "table": "orders"})


@bug("P20", Expected("DIVERGENT", None, (("session-mixed", None, "events.jsonl"),)))
def two_sessions_in_one_file(_local: Run, e2b: Run) -> None:
    for event in e2b.events:
        if "step_id" in event:
            event["session"] = WORKER_SESSION


@bug("P22", Expected("DIVERGENT", None, (("over-masked", None, "run_index_updated.run_id"),)))
def id_is_masked(_local: Run, e2b: Run) -> None:
    e2b.find("run_index_updated")["run_id"] = "***"


@bug("P23", Expected("DIVERGENT", "total", (("event-order", "total", "events[0]"),)))
def events_have_another_order(_local: Run, e2b: Run) -> None:
    moved = e2b.find("inputs_resolved", "total")
    e2b.events.remove(moved)
    e2b.events.insert(e2b.events.index(e2b.find("step_start", "total")), moved)


@bug(
    "D13",
    Expected("DIVERGENT", "extract", (("step-state", "extract", "state"), ("failed-step", "extract", "failed_step"))),
)
def network_is_not_there(_local: Run, e2b: Run) -> None:
    e2b.fail("extract", "connection to server at 'db.internal' (2001:db8::7) failed: Network is unreachable")


@bug("D14", Expected("DIVERGENT", "extract", (("step-state", "extract", "state"), ("outcome", "extract", "outcome"))))
def module_is_not_there(_local: Run, e2b: Run) -> None:
    e2b.fail("extract", "No module named 'psycopg2'", error_type="ModuleNotFoundError")


@bug("D24", Expected("DIVERGENT", "write", (("table-row-order", "write", "write/orders.csv*"),)))
def rows_have_another_order(_local: Run, e2b: Run) -> None:
    e2b.files["artifacts/write/orders.csv"] = "id,total\n2,20\n1,10\n"


@bug("P17", Expected("INCONCLUSIVE", "total", says="e2b: it has no last event, run_complete or run_error"))
def stream_ends_in_the_middle(_local: Run, e2b: Run) -> None:
    e2b.events = e2b.events[: e2b.events.index(e2b.find("step_complete", "total"))]
    e2b.status.update(ok=False, exit_code=1, steps_completed=1)


@bug("P18", Expected("DIVERGENT", "write", (("table-cells", "write", "write/orders.csv*"),)))
def engine_has_another_version(_local: Run, e2b: Run) -> None:
    e2b.files["artifacts/write/orders.csv"] = "id,total\n1,10.0\n2,20.0\n"


def nothing_ran(run: Run, error: str) -> None:
    """Let the worker fail before its first step; without an error the run says that all is well."""
    run.events = [e for e in run.events if "step_id" not in e or e["event"] == "cfg_materialized"]
    run.files = {path: text for path, text in run.files.items() if "_system" in path or path == "commands.jsonl"}
    run.metrics = [m for m in run.metrics if m["metric"].startswith("adapter")]
    run.status.update(steps_completed=0)
    run.find("cleanup_complete").update(total_rows=0, steps_executed=0)
    if error:
        run.find("run_complete").update(event="run_error", error=error)
        run.metrics[-1]["value"] = 1


def held(local: Run, e2b: Run, root: Path) -> ParityRecord:
    paths = [run.build(root / name) for name, run in (("l", local), ("r", e2b))]
    return diff(paths, DiffOptions(now=NOW))


def test_a_run_without_bugs_is_equivalent(tmp_path):
    """The healed twin of every case: what the two implementations say otherwise is set aside by rules that are named and counted."""
    record = held(healed("local"), healed("e2b"), tmp_path)
    assert (record.verdict, record.passed) == ("EQUIVALENT", True), record.headline
    uses = {use.rule: use for use in record.comparison.rules}
    assert (uses["osiris: cfg_opened"].left_hits, uses["osiris: cfg_opened"].right_hits) == (0, 3)
    assert all(use.reason and use.source == "reading" for use in uses.values())
    assert record.comparison.compared.events == (23, 23)
    assert [run.target for run in record.targets] == ["local", "e2b"]


@pytest.mark.parametrize("row", sorted(CASES))
def test_a_bug_in_a_run_of_osiris_is_found(row, tmp_path):
    """Its verdict, the step where the two sides part, its reason codes and their places; and no secret is ever shown."""
    from fnmatch import fnmatchcase

    plant, expected = CASES[row]
    local, e2b = healed("local"), healed("e2b")
    plant(local, e2b)
    record = held(local, e2b, tmp_path)
    comparison = record.comparison
    found = [(each.code, each.step, each.path) for each in comparison.findings]
    assert (record.verdict, record.first_diverging_step) == (expected.verdict, expected.step), (record.headline, found)
    for code, step, path in expected.finds:
        assert any(c == code and s == step and (p == path or fnmatchcase(p, path)) for c, s, p in found), (code, found)
    assert any(expected.says in each for each in ("", *comparison.problems)), comparison.problems
    assert SECRET not in repr(record)


NEEDED = [
    (names.EVENTS, "cfg_opened"),
    (names.EVENTS, "adapter_selected"),
    (names.EVENTS, "run_complete/steps_executed"),
    (names.EVENTS, "artifact_created/_system"),
    (names.FIELDS, ("step_complete", "duration")),
    (names.FIELDS, ("step_complete", "rows_processed")),
    (names.FIELDS, ("inputs_resolved", "from_spill")),
    (names.FIELDS, ("artifacts_dir_created", "relative_path")),
    (names.METRICS, "e2b_overhead_ms"),
    (names.METRICS, "session_duration_seconds"),
    (names.FILES, "commands.jsonl"),
]


@pytest.mark.parametrize(("table", "name"), NEEDED, ids=[str(name) for _, name in NEEDED])
def test_a_name_is_only_read_otherwise_because_its_table_says_so(table, name, tmp_path, monkeypatch):
    """Without its entry it is compared as it stands, and differs."""
    monkeypatch.delitem(table, name)
    assert held(healed("local"), healed("e2b"), tmp_path).verdict == "DIVERGENT"


MIRRORED = {"missing": "extra", "extra": "missing"}


@pytest.mark.parametrize("row", ["D1", "D4", "D8", "P5", "P9", "P14"])
def test_a_bug_is_found_from_both_sides(row, tmp_path):
    """The same verdict, step and findings, mirrored."""
    local, e2b = healed("local"), healed("e2b")
    CASES[row][0](local, e2b)
    a, b = local.build(tmp_path / "l"), e2b.build(tmp_path / "r")
    one, other = diff([a, b], DiffOptions(now=NOW)), diff([b, a], DiffOptions(now=NOW))
    assert (one.verdict, one.first_diverging_step) == (other.verdict, other.first_diverging_step)

    def mirrored(code: str) -> str:
        head, dash, tail = code.rpartition("-")
        return f"{head}{dash}{MIRRORED.get(tail, tail)}"

    found = {(f.step, f.code, f.path, f.left, f.right) for f in one.comparison.findings}
    assert found == {(f.step, mirrored(f.code), f.path, f.right, f.left) for f in other.comparison.findings}


def test_the_names_of_a_failure_are_a_rule(tmp_path):
    """P11: the local runner and the worker call it otherwise; the rule says so and is counted."""
    local, e2b = healed("local"), healed("e2b")
    failures_have_other_names(local, e2b)
    record = held(local, e2b, tmp_path)
    uses = {use.rule: use for use in record.comparison.rules}
    assert (
        uses["osiris: step_error is step_failed"].left_hits,
        uses["osiris: step_error is step_failed"].right_hits,
    ) == (1, 0)
    assert record.warnings == ("both sides failed: that they are the same does not make them right",)


def test_a_run_of_osiris_and_its_copy(tmp_path):
    """Refused, because it cannot fail; as a control it is identical."""
    from osiris_core.errors import SameSessionError

    paths = [healed("e2b").build(tmp_path / name) for name in ("a", "b")]
    with pytest.raises(SameSessionError):
        diff(paths, DiffOptions(now=NOW))
    record = diff(paths, DiffOptions(now=NOW, control=True))
    assert (record.verdict, record.passed) == ("IDENTICAL", True)


def test_the_same_fault_on_both_sides_is_no_difference_and_not_green(tmp_path):
    """P20 on both sides: nothing differs there, and nothing is well."""
    runs = healed("e2b"), healed("e2b")
    for number, run in enumerate(runs):
        two_sessions_in_one_file(run, run)
        run.find("run_index_updated")["run_id"] = f"run-{number}"
    record = held(*runs, tmp_path)
    assert record.verdict == "INCONCLUSIVE"
    assert any("session ids in one file" in each for each in record.comparison.problems)


def test_a_directory_of_outputs_that_is_empty_on_one_side(tmp_path):
    """P6: where writers wrote beside the run's directory, the two output directories show what did not come back."""
    for side in ("local", "e2b"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "log.txt").write_text("done\n")
    (tmp_path / "local" / "orders.csv").write_text("id,total\n1,10\n")
    record = diff([tmp_path / "local", tmp_path / "e2b"], DiffOptions(now=NOW))
    assert [(f.code, f.path) for f in record.comparison.findings] == [("artifact-missing", "orders.csv")]


def test_another_version_of_the_code_is_not_believed(tmp_path):
    """D12: the two workers ran other bundles, whatever came of it."""
    right = healthy("e2b")
    right.hello["bundle_digest"] = "c" * 64
    result = compare(*pair(tmp_path, right=right))
    assert result.verdict == "INCONCLUSIVE"
    assert any("bundle digest in the worker's hello" in each for each in result.problems)


def test_memory_that_is_out_on_one_side(tmp_path):
    """D18: the run that was killed for its memory has an outcome of its own."""
    right = failing("e2b")
    right.outcome, right.steps[1]["state"] = "out_of_memory", "cancelled"
    result = compare(*pair(tmp_path, failing("local"), right))
    assert (result.verdict, result.first_diverging_step) == ("DIVERGENT", "delays")
    assert ("outcome", "delays") in {(f.code, f.step) for f in result.findings}


def test_rows_that_the_metrics_claim_and_the_file_lacks(tmp_path):
    """D21: both sides say that two rows were written; one file has none."""
    right = healthy("e2b")
    right.files["write/delays.csv"] = b"carrier,n,late\r\n"
    result = compare(*pair(tmp_path, right=right))
    assert (result.verdict, result.first_diverging_step) == ("DIVERGENT", "write")
    assert [(f.code, f.path) for f in result.findings] == [("table-rows", "write/delays.csv")]


def test_a_run_out_of_time_is_never_a_success(tmp_path):
    """D29: a deadline is an outcome, and expectations do not hold on it."""
    right = failing("e2b")
    right.outcome = "deadline"
    left, session = pair(tmp_path, failing("local"), right)
    assert compare(left, session).verdict == "DIVERGENT"
    assert unmet(session) == (
        "expected the outcome succeeded, got deadline on e2b (step `delays`, ValueError: no rows)",
    )
