"""Which engine does a driver's work: little work shares one, and nothing of it is seen by the next."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from osiris_core.drivers import engine

LARGE = engine.SMALL_BYTES + 1
TASKS = Path("/proc/self/task")


@pytest.fixture(autouse=True)
def opened(monkeypatch):
    """The engines that were opened since; none is prepared."""
    made = []
    connect = duckdb.connect

    def noted(*given, **config):
        made.append(connect(*given, **config))
        return made[-1]

    monkeypatch.setattr(duckdb, "connect", noted)
    monkeypatch.setattr(engine, "_prepared", None)
    monkeypatch.setattr(engine, "_has_threads", False)
    yield made
    for each in made:
        each.close()


def threads_of(connection):
    return engine.first_row(connection, "select current_setting('threads')")[0]


def test_little_work_shares_an_engine_and_no_table(opened):
    """It takes longer to open one than to read a small table; the next to borrow finds nothing of the last."""
    for size in (0, engine.SMALL_BYTES, 1):
        with engine.borrow_in_utc(size) as connection:
            connection.execute("create temp table t as select 1")
            assert engine.first_row(connection, "select current_setting('TimeZone')") == ("UTC",)
    assert len(opened) == 1


def test_the_shared_engine_has_no_thread():
    """A step may fork after it."""
    before = len(list(TASKS.iterdir()))
    with engine.borrow_in_utc(0) as connection:
        connection.execute("select sum(range) from range(1000000)").fetchall()
        assert len(list(TASKS.iterdir())) == before
        assert threads_of(connection) == 1


def test_much_work_has_an_engine_of_its_own(opened):
    """With as many threads as the machine gives, which one that was prepared has not."""
    engine.prepare_engine()
    with engine.borrow_in_utc(LARGE) as connection, duckdb.connect() as usual:
        assert threads_of(connection) == threads_of(usual)
        assert connection is not engine._prepared
    assert len(opened) == 3


def test_an_engine_that_has_threads_all_the_same_is_not_shared(opened, monkeypatch):
    """It is closed, it is not tried again, and work is done as without."""
    counts = iter((1, 2))
    monkeypatch.setattr(engine, "_threads", lambda: next(counts))
    for _ in range(2):
        with engine.borrow_in_utc(0) as connection:
            assert engine.first_row(connection, "select 1") == (1,)
    with pytest.raises(duckdb.ConnectionException):
        opened[0].execute("select 1")
    assert len(opened) == 3
