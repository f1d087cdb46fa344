"""Steps that leave something of every kind behind, the same on every target."""

import gzip
import io
import json
import os
import sqlite3
import sys
import time
import zipfile

DOCUMENT = {
    "name": "résumé",
    "__ref": 17,
    "one": 1,
    "zero": 0,
    "ratio": 0.1,
    "large": 2**53 + 1,
    "flag": True,
    "nothing": None,
    "missing": float("nan"),
    "list": [1, 1, 2, {"deep": ["a", "b"]}],
    "nested": {"x": {"y": 2.5, "z": "text"}},
}


def leave(inputs, ctx):
    """Leave files."""
    out = ctx.output_dir
    text = json.dumps(DOCUMENT, indent=1, ensure_ascii=False) + "\n"
    (out / "summary.json").write_text(text, encoding="utf-8")
    (out / "notes.txt").write_text("first line\nsecond line\n\nthe last words are these\n", encoding="utf-8")
    (out / "café.txt").write_text("a name in composed form\n", encoding="utf-8")
    (out / "blob.bin").write_bytes(bytes(range(256)) * 5)
    (out / "run.sh").write_text("#!/bin/sh\necho run\n", encoding="utf-8")
    os.chmod(out / "run.sh", 0o755)
    (out / "deep" / "er").mkdir(parents=True)
    (out / "deep" / "er" / "note.txt").write_text("deep\n", encoding="utf-8")
    lines = "".join(f"member line {number}\n" for number in range(40)).encode()
    (out / "lines.txt.gz").write_bytes(gzip.compress(lines, 6, mtime=0))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (("a.txt", lines), ("inner/b.json", b'{"b": 1}\n'), ("c.bin", bytes(range(64)))):
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    (out / "pack.zip").write_bytes(packed.getvalue())
    database = sqlite3.connect(out / "people.sqlite")
    database.execute("create table people (id integer primary key, name text, weight real, note text)")
    rows = [(1, "Ann", 61.25, None), (2, "Bob", 0.1, ""), (3, "Cleo", None, "007"), (4, "Dora", 1.0, "x")]
    database.executemany("insert into people values (?, ?, ?, ?)", rows)
    database.commit()
    database.close()
    import pyarrow as pa

    (table,) = inputs.values()
    table = pa.table(table)
    with pa.OSFile(str(out / "people.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    ctx.log_event("files_left", count=1, names=["summary", "notes", "notes"], size=12, share=0.1, note=None)
    return table


def speak(inputs, ctx):
    """Say much, in logs, in print, in events and in metrics."""
    for word in ("alpha", "beta", "gamma", "delta"):
        ctx.logger.info("reading the %s part", word)
    ctx.logger.warning("12 rows of 40 were left aside")
    ctx.logger.info("reading the %s part", "alpha")
    ctx.logger.info("naïve words with\ttabs")
    for word in ("one", "two", "three", "four", "two"):
        print("printed line", word)
    print("some warning of a library", file=sys.stderr)
    for page, ident in enumerate(("id-77aa", "id-88bb", "id-77aa", "id-99cc")):
        ctx.log_event("page_made", page=page, ident=ident, title="Café", __ref=5)
    ctx.log_event("page_made", page=3, ident="id-99cc", title="Café", __ref=5)
    ctx.log_event("sum_made", total=2**53 + 1, exact=2**70 + 1, zero=0, one=1, deep={"list": [1, 1, 2], "none": None})
    ctx.log_metric("rows_kept", 28, unit="rows", tags={"part": "alpha", "of": "all"})
    ctx.log_metric("rows_kept", 12, unit="rows", tags={"part": "beta", "of": "all"})
    ctx.log_metric("one", 1)
    ctx.log_metric("ratio", 0.1)
    ctx.log_metric("ratio", 0.1)
    ctx.log_metric("waited", time.perf_counter() % 1 / 1000, unit="s")
    ctx.log_metric("guessed", time.perf_counter() % 1, volatile=True)


def gate(inputs, ctx):
    """Fail, in words that have this target's own places and times in them."""
    ctx.logger.info("looking in %s", os.getcwd())
    print(f"took {time.perf_counter() % 1 / 1000:.6f} s in {os.path.join(os.getcwd(), 'data')}", flush=True)
    print("this line is the same everywhere", flush=True)
    raise ValueError(f"the gate is closed for {os.path.join(os.getcwd(), 'data')}: 8 rows")
