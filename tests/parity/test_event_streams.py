"""Events from disk and from memory, however they are interleaved, give the findings of a slow reference that holds them all."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Layer, Verdict
from osiris_core.session.lines import encode_line
from osiris_core.session.record_lines import EVENTS, RecordLines
from tests.parity.sessions import SESSION_ID, healthy

STEPS = ("read", "delays", "write")
NAMES = ("one", "two")
VALUES = (1, True, 1.0, 0.0, -0.0, "1", None, [1], [True], {"a": 1, "b": 2}, {"a": 1, "b": 2.0})


def fields(step, name, value):
    return {"event": name, "step": step, "value": value}


def session(draft, events, folder, writing=None):
    """Return the draft's session with these events between its first and its last, read from a file where one is written."""
    first, last = draft.events[0], draft.events[-1]
    times = {"ts": first["ts"], "session": SESSION_ID}
    values = [first, *({**times, **event} for event in events), last]
    built = draft.build(folder)
    if writing is None:
        return replace(built, events=tuple(values))
    path = built.directory / "events.jsonl"
    path.write_bytes(b"".join(writing(value) for value in values))
    return replace(built, events=RecordLines(path, EVENTS, SESSION_ID))


def found(left, right):
    """Return (code, step, path) of the findings about events."""
    result = compare(left, right, comparers={Layer.EVENTS}, max_findings=10_000)
    return [(f.code, f.step, f.path) for f in result.findings]


def key(event):
    return event["step"], event["event"], repr(event["value"])


def reference(left, right):
    """Return the findings of streams in which no event of a step comes twice: then there is only one answer."""
    findings = []
    for step in STEPS:
        a, b = ([key(e) for e in events if e["step"] == step] for events in (left, right))
        only_a, only_b = [k for k in a if k not in b], [k for k in b if k not in a]
        twin = {}
        for name in NAMES:
            pairs = zip((k for k in only_a if k[1] == name), (k for k in only_b if k[1] == name), strict=False)
            twin.update({y: x for x, y in pairs})
        several = Counter(k[1] for k in a)
        for x in twin.values():
            ordinal = [k for k in a if k[1] == x[1]].index(x)
            findings.append(
                ("event-changed", step, f"{x[1]}[{ordinal}].value" if several[x[1]] > 1 else f"{x[1]}.value")
            )
        findings += [("event-missing", step, k[1]) for k in only_a if k not in twin.values()]
        findings += [("event-extra", step, k[1]) for k in only_b if k not in twin]
        kept_a = [k for k in a if k in b or k in twin.values()]
        kept_b = [twin.get(k, k) for k in b if k in a or k in twin]
        places = [place for place, (x, y) in enumerate(zip(kept_a, kept_b, strict=True)) if x != y]
        findings += [("event-order", step, f"events[{place}]") for place in places[:1]]
    return findings


def interleaved(rng, streams):
    """Mix the streams of several steps, each in its own order."""
    waiting = [list(stream) for stream in streams if stream]
    mixed = []
    while waiting:
        stream = rng.choice(waiting)
        mixed.append(stream.pop(0))
        waiting = [each for each in waiting if each]
    return mixed


def changed_a_little(rng, stream, values):
    """Return a stream with some events lost, added, changed and moved; `values` gives new ones."""
    stream = list(stream)
    for _ in range(rng.randrange(4)):
        place = rng.randrange(len(stream) + 1)
        action = rng.choice(["lose", "add", "change", "move"])
        if action == "add":
            stream.insert(place, values())
        elif stream:
            event = stream.pop(place % len(stream))
            if action == "change":
                stream.insert(place, {**event, "value": values()["value"]})
            elif action == "move":
                stream.insert(rng.randrange(len(stream) + 1), event)
    return stream


def shuffled_keys(rng):
    """Return a way of writing an event: now and then with its members in another order, or with spaces."""

    def writing(event):
        items = list(event.items())
        if rng.random() < 0.2:
            rng.shuffle(items)
        line = encode_line(dict(items))
        return line.replace(b'"step":', b'"step" : ') if rng.random() < 0.2 else line

    return writing


@pytest.mark.parametrize("seed", range(35))
def test_streams_without_repetitions_have_one_answer(seed, tmp_path):
    """Lost, added, changed and moved events are told with code, step and place, from disk as from memory."""
    rng = random.Random(seed)
    numbers = iter(range(10_000))
    streams = [[fields(step, rng.choice(NAMES), next(numbers)) for _ in range(rng.randrange(12))] for step in STEPS]
    left = interleaved(rng, streams)
    right = interleaved(
        rng,
        [
            changed_a_little(rng, stream, lambda s=step: fields(s, rng.choice(NAMES), next(numbers)))
            for step, stream in zip(STEPS, streams, strict=True)
        ],
    )
    wanted = reference(left, right)
    for way, writing in (("memory", None), ("file", encode_line), ("odd", shuffled_keys(rng))):
        folder = tmp_path / way
        a, b = session(healthy("local"), left, folder, writing), session(healthy("e2b"), right, folder, writing)
        assert sorted(found(a, b)) == sorted(wanted)


@pytest.mark.parametrize("seed", range(35))
def test_streams_with_repetitions_keep_every_count(seed, tmp_path):
    """Of each step and name exactly the surplus is told; values that Python takes for equal are not; sides can be swapped."""
    rng = random.Random(1000 + seed)
    streams = [
        [fields(step, rng.choice(NAMES), rng.choice(VALUES)) for _ in range(rng.randrange(14))] for step in STEPS
    ]
    left = interleaved(rng, streams)
    right = interleaved(
        rng,
        [
            changed_a_little(rng, stream, lambda s=step: fields(s, rng.choice(NAMES), rng.choice(VALUES)))
            for step, stream in zip(STEPS, streams, strict=True)
        ],
    )
    a = session(healthy("local"), left, tmp_path, encode_line)
    b = session(healthy("e2b"), right, tmp_path, shuffled_keys(rng))
    told = compare(a, b, comparers={Layer.EVENTS}, max_findings=10_000).findings
    counts = defaultdict(Counter)
    for finding in told:
        counts[finding.step, finding.path.partition("[")[0].partition(".")[0]][finding.code] += 1
    for step in STEPS:
        one, other = ([key(e) for e in events if e["step"] == step] for events in (left, right))
        less, more = Counter(one) - Counter(other), Counter(other) - Counter(one)
        for name in NAMES:
            surplus = [[k for k in each.elements() if k[1] == name] for each in (less, more)]
            both = min(map(len, surplus))
            got = counts[step, name]
            assert bool(got["event-changed"]) is bool(both)
            assert got["event-missing"] + got["event-extra"] + got["event-doubled"] == max(map(len, surplus)) - both
            if not surplus[1] and all(k in other for k in surplus[0]):
                assert got["event-doubled"] == len(surplus[0])
            if not surplus[1] and not any(k in other for k in surplus[0]):
                assert got["event-missing"] == len(surplus[0])
        if not less and not more:
            places = [place for place, (x, y) in enumerate(zip(one, other, strict=True)) if x != y]
            ordered = [f.path for f in told if f.step == step and f.code == "event-order"]
            assert ordered == [f"events[{place}]" for place in places[:1]]

    swap = {"event-missing": "event-extra", "event-extra": "event-missing"}
    back = compare(b, a, comparers={Layer.EVENTS}, max_findings=10_000).findings
    assert Counter((f.step, swap.get(f.code, f.code)) for f in back) == Counter((f.step, f.code) for f in told)


def test_many_differences_are_counted_and_few_are_kept(tmp_path):
    """Findings are capped, their number is not; a shift by one event is one finding."""
    left = [fields("read", "one", number) for number in range(3000)]
    right = [fields("read", "one", -number if number % 3 == 1 else number) for number in range(3000)]
    a, b = session(healthy("local"), left, tmp_path, encode_line), session(healthy("e2b"), right, tmp_path, encode_line)
    result = compare(a, b, comparers={Layer.EVENTS}, max_findings=50)
    assert (result.verdict, result.findings_total, len(result.findings)) == (Verdict.DIVERGENT, 1000, 50)
    assert result.findings[0].path == "one[1].value"
    shifted = session(healthy("e2b"), left[1:], tmp_path, encode_line)
    assert found(a, shifted) == [("event-missing", "read", "one")]


def test_what_stands_before_the_rest_of_a_line_is_not_passed_over(tmp_path):
    """Lines with the same end are the same only where nothing but `ts` and `session` stands before it."""
    event = {"event": "one", "step": "read", "value": 1}

    def with_member(name):
        def writing(value):
            line = encode_line(value).replace(b'"session":', b'"' + name + b'":', 1)
            return line[:-2] + b',"session":"' + SESSION_ID.encode() + b'"}\n'

        return writing

    def with_quote(value):
        return encode_line(value).replace(b'Z","session"', b'Z\\"","session"', 1)

    hidden = session(healthy("local"), [event], tmp_path, with_member(b"sessio1"))
    other = session(healthy("e2b"), [event], tmp_path, with_member(b"sessio2"))
    assert ("event-changed", "read", "one.sessio1") in found(hidden, other)
    plain = session(healthy("local"), [event], tmp_path, encode_line)
    quoted = session(healthy("e2b"), [event], tmp_path, with_quote)
    assert ("event-shape", "read", "one.ts") in found(plain, quoted)
    assert not [code for code, _, _ in found(plain, quoted) if code != "event-shape"]
