"""Renders a report as one HTML page that needs nothing else: no network, no font, no second file.

What a pipeline wrote is hostile input. Three things keep it text: every printed expression passes through
`visible` and then through autoescape; style and script are made of the files beside the templates, allowed by
their digests in a Content-Security-Policy that allows nothing else; and the script never makes markup.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from osiris_core.parity.exhibit.reading import read_exhibit
from osiris_core.report import text, units
from osiris_core.report.explained import cause_explained, verdict_explained
from osiris_core.report.marks import state_symbol
from osiris_core.report.page import page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jinja2 import Environment
    from markupsafe import Markup

    from osiris_core.parity.exhibit.model import Exhibit
    from osiris_core.parity.record import ParityRecord, RecordSet
    from osiris_core.parity.since import Since

_TEMPLATES = "templates"
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*")
_STYLES = (
    "base",
    "first-screen",
    "filters",
    "alike",
    "manifests",
    "graph",
    "timeline",
    "tables",
    "evidence",
    "differences",
    "images",
    "equal",
    "since",
    "history",
    "lanes",
    "narrow",
    "print",
)
_SCRIPTS = (
    "page",
    "query",
    "order",
    "filters",
    "differences",
    "images",
    "copying",
    "theme",
    "keys",
    "controls",
    "bulk",
    "rows",
    "unlike",
    "list",
    "drawing",
    "streams",
    "row-table",
    "finder",
    "lanes",
    "line-search",
    "scrolling",
    "folding",
    "links",
    "printing",
)
"""The parts of style and script, in this order: later ones build on earlier ones."""


def render_html(
    records: RecordSet,
    *,
    json_name: str = "",
    roots: Sequence[Path] = (),
    since: Since | None = None,
    read: Callable[[ParityRecord, Sequence[Path]], Exhibit] = read_exhibit,
    beside: Path | None = None,
) -> str:
    """Return the page of `records`: the same text for the same records and sessions, whenever it is made.

    `json_name` is the name of the file with the records, beside the page, which the page then links to. Below one of `roots`,
    project roots, lie the sessions that the records name, which the page shows as far as they are there; `read` reads those of a record.
    `since` is what changed since older records. `beside` is the directory in which the page will lie, from where links lead to files
    of the sessions; without it there are none.
    """
    from markupsafe import Markup

    style, script = style_text(), script_text()
    template = _environment().get_template("page.html.j2")
    return template.render(
        page=page_of(records, roots=roots, since=since, read=read, beside=beside),
        json_name=json_name,
        style=Markup(style),  # noqa: S704 - our own constant file
        script=Markup(script),  # noqa: S704 - our own constant file
        policy=content_security_policy(style, script),
    )


def content_security_policy(style: str, script: str) -> str:
    """Return the policy of a page with just this style and this script."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_source_digest(style)}'",
            f"script-src '{_source_digest(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


@cache
def style_text() -> str:
    """Return the whole style of a page."""
    return "\n".join(template_text(f"style/{name}.css") for name in _STYLES)


@cache
def script_text() -> str:
    """Return the whole script of a page: its files share one scope, which nothing else sees."""
    body = "\n".join(template_text(f"script/{name}.js") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{body}}})();\n'


@cache
def template_text(name: str) -> str:
    """Return a file of the templates directory, by its path in it."""
    return resources.files(__package__).joinpath(_TEMPLATES, *name.split("/")).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    from osiris_core.report.compiled import CompiledTemplates

    package = resources.files(__package__)
    environment = Environment(
        loader=FunctionLoader(template_text),
        bytecode_cache=CompiledTemplates(package) if isinstance(package, Path) else None,
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        line=_line,
        raw=_raw,
        address=_address,
        capped=text.capped,
        duration=units.duration,
        size=units.size,
        number=units.count,
        plural=units.plural,
        symbol=state_symbol,
        prose=_prose,
        verdict_explained=verdict_explained,
        cause_explained=cause_explained,
        base64=_base64,
    )
    return environment


def _shown(value: Any) -> Any:
    """Cut every plain text that is too long to read, and make it visible, before autoescape sees it; markup made by a template passes."""
    return text.visible(text.bounded(value)) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _base64(data: str) -> Markup:
    """Let base64 pass at any length: it has no character that a reader or a parser could mistake. Raises `ValueError` for any other text."""
    from markupsafe import Markup

    if not _BASE64.fullmatch(data):
        raise ValueError("data for the script must be base64")
    return Markup(data)  # noqa: S704 - of letters and digits, as was just seen


def _line(value: str) -> str:
    return text.visible_line(text.bounded(value))


def _raw(value: str) -> str:
    """Return a value as it stands on one line: blanks at its end are seen, too."""
    return text.visible_value(text.bounded(value)).replace("\n", text.LINE_FEED_MARK)


def _address(name: str) -> str:
    """Return a file name as a part of an address; one that is no UTF-8 keeps its bytes."""
    return quote(os.fsencode(name))


def _prose(sentence: str) -> list[tuple[str, bool]]:
    """Split a sentence at its backquotes into `(text, is code)`; an unpaired backquote stays."""
    pieces = sentence.split("`")
    if len(pieces) % 2 == 0:
        return [(sentence, False)]
    return [(piece, position % 2 == 1) for position, piece in enumerate(pieces) if piece]


def _source_digest(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode('ascii')}"
