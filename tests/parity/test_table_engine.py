"""What the engine for tables without order rests on: its hashes, its room, and what it leaves behind."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet
from pyarrow.parquet import encryption

from osiris_core.parity.kinds.tables import connections
from osiris_core.parity.kinds.tables.engine import Engine
from osiris_core.parity.kinds.tables.plain import plain_column
from tests.parity.table_pairs import codes, compared, parquets, unordered

LEFT = {"id": [1, 2, 3, 4], "a": ["x", "y", "z", "z"]}
CHANGED = {"id": [4, 3, 2, 1], "a": ["z", "z", "y", "other"]}
DOUBLED = {"id": [1, 1, 3, 4], "a": ["x", "x", "z", "z"]}


@pytest.mark.parametrize("collides", [0, 1], ids=["first-hash", "second-hash"])
@pytest.mark.parametrize(
    ("right", "found"), [(CHANGED, ["table-cells"]), (DOUBLED, ["table-rows"])], ids=["cell", "row"]
)
def test_t22_rows_whose_one_hash_is_the_same_are_found_by_the_other(tmp_path, monkeypatch, collides, right, found):
    """Every row has the same first hash, then every row the same second one: nothing that differs is lost."""
    hashes = Engine.hashes

    def colliding(engine: Engine) -> tuple[str, str]:
        both = list(hashes(engine))
        both[collides] = "7::ubigint"
        return both[0], both[1]

    monkeypatch.setattr(Engine, "hashes", colliding)
    assert codes(parquets(tmp_path, LEFT, right, (unordered(),))) == found
    assert codes(parquets(tmp_path, LEFT, {name: values[::-1] for name, values in LEFT.items()}, (unordered(),))) == []


def test_t23_rows_are_counted(tmp_path):
    """As many rows, the same distinct ones: one of them is there twice on one side, another one on the other."""
    result = parquets(tmp_path, {"a": ["x", "x", "y"]}, {"a": ["x", "y", "y"]}, (unordered(),))
    assert codes(result)
    assert (result.findings[0].table.rows, result.set_aside) == ((3, 3), ())


def test_rows_that_all_moved_are_not_held_against_each_other(tmp_path):
    """Most rows differ by their number, and no key holds: the walk in order ends early, and what is told is the same."""
    left = {"id": list(range(40_000)), "a": [n % 7 for n in range(40_000)]}
    turned = {name: values[::-1] for name, values in left.items()}
    assert codes(parquets(tmp_path, left, turned)) == ["table-row-order"]
    changed = turned | {"a": [9, *turned["a"][1:]]}
    (cell,) = [finding for finding in parquets(tmp_path, left, changed).findings if finding.code == "table-cells"]
    assert cell.table.columns[0].differing == 1
    keyless = ({"a": [n % 2 for n in range(40_000)]}, {"a": [2 + n % 2 for n in range(40_000)]})
    (by_number,) = parquets(tmp_path, *keyless).findings
    assert (by_number.code, by_number.table.columns[0].differing) == ("table-cells", 40_000)


def test_a_key_is_looked_for_in_more_than_the_first_group_of_rows(tmp_path):
    """In a group of one row every column is unique, and none of them is a key."""
    left, right = {"a": [0, 0, 0, 0, 0], "b": [1, 1, 1, 1, 2]}, {"a": [0, 0, 0, 0, 0], "b": [1, 1, 1, 2, 1]}
    for side, values in (("a", left), ("b", right)):
        (tmp_path / side).mkdir()
        with pa.ipc.new_file(tmp_path / side / "x.arrow", pa.table(values).schema) as out:
            out.write_table(pa.table(values), max_chunksize=1)
    assert codes(compared(tmp_path, "x.arrow")) == ["table-row-order"]


class _Keys(encryption.KmsClient):
    """Wraps no key: what counts is that the file cannot be read without it."""

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        return key_bytes

    def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
        return wrapped_key


def test_an_encrypted_parquet_file_is_no_green_one(tmp_path):
    """It is compared by its bytes, and said to be."""
    factory, connection = encryption.CryptoFactory(lambda _: _Keys()), encryption.KmsConnectionConfig()
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
        how: Any = factory.file_encryption_properties(
            connection, encryption.EncryptionConfiguration(footer_key="k", column_keys={"k": ["id"]})
        )
        with parquet.ParquetWriter(
            tmp_path / side / "x.parquet", pa.table(LEFT).schema, encryption_properties=how
        ) as out:
            out.write_table(pa.table(LEFT))
    result = compared(tmp_path, "x.parquet")
    assert codes(result) == ["artifact-content"]
    assert result.not_compared[0].startswith(
        "x.parquet was compared as bytes, not as a table: that of local is no Parquet"
    )


def test_a_part_of_a_column_of_maps_becomes_plain():
    """Row groups and batches cut columns into parts, which begin anywhere."""
    column = pa.array([[("a", 1)], None, [("b", 2), ("c", 3)]], pa.map_(pa.string(), pa.int64()))
    expected = [None, [{"key": "b", "value": 2}, {"key": "c", "value": 3}]]
    assert plain_column(column.slice(1)).to_pylist() == expected


@pytest.fixture
def opened(monkeypatch):
    """The engines that were opened since, none before."""
    made = []
    connect = duckdb.connect

    def noted(*given, **config):
        made.append(connect(*given, **config))
        return made[-1]

    monkeypatch.setattr(duckdb, "connect", noted)
    monkeypatch.setattr(connections, "_shared", ContextVar("_shared", default=None))
    return made


def is_closed(connection):
    try:
        connection.execute("select 1")
    except duckdb.ConnectionException:
        return True
    return False


def test_tables_that_are_compared_in_one_block_share_an_engine_and_nothing_else(opened):
    """What one left is not there for the next; the engine goes with the block, its directory too."""
    with connections.one_engine():
        for _ in range(2):
            with connections.connection() as given:
                given.execute("create temp table kept as select 1")
                (folder,) = given.execute("select current_setting('temp_directory')").fetchone()
                assert Path(folder).is_dir()
        assert len(opened) == 1
    assert is_closed(opened[0])
    assert not Path(folder).exists()


def test_without_a_block_each_comparison_has_its_own_engine(opened):
    """It is closed behind each."""
    for _ in range(2):
        with connections.connection() as given:
            given.execute("select 1")
    assert [is_closed(each) for each in opened] == [True, True]


def test_an_engine_that_failed_is_not_used_again(opened):
    """Some errors leave one that answers nothing any more."""
    with connections.one_engine():
        with pytest.raises(duckdb.Error), connections.connection() as given:
            given.execute("select error('a hostile file')")
        assert is_closed(opened[0])
        with connections.connection() as given:
            given.execute("select 1")
        assert len(opened) == 2


def test_room_for_a_wide_table_is_not_kept_by_the_next(opened):
    """The bound is that of the table at hand."""
    with connections.one_engine():
        limits = []
        for more in (0, 100, 0):
            with connections.connection(more_mb=more) as given:
                limits += given.execute("select current_setting('memory_limit')").fetchone()
    assert limits == ["244.1 MiB", "339.5 MiB", "244.1 MiB"]
