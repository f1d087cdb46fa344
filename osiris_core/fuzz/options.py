"""What the config of a step may say, made from what its driver declares.

For the drivers that ship, options that have a meaning beyond their type have strategies of their own here; everything
else, and every driver that somebody else wrote, follows from the declared types.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from osiris_core.fuzz.files import FILES, TOLD_BY_FILE, csv_file
from osiris_core.fuzz.tables import columns
from osiris_core.fuzz.values import seldom, texts
from osiris_core.wire.names import table_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

    from osiris_core.drivers.protocol import DriverSpec, Option, OptionType

    Draw = Callable[[SearchStrategy[Any]], Any]

FILE_NAMES: Final = ("data", "Größe", "日本 1", "UPPER", "a.b-c")
DELIMITERS: Final = (",", ";", "\t", "|")
QUERIES: Final = (
    "select * from {0}",
    "select count(*) as n from {0}",
    "select * from {0} order by all",
    "select * from {0} order by all desc nulls first",
    "select distinct * from {0} order by all",
    "select columns(*)::varchar from {0}",
    "select upper(columns(*)::varchar) from {0}",
    "select md5(columns(*)::varchar) from {0}",
    "select typeof(columns(*)) from {0}",
    "select *, row_number() over () as row_number from {0}",
    "select min(columns(*)), count(columns(*)) from {0}",
    "select * from {0} limit 1",
    "select * from {0} where false",
    "select 1 as one",
    "from {0} union all by name from {0}",
    "select no_such_column from {0}",
)
"""Queries that fit any table; `{0}` is the first one that the step is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a config is made for: the step's number, which keeps file names apart, and the steps that it needs."""

    number: int
    needs: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A drawn config, with the files that it names; `data` are those of them that hold tables."""

    values: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)
    data: tuple[str, ...] = ()


def config_of(
    draw: Draw, spec: DriverSpec, given: Given, overrides: Mapping[str, SearchStrategy[Any]] | None = None
) -> Config:
    """Draw a config of a driver: every required option, and some of the others; `overrides` are asked first.

    What the file says of itself is seldom contradicted: a step that is refused compares nothing behind it.
    """
    own = dict(overrides or {})
    told: frozenset[str] = frozenset()
    if spec.name in _WHOLE and not own:
        return _WHOLE[spec.name](draw, spec, given)
    values: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    data: tuple[str, ...] = ()
    for name, option in spec.options.items():
        if name not in own and not option.required and (name in told or not draw(_sometimes)):
            continue
        if name in own:
            values[name] = draw(own[name])
        elif option.type == "input_path":
            found = draw(FILES.get(spec.name, csv_file)(f"{draw(st.sampled_from(FILE_NAMES))}{given.number}"))
            values = {**values, **found.options, name: found.path}
            told = frozenset() if draw(seldom()) else TOLD_BY_FILE.get(spec.name, frozenset())
            files[found.path] = found.content
            data = (*data, found.path) if found.is_table else data
        else:
            values[name] = draw(_SPECIAL.get((spec.name, name), _by_type)(option, given))
    return Config(values=values, files=files, data=data)


_sometimes = st.integers(0, 2).map(lambda each: each == 2)  # noqa: PLR2004 - one time in three


def _by_type(option: Option, given: Given) -> SearchStrategy[Any]:
    """Return values of an option's declared type."""
    if option.choices:
        one = st.sampled_from(option.choices)
        return st.lists(one, max_size=2) if option.type == "strings" else one
    if option.type in {"integer", "number"}:
        return _numbers(option)
    return _of_type(option.type, given.number)


def _numbers(option: Option) -> SearchStrategy[Any]:
    """Return numbers within an option's bounds, those next to zero among them."""
    least = -(2**31) if option.minimum is None else math.ceil(option.minimum)
    most = max(least, 2**31) if option.maximum is None else math.floor(option.maximum)
    least = min(least, most) if option.minimum is None else least
    start = min(max(0, least), most)
    whole = st.integers(start, min(start + 3, most)) | st.integers(least, most) if least <= most else st.nothing()
    if option.type == "integer":
        return whole
    low, high = (None if each is None else float(each) for each in (option.minimum, option.maximum))
    return whole | st.floats(low, high, allow_nan=False, allow_infinity=False)


@functools.cache
def _of_type(option_type: OptionType, number: int) -> SearchStrategy[Any]:
    name = st.sampled_from(FILE_NAMES).map(lambda each: f"{each}{number}.out")
    by_type: Mapping[OptionType, SearchStrategy[Any]] = {
        "string": texts(huge=False),
        "output_path": name | name.map(lambda each: f"below/{each}"),
        "output_paths": st.lists(name, max_size=1),
        "boolean": st.booleans(),
        "strings": st.lists(texts(huge=False), max_size=2),
        "mapping": st.dictionaries(texts(huge=False).filter(_is_key), texts(huge=False), max_size=2),
        "any": st.none() | st.booleans() | texts(huge=False),
    }
    return by_type[option_type]


def _is_key(text: str) -> bool:
    return text != "<<"  # which in YAML merges


def _query(_option: Option, given: Given) -> SearchStrategy[str]:
    tables = [table_key(each) for each in given.needs]
    return st.sampled_from(QUERIES).map(lambda query: query.format(*tables))


def _one_of(*values: Any) -> Callable[[Option, Given], SearchStrategy[Any]]:
    return lambda _option, _given: st.sampled_from(values)


_SPECIAL: Final[Mapping[tuple[str, str], Callable[[Option, Given], SearchStrategy[Any]]]] = {
    ("filesystem.csv_extractor", "nulls"): _one_of([""], [], ["NULL"], ["", "nan", "\\N"]),
    ("filesystem.csv_writer", "delimiter"): _one_of(*DELIMITERS),
    ("filesystem.csv_writer", "nulls"): _one_of("", "NULL", "\\N"),
    ("filesystem.parquet_writer", "row_group_rows"): _one_of(1, 2, 1000),
    ("duckdb.processor", "query"): _query,
}


def _callable(draw: Draw, _spec: DriverSpec, given: Given) -> Config:
    """Return the config of `python.callable`: a table of typed values as a source, else one of the steps that ship."""
    if not given.needs:
        return Config(values={"function": "fuzz_steps:table", "kwargs": {"columns": draw(columns())}})
    match draw(st.sampled_from(["passed_on", "told", "passed_on", "told", "passed_on", "told", "refused"])):
        case "told":
            return Config(
                values={
                    "function": "fuzz_steps:told",
                    "kwargs": {"lines": draw(st.lists(texts(huge=False), max_size=3))},
                }
            )
        case "refused":
            return Config(values={"function": "fuzz_steps:refused", "kwargs": {"message": draw(texts())}})
    return Config(values={"function": "fuzz_steps:passed_on"})


_WHOLE: Final[Mapping[str, Callable[[Draw, DriverSpec, Given], Config]]] = {"python.callable": _callable}
