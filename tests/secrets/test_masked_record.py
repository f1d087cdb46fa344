"""What a record shows of files is masked as its texts are: cells of whole rows, and bytes."""

from __future__ import annotations

import dataclasses

from osiris_core.parity.record import (
    AttemptTarget,
    ByteSample,
    EarlierAttempt,
    Finding,
    Layer,
    RowSample,
    StepAttempt,
    TableDifference,
)
from osiris_core.secrets.masked_record import masked
from osiris_core.wire.masking import MaskTable

SECRET = "kYp3/Xs+9q~Zt"
TABLE = MaskTable.of_values([("TOKEN", SECRET)])
FINDING = Finding(
    layer=Layer.ARTIFACTS,
    step="write",
    code="table-cells",
    path="write/a.csv",
    message="m",
    table=TableDifference(rows=(1, 1), shown=("a",), samples=(RowSample(row="line 2", left=("'1'",), right=("'2'",)),)),
    samples=(ByteSample(offset=16, left=b"plain bytes".hex(), right=b"other bytes".hex()),),
)


def with_samples(*, row: str = "'1'", data: bytes = b"plain") -> Finding:
    table = dataclasses.replace(FINDING.table, samples=(RowSample(row="line 2", left=(row,), right=("'2'",)),))
    return dataclasses.replace(FINDING, table=table, samples=(ByteSample(offset=16, left=data.hex(), right="00"),))


def test_what_holds_no_secret_stays_the_same_object():
    """Masking costs nothing where there is nothing to hide."""
    assert masked(FINDING, TABLE) is FINDING


def test_errors_of_earlier_attempts_are_masked():
    """At a test and at a step: what they said is shown beside the others."""
    target = AttemptTarget(target="local", error=f"no {SECRET}")
    earlier = EarlierAttempt(became="FAILED", session_id="x", headline=f"no {SECRET}", targets=(target,))
    attempt = StepAttempt(number=1, error_type="E", error=f"no {SECRET}")
    shown = [masked(each, TABLE) for each in (earlier, attempt)]
    assert SECRET not in repr(shown)
    assert repr(shown).count("***TOKEN***") == 3


def test_a_cell_of_a_whole_row_is_masked():
    """A secret in a row that stands there for context is one all the same."""
    found = masked(with_samples(row=f"'{SECRET}'"), TABLE)
    assert found.table.samples[0].left == ("'***TOKEN***'",)


def test_bytes_with_a_secret_or_a_piece_of_one_are_held_back():
    """Digits hide a secret from a search for text, and the edge of a sample may have cut it: nothing of it is shown."""
    for data in (f"x{SECRET}y".encode(), SECRET[-5:].encode(), SECRET[:4].encode()):
        (sample,) = masked(with_samples(data=b"\0" + data + b"\0"), TABLE).samples
        assert sample == ByteSample(offset=16, held_back=True)
