"""Which files of records are of one run, and in which order runs were made: by their own times, however they are named or given.

Files are of one run where they lie in one directory of those that are kept, where they were made at one moment, or where they are the shards of one whole;
and never where a day lies between them. What does not say when it was made comes before everything that does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from osiris_core.parity.since.past import PastRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osiris_core.parity.record import RecordSet
    from osiris_core.parity.since.past import Kept, Key, Seen

LONGEST_RUN: Final = timedelta(days=1)
"""Between the first and the last file of a run."""
_NAMED: Final = 3
_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


def made_at(records: RecordSet) -> str:
    """Return when records were made, as they say it: the whole, or else the last of them to start; empty where nothing says so."""
    if moment(records.created_at):
        return records.created_at
    known = [each.started_at for each in records.records if moment(each.started_at)]
    return max(known, key=order_of, default="")


def moment(at: str) -> datetime | None:
    """Return a time of a record; None where there is none, it is none that a calendar has, or does not say where its clock stood."""
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return found if found.tzinfo else None


def order_of(at: str) -> datetime:
    """Return where a time stands among others."""
    return moment(at) or _BEFORE_ALL


def runs_of(kept: Iterable[Kept]) -> tuple[PastRun, ...]:
    """Return the runs that files are of, the oldest first; the same whatever order the files come in."""
    groups: list[list[Kept]] = []
    for each in sorted(kept, key=lambda file: (order_of(file.made), file.name)):
        own = next((group for group in reversed(groups) if _is_of(each, group)), None)
        if own is None:
            groups.append([each])
        else:
            own.append(each)
    return tuple(_run(group) for group in groups)


def _is_of(file: Kept, group: Sequence[Kept]) -> bool:
    """Whether a file is of the run that the older files of `group` are of."""
    first, last = group[0], group[-1]
    if bool(moment(file.made)) != bool(moment(first.made)) or order_of(file.made) - order_of(first.made) > LONGEST_RUN:
        return False
    if file.unit:
        return file.unit == first.unit
    same_moment = bool(moment(file.made)) and order_of(file.made) == order_of(last.made)
    return not first.unit and (same_moment or _completes(file, group))


def _completes(file: Kept, group: Sequence[Kept]) -> bool:
    """Whether a file is another shard of the whole that `group` has some of."""
    shards = [each.shard for each in group]
    totals = {each.partition("/")[2] for each in (file.shard, *shards)}
    return bool(file.shard) and len(totals) == 1 and file.shard not in shards


def _run(files: Sequence[Kept]) -> PastRun:
    worst: dict[Key, dict[tuple[str, ...], Seen]] = {}
    for seen in (each for file in files for each in file.seen):
        same = worst.setdefault((seen.manifest, seen.case), {})
        if seen.targets not in same or seen.weight > same[seen.targets].weight:
            same[seen.targets] = seen
    return PastRun(
        name=_name(files),
        made=files[-1].made,
        files=tuple(files),
        seen={key: tuple(same.values()) for key, same in worst.items()},
    )


def _name(files: Sequence[Kept]) -> str:
    names = list(dict.fromkeys(each.name for each in files))
    if len(names) > 1 and files[0].unit:
        return files[0].unit
    return ", ".join(names) if len(names) <= _NAMED else f"{names[0]} and {len(names) - 1:,} more"
