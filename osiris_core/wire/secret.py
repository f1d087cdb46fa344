"""What `ctx.secret` returns: a value that no print, log, format or dump shows by accident."""

from __future__ import annotations

import hmac
from typing import Any, Final, NoReturn


class Secret:
    """A secret by its name; `reveal()` is the only way to its value.

    `repr` shows the name, so that a traceback or a debugger can show the object. Whatever would make a text or a copy of the
    value refuses with TypeError: a header that silently said `***TOKEN***` would be a riddle. Equality takes the same
    time wherever two texts differ.
    """

    __slots__ = ("__value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name: Final = name
        self.__value: Final = value

    def reveal(self) -> str:
        """Return the value. From here on it is a text like any other, which is masked where a step shows it."""
        return self.__value

    def __repr__(self) -> str:
        """Return the name alone."""
        return f"<Secret {self.name}>"

    def __str__(self) -> str:
        """Refuse: see the class."""
        raise self._refusal("made a text")

    def __format__(self, _spec: str) -> str:
        """Refuse: see the class."""
        raise self._refusal("put into a text")

    def __reduce_ex__(self, _protocol: Any) -> NoReturn:
        """Refuse to be pickled, and to be copied by the same means."""
        raise self._refusal("pickled or copied")

    def __copy__(self) -> Secret:
        """Return itself, as it cannot change."""
        return self

    def __deepcopy__(self, _memo: Any) -> Secret:
        """Return itself, as it cannot change."""
        return self

    def __eq__(self, other: object) -> bool:
        """Compare with another secret or a text, in a time that tells nothing of where they differ."""
        if isinstance(other, Secret):
            other = other.reveal()
        if not isinstance(other, str):
            return NotImplemented
        return hmac.compare_digest(_bytes(self.__value), _bytes(other))

    __hash__ = None  # type: ignore[assignment]  # a hash would tell more than equality does

    def _refusal(self, what: str) -> TypeError:
        return TypeError(f"the secret {self.name} cannot be {what}: `.reveal()` returns its value")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
