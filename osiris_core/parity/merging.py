"""Makes one set of records of many: of the shards of a run, of machines, of attempts at a job.

A record that two files hold is one record. Two results of one manifest are two records, which is remarked, and the worst of them counts,
as always: a run is as good as its worst record.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Origin, RecordSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from osiris_core.parity.record import ParityRecord, ReportSection

_SHARD: Final = re.compile(r"[1-9][0-9]{0,2}/[1-9][0-9]{0,2}")
_Identity = tuple[str, str, tuple[str, ...]]
_Part = tuple[str, RecordSet]


def merge(parts: Sequence[_Part]) -> RecordSet:
    """Return the whole of `parts`, each with the name by which it is told from the others; the same whole in whatever order they come."""
    parts = sorted(parts, key=lambda each: each[0])
    origins: dict[str, Origin] = {}
    records: dict[tuple[str, str, str], list[ParityRecord]] = {}
    for part in parts:
        names = _add_origins(origins, part)
        new = [record for each in part[1].records if (record := _new(records, each, names, part[0]))]
        for record in new:
            records.setdefault(_key(record), []).append(record)
    ordered = sorted((each for same in records.values() for each in same), key=_order)
    counts = Counter(record.origin for record in ordered)
    return RecordSet(
        records=tuple(ordered),
        created_at=max((each.created_at for each in origins.values()), default=""),
        host=_common(each.host for each in origins.values()),
        unmet=(*_unmet(parts), *_missing_shards(origins.values())),
        note="; ".join(dict.fromkeys(_told(name, part, part.note) for name, part in parts if part.note)),
        origins=tuple(dataclasses.replace(each, records=counts[each.name]) for each in origins.values()),
        remarks=(*_repeated(ordered), *_clashing(ordered)),
        sections=_distinct(section for _, part in parts for section in part.sections),
    )


def _distinct(sections: Iterable[ReportSection]) -> tuple[ReportSection, ...]:
    """Return what plugins said on all hosts; what is the same to the letter once."""
    found: list[ReportSection] = []
    for each in sections:
        if each not in found:
            found.append(each)
    return tuple(found)


def _add_origins(origins: dict[str, Origin], part: _Part) -> dict[str, str]:
    """Add where a part's records come from; return by which names, because two merged files can mean two things by one name."""
    name, records = part
    given = records.origins or (
        Origin(name=name, created_at=records.created_at, host=records.host, shard=records.shard),
    )
    names = {}
    for each in given:
        new = dataclasses.replace(each, records=0)
        if origins.setdefault(each.name, new) != new:
            new = dataclasses.replace(new, name=f"{name}: {each.name}")
            origins[new.name] = new
        names[each.name] = new.name
    return names


def _new(
    records: Mapping[tuple[str, str, str], Sequence[ParityRecord]],
    record: ParityRecord,
    names: Mapping[str, str],
    part: str,
) -> ParityRecord | None:
    """Return a record with the name of its origin, or None where another part has brought it before."""
    known = (dataclasses.replace(each, origin=record.origin) for each in records.get(_key(record), ()))
    return None if record in known else dataclasses.replace(record, origin=names.get(record.origin or part, part))


def _unmet(parts: Sequence[_Part]) -> tuple[str, ...]:
    """Return what the parts lack; that shards of an earlier merge were missing may be over."""
    return tuple(
        dict.fromkeys(
            _told(name, part, each)
            for name, part in parts
            for each in part.unmet
            if each not in _missing_shards(part.origins)
        )
    )


def _told(name: str, part: RecordSet, sentence: str) -> str:
    return sentence if part.origins else f"{name}: {sentence}"


def _key(record: ParityRecord) -> tuple[str, str, str]:
    return record.name, record.session_id, record.started_at


def _order(record: ParityRecord) -> tuple[str, str, str]:
    return record.name, record.session_id, record.origin


def _common(hosts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the facts that all hosts share; what they differ in stands with each."""
    known = [host for host in hosts if host]
    return {
        name: value
        for name, value in (known[0] if known else {}).items()
        if all(host.get(name) == value for host in known)
    }


def _missing_shards(origins: Iterable[Origin]) -> list[str]:
    """Return a sentence on the shards that are not there, or do not belong together."""
    shards = {each.shard for each in origins if each.shard}
    strange = sorted(each for each in shards if not _SHARD.fullmatch(each))
    totals = sorted({int(each.partition("/")[2]) for each in shards if each not in strange})
    if strange or len(totals) > 1:
        return [
            f"the shards {', '.join(sorted(shards))} are not of one whole, so nobody can say whether all tests are there"
        ]
    missing = [f"{number}/{total}" for total in totals for number in range(1, total + 1)]
    missing = [each for each in missing if each not in shards]
    if not missing:
        return []
    return [f"shard {missing[0]} is missing" if len(missing) == 1 else f"the shards {', '.join(missing)} are missing"]


def _repeated(records: Sequence[ParityRecord]) -> tuple[str, ...]:
    """Return a remark for each manifest, with case and targets, of which several files have results."""
    results: dict[_Identity, list[ParityRecord]] = {}
    for record in records:
        results.setdefault((record.manifest, record.case, tuple(run.target for run in record.targets)), []).append(
            record
        )
    return tuple(
        f"{same[0].name} has {len(same)} results, and the worst counts: {', '.join(map(_result, same))}"
        for same in results.values()
        if len({each.origin for each in same}) > 1
    )


def _clashing(records: Sequence[ParityRecord]) -> tuple[str, ...]:
    """Return a remark for each session id that stands for runs of several files: of their directories one lies here at most."""
    runs: dict[str, list[ParityRecord]] = {}
    for record in records:
        if any(run.session_directory for run in record.targets):
            runs.setdefault(record.session_id, []).append(record)
    return tuple(
        f"session {name} is of several hosts, {' and '.join(f'{each.name} ({each.origin})' for each in same)}: "
        "where its directory lies here, it may be the other one's"
        for name, same in runs.items()
        if len({each.origin for each in same}) > 1
    )


def _result(record: ParityRecord) -> str:
    became = record.verdict.value if record.verdict else "OK" if record.passed else "FAILED"
    return f"{became} ({record.origin})"
