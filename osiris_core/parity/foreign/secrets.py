"""Finds secrets that stand in clear in a run's files, by what stands beside them; their values are never shown.

A value counts where its name says that it is one (`password`, `api_key`, `key` inside of a connection), in the address of a
service (`postgresql://user:password@host`), and in an `Authorization` header. What stands for a secret (`***`, `${NAME}`,
`@family.alias`) does not.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN: Final = "(a secret)"
"""Stands in place of a secret wherever something around it is shown."""
TEXT_BYTES: Final = 64 * 1024 * 1024
"""Larger files are not looked at."""

_SHORTEST: Final = 6
"""Shorter values are hidden where they stand, and not wherever else the same text happens to be."""
_DEEPEST: Final = 64
_NAMES: Final = "password|passwd|passphrase|pwd|secret|token|api_?key|access_key|secret_key|service_role_key|anon_key|private_key|credentials?"
_NAME: Final = re.compile(rf"(?:^|[_.-])(?:{_NAMES}|authorization)$", re.IGNORECASE)
_CONNECTION: Final = re.compile(r"connection", re.IGNORECASE)
_STANDS_FOR_ONE: Final = re.compile(
    r"\*{3}|\$\{|@\w+\.[\w-]+$|<[^<>]*>$|\[[^\[\]]*\]$|%s$|\{[^{}]*\}$|(?:none|null|true|false)$", re.IGNORECASE
)
_IN_TEXT: Final = {
    "a password in an address": re.compile(
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"']{1,256}:([^\s@/\"']{1,256})@", re.IGNORECASE
    ),
    "an Authorization header": re.compile(
        r"authorization[\"']?\s{0,4}[:=,]\s{0,4}[\"']?(?:bearer|basic|token)\s{1,4}([A-Za-z0-9._~+/=*-]{1,4096})",
        re.IGNORECASE,
    ),
    "a named value": re.compile(
        rf"\b[a-z_]{{0,40}}(?:{_NAMES})[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"']?([^\s\"',;}}&]{{4,4096}})", re.IGNORECASE
    ),
}


_WORTH_A_LOOK: Final = re.compile(
    r"pass|pwd|secret|token|key|credential|authorization|://[^\s/\"']{1,600}@", re.IGNORECASE
)
"""What every text has in which a secret can be told: without it there is nothing to be found, and most lines have none."""


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """One place where a secret stands in clear: the field or kind that shows it, and the first line, 0 where it has none."""

    what: str
    line: int = 0


@dataclass(slots=True)
class Secrets:
    """The values that were found on one side, so that whatever is shown of it can be cleared of them."""

    values: set[str] = field(default_factory=set, repr=False)

    def needles(self) -> tuple[bytes, ...]:
        """Return the values that are long enough to be looked for anywhere."""
        return tuple(value.encode("utf-8", "surrogateescape") for value in self.values if len(value) >= _SHORTEST)

    def hidden(self, value: Any) -> Any:
        """Return a JSON value, or a text, with every secret in it hidden."""
        return _hidden(value, self.values, named=False, inside=False, depth=0)


def leaks_in(name: str, data: bytes, secrets: Secrets) -> list[Leak]:
    """Return where secrets stand in clear in a file of this name, each place once, and add them to `secrets`."""
    found: dict[str, Leak] = {}
    for leak, value in _found(name, data):
        secrets.values.add(value)
        found.setdefault(leak.what, leak)
    return sorted(found.values())


def _found(name: str, data: bytes) -> Iterator[tuple[Leak, str]]:
    text = data.decode("utf-8", "replace")
    if name.endswith(".json"):
        value = _parsed(text)
        if value is not None:
            yield from ((Leak(what), secret) for what, secret in _in_value(value, "", inside=False, depth=0))
            return
    for number, line in enumerate(text.splitlines(), start=1):
        if not _WORTH_A_LOOK.search(line):
            continue
        value = _parsed(line) if name.endswith(".jsonl") else None
        if value is not None:
            yield from ((Leak(what, number), secret) for what, secret in _in_value(value, "", inside=False, depth=0))
        else:
            yield from ((Leak(what, number), secret) for what, secret in _in_text(line))


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _in_value(value: Any, path: str, *, inside: bool, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the path of every secret in a JSON value, and the secret; `inside` of a connection a `key` is one."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            place = f"{path}.{name}" if path else str(name)
            if isinstance(item, str) and _is_name(str(name), inside=inside) and not stands_for_secret(item):
                yield place, item
            else:
                deeper = inside or bool(_CONNECTION.search(str(name)))
                yield from _in_value(item, place, inside=deeper, depth=depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _in_value(item, f"{path}[]", inside=inside, depth=depth + 1)
    elif isinstance(value, str):
        yield from ((f"{path}: {what}", secret) for what, secret in _in_text(value))


def _in_text(text: str) -> Iterator[tuple[str, str]]:
    if not _WORTH_A_LOOK.search(text):
        return
    for what, pattern in _IN_TEXT.items():
        for match in pattern.finditer(text):
            if not stands_for_secret(match[1]):
                yield what, match[1]


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret, or what stands for one."""
    return bool(_NAME.search(name))


def _is_name(name: str, *, inside: bool) -> bool:
    return is_secret_name(name) or (inside and name.lower() == "key")


def stands_for_secret(value: str) -> bool:
    """Whether a text is no secret but what is written in place of one."""
    return not value or bool(_STANDS_FOR_ONE.match(value))


def _hidden(value: Any, values: set[str], *, named: bool, inside: bool, depth: int) -> Any:
    if isinstance(value, str):
        return HIDDEN if named and not stands_for_secret(value) else _hidden_text(value, values)
    if depth > _DEEPEST:
        return HIDDEN
    if isinstance(value, dict):
        return {
            name: _hidden(
                item,
                values,
                named=_is_name(str(name), inside=inside),
                inside=inside or bool(_CONNECTION.search(str(name))),
                depth=depth + 1,
            )
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_hidden(item, values, named=False, inside=inside, depth=depth + 1) for item in value]
    return value


def _hidden_text(text: str, values: set[str]) -> str:
    if _WORTH_A_LOOK.search(text):
        for pattern in _IN_TEXT.values():
            text = pattern.sub(_cleared, text)
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _SHORTEST and value in text:
            text = text.replace(value, HIDDEN)
    return text


def _cleared(match: re.Match[str]) -> str:
    if stands_for_secret(match[1]):
        return match[0]
    start, end = match.span(1)
    return f"{match[0][: start - match.start()]}{HIDDEN}{match[0][end - match.start() :]}"
