"""What other plugins hold against a check, by `pytest_osiris_verdict`: a worse record, or a sentence about who gave something else."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.worsening import refusal, worst
from osiris_core.secrets.masked_record import masked as masked_record
from pytest_osiris.checking.masking import masked
from pytest_osiris.extension import plugins_to_ask
from pytest_osiris.keys import MASK, CheckFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.parity.record import ParityRecord

_OUTCOMES = (pytest.fail.Exception, pytest.skip.Exception, pytest.xfail.Exception)
"""What would say how the test ended: a red check must not end as a skip."""


def judged_by_plugins(
    item: pytest.Item, record: ParityRecord, keep: Callable[[ParityRecord], ParityRecord]
) -> ParityRecord:
    """Return the record as the plugins leave it, kept; while they judge, what is kept says that the check is not over.

    Raises `CheckFailedError` where one gave what it may not; the record then fails by that sentence. What one raises passes on.
    """
    accepted: list[ParityRecord] = []
    wrong = ""
    for plugin, ask in plugins_to_ask(item.config, item.ihook.pytest_osiris_verdict, item=item):
        hook = f"the hook pytest_osiris_verdict of {plugin}"
        lent = deepcopy(record)  # a frozen value can be changed all the same
        try:
            given = ask(record=lent)
        except _OUTCOMES as error:
            wrong = wrong or f"{hook} cannot end the test: {type(error).__name__}: {error}"
            continue
        except Exception as error:
            told = masked(item, f"{hook} raised {type(error).__name__}: {error}")
            keep(replace(record, passed=False, headline=told))
            raise
        if lent != record:
            wrong = wrong or f"{hook} changed the record that it was given; what it holds against it has to be returned"
            continue
        for answer in given:
            reason = refusal(record, answer)
            if reason:
                wrong = wrong or f"{hook} {reason}"
            else:
                accepted.append(answer)
    found = worst(record, accepted)
    if wrong:
        keep(replace(found, passed=False, headline=masked(item, wrong)))
        raise CheckFailedError(f"{record.manifest}: {wrong}")
    for table in item.stash.get(MASK, ()) if found is not record else ():
        found = masked_record(found, table)
    return keep(found)
