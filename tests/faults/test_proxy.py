"""Faults of the bytes between the SDK and the server: a proxy that cuts where no server would."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest

from tests.faults.proxy import CONNECT, FILES, START, Proxy, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Ground, Ran


@contextmanager
def through(ground: Ground, *troubles: Trouble, seed: int = 0) -> Iterator[Proxy]:
    port = urlsplit(ground.server.url).port
    assert port
    with Proxy(port, *troubles, seed=seed) as proxy:
        yield proxy
        proxy.require_fired()


def run(ground: Ground, *troubles: Trouble, seed: int = 0, **options: Any) -> Ran:
    """Run the small job through a proxy with these troubles, each of which has to come."""
    with through(ground, *troubles, seed=seed) as proxy:
        return ground.run(url=proxy.url, **options)


def test_a_proxy_without_trouble_changes_nothing(ground: Ground) -> None:
    """The control."""
    ran = run(ground)
    ran.require_whole()
    assert (ran.retried, ran.result.facts.reconnects) == (set(), 0)


def test_a_trouble_that_never_came_fails_its_test(ground: Ground) -> None:
    """As with the server's faults."""
    with (
        pytest.raises(AssertionError, match="no such request"),
        through(ground, Trouble(what="cut", on=b"no such request")),
    ):
        pass


@pytest.mark.parametrize("after", [1500, 4001])
@pytest.mark.parametrize("what", ["reset", "cut"])
def test_the_stream_is_lost_at_a_byte(ground: Ground, what: Literal["reset", "cut"], after: int) -> None:
    """Rows 1, 2 and 4: inside of an event, inside of a record."""
    run(ground, Trouble(what=what, after=after)).require_whole()


@pytest.mark.parametrize(("what", "after"), [("reset", 10), ("cut", 150)])
def test_the_answer_to_the_start_is_lost(ground: Ground, what: Literal["reset", "cut"], after: int) -> None:
    """Row 4: cut inside of its head. Nobody knows whether the worker runs: it is looked for, and never started twice."""
    ran = run(ground, Trouble(what=what, after=after))
    ran.require_whole()
    assert "start" in ran.retried


def test_the_connection_is_half_open(ground: Ground) -> None:
    """Row 3: the socket lives, nothing moves in either direction, and nobody says so."""
    run(ground, Trouble(what="hole", after=4001), stall_s=0.2).require_whole()


def test_the_stream_comes_in_the_smallest_pieces(ground: Ground) -> None:
    """Row 4: a few bytes at a time, characters and frames in pieces."""
    run(ground, Trouble(what="slice", size=7)).require_whole()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bytes_of_the_stream_are_changed(ground: Ground, seed: int) -> None:
    """Row 5: anywhere, also in what frames the events; whatever that breaks is had again."""
    run(ground, Trouble(what="garble", size=2500), seed=seed).require_whole()


def test_the_connection_is_slow_and_late(ground: Ground) -> None:
    """Row 8: each piece late by another time, a narrow way."""
    run(ground, Trouble(what="slow", size=400_000, latency_s=0.002)).require_whole()


def test_the_stream_closes_without_its_last_bytes(ground: Ground) -> None:
    """Row 2: everything came but the mark that it was everything."""
    run(ground, Trouble(what="tail")).require_whole()


@pytest.mark.usefixtures("released_by_a_new_line")
def test_an_error_comes_instead_of_a_new_stream(ground: Ground) -> None:
    """Rows 13 and 14: the edge answers 502, then 429, where the stream was to be had again."""
    run(
        ground,
        Trouble(what="reset", on=START, after=1500),
        Trouble(what="answer", on=CONNECT, status=502),
        Trouble(what="answer", on=CONNECT, status=429),
        job="held",
    ).require_whole()


def test_a_range_of_the_spool_is_lost_on_the_way(ground: Ground) -> None:
    """Row 7: the gap is asked for again, and the stream has gone on meanwhile."""
    run(ground, Trouble(what="reset", on=START, after=1500), Trouble(what="reset", on=FILES, after=100)).require_whole()
