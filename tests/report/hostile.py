"""Hostile texts, and records that hold them wherever a record can hold a text."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
import unicodedata
from enum import Enum
from typing import Any

from osiris_core.parity.exhibit.model import Entry, Exhibit, Row, Standing, StepExhibit, Stream, StreamKind
from osiris_core.parity.record import (
    BaselineState,
    BaselineUse,
    Comparison,
    Finding,
    ParityRecord,
    RecordSet,
    StepRun,
    TargetRun,
    Verdict,
)

MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    '" autofocus tabindex=1 onfocus="alert(1)',
    "</style><script>alert(1)</script>",
    "</title></head><body onload=alert(1)>",
    "</script><svg/onload=alert(1)>",
    "</pre></details></section></main><iframe src=//evil.example>",
    "<!-- <base href=//evil.example> -->",
    "]]><![CDATA[<b>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "&#x3c;img src=x onerror&equals;alert(1)&gt;",
    "{{ 7 * 7 }}{% raw %}{{ cycler.__init__.__globals__ }}",
    "${alert(1)}<%= 7 * 7 %>#{7*7}[[${7*7}]]",
    "javascript:alert(1)//",
    "data:text/html,<script>alert(1)</script>",
    "url(javascript:alert(1))}*{background:url(//evil.example/x)}/*",
    "<link rel=stylesheet href=//evil.example/x.css><style>*{color:red}</style>",
    "style='x' class=\"manifest",
    "<a href=javascript:alert(1) ping=//evil.example>`click`</a>",
    "<form action=//evil.example><input name=show autofocus onfocus=alert(1)><button formaction=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'><base target=_blank>",
    "<object data=//evil.example></object><embed src=//evil.example><audio src=x onerror=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s><use href='data:image/svg+xml,<svg id=x>#x'/></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<template><slot><x-y is=script></template><details open ontoggle=alert(1)><summary>",
    "<textarea><xmp><plaintext><listing>",
    "<select><option><keygen><isindex prompt=x action=javascript:alert(1)>",
    "</script><!--<script>//--></script><script>alert(1)//",
    '{"a":"</script><!-- <script>"}',
    "<![endif]--><?xml version='1.0'?><!DOCTYPE html><html manifest=//evil.example>",
    "<b id=manifests name=getElementById class=manifest>clobbered</b><form id=search><input name=value></form>",
    "`<script>`alert(1)`</script>`",
    "v:divergent step:<b> \"unclosed 'quote \\",
    "__proto__",
    "constructor",
]
"""What a browser, a template, a style or a script could take for its own language."""

INVISIBLE = [
    "\x1b[2J\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "\x1b[31;1mred\x1b[0m \x9b32mgreen",
    "gpj.\u202eexe.\u2066x\u2069",
    "zero\u200bwidth\ufeff\x00\x85\u2028end\u2029",
    "lone \udc80\ud800 surrogates",
    "tags \U000e0041\U000e0042 blanks \u3164\u2800\u115f",
    "a\rb\x0bc\x0cd\x7f",
]
"""What a reader cannot see, or sees in another order."""

PAYLOADS = [*MARKUP, *INVISIBLE]
GROUPS = [" ".join(PAYLOADS[start::2]) for start in range(2)]
"""All of them in a few texts: whatever of a text becomes markup changes the page, though it may swallow the rest."""

_STRUCTURAL = {ord(character): chr(0x100 + position) for position, character in enumerate("<>&\"'=")}


def harmless(text: str) -> str:
    """Return a text of the same length and layout without any character that could be markup or cannot be seen."""
    return "".join(_harmless(character) for character in text.translate(_STRUCTURAL))


def _harmless(character: str) -> str:
    return character if unicodedata.category(character)[0] in "LNPSM" or character in " \n" else "ŋ"


def with_every_string(value, replacement):
    """Return a copy of a record tree in which every text, keys included, is `replacement`."""
    if isinstance(value, Enum) or value is None:
        return value
    if isinstance(value, str):
        return replacement
    if isinstance(value, dict):
        return {
            f"{number}{replacement}": with_every_string(item, replacement) for number, item in enumerate(value.values())
        }
    if isinstance(value, tuple | list):
        return type(value)(with_every_string(item, replacement) for item in value)
    if dataclasses.is_dataclass(value):
        names = [each.name for each in dataclasses.fields(value)]
        return dataclasses.replace(value, **{n: with_every_string(getattr(value, n), replacement) for n in names})
    return value


def filled(kind: Any, text: str) -> Any:
    """Return a value of a type whose every field is there and whose every text is `text`."""
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        return filled(arguments[0], text)  # the other one is None
    if origin is tuple:
        return tuple(filled(each, text) for each in arguments if each is not Ellipsis)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{each.name: filled(hints[each.name], text) for each in dataclasses.fields(kind)})
    if isinstance(kind, type) and issubclass(kind, Enum) and kind is not Any:
        return next(iter(kind))
    simple = {str: text, int: 7, float: 1.5, bool: False, Any: [text, {text: text}]}
    return {text: filled(arguments[1], text)} if origin is dict else simple[kind]


def hostile_record(text: str, number: int = 0) -> ParityRecord:
    """Return a record full of `text` that has every part of a report: differences of every group, reruns, a baseline, two targets."""
    finding = filled(Finding, text)
    findings = (
        dataclasses.replace(finding, waived_by="", diff=_diff(text)),
        dataclasses.replace(finding, waived_by="", left=f"{text} 1", right=f"{text} 2", step=f"{text} 2"),
        dataclasses.replace(finding, waived_by="", locates=True),
        finding,
    )
    comparison = dataclasses.replace(filled(Comparison, text), verdict=Verdict.DIVERGENT, findings=findings)
    baseline = dataclasses.replace(filled(BaselineUse, text), state=BaselineState.DIFFERS)
    run = filled(TargetRun, text)
    steps = tuple(
        dataclasses.replace(filled(StepRun, name), state=state, needs=(text,), duration_ms=20.0, started_ms=5.0)
        for name, state in ((text, "succeeded"), (f"{text} 2", "failed"), (f"{text} 3", text))
    )
    return dataclasses.replace(
        filled(ParityRecord, text),
        manifest=f"{number} {text}",
        verdict=Verdict.DIVERGENT,
        cause=f"ENVIRONMENT({text})",
        targets=(
            dataclasses.replace(run, steps=steps),
            dataclasses.replace(run, target=f"{text} 2", steps=steps[::-1], environment={text: f"{text} 2"}),
        ),
        comparison=comparison,
        baseline=baseline,
        version=1,
    )


def hostile_set(texts: list[str]) -> RecordSet:
    """Return a run with a record for each of `texts`, and all of them in every field of the run itself."""
    whole = " ".join(texts)
    records = tuple(hostile_record(text, number) for number, text in enumerate(texts))
    return dataclasses.replace(filled(RecordSet, whole), records=records, version=1)


def hostile_exhibit(texts: list[str]) -> Exhibit:
    """Return an exhibit with a step for each of `texts`, and each of them in every field of a row, a stream and an artifact."""
    steps = []
    for text in texts:
        rows = tuple(
            dataclasses.replace(filled(Row, text), standing=standing, right_normal=f"{text} 2") for standing in Standing
        )
        streams = tuple(dataclasses.replace(filled(Stream, text), kind=kind, rows=rows) for kind in StreamKind)
        entries = tuple(dataclasses.replace(filled(Entry, text), standing=standing) for standing in Standing)
        steps.append(StepExhibit(id=text, configs=(text, f"{text} 2"), streams=streams, entries=entries))
    whole = " ".join(texts)
    return dataclasses.replace(filled(Exhibit, whole), steps=tuple(steps), run=steps[0].streams)


def _diff(text: str) -> str:
    lines = re.sub(r"[\n\r]", " ", text)
    return f"--- {lines}\n+++ {lines}\n@@ -1 +1 @@ {lines}\n {lines}\n-{lines} 1\n+{lines} 2\n"
