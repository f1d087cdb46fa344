"""The page's script: files that share one scope."""

from __future__ import annotations

import re
from collections import Counter

from osiris_core.report.html import script_text

DECLARED = re.compile(r"^(?:(?:async )?function\*?|class|const|let|var) (?:([\w$]+)|[\[{]([^\]}]+)[\]}])", re.MULTILINE)


def declared(script: str) -> list[str]:
    """Return the names that a script declares outside of every block, in order."""
    each = (
        (one or "").split() or re.findall(r"[\w$]+(?=\s*(?:,|$|=))", many) for one, many in DECLARED.findall(script)
    )
    return [name for names in each for name in names]


def test_no_name_is_declared_in_two_files_and_none_for_nothing():
    """A second function of one name would silently take the place of the first; a name that stands once is used by nobody."""
    script = script_text()
    names = declared(script)
    words = Counter(re.findall(r"[\w$]+", re.sub(r"^\s*//.*", "", script, flags=re.MULTILINE)))
    assert len(names) > 100
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert [name for name in names if words[name] == 1] == []


def test_a_name_that_is_there_twice_would_be_found():
    """The check above is able to fail: it sees functions, classes and constants, plain or taken apart."""
    script = "const a = 1;\nfunction a() {\n  const b = 2;\n}\nconst [c, d] = e;\nasync function f() {}\nclass G {}\nlet h;\n"
    assert declared(script) == ["a", "a", "c", "d", "f", "G", "h"]
