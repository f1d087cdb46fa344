"""Run directories of Osiris 0.5.7 for the tests, made from the documented forms of its files.

`local` and `e2b` make the two sides of a run as they would be if Osiris had none of the bugs of the catalogue: what is left are
the names and the events that only one of its two implementations has. A test adds the one bug that it is about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

HOST_SESSION = {"local": "20261123_015946_0a1b2c3d", "e2b": "20261123_020011_4e5f6a7b"}
WORKER_SESSION = "run-000002_01HF0000000000000000000000"
STEPS = {"extract": "mysql.extractor", "total": "duckdb.processor", "write": "filesystem.csv_writer"}
NEEDS = {"extract": [], "total": ["extract"], "write": ["total"]}
ROWS = 10
PLACE = {
    "local": "/srv/shop/run_logs/dev/orders/20261123t015946z_run-000001-01hf-0c1d2e3/",
    "e2b": "/home/user/session/run-000002_01HF/",
}


@dataclass
class Run:
    """One run directory in the making: plain lists and dicts, free to be broken."""

    target: str
    events: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    status: dict[str, Any] | None = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    manifest: str = ""
    torn: bool = False
    _ticks: int = 0

    def event(self, name: str, **fields: Any) -> None:
        """Append an event."""
        self.events.append({"ts": self._now(), "session": HOST_SESSION[self.target], "event": name, **fields})

    def metric(self, name: str, value: float, **fields: Any) -> None:
        """Append a metric."""
        session = HOST_SESSION[self.target]
        self.metrics.append({"ts": self._now(), "session": session, "metric": name, "value": value, **fields})

    def find(self, name: str, step: str | None = None) -> dict[str, Any]:
        """Return the first event of a name (of a step)."""
        return next(e for e in self.events if e["event"] == name and step in {None, e.get("step_id")})

    def drop(self, name: str, step: str | None = None) -> None:
        """Remove every event of a name (of a step)."""
        self.events = [e for e in self.events if e["event"] != name or step not in {None, e.get("step_id")}]

    def drop_metric(self, name: str) -> None:
        """Remove every metric of a name."""
        self.metrics = [m for m in self.metrics if m["metric"] != name]

    def fail(self, step: str, text: str, *, error_type: str = "ValueError") -> None:
        """Let a step fail: it has no end, and nothing after it ran."""
        local, order = self.target == "local", list(STEPS)
        gone = order[order.index(step) + 1 :]
        self.events = [e for e in self.events if e.get("step_id") not in gone]
        place = self.events.index(self.find("step_complete", step))
        told = f"Execution failed: {text}" if local else text
        failed = {**self.events[place], "event": "step_error" if local else "step_failed", "error": told}
        for name in ("duration", "duration_ms", "driver", "output_dir", "rows_processed"):
            failed.pop(name, None)
        if not local:
            failed |= {"error_type": error_type, "traceback": "Traceback ..."}
        self.events[place] = failed
        self.drop("run_complete")
        ending = {name: failed[name] for name in ("ts", "session")} | {"event": "run_error"}
        after = self.events.index(self.find("cleanup_complete"))
        self.events.insert(after + 1, {**ending, "phase": "execute", "error": told, "duration": 0.02})
        if local:
            self.events.insert(after, {**ending, "step_id": step, "message": "Step execution failed"})
            failed |= {"driver": STEPS[step], "duration": 0.002}
        ran_not = tuple(f"artifacts/{each}/" for each in (step, *gone))
        self.files = {path: text for path, text in self.files.items() if not path.startswith(ran_not)}
        completed = order.index(step)
        self.status = {**(self.status or {}), "ok": False, "exit_code": 1, "steps_completed": completed}
        self.metrics = [m for m in self.metrics if completed and m["metric"] != "rows_written"]
        for metric in self.metrics:
            if metric["metric"] == "adapter_exit_code":
                metric["value"] = 1
        self.find("cleanup_complete").update(total_rows=0, steps_executed=completed)

    def build(self, directory: Path) -> Path:
        """Write the directory."""
        contents = {
            "events.jsonl": self._lines(self.events),
            "metrics.jsonl": self._lines(self.metrics),
            "manifest.yaml": self.manifest,
            "osiris.log": f"{self.target}: the command's log\n",
            **{f"cfg/{step}.json": json.dumps(config, sort_keys=True) for step, config in self.configs.items()},
            **self.files,
        }
        if self.status is not None:
            contents["status.json"] = json.dumps(self.status)
        if self.torn:
            contents["events.jsonl"] = contents["events.jsonl"][:-20]
        for path, text in contents.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text)
        return directory

    def _lines(self, records: list[dict[str, Any]]) -> str:
        separators = (",", ":") if self.target == "local" else (", ", ": ")
        return "".join(f"{json.dumps(record, separators=separators)}\n" for record in records)

    def _now(self) -> str:
        self._ticks += 1
        return f"2026-11-23T02:{'01' if self.target == 'e2b' else '00'}:00.{self._ticks * 1000:06d}Z"


MANIFEST = """---
meta:
  generated_at: "2026-11-23T01:59:00Z"
  oml_version: 0.1.0
  profile: dev
  run_id: "${run_id}"
name: orders
pipeline:
  fingerprints: {manifest_fp: "sha256:77", profile: dev}
  id: orders
  version: 0.1.0
steps:
  - {cfg_path: cfg/extract.json, component: mysql.extractor, driver: mysql.extractor, id: extract, needs: []}
  - {cfg_path: cfg/total.json, component: duckdb.processor, driver: duckdb.processor, id: total, needs: [extract]}
  - {cfg_path: cfg/write.json, component: filesystem.csv_writer, driver: filesystem.csv_writer, id: write, needs: [total]}
...
"""


def healed(target: str) -> Run:
    """Return one side of a run without the bugs: the right names of its target, one session id, files that came back."""
    run = Run(target=target, manifest=MANIFEST)
    local, place = target == "local", PLACE[target]
    host_id = HOST_SESSION[target]
    run.event("run_start", session_id=host_id, session_dir=place.rstrip("/"), fallback_used=False)
    run.event("run_start", pipeline_id="orders", manifest_path=f"{place}manifest.yaml", profile="dev")
    run.event("adapter_selected", adapter=target)
    for step in STEPS:
        run.event(
            "cfg_materialized",
            step_id=step,
            **({"cfg_path": f"{place}cfg/{step}.json"} if local else {"sha256": "0" * 64}),
        )
    if local:
        run.event("execute_start")
    else:
        run.event("session_initialized")
        run.event("dependency_check", required=["duckdb"], present=["duckdb"], missing=[])
        for driver in STEPS.values():
            run.event("driver_registered", driver=driver)
        run.event("drivers_registered", drivers=list(STEPS.values()), fingerprint="f" * 8)
    for step in STEPS:
        _step(run, step, local=local, place=place)
    if local:
        run.event("run_complete", pipeline_id="orders", steps_executed=len(STEPS))
        run.event("execute_complete")
    run.event("run_complete", total_duration=0.01 if local else 0.02, adapter_execution=True)
    if not local:
        run.event("artifact_created", artifact_type="run_card", path="artifacts/_system/run_card.json")
    run.event("cleanup_complete", steps_executed=len(STEPS), total_rows=ROWS)
    run.event("run_index_updated", run_id=f"run-{target}")
    run.event("run_end")
    run.metric("rows_read", ROWS, **({"tags": {"step": "extract"}} if local else {"step_id": "extract"}))
    run.metric("rows_written", ROWS, **({} if local else {"step_id": "write"}))
    for number, step in enumerate(STEPS):
        took = 0.25 * (number + 1)
        if local:
            run.metric(f"step_{step}_duration", took, unit="seconds")
        else:
            run.metric("step_duration_ms", took * 900, step_id=step)
    run.metric("execution_duration", 0.8, unit="seconds") if local else run.metric("e2b_overhead_ms", 8000)
    run.metric("adapter_execution_duration", 0.9 if local else 5.3, unit="seconds")
    run.metric("adapter_exit_code", 0, unit="code")
    run.metric("session_duration_seconds", 1.1 if local else 9.9)
    run.status = {
        "sandbox_id": target,
        "exit_code": 0,
        "steps_completed": len(STEPS),
        "steps_total": len(STEPS),
        "ok": True,
        "reason": "",
    }
    run.configs = {
        "extract": {
            "component": "mysql.extractor",
            "connection": "@mysql.shop",
            "mode": "extract",
            "query": "select 1",
        },
        "total": {"component": "duckdb.processor", "mode": "transform", "query": "select * from df_extract"},
        "write": {"component": "filesystem.csv_writer", "mode": "write", "path": "out/orders.csv"},
    }
    run.files = {f"artifacts/{step}/cleaned_config.json": json.dumps(config) for step, config in run.configs.items()}
    run.files["artifacts/extract/cleaned_config.json"] = json.dumps(
        {"query": "select 1", "resolved_connection": {"host": "db", "password": "***", "user": "shop"}}
    )
    run.files["artifacts/write/orders.csv"] = "id,total\n1,10\n2,20\n"
    if not local:
        run.files["commands.jsonl"] = '{"cmd": "ping"}\n'
        run.files["artifacts/_system/run_card.json"] = "{}"
    return run


def _step(run: Run, step: str, *, local: bool, place: str) -> None:
    if not local:
        run.event("cfg_opened", step_id=step, path=f"cfg/{step}.json", sha256="0" * 64, keys=["query"])
    run.event("step_start", step_id=step, driver=STEPS[step])
    directory = f"{place}artifacts/{step}" if local else f"artifacts/{step}"
    run.event("artifacts_dir_created", step_id=step, **{"path" if local else "relative_path": directory})
    if step == "extract":
        run.event("connection_resolve_start", step_id=step, family="mysql", alias="shop")
        run.event("connection_resolve_complete", step_id=step, family="mysql", alias="shop", ok=True)
    run.event(
        "config_meta_stripped",
        step_id=step,
        keys_removed=["component"],
        **({"config_meta_stripped": True} if local else {}),
    )
    run.event("artifact_created", step_id=step, path=f"{directory}/cleaned_config.json")
    for need in NEEDS[step]:
        extra = {"from_memory": True} if local else {"from_spill": False}
        run.event("inputs_resolved", step_id=step, from_step=need, key=f"df_{need}", rows=ROWS, **extra)
    if local:
        run.event("step_complete", step_id=step, driver=STEPS[step], output_dir=directory, duration=0.002)
    else:
        run.event("step_complete", step_id=step, rows_processed=ROWS, duration_ms=2.5)
