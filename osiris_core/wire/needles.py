"""What a secret looks like when it comes out again: as it is, in pieces, escaped, quoted, encoded.

Each form that a value can have in a log, a URL, a page or a body is a needle. Six bytes are the least: shorter texts, and
words that everybody uses, occur in what has nothing to do with the secret.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus, unquote

from osiris_core.wire.records import EVENT_NAMES, KINDS, OUTCOMES, STEP_STATES, escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST: Final = 6
"""Fewer characters, or bytes of a form, are never looked for inside of other text."""
COMMON: Final = frozenset(
    """
    000000 127.0.0.1 access account active address admin administrator analytics anonymous backend bearer boolean
    client columns config customer customers database debugging default develop development disabled double
    duration_ms enabled english example external failed false filesystem github google integer localhost manager
    master member message metrics monitor mysql network nobody none normal nothing null number oracle ordered orders
    password pipeline postgres postgresql private processor product production public reader readonly record
    redshift release replica request root sample sandbox schema secret server service service_account session
    snowflake source staging status string supabase superuser system target temporary test tester testing timestamp
    true unknown unordered update user username version warehouse warning welcome writer
    """.split()  # noqa: SIM905 - a page of words reads better than a list of a hundred literals
) | {*EVENT_NAMES, *KINDS, *OUTCOMES, *STEP_STATES}
"""Values that are as good as any word of a log: masked only where they are the whole of a value."""

_AUTHORITY: Final = re.compile(r"[^/?#\s]*")
_PAIR: Final = re.compile(
    r"(?:^|[\s;&?])(?:password|passwd|pwd)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^\s;&]+))", re.IGNORECASE
)
_JSON_STARTS: Final = ("{", "[", '"')


def is_weak(value: str) -> bool:
    """Say whether a value is too short, or too common a word, to be looked for inside of other text."""
    return len(value) < LEAST or value.casefold() in COMMON


def pieces(value: str) -> Iterator[str]:
    """Yield the parts of a secret that are secrets themselves, the whole first; weak ones too.

    The value without blanks around it; each line; the password of a DSN, also percent-decoded; each text inside of JSON.
    """
    yield value
    yield value.strip()
    lines = value.splitlines()
    if len(lines) > 1:
        yield from (each for line in lines for each in (line, line.strip()) if len(each) >= LEAST)
    for password in _passwords(value):
        yield from (password, unquote(password))
    if value.lstrip().startswith(_JSON_STARTS):
        yield from (each for each in _leaves(_decoded(value)) if len(each) >= LEAST)


def _passwords(value: str) -> Iterator[str]:
    """Yield the passwords of URLs and of `password=...` in a text."""
    for rest in value.split("://")[1:]:
        authority = _AUTHORITY.match(rest)
        user = "" if authority is None else authority[0].rpartition("@")[0]
        yield user.partition(":")[2]
    for found in _PAIR.finditer(value):
        yield next((each for each in found.groups() if each), "")


def forms(value: str) -> set[bytes]:
    """Return every form of a text that is long enough to be looked for."""
    data = _encoded(value)
    texts = {each for form in _texts(value) for each in (form, escape_line(form))}
    found = {value.encode("utf-16-le", "surrogatepass"), *map(_encoded, texts)}
    found.update(each.encode("ascii") for each in (data.hex(), data.hex().upper()))
    for form in _base64_forms(data):
        found.update((form, quote(form, safe="").encode("ascii")))
    return {each for each in found if len(each) >= LEAST}


def _texts(value: str) -> Iterator[str]:
    """Yield a text as programs write it into other texts."""
    yield value
    for escaped in (_json(value, ascii_only=True), _json(value, ascii_only=False)):
        yield escaped
        yield _json(escaped, ascii_only=True)
    yield repr(value)[1:-1]
    yield repr(_encoded(value))[2:-1]
    for safe in ("", "/", "!'()*~"):
        quoted = quote(value, safe=safe, errors="surrogatepass")
        yield quoted
        yield _lower_percents(quoted)
    plus = quote_plus(value, errors="surrogatepass")
    yield plus
    yield _lower_percents(plus)
    import html  # it brings a table of all entities, which a run without secrets needs not

    escaped = html.escape(value, quote=False)
    yield escaped
    yield html.escape(value)
    yield escaped.replace('"', "&quot;").replace("'", "&#39;")
    yield escaped.replace('"', "&#34;").replace("'", "&#39;")
    yield escaped.replace('"', "&quot;").replace("'", "&apos;")
    yield escaped.replace('"', "&quot;")
    yield _decimal(value, "&<>\"'")
    yield _decimal(html.escape(value), "")
    yield _decimal(value, "&<>\"'\n\r\t")
    yield value.replace("'", "'\"'\"'")
    yield value.replace("'", "'\\''")


def _base64_forms(data: bytes) -> Iterator[bytes]:
    """Yield what of the value's base64 does not depend on its neighbours, for each way to lie in groups of three."""
    for shift in range(3):
        first, last = -(-8 * shift // 6), 8 * (shift + len(data)) // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(shift) + data)[first:last]


def _json(text: str, *, ascii_only: bool) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def _decimal(text: str, also: str) -> str:
    """Return a text with decimal references in place of what is not ASCII, and of the characters in `also`."""
    return "".join(f"&#{ord(each)};" if each in also or not each.isascii() else each for each in text)


def _lower_percents(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), text)


def _encoded(text: str) -> bytes:
    """Return a text in UTF-8; what the system gave as undecodable bytes comes out as these bytes."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _leaves(value: Any) -> Iterator[str]:
    """Yield the texts inside of a JSON value; numbers are none."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            pending.extend(reversed(each.values()))
        elif isinstance(each, list):
            pending.extend(reversed(each))
