"""The records of a session are read from disk when they are asked for, and looked through once as it is opened."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from osiris_core.errors import SessionError
from osiris_core.session.digest import canonical_line, canonical_lines
from osiris_core.session.lines import encode_line
from osiris_core.session.outline import KEPT, outline_of
from osiris_core.session.record_lines import EVENTS, RecordLines
from osiris_core.session.volatile import load_schema, volatile_fields
from osiris_core.wire.canon import canonical_json

SID = "20261124T120000Z-0a1b2c3d"


def anything(rng, depth=3):
    """Return a value that JSON can hold, or NaN or an infinity, with a liking for what is written in two ways."""
    if depth and rng.random() < 0.4:
        items = [anything(rng, depth - 1) for _ in range(rng.randrange(4))]
        return items if rng.random() < 0.5 else {text(rng): item for item in items}
    number = (
        rng.choice([0.0, 1.0, 9.999999999999999, rng.random()]) * 10.0 ** rng.randrange(-9, 20) * rng.choice([1, -1])
    )
    return rng.choice([
        None, True, False, 0, -7, 2**63, -(2**70), number, number, rng.choice([number, float("nan"), float("inf")]),
        text(rng), "null", "e5", "0.00001",
    ])  # fmt: skip


def text(rng):
    return "".join(rng.choice('abe-0.\x7f\x01"\\/\n\u00e9\u2028\ud800\U0001f600') for _ in range(rng.randrange(4)))


def event(number, name="page_made", step="work", **data):
    ts = f"2026-11-24T12:{number // 60:02d}:{number % 60:02d}.000000Z"
    return {"ts": ts, "session": SID, "event": name, "step": step, **data}


@pytest.fixture
def opened(tmp_path):
    """A function that writes lines, and opens them."""

    def opened(lines, *, whole=False):
        path = tmp_path / "events.jsonl"
        path.write_bytes(b"".join(lines))
        taken = []
        return RecordLines(path, EVENTS, SID, taken.extend if whole else None)

    return opened


@pytest.mark.parametrize("seed", range(5))
def test_the_quick_canonical_form_is_the_slow_one(seed):
    """Whatever JSON can hold, the digest is taken over the same bytes as the standard library writes."""
    rng = random.Random(seed)
    seen = Counter()
    for _ in range(600):
        value = {text(rng): anything(rng) for _ in range(rng.randrange(5))}
        try:
            wanted = canonical_json(value) + b"\n"
        except ValueError:
            with pytest.raises(ValueError, match="JSON compliant"):
                canonical_line(value)
            seen["refused"] += 1
        else:
            assert canonical_line(value) == wanted
            seen["quick"] += wanted.isascii() and "e" not in wanted.decode()
    assert min(seen["refused"], seen["quick"]) > 20


@pytest.mark.parametrize(
    "odd", [{"n": 1e22}, {"n": "é"}, {"n": 10**30}, {"n": "\ud800"}, {"n": 0.00001}, {"n": None}, {}]
)
def test_the_canonical_form_of_many_is_that_of_each(odd):
    """One value among many that has to be written slowly changes none of the others."""
    values = [{"b": 1, "a": None}, odd, {"c": "null"}]

    assert canonical_lines(values) == b"".join(canonical_json(value) + b"\n" for value in values)
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_lines([*values, {"n": float("nan")}])


@pytest.mark.parametrize("place", [0, 255, 256, 600, 699])
def test_a_key_that_is_there_twice_is_told_with_its_line(opened, place):
    """Lines are verified many at a time, and yet each by itself."""
    lines = [encode_line(event(number, n=number)) for number in range(700)]
    lines[place] = lines[place].replace(b'"n":', b'"n":0,"n":')

    with pytest.raises(SessionError, match=rf"events\.jsonl:{place + 1} is not JSON: it has the key 'n' twice"):
        opened(lines, whole=True)


def test_every_record_is_given_away_once_and_in_order(tmp_path):
    """Also where some are too large to wait for others, and where one is written in another way."""
    values = [event(number, text="x" * (100_000 if number % 50 == 7 else 1)) for number in range(600)]
    lines = [encode_line(value) for value in values]
    lines[300] = json.dumps(values[300], indent=None).encode() + b"\n"
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(lines))
    taken = []
    RecordLines(path, EVENTS, SID, taken.extend)

    assert taken == values


def test_the_events_of_one_name_are_found_however_it_is_written(opened):
    """Only lines that cannot be of the name are passed over."""
    values = [event(1, "left"), event(2, text="left"), event(3, "left"), event(4, "right")]
    lines = [encode_line(value) for value in values]
    lines[2] = lines[2].replace(b'"event":"left"', b'"event": "l\\u0065ft"')

    assert list(opened(lines).named("left")) == [values[0], values[2]]


def test_records_are_a_sequence(opened):
    """Length, order, places from both ends, slices and equality are those of the list of values."""
    values = [event(number, n=number) for number in range(1300)]
    records = opened(map(encode_line, values))

    assert len(records) == 1300
    assert list(records) == values
    for place in (0, 1, 511, 512, 513, 1299, -1, -1300):
        assert records[place] == values[place]
    assert records[510:514] == tuple(values[510:514])
    assert records[::-400] == tuple(values[::-400])
    assert records == values
    assert records == tuple(values)
    assert records != values[:-1]
    assert records != [*values[:-1], {}]
    with pytest.raises(IndexError, match="1300 records"):
        records[1300]


@pytest.mark.parametrize("whole", [False, True])
def test_the_outline_of_a_file_is_that_of_its_values(opened, whole):
    """What is counted and kept while a file is looked through is what its values say."""
    values = [
        event(0, "run_start", None),
        event(1),
        event(2, step="other"),
        event(3, "step_complete", rows=1, duration_ms=1.5),
        event(4),
        event(5, "run_complete", None, duration_ms=2.5),
    ]
    outline = opened(map(encode_line, values), whole=whole).outline

    assert outline == outline_of(values)
    assert outline.counts == Counter(
        {("work", "page_made"): 2, ("other", "page_made"): 1, ("work", "step_complete"): 1,
         (None, "run_start"): 1, (None, "run_complete"): 1}
    )  # fmt: skip
    assert (outline.total, outline.first, outline.last) == (6, "run_start", "run_complete")
    assert outline.kept == (values[0], values[3], values[5])
    assert outline.named("step_complete", "run_complete") == [values[3], values[5]]
    assert (outline.ordered, outline.earliest, outline.latest) == (True, values[0]["ts"], values[5]["ts"])


@pytest.mark.parametrize(
    "ts", ["2026-11-24T11:00:00.000000Z", "2026-11-24T12:00:09Z", "2026-11-24T12:00:09.000000+00:00", "noon", None]
)
def test_times_in_another_form_or_order_are_not_called_ordered(ts):
    """Only times of the worker's own form, each not before the one ahead, are ordered as texts."""
    assert outline_of([event(1), event(2)]).ordered
    assert not outline_of([event(1), {**event(2), "ts": ts}]).ordered


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"ts":"t","session":"%s","event":"a","step":null,"n":1,"n":2}\n', "events.jsonl:2 .* the key 'n' twice"),
        (b'{"ts":"t","session":"%s","event":"a","step":null,"d":[{"x":1, "x":1}]}\n', "the key 'x' twice"),
        (b'{"ts":"t","session":"%s","event":"a","step":null,"n":"\xff"}\n', "events.jsonl:2 is not JSON"),
        (b'{"ts":"t","session":"%s","event":"a","step":null,"n":NaN}\n', "events.jsonl:2 is not JSON"),
        (b'{"ts":"t","session":"%s","event":"a","step":null,"n":' + b"[" * 100_000 + b"\n", "events.jsonl:2 is not JSON"),
        (b'{"ts":"t","session":"%s","event":"a"}\n', "events.jsonl:2 has no 'step'"),
        (b'{"ts":"t","session":"%s","event":7,"step":null}\n', "events.jsonl:2 has a 'event' of the wrong type"),
        (b'["%s"]\n', "events.jsonl:2 is no JSON object"),
        (b'{"ts":"t","session":"other","event":"a","step":null}\n', "events.jsonl:2 belongs to the session 'other'"),
        (b'{"ts":"t","session":"%s","event":"a","step":null}', "events.jsonl is cut off"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_record_is_refused(opened, line, words):
    """The file and the line are named, whatever is wrong with it."""
    with pytest.raises(SessionError, match=words):
        opened([encode_line(event(1)), line.replace(b"%s", SID.encode())], whole=True)


def test_another_way_of_writing_is_no_key_twice(opened):
    """Spaces, escapes and exponents are another form of the same record."""
    line = json.dumps(event(1, text="zürich \ud800", n=1e-7, big=2**70), indent=1).replace("\n", " ").encode() + b"\n"
    (value,) = opened([line], whole=True)
    assert value == event(1, text="zürich \ud800", n=1e-7, big=2**70)


def test_an_outline_holds_every_event_with_more_than_a_volatile_time():
    """Shapes of durations are judged by the outline alone where all times are in order."""
    for name in load_schema("events")["$defs"]:
        assert name in KEPT or set(volatile_fields("events", name)) == {"ts"}
