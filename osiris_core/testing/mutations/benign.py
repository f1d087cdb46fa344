"""Changes that mean nothing: whoever calls one of them a difference cries wolf."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from osiris_core.testing.mutations import times
from osiris_core.testing.mutations.columnar import packed, read
from osiris_core.testing.mutations.containers import executed, members, zipped
from osiris_core.testing.mutations.model import Benign
from osiris_core.testing.mutations.places import pick
from osiris_core.testing.mutations.seal import is_volatile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from osiris_core.testing.mutations.session_copy import SessionCopy

_MTIME_S: Final = 1_000_000_000


def volatile_values(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Change durations, and values of metrics that may vary."""
    length = (times.moment(copy.events[-1]) - times.moment(copy.events[0])) / timedelta(milliseconds=1)
    for event in copy.events:
        if "duration_ms" in event:
            event["duration_ms"] = round(rng.uniform(0, length), 3)
    for metric in copy.metrics:
        if is_volatile(metric):
            metric["value"] = rng.choice((0, 1, 0.25, rng.uniform(0, length)))
    return "durations"


def jitter(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Move the times of records by less than a clock's skew, within the run."""
    first, last = times.moment(copy.events[0]), times.moment(copy.events[-1])
    for record in (*copy.events[1:-1], *copy.metrics):
        moved = times.moment(record) + timedelta(milliseconds=rng.uniform(-400, 400))
        record["ts"] = times.written(min(max(moved, first), last))
    return "times within the run"


def shifted_clock(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Let a clock be wrong by days, all the time."""
    times.shift(copy, by := timedelta(days=rng.randint(-900, 900), seconds=rng.random()))
    return f"clock off by {by}"


def slower(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Let the run take longer."""
    times.stretch(copy, factor := rng.uniform(1, 50))
    return f"{factor:.0f} times as long"


def other_mtimes(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Make files at other times."""
    for path in (*copy.artifacts(),):
        copy.write(f"artifacts/{path}", copy.read(f"artifacts/{path}"))
        os.utime(copy.artifact(path), (_MTIME_S, _MTIME_S + rng.randrange(10**8)))
    return "other times of files"


def other_inodes(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Make files in another order, so that directories list them otherwise."""
    paths = copy.artifacts()
    held = {path: (copy.read(f"artifacts/{path}"), copy.artifact(path).stat().st_mode & 0o777) for path in paths}
    shutil.rmtree(copy.directory / "artifacts")
    rng.shuffle(paths)
    for path in paths:
        data, mode = held[path]
        copy.write(f"artifacts/{path}", data, mode=mode)
    return "another order of creation"


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(value[name]) for name in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def key_order(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Put members of records into another order."""
    del rng
    copy.events[:] = [_reversed(event) for event in copy.events]
    copy.metrics[:] = [_reversed(metric) for metric in copy.metrics]
    return "key order of records"


def facts_key_order(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Put members of `session.json`, `manifest.json` and `target.json` into another order."""
    del rng
    for each in (copy.facts, copy.manifest, copy.target):
        turned = _reversed(each)
        each.clear()
        each.update(turned)
    return "key order of session.json, manifest.json and target.json"


def metric_order(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Put metrics of one moment into another order."""
    first = copy.metrics[0]["ts"]
    for metric in copy.metrics:
        metric["ts"] = first
    rng.shuffle(copy.metrics)
    return "metrics in another order"


def other_target_facts(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Run on another host, in another process, reached another way."""
    copy.target["phases"] = [{"name": "run", "elapsed_ms": rng.random()}]
    copy.target["http_requests"] = rng.randrange(9)
    copy.target["bytes"] = {"up": rng.randrange(9**6), "down": rng.randrange(9**6)}
    hello = copy.target["hello"]
    hello["pid"] = rng.randrange(2, 9**5)
    hello["boot_id"] = f"boot-{rng.randrange(9**9)}"
    hello["pid_namespace"] = rng.randrange(9**9)
    hello["nonce"] = f"{rng.getrandbits(128):032x}"
    hello["environment"] = {**hello["environment"], "hostname": f"host{rng.randrange(99)}", "cpus": 64}
    return "facts of the target"


def other_session_id(left: SessionCopy, right: SessionCopy, rng: Random) -> str:
    """Take another session id, on both sides."""
    name = f"20300101T000000Z-{rng.getrandbits(32):08x}"
    for copy in (left, right):
        for each in (copy.facts, copy.target["hello"], *copy.events, *copy.metrics):
            each["session"] = name
    return name


def other_places(left: SessionCopy, right: SessionCopy, rng: Random) -> str:
    """Call the directories of the sessions otherwise."""
    for copy in (left, right):
        moved = copy.directory.with_name(f"{copy.directory.name} moved {rng.randrange(99)}")
        copy.directory.rename(moved)
        copy.directory = moved
    return "other directories"


def table_order(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Hand on the rows of a table in another order; nothing is made of them."""
    events = [event for event in copy.events if event["event"] == "step_complete" and event["tables"]]
    table = pick(rng, [table for event in events for table in event["tables"].values()], "table")
    for each in (table, *table["columns"].values()):
        each["ordered"] = "0" * len(each["ordered"])
    return "rows of a table in another order"


def other_roots(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Put the project elsewhere, in `hello`, in what was said and in the error."""
    roots = copy.target["hello"]["roots"]
    old, new = roots["work"], f"/srv/place{rng.randrange(99)}/project"
    copy.target["hello"]["roots"] = json.loads(json.dumps(roots).replace(json.dumps(old), json.dumps(new)))
    for stream in copy.streams():
        copy.write(stream, copy.read(stream).replace(old.encode(), new.encode()))
    for each in (copy.facts, *copy.events):
        for name, value in list(each.items()):
            each[name] = json.loads(json.dumps(value).replace(f"{old}/", f"{new}/"))
    return f"{old} became {new}"


def text_noise(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
    """Print another duration."""
    stream, before = pick(
        rng,
        [
            (stream, word)
            for stream in copy.streams()
            for line in copy.read(stream).splitlines()
            if line.startswith(b"took ")
            for word in line.split()[1:2]
        ],
        "line that says how long something took",
    )
    after = f"{rng.uniform(0, 0.09):.5f}".encode()
    copy.write(stream, copy.read(stream).replace(before, after))
    return f"{before!r} became {after!r}"


def _files(
    suffixes: tuple[str, ...], how: Callable[[bytes, Path, Random], bytes]
) -> Callable[[SessionCopy, SessionCopy, Random], str]:
    def change(_: SessionCopy, copy: SessionCopy, rng: Random) -> str:
        path = pick(rng, copy.artifacts(*suffixes), f"file called {suffixes}")
        copy.write(f"artifacts/{path}", how(copy.read(f"artifacts/{path}"), copy.artifact(path), rng))
        return path

    return change


def _other_keys(data: bytes, path: Path, rng: Random) -> bytes:
    del path
    value = json.loads(data)
    names = list(value)
    while names == list(value):
        rng.shuffle(names)
    return json.dumps({name: value[name] for name in names}, indent=1, ensure_ascii=False).encode() + b"\n"


def _other_spaces(data: bytes, path: Path, rng: Random) -> bytes:
    del path
    return json.dumps(json.loads(data), indent=rng.choice((None, 2, 4)), ensure_ascii=rng.random() < 0.5).encode()  # noqa: PLR2004 - as often as not


def _recompressed(data: bytes, path: Path, rng: Random) -> bytes:
    del path
    return gzip.compress(gzip.decompress(data), rng.choice((1, 9)), mtime=rng.randrange(1, _MTIME_S))


def _rezipped(data: bytes, path: Path, rng: Random) -> bytes:
    del path
    when = (rng.randint(1990, 2030), 2, 3, 4, 5, 6)
    return zipped(members(data), when, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def _rewritten(data: bytes, path: Path, rng: Random) -> bytes:
    compression = rng.choice(("none", "gzip", "zstd"))
    options = {"compression": compression, "row_group_size": rng.choice((1, 3)), "use_dictionary": False}
    return packed(read(data, path.name), path.name, **options)


def _other_pages(data: bytes, path: Path, rng: Random) -> bytes:
    del path
    return executed(data, f"pragma page_size = {rng.choice((512, 1024, 8192))}", "vacuum")


BENIGN: Final = (
    Benign(name="other volatile values", change=volatile_values),
    Benign(name="other times within the run", change=jitter),
    Benign(name="clock of one side shifted", change=shifted_clock),
    Benign(name="slower run", change=slower),
    Benign(name="other times of files", change=other_mtimes),
    Benign(name="other order of creation", change=other_inodes),
    Benign(name="other key order in records", change=key_order),
    Benign(name="other key order in facts", change=facts_key_order),
    Benign(name="other order of metrics", change=metric_order),
    Benign(name="other facts of the target", change=other_target_facts),
    Benign(name="other session id on both sides", change=other_session_id),
    Benign(name="other directories", change=other_places),
    Benign(name="table order alone", change=table_order, names_a_rule=True),
    Benign(name="other roots in texts", change=other_roots, names_a_rule=True, failed=True),
    Benign(name="other durations in texts", change=text_noise, names_a_rule=True, failed=True),
    Benign(name="other key order in a JSON file", change=_files((".json",), _other_keys), names_a_rule=True),
    Benign(name="other spaces in a JSON file", change=_files((".json",), _other_spaces), names_a_rule=True),
    Benign(name="gzip compressed again", change=_files((".gz",), _recompressed), names_a_rule=True),
    Benign(name="zip packed again", change=_files((".zip",), _rezipped), names_a_rule=True),
    Benign(name="Parquet written otherwise", change=_files((".parquet",), _rewritten), names_a_rule=True),
    Benign(name="SQLite with other pages", change=_files((".sqlite",), _other_pages), names_a_rule=True),
)
