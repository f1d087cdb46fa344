"""Differences in `metrics.jsonl`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from osiris_core.testing.mutations.model import Difference, Spot
from osiris_core.testing.mutations.places import pick
from osiris_core.testing.mutations.seal import canonical, is_volatile, stable_metric
from osiris_core.testing.mutations.values import SMALLEST

if TYPE_CHECKING:
    from random import Random

    from osiris_core.testing.mutations.session_copy import SessionCopy


def _exact(copy: SessionCopy) -> list[int]:
    return [place for place, metric in enumerate(copy.metrics) if not is_volatile(metric)]


def _spot(copy: SessionCopy, place: int, what: str, codes: tuple[str, ...] = ()) -> Spot:
    metric = copy.metrics[place]
    return Spot(step=metric["step"], what=what, path=metric["metric"], codes=codes)


def drop(copy: SessionCopy, rng: Random) -> Spot:
    """Drop a metric."""
    place = pick(rng, range(len(copy.metrics)), "metric")
    form = canonical(stable_metric(copy.metrics[place]))
    twins = sum(canonical(stable_metric(each)) == form for each in copy.metrics) - 1
    spot = _spot(copy, place, "metric dropped", ("metric-doubled",) if twins else ())
    del copy.metrics[place]
    return spot


def double(copy: SessionCopy, rng: Random) -> Spot:
    """Let a metric come twice."""
    place = pick(rng, range(len(copy.metrics)), "metric")
    copy.metrics.insert(place, dict(copy.metrics[place]))
    return _spot(copy, place, "metric doubled")


def change_value(copy: SessionCopy, rng: Random, kind: str) -> Spot:
    """Change a metric's value."""
    applies, changed = SMALLEST[kind]
    found = [place for place in _exact(copy) if applies(copy.metrics[place]["value"])]
    place = pick(rng, found, f"metric whose {kind}")
    metric = copy.metrics[place]
    before, metric["value"] = metric["value"], changed(metric["value"], rng)
    return _spot(copy, place, f"{before!r} became {metric['value']!r}")


def change_unit(copy: SessionCopy, rng: Random) -> Spot:
    """Give a metric another unit, none, or one."""
    place = pick(rng, _exact(copy), "metric that is no time")
    metric = copy.metrics[place]
    before = metric["unit"]
    metric["unit"] = rng.choice([unit for unit in ("bytes", "rows", None, "ms") if unit != before])
    return _spot(copy, place, f"the unit {before} became {metric['unit']}")


def change_tag(copy: SessionCopy, rng: Random) -> Spot:
    """Change, drop or add a tag."""
    place = pick(rng, _exact(copy), "metric that is no time")
    metric = copy.metrics[place]
    tags = dict(metric["tags"])
    name = rng.choice([*tags, "new"])
    if name in tags and rng.random() < 0.5:  # noqa: PLR2004 - as often as not
        del tags[name]
    else:
        tags[name] = tags.get(name, "") + "x"
    spot = _spot(copy, place, f"the tag {name}", ("metric-missing", "metric-changed", "metric-doubled"))
    metric["tags"] = tags
    return spot


def rename(copy: SessionCopy, rng: Random) -> Spot:
    """Call a metric otherwise."""
    place = pick(rng, range(len(copy.metrics)), "metric")
    spot = _spot(copy, place, "metric renamed", ("metric-missing", "metric-doubled"))
    copy.metrics[place]["metric"] += "s"
    return spot


def move(copy: SessionCopy, rng: Random) -> Spot:
    """Let a metric belong to another step, or to the run."""
    place = pick(rng, range(len(copy.metrics)), "metric")
    spot = _spot(copy, place, "metric moved to another step", ("metric-missing", "metric-doubled", "metric-changed"))
    metric = copy.metrics[place]
    metric["step"] = rng.choice([step for step in (*copy.steps, None) if step != metric["step"]])
    return spot


def make_volatile(copy: SessionCopy, rng: Random) -> Spot:
    """Say that a value may vary which the other side does not say of it."""
    place = pick(rng, _exact(copy), "metric that is no time")
    copy.metrics[place]["volatile"] = True
    return _spot(copy, place, "metric made volatile")


def no_amount(copy: SessionCopy, rng: Random) -> Spot:
    """Give a metric that may vary a value outside its shape."""
    found = [place for place, metric in enumerate(copy.metrics) if is_volatile(metric)]
    place = pick(rng, found, "metric that may vary")
    copy.metrics[place]["value"] = rng.choice((-1, -0.5, True))
    return _spot(copy, place, f"the value {copy.metrics[place]['value']}")


_LAYER: Final = "metrics"
_KINDS: Final = (
    "number changes by one",
    "float changes by one unit in the last place",
    "integer becomes a float",
    "number becomes a truth value",
)

METRICS: Final = (
    Difference(name="metric dropped", layer=_LAYER, codes=("metric-missing",), plant=drop),
    Difference(name="metric doubled", layer=_LAYER, codes=("metric-doubled",), plant=double),
    *(
        Difference(
            name=f"metric {kind}", layer=_LAYER, codes=("metric-changed",), plant=partial(change_value, kind=kind)
        )
        for kind in _KINDS
    ),
    Difference(name="metric unit changed", layer=_LAYER, codes=("metric-changed",), plant=change_unit),
    Difference(name="metric tag changed", layer=_LAYER, codes=(), plant=change_tag),
    Difference(name="metric renamed", layer=_LAYER, codes=(), plant=rename),
    Difference(name="metric moved to another step", layer=_LAYER, codes=(), plant=move),
    Difference(name="metric made volatile", layer=_LAYER, codes=("metric-changed",), plant=make_volatile),
    Difference(name="volatile metric outside its shape", layer=_LAYER, codes=("metric-shape",), plant=no_amount),
)
