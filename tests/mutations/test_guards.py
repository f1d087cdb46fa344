"""The harness can fail: with a part of the comparison switched off, what that part alone finds is missed."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import ALL, compare
from osiris_core.parity.kinds.protocol import FileComparison, SetAside
from osiris_core.parity.record import Layer, Verdict
from osiris_core.session.reader import open_session
from osiris_core.testing.mutations import DIFFERENCES, plant

ONE_OF_EACH = {difference.layer: difference for difference in reversed(DIFFERENCES)}


def planted(difference, pairs, place):
    spot, directory = plant(difference, pairs[difference.failed][1], place(), seed=1)
    return spot, open_session(pairs[difference.failed][0]), open_session(directory)


@pytest.mark.parametrize("layer", list(Layer))
def test_without_its_layer_a_difference_is_missed(layer, pairs, place):
    """And the verdict is not green for it."""
    difference = ONE_OF_EACH[layer]
    spot, left, right = planted(difference, pairs, place)
    result = compare(left, right, comparers=ALL - {layer})
    assert difference.missed(spot, result.findings)
    assert not result.verdict.passes


def test_a_comparer_of_files_that_sees_no_difference_is_caught(pairs, place, monkeypatch):
    """One that calls all files equal by some rule makes every class among artifacts' contents go red."""
    blind = FileComparison(set_aside=(SetAside(rule="blind", reason="made up"),))
    monkeypatch.setattr("osiris_core.parity.kinds.registry.compare_files", lambda *_, **__: blind)
    for difference in [each for each in DIFFERENCES if each.layer == "artifacts" and "artifact-content" in each.codes][
        ::12
    ]:
        spot, left, right = planted(difference, pairs, place)
        result = compare(left, right)
        assert difference.missed(spot, result.findings)
        assert result.verdict is Verdict.EQUIVALENT
