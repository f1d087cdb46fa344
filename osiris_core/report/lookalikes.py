"""Texts that look the same and are not: which characters differ, by their code points.

Letters of other alphabets, composed and decomposed accents, other dashes and quotation marks: a mark under two equal
pictures tells a reader nothing. What cannot be seen at all is not looked for here: `text.visible` has shown it already.
"""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from typing import Final

from osiris_core.report.text import visible
from osiris_core.report.words import common_end, common_start

_LOOKED_AT: Final = 200
"""Longer differences are seen without help."""
_NAMED: Final = 4

_PICTURES: Final = str.maketrans(
    # Cyrillic, Greek, and signs that many fonts draw like these; not a complete list, which nobody has
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0430\u0435\u0455\u0456\u0458\u043e\u0440\u0441\u0443\u0445\u0501\u051b\u051d\u04bb"  # Cyrillic
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03bd\u0475"  # Greek, and one more of Cyrillic
    "\u2010\u2011\u2012\u2013\u2014\u2212\u30fc"  # dashes
    "\u2018\u2019\u201a\u2032\u201c\u201d\u201e\u2033"  # quotation marks
    "\u2044\u2215\u2236\uff1a\uff1b\uff0c\uff0e\u00d7\u2217\uff0a\u0131\u01c0\u2223\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19",  # other signs and digits
    "ABESIJKMHOPCTYXaesijopcyxdqwhABEZHIKMNOPTYXovv-------''''\"\"\"\"//::;,.x**il|0123456789",
)


def looks_alike(left: str, right: str) -> str:
    """Return which characters of two texts that look alike differ, in words; empty where they are equal or look different."""
    start = common_start(left, right)
    end = common_end(left, right, min(len(left), len(right)) - start)
    a, b = left[start : len(left) - end], right[start : len(right) - end]
    if max(len(a), len(b)) > _LOOKED_AT or not (a or b) or _picture(a) != _picture(b):
        return ""
    told = []
    for tag, first, last, begin, stop in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        one_by_one = last - first == stop - begin
        pairs = zip(a[first:last], b[begin:stop], strict=True) if one_by_one else [(a[first:last], b[begin:stop])]
        told += [f"{_codes(x)} and {_codes(y)} at character {start + first + n:,}" for n, (x, y) in enumerate(pairs, 1)]
    more = f", and {len(told) - _NAMED:,} more" if len(told) > _NAMED else ""
    return f"They look alike: {'; '.join(told[:_NAMED])}{more}"


def _picture(text: str) -> str:
    """Return what a reader would take a text for: accents composed, letters of other alphabets as the Latin ones they look like."""
    return visible(unicodedata.normalize("NFC", text)).translate(_PICTURES)


def _codes(text: str) -> str:
    return " ".join(f"U+{ord(each):04X} {unicodedata.name(each, '(no name)')}" for each in text) or "nothing"
