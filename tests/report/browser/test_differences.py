from __future__ import annotations

from osiris_core.parity.record import RecordSet
from osiris_core.report.files import write_report
from tests.report.samples import divergent

LINE = "() => { const [l, r] = document.querySelectorAll('.block.changed > div'); return [l.getBoundingClientRect(), r.getBoundingClientRect()]; }"


def test_one_choice_shows_all_differences_side_by_side_or_unified(opened, tmp_path):
    """Side by side where there is room, one above the other where there is not, by choice everywhere, and without the script by itself."""
    address = write_report(RecordSet(records=(divergent(),)), tmp_path / "parity.html").html.as_uri()
    page = opened(address)
    left, right = page.evaluate(LINE)
    assert (left["y"], left["x"] < right["x"]) == (right["y"], True)
    page.locator("input.as-unified").first.check()
    left, right = page.evaluate(LINE)
    assert (left["x"], left["y"] < right["y"]) == (right["x"], True)
    page.reload()
    assert page.locator("input.as-unified").first.is_checked()  # remembered for the session

    plain = opened(address, viewport={"width": 400, "height": 800}, java_script_enabled=False)
    left, right = plain.evaluate(LINE)
    assert left["y"] < right["y"]
    plain.locator("input.as-split").first.check()
    left, right = plain.evaluate(LINE)
    assert left["y"] == right["y"]
