"""Where merged records come from, in a line each: what all hosts share is said once, elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.report.units import plural

if TYPE_CHECKING:
    from osiris_core.parity.record import RecordSet


def origin_lines(records: RecordSet) -> list[str]:
    """Return `shards/1.json: 12 records, shard 1/3, made 2026-02-03T10:15:09Z, python 3.12.1`, a line an origin; none where nothing was merged."""
    lines = []
    for each in records.origins:
        own = [f"{name} {value}" for name, value in sorted(each.host.items()) if records.host.get(name) != value]
        shard, made = f"shard {each.shard}" if each.shard else "", f"made {each.created_at}" if each.created_at else ""
        said = [plural(each.records, "record"), shard, made, *own]
        lines.append(f"{each.name}: {', '.join(filter(None, said))}")
    return lines
