"""Records survive the way through JSON; anything that is not such a file is refused with a sentence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from osiris_core.errors import UsageError
from osiris_core.parity.compare import compare
from osiris_core.parity.record import BaselineState, BaselineUse, ParityRecord, RecordSet, StepRun, TargetRun, Verdict
from osiris_core.parity.record_io import decode_records, encode_records
from tests.parity.sessions import healthy, pair


@pytest.fixture
def records(tmp_path):
    """Return a full record set: a real comparison with findings, rules, targets and steps."""
    left, right = healthy("local"), healthy("e2b")
    left.printed["report"], right.printed["report"] = b"took 0.1s\n", b"took 0.2s\n\xff"
    step = StepRun(id="read", driver="x", needs=("a",), state="succeeded", rows=3, duration_ms=1.5, artifacts=("a/b",))
    target = TargetRun(
        target="e2b",
        provider="embedded",
        isolation="bubblewrap",
        steps=(step,),
        environment={"cpus": 2},
        phases=(("run", 1.0),),
    )
    record = ParityRecord(
        manifest="a.osiris.yaml",
        pipeline_id="flights",
        passed=False,
        headline="they differ",
        verdict=Verdict.DIVERGENT,
        targets=(target,),
        comparison=compare(*pair(tmp_path, left, right)),
    )
    return RecordSet(records=(record,), created_at="2026-11-24T12:00:00Z", host={"python": "3.11"})


def test_records_come_back_as_they_were(records):
    """Encoding and decoding loses nothing."""
    assert records.records[0].comparison.findings
    assert decode_records(encode_records(records)) == records


def test_the_document_is_plain_json(records):
    """Other programs can read it."""
    document = json.loads(encode_records(records))
    assert document["version"] == 1
    assert document["records"][0]["verdict"] == "DIVERGENT"


def test_another_version_is_refused(records):
    """A reader of this version does not guess at another one, of the set or of a record."""
    document = json.loads(encode_records(records))
    for broken in ({**document, "version": 2}, {**document, "version": "1"}, {"records": []}):
        with pytest.raises(UsageError, match="version"):
            decode_records(json.dumps(broken).encode())
    document["records"][0]["version"] = 2
    with pytest.raises(UsageError, match="a record of version 2"):
        decode_records(json.dumps(document).encode())


def test_a_torn_file_is_refused_wherever_it_was_cut(records):
    """No beginning of a document is taken for a document."""
    data = encode_records(records)
    for length in range(0, len(data), 7):
        with pytest.raises(UsageError):
            decode_records(data[:length])


@pytest.mark.parametrize("data", [b"[]", b"null", b"\xff", b'{"version": 1}', b'{"version": 1, "records": [{}]}'])
def test_something_else_is_refused(data):
    """Valid JSON of another shape, and no JSON at all, give a sentence."""
    with pytest.raises(UsageError):
        decode_records(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"passed": True},
        {"passed": True, "verdict": Verdict.IDENTICAL, "expectation_failures": ("too few rows",)},
        {"passed": True, "verdict": None, "baseline": BaselineUse(path="x", state=BaselineState.DIFFERS)},
        {"verdict": Verdict.INFRA, "expected_failure": True},
    ],
)
def test_a_record_that_is_green_and_red_is_refused(records, changes):
    """Edited, or made by something else: it must not turn a merged gate green."""
    edited = replace(records, records=(replace(records.records[0], **changes),))

    with pytest.raises(UsageError, match=r"a\.osiris\.yaml: the record says that it passed, and why it did not"):
        decode_records(encode_records(edited))


NESTED = b'{"a":' * 51 + b"1" + b"}" * 51


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b'"passed":false', b'"passed":false,"passed":true', "the key `passed` is there twice"),
        (b'{"cpus":2}', b'{"cpus":2,"cpus":3}', "the key `cpus` is there twice"),
        (b'{"cpus":2}', b'{"cpus":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "recursion"),
        (b'{"cpus":2}', NESTED, r"a\.osiris\.yaml: `environment` is nested more than 50 deep"),
        (b'{"cpus":2}', b'{"cpus":NaN}', "invalid character"),
        (b'"rows":3', b'"rows":1e999', "Number out of range"),
        (b'"rows":3', b'"rows":' + b"9" * 21, "99999999999999999999… is no number of anything"),
        (b'"rows":3', b'"rows":' + b"9" * 5_000, "out of range"),
        (
            b'["run",1.0]',
            b'["run",1e308]',
            r"`\$\.records\[0\]\.targets\[0\]\.phases\[0\]\[1\]` is 1e\+308, and nothing takes so long",
        ),
        (
            b'"duration_ms":1.5',
            b'"duration_ms":-1e300',
            r"steps\[0\]\.duration_ms` is -1e\+300, and nothing takes so long",
        ),
        (b'"rows":3', b'"rows":-3', r"`\$\.records\[0\]\.targets\[0\]\.steps\[0\]\.rows` is -3, which counts nothing"),
        (
            b'"created_at":"2026',
            b'"created_at":"99999',
            r"`\$\.created_at` is '99999-11-24T12:00:00Z', which is no time",
        ),
        *(
            (
                b'"created_at":"2026-11-24T12:00',
                f'"created_at":"{each}'.encode(),
                r"`\$\.created_at` is '.*', which is no time",
            )
            for each in (
                "2026-13-24T12:00",
                "2026-11-31T12:00",
                "2026-02-29T12:00",
                "2026-11-24T24:00",
                "2026-11-24T12:60",
            )
        ),
    ],
)
def test_what_json_allows_and_no_record_has_is_refused(records, old, new, sentence):
    """Two meanings of one key, numbers that count and measure nothing, nesting without end: each is one sentence."""
    data = encode_records(records)
    assert data.count(old) >= 1

    with pytest.raises(UsageError, match=sentence):
        decode_records(data.replace(old, new))


def test_the_largest_numbers_that_are_counted_are_read(records):
    """64 bits, and tables in tables, as an environment may have them."""
    data = encode_records(records).replace(b'{"cpus":2}', b'{"a":' * 49 + b"18446744073709551615" + b"}" * 49)

    assert decode_records(data).records


def test_findings_of_an_earlier_record_are_read_without_what_came_later(records):
    """Samples, kinds, sizes and digests are additions of version 1: a document without them is whole."""
    document = json.loads(encode_records(records))
    findings = document["records"][0]["comparison"]["findings"]
    for finding in findings:
        for added in ("samples", "kinds", "sizes_bytes", "digests"):
            finding.pop(added, None)
    read = decode_records(json.dumps(document).encode()).records[0].comparison.findings
    assert len(read) == len(findings) > 0
    assert (read[0].samples, read[0].kinds, read[0].sizes_bytes) == ((), ("", ""), (None, None))
