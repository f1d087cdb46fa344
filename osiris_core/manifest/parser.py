"""libyaml, through PyYAML: the events of a text, or one sentence about what is not YAML 1.2 in it.

libyaml was written for YAML 1.1. What it would read otherwise than YAML 1.2 does, or would let pass, is refused here;
`docs/decisions/0020-libyaml-finds-the-events.md` lists it all. `scalars` says what words mean, by YAML 1.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osiris_core.manifest.problems import START
from osiris_core.manifest.surrogates import shielded
from osiris_core.manifest.text import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from osiris_core.manifest.problems import Problems

_TAB = (
    "found character that cannot start any token",
    "found a tab character where an indentation space is expected",
    "found a tab character that violates indentation",
)
_NAME = "the name after `&` or `*` has letters, digits, `_` and `-` only"
_COLON = "a `:` cannot stand here: quote a text that has one"
_ENTRY = "is expected here: is the line indented as its neighbours are, and each quote closed?"
_SENTENCES = {
    "block sequence entries are not allowed in this context": "a list cannot begin here: write its `-` on a line of its own",
    "could not find expected ':'": "a `:` is missing before this place",
    "did not find URI escaped octet": "this is no tag",
    "did not find expected ',' or ']'": "a `,` or `]` is expected here",
    "did not find expected ',' or '}'": "a `,` or `}` is expected here",
    "did not find expected '-' indicator": f"a `-` {_ENTRY}",
    "did not find expected <document start>": "something stands here that belongs to no key",
    "did not find expected alphabetic or numeric character": _NAME,
    "did not find expected comment or line break": "only `-`, `+`, one digit and a comment can follow `|` and `>`",
    "did not find expected hexdecimal number": "digits and `a` to `f` are expected here",
    "did not find expected key": f"a key {_ENTRY}",
    "did not find expected node content": "a value is expected here",
    "did not find expected tag URI": "this is no tag",
    "did not find expected whitespace or line break": "a space is expected here",
    "found an indentation indicator equal to 0": "the digit after `|` or `>` cannot be 0",
    "found character that cannot start any token": "an unquoted text cannot begin with this character",
    "found incompatible YAML document": "a manifest is YAML 1.2: leave the %YAML line out",
    "found invalid Unicode character escape code": "this escape is no character",
    "found undefined tag handle": "this tag is known nowhere",
    "found unexpected ':'": _COLON,
    "found unexpected document indicator": "the document ends inside of quotes",
    "found unexpected end of stream": "the file ends inside of quotes",
    "found unknown directive name": "this line is no directive: `%YAML` and `%TAG` are",
    "found unknown escape character": "this escape is unknown: a backslash is written twice in double quotes",
    "mapping keys are not allowed in this context": "a `?` cannot stand here: quote a text that begins with one",
    "mapping values are not allowed in this context": _COLON,
}
"""What libyaml says, as a sentence that says what to do; the rest of what it says is passed on as it is."""
_TOO_DEEP = "exceeded maximum nesting depth"
_TAG_DIRECTIVE = re.compile(r"(?:\A|[\r\n])(?=%TAG)")  # libyaml compares each with all before it
_COMMENT_WITHOUT_SPACE = re.compile(r"\S#")
_HEADER_WITHOUT_SPACE = re.compile(r"[|>][-+0-9]*#")


def events(text: str, problems: Problems, *, too_deep: str) -> Iterator[Any]:
    """Yield PyYAML's events. Raises `ManifestError` where the text is no YAML, with what was noted until then.

    `too_deep` is the sentence for a text that nests so deep that libyaml gives up by itself.
    """
    try:
        from yaml.cyaml import CParser
    except ImportError as error:
        problems.add(
            START,
            f"{problems.document} cannot be read: PyYAML was installed without libyaml",
            "install it from a wheel, or have libyaml's headers there when it is built",
        )
        raise problems.error() from error
    from yaml.error import MarkedYAMLError

    if found := _TAG_DIRECTIVE.search(text):
        problems.add(Lines(text).at(found.end()), "a manifest has no tags", "leave the %TAG line out")
        raise problems.error()
    text, restored = shielded(text)
    parser = CParser(text)
    try:
        if "#" in text and _COMMENT_WITHOUT_SPACE.search(text):
            _check_comments(CParser(text), text, problems)
        has_names = "&" in text or "*" in text
        while (event := parser.get_event()) is not None:
            if has_names and getattr(event, "anchor", None) is not None:
                _check_name(event, text, problems)
            yield event if restored is None else restored(event)
    except MarkedYAMLError as error:
        _report(problems, text, error, too_deep)
        raise problems.error() from error


def _check_name(event: Any, text: str, problems: Problems) -> None:
    """Refuse a name that YAML 1.2 reads on where libyaml stops, as it does before `:` and `?`."""
    start = event.start_mark.index
    end = start + 1 + len(event.anchor)
    if text[start] in "&*" and text[end : end + 1] in {":", "?"}:
        problems.add(Lines(text).at(end), f"this is not YAML: {_NAME}", "put a space behind it")
        raise problems.error()


def _check_comments(parser: Any, text: str, problems: Problems) -> None:
    """Refuse a comment right behind something else: YAML 1.2 wants a space there, libyaml does not."""
    while (token := parser.get_token()) is not None:
        at = token.end_mark.index
        if getattr(token, "style", None) in {"|", ">"}:
            header = _HEADER_WITHOUT_SPACE.match(text, token.start_mark.index)
            at = header.end() - 1 if header else len(text)
        if text[at : at + 1] == "#" and at and not text[at - 1].isspace():
            problems.add(Lines(text).at(at), "this is not YAML: a comment needs a space before its `#`")
            raise problems.error()


def _report(problems: Problems, text: str, error: Any, too_deep: str) -> None:
    """Report where and why the parser gave up."""
    lines, mark = Lines(text), error.problem_mark or error.context_mark
    at = lines.at(min(mark.index, len(text)))  # libyaml sees one more line break at the end
    if error.problem == _TOO_DEEP:
        problems.add(at, too_deep)
    elif error.problem in _TAB and text[mark.index : mark.index + 1] == "\t":
        problems.add(at, "a tab cannot indent", "use spaces")
    else:
        begun = lines.at(error.context_mark.index) if error.context_mark else at
        hint = f"{error.context}, which begins at {begun.line}:{begun.column}" if begun != at else ""
        problems.add(at, f"this is not YAML: {_SENTENCES.get(error.problem, error.problem)}", hint)
