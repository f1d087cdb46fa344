"""Values and states are what dataclasses are to whoever uses them, and make no worker import `dataclasses`."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from osiris_core.wire.values import as_dict, field, names_of, replace, state, value


@value
class Point:
    """A value with everything that a field can have."""

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list, repr=False)
    made: str = field(default="here", init=False)

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if self.x < 0:
            raise ValueError("x is less than 0")

    @property
    def sum(self) -> int:
        """Both."""
        return self.x + self.y


@state
class Count:
    """A state."""

    number: int = 0


def test_a_value_has_what_it_is_given_and_its_defaults() -> None:
    """Each value has a list of its own."""
    first, second = Point(x=1), Point(x=1, tags=["a"])

    assert (first.x, first.y, first.tags, first.made, first.sum) == (1, 2, [], "here", 3)
    assert second.tags == ["a"]
    assert first.tags is not Point(x=1).tags


def test_it_is_equal_by_what_it_holds_and_of_one_class() -> None:
    """A state with the same fields is another thing."""
    assert Point(x=1) == Point(x=1, y=2)
    assert Point(x=1) != Point(x=2)
    assert Count(number=1) == Count(number=1)
    assert Count() != Point(x=0)


def test_a_value_is_frozen_and_hashable_and_a_state_is_neither() -> None:
    """The error is that of a dataclass."""
    point, count = Point(x=1), Count()
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x' of Point"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x' of Point"):
        del point.x
    count.number += 1

    assert (point.x, count.number) == (1, 1)
    assert len({Count.__name__: 1, replace(_Hashable(x=1)): 2, _Hashable(x=1): 3}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(count)


@value
class _Hashable:
    x: int


def test_nothing_else_fits_in() -> None:
    """There are slots, and no dictionary."""
    with pytest.raises(AttributeError):
        Count().other = 1  # type: ignore[attr-defined]
    assert not hasattr(Point(x=1), "__dict__")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"x": 1, "z": 2}, "Point.__init__.. got an unexpected keyword argument 'z'"),
        ({"x": 1, "made": "there"}, "unexpected keyword argument 'made'"),
        ({"y": 1}, "Point.__init__.. missing required keyword-only arguments: x"),
    ],
)
def test_what_it_has_not_or_lacks_is_an_error(given: dict[str, int], says: str) -> None:
    """As with any call."""
    with pytest.raises(TypeError, match=says):
        Point(**given)  # type: ignore[arg-type]


def test_what_it_refuses_it_refuses_when_replaced_too() -> None:
    """The check runs for every new value."""
    with pytest.raises(ValueError, match="less than 0"):
        Point(x=-1)
    with pytest.raises(ValueError, match="less than 0"):
        replace(Point(x=1), x=-1)


def test_it_shows_what_it_holds_but_not_what_is_kept_out() -> None:
    """The tags are not shown."""
    assert repr(Point(x=1, tags=["secret"])) == "Point(x=1, y=2, made='here')"


def test_its_fields_have_names_and_types() -> None:
    """As they are written."""
    assert names_of(Count) == {"number": "int"}
    assert as_dict(Point(x=1)) == {"x": 1, "y": 2, "tags": [], "made": "here"}


def test_for_the_host_it_is_a_dataclass() -> None:
    """Whatever `dataclasses` do with theirs, they do with it."""
    point = Point(x=1, tags=["a"])

    assert dataclasses.is_dataclass(point)
    assert dataclasses.replace(point, y=5) == Point(x=1, y=5, tags=["a"])
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "tags": ["a"], "made": "here"}
    assert [each.name for each in dataclasses.fields(Point)] == ["x", "y", "tags", "made"]


@pytest.mark.parametrize("module", ["running", "executor"])
def test_a_worker_starts_without_what_a_plain_run_needs_not(module: str) -> None:
    """Each of these is a tenth of its start, or more."""
    code = f"""
import sys, osiris_core.worker.{module}
print(sorted({{'ast', 'dataclasses', 'html', 'inspect', 'zipfile'}} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
