"""The data of `parity.py`, made from a seed below a directory: sessions with many events, trees of files, tables."""

# ruff: noqa: PLC0415 - a job loads only what it measures

from __future__ import annotations

import json
import random
import shutil
from typing import TYPE_CHECKING, Any

from osiris_core.session.digest import ContentDigest
from osiris_core.session.lines import encode_line
from osiris_core.wire.roots import artifact_root

if TYPE_CHECKING:
    from pathlib import Path

SEED = 7
SESSION = "20261124T120000Z-0a1b2c3d"
BIG_OFFSET = 0.8
_STARTS = {"local": 0, "e2b": 30_000_000}
_HELLO = {"request_digest": "d" * 64, "bundle_digest": "b" * 64, "boot_id": "b", "pid": 7, "roots": {}}


def sessions(root: Path, events: int, differing: int) -> tuple[Path, Path]:
    """Write two sessions of so many events, `differing` of which have another number; every time and duration differs."""
    return _session(root, "local", events, 0), _session(root, "e2b", events, differing)


def without_times(events: Path) -> Path:
    """Write a copy of events without their times, for those who compare lines."""
    plain = events.with_name("events-without-times.jsonl")
    if not plain.exists():
        with events.open("rb") as source, plain.open("wb") as out:
            out.writelines(line.partition(b",")[2] for line in source)
    return plain


def _session(root: Path, target: str, events: int, differing: int) -> Path:
    folder = root / f"{target}-{events}-{differing}"
    if (folder / "session.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"pipeline": {"id": "bench"}, "steps": [{"id": "work", "driver": "python.callable", "needs": []}]}
    content = ContentDigest()
    with (folder / "events.jsonl").open("wb") as out:
        for line in _events(target, events, differing):
            content.event(line)
            out.write(encode_line(line))
    (folder / "metrics.jsonl").write_bytes(b"")
    stated = {
        "outcome": "succeeded",
        "failed_step": None,
        "error": None,
        "steps": [{"id": "work", "state": "succeeded", "reason": None, "cause": None}],
        "artifact_root": artifact_root([]),
    }
    counts = {"events": events + 4, "metrics": 0, "log_lines": {}, "printed_bytes": {}, "artifacts": 0}
    facts = {
        "contract": 1, "session": SESSION, "target": target, "manifest_fingerprint": "f" * 64,
        "logical_now": "2026-11-24T11:59:59.000000Z", "seed": SEED, "request_digest": "d" * 64, **stated,
        "counts": counts, "digest": content.of(facts=stated, manifest=manifest),
    }  # fmt: skip
    is_local = target == "local"
    hello = {**_HELLO, "nonce": ("1" if is_local else "2") * 32, "pid_namespace": 1 if is_local else 2}
    isolation = "none" if is_local else "bubblewrap"
    told = {"contract": 1, "target": target, "isolation": isolation, "hello": hello}
    for name, value in (("manifest.json", manifest), ("target.json", told), ("session.json", facts)):
        (folder / name).write_text(json.dumps(value))
    return folder


def _events(target: str, events: int, differing: int) -> Any:
    rng, at = random.Random(SEED), _STARTS[target]
    every = events // differing if differing else 0

    def line(name: str, step: str | None, **data: Any) -> dict[str, Any]:
        nonlocal at
        at += 5
        seconds, micro = divmod(at, 1_000_000)
        ts = f"2026-11-24T12:{seconds // 60:02d}:{seconds % 60:02d}.{micro:06d}Z"
        return {"ts": ts, "session": SESSION, "event": name, "step": step, **data}

    yield line("run_start", None, pipeline_id="bench", seed=SEED)
    yield line("step_start", "work", driver="python.callable", needs=[])
    for number in range(events):
        key, share = rng.randrange(10**6), round(rng.random(), 6)
        changed = every and number % every == every // 2
        detail = {"path": f"out/part-{key:06d}.csv", "rows": key % 1000, "bytes": key * 3, "tags": ["a", f"t{key % 7}"]}
        yield line(
            "page_made", "work", page=f"page-{number}", number=number, key=-key - 1 if changed else key,
            share=share, ok=bool(key & 1), note=None, detail=detail,
        )  # fmt: skip
    yield line("step_complete", "work", rows=None, tables={}, duration_ms=12.5 + at / 1e6)
    yield line("run_complete", None, steps_succeeded=1, duration_ms=20.0 + at / 1e6)


def trees(root: Path, files: int, big_mb: int) -> tuple[Path, Path, Path]:
    """Write a tree of small files and a big one, a copy, and a copy in which five files differ, four bytes of the big one."""
    left, same, other = (root / f"tree-{files}-{big_mb}" / name for name in ("left", "same", "other"))
    if other.exists():
        return left, same, other
    rng = random.Random(SEED)
    for number in range(files):
        path = (
            left / f"d{number % 10}" / f"e{number % 7}" / f"file-{number}.{('csv', 'json', 'txt', 'bin')[number % 4]}"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.randbytes(rng.randrange(200, 6200)))
    block = rng.randbytes(1 << 20)
    with (left / "big.bin").open("wb") as out:
        for number in range(big_mb):
            out.write(number.to_bytes(8, "big") + block[8:])
    shutil.copytree(left, same)
    shutil.copytree(left, other)
    for path in [*sorted(other.rglob("file-*"))[: 4 * 25 : 25], other / "big.bin"]:
        with path.open("r+b") as out:
            out.seek(int(path.stat().st_size * BIG_OFFSET))
            out.write(b"\0\1\2\3")
    return left, same, other


def tables(root: Path, rows: int, kind: str) -> tuple[Path, Path, Path]:
    """Write a table of ten columns as Parquet or CSV, the same rows shuffled, and those with ten cells changed."""
    import duckdb

    root.mkdir(parents=True, exist_ok=True)
    left, same, other = (root / f"table-{rows}-{name}.{kind}" for name in ("left", "same", "other"))
    if other.exists():
        return left, same, other
    form = "parquet" if kind == "parquet" else "csv, header"
    with duckdb.connect() as db:
        db.execute("set threads = 2")
        db.execute(
            "create table t as select i as id, (hash(i) % 1000)::int as i1, (hash(i + 1) % 100000)::bigint as i2,"
            " (hash(i + 2) % 1000000) / 997.0 as f1, (hash(i + 3) % 1000000) / 991.0 as f2, 's' || (hash(i) % 5000) as s1,"
            " 'name-' || i as s2, hash(i) % 2 = 0 as b1, date '2020-01-01' + (i % 1000)::int as d1,"
            f" case when i % 17 = 0 then null else i % 91 end as n1 from range({rows}) r(i)"
        )
        db.execute(f"copy t to '{left}' (format {form})")
        db.execute(f"copy (select * from t order by hash(id + 77)) to '{same}' (format {form})")
        step = max(1, rows // 10)
        changed = f"* replace (case when id % {step} = 5 then f1 + 1 else f1 end as f1)"
        db.execute(f"copy (select {changed} from t order by hash(id + 77)) to '{other}' (format {form})")
    return left, same, other
