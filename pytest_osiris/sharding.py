"""`--osiris-shard=K/N`: the K-th of N parts of the tests, by the digest of their node ids.

A test is in the same part on every machine and on every xdist worker, and stays there when others are added or removed.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

import pytest

_DIGITS = 16
_MOST = 999


class Shard(NamedTuple):
    """The part `number`, counted from 1, of `total`."""

    number: int
    total: int

    def __str__(self) -> str:
        """Return it as it is given, `2/3`."""
        return f"{self.number}/{self.total}"

    def has(self, test: str) -> bool:
        """Whether a test, by its node id, is in this part."""
        return int(sha256(test.encode()).hexdigest()[:_DIGITS], 16) % self.total == self.number - 1


class Sharding:
    """The hook that deselects what other machines run; there where a shard was asked for."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the tests of this shard, and tell pytest of the others."""
        others = [item for item in items if not self._shard.has(item.nodeid)]
        if others:
            items[:] = [item for item in items if self._shard.has(item.nodeid)]
            config.hook.pytest_deselected(items=others)


def parse_shard(text: str) -> Shard | None:
    """Return the shard that `2/3` names, or None for nothing; raises `pytest.UsageError`."""
    if not text:
        return None
    number, slash, total = text.partition("/")
    shard = Shard(int(number), int(total)) if slash and number.isdecimal() and total.isdecimal() else Shard(0, 0)
    if not 0 < shard.number <= shard.total <= _MOST:
        raise pytest.UsageError(
            f"--osiris-shard: {text!r} is no shard; give K/N, such as 2/3 for the second of three parts"
        )
    return shard
