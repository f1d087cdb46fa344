r"""JSON writes characters beyond U+FFFF as two escapes, `\ud83d\ude00`; libyaml refuses each of them.

The backslash of such an escape is exchanged for a character that the text does not have, so that every place stays
what it was, and put back in what the parser found: as half a character in double quotes, as a backslash elsewhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\(u[dD][89a-fA-F][0-9a-fA-F]{2})")
_STAND_INS = range(0xE000, 0x110000)  # more of them than fit into the biggest manifest


def shielded(text: str) -> tuple[str, Callable[[Any], Any] | None]:
    """Return a text of the same length that libyaml reads, and what restores the events in it, where there is need."""
    if "\\u" not in text or _ESCAPE.search(text) is None:
        return text, None
    written = set(text)
    stand_in = next(each for each in map(chr, _STAND_INS) if each not in written)
    escape = re.compile(stand_in + "u(....)")

    def restored(event: Any) -> Any:
        value = getattr(event, "value", None)
        if value:
            if event.style == '"':
                value = escape.sub(lambda match: chr(int(match[1], 16)), value)
            event.value = value.replace(stand_in, "\\")
        return event

    return _ESCAPE.sub(lambda match: f"{match[1]}{stand_in}{match[2]}", text), restored
