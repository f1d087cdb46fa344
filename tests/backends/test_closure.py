"""The closure holds what was declared and what that needs, locked, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from osiris_core.backends.closure import resolve_closure
from osiris_core.errors import ClosureError

if TYPE_CHECKING:
    from conftest import Environment


def pins(*requirements: str) -> list[str]:
    return [each.pin for each in resolve_closure(requirements).distributions]


def test_a_requirement_brings_what_it_requires(environment: Environment) -> None:
    """Requirements of requirements are in the closure; what nobody asked for is not."""
    environment.install("top", requires=("middle>=1",))
    environment.install("middle", requires=("bottom",))
    environment.install("bottom", "2.5")
    environment.install("stranger")

    assert pins("top") == ["bottom==2.5", "middle==1.0", "top==1.0"]


def test_a_cycle_of_requirements_ends(environment: Environment) -> None:
    """Two distributions that require each other are both locked, once."""
    environment.install("egg", requires=("hen",))
    environment.install("hen", requires=("egg",))

    assert pins("egg") == ["egg==1.0", "hen==1.0"]


def test_an_extra_counts_only_when_asked_for(environment: Environment) -> None:
    """What stands behind `extra ==` comes with the extra and not without."""
    environment.install("base", requires=('addon; extra == "more"',))
    environment.install("addon")

    assert pins("base") == ["base==1.0"]
    assert pins("base[more]") == ["addon==1.0", "base==1.0"]


def test_a_marker_for_another_machine_is_left_out(environment: Environment) -> None:
    """A requirement whose marker is false here is not resolved."""
    environment.install("base", requires=('missing; sys_platform == "amiga"',))

    assert pins("base") == ["base==1.0"]


def test_names_are_compared_as_the_packaging_rules_say(environment: Environment) -> None:
    """`Some.Thing`, `some_thing` and `some-thing` are one distribution."""
    environment.install("some_thing")

    assert pins("Some.Thing") == ["some-thing==1.0"]


def test_the_digest_follows_versions_and_content(environment: Environment) -> None:
    """Equal declarations give equal digests; another version or another list of files gives another."""
    environment.install("first")
    environment.install("second", files={"second.py": "A = 1\n"})
    before = resolve_closure(["first", "second"]).digest

    assert resolve_closure(["second", "first"]).digest == before
    record = environment.site / "second-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text().replace("second.py,,", "second.py,sha256=abc,6"))
    assert resolve_closure(["first", "second"]).digest != before


@pytest.mark.parametrize(
    ("requirement", "sentence"),
    [
        ("nowhere", "the manifest requires 'nowhere', which is not installed beside pytest-osiris"),
        ("known>=2", "the manifest requires 'known>=2', but 1.0 is installed"),
        ("no requirement!", "the manifest requires 'no requirement!', which is no requirement"),
        ("handmade", "handmade 1.0 was installed without a list of its files"),
        ("linked", "linked is an editable install"),
        ("needy", "needy requires 'absent', which is not installed"),
    ],
)
def test_what_cannot_be_shown_is_said(environment: Environment, requirement: str, sentence: str) -> None:
    """Each reason a distribution cannot be locked is one sentence that names it."""
    environment.install("known")
    environment.install("handmade", record=False)
    environment.install("linked", direct_url='{"url": "file:///src", "dir_info": {"editable": true}}')
    environment.install("needy", requires=("absent",))

    with pytest.raises(ClosureError, match=re.escape(sentence)):
        resolve_closure([requirement])
