"""Thrift's compact protocol, read without a schema: a struct becomes its fields by their numbers, so that none goes unseen."""

from __future__ import annotations

import struct
from typing import Any, Final

from osiris_core.parity.kinds.tables.model import TableError

Struct = dict[int, Any]

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = 1, 2, 3, 7, 8, 9, 10, 11, 12, 13
_INTEGERS: Final = frozenset({4, 5, 6})
_NESTED: Final = 32
_MANY: Final = 15
"""A list of so many items and more has its length behind it."""


def read_struct(data: bytes, at: int = 0) -> tuple[Struct, int]:
    """Return a struct and where it ends. TableError where it is none, or cut off."""
    reader = _Reader(data, at)
    try:
        return reader.struct(0), reader.at
    except (IndexError, struct.error) as error:
        raise TableError("what it says about itself is cut off") from error


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def struct(self, depth: int) -> Struct:
        if depth > _NESTED:
            raise TableError("what it says about itself is nested too deeply")
        fields: Struct = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            if number in fields:
                raise TableError(f"it says two things in field {number}")
            kind = head & 15
            fields[number] = kind == _TRUE if kind in {_TRUE, _FALSE} else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:  # noqa: PLR0911 - one for each kind of type
        if kind in _INTEGERS:
            return self._zigzag()
        if kind in {_LIST, _SET}:
            return self._list(depth)
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind == _MAP:
            return self._map(depth)
        if kind in {_TRUE, _FALSE, _BYTE}:  # items of a list
            return self._byte()
        if kind == _DOUBLE:
            return struct.unpack("<d", self._bytes(8))[0]
        if kind in {_BINARY, _UUID}:
            return self._bytes(16 if kind == _UUID else self._varint())
        raise TableError(f"what it says about itself has a value of the unknown type {kind}")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        length = head >> 4 if head >> 4 != _MANY else self._varint()
        return [self._value(head & 15, depth) for _ in range(self._possible(length))]

    def _map(self, depth: int) -> list[tuple[Any, Any]]:
        length = self._possible(self._varint())
        kinds = self._byte() if length else 0
        return [(self._value(kinds >> 4, depth), self._value(kinds & 15, depth)) for _ in range(length)]

    def _possible(self, length: int) -> int:
        if length > len(self.data):
            raise IndexError
        return length

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _bytes(self, length: int) -> bytes:
        self.at += length
        if self.at > len(self.data):
            raise IndexError
        return self.data[self.at - length : self.at]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:  # noqa: PLR2004 - the bit that says that more follows
                return value
            shift += 7

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
