"""The pages of the documentation, as text: their headings, links and blocks of code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FENCED = re.compile(r"^( *)(`{3,})[^\n]*\n.*?^\1\2`*$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?:(?:    [^\n]*| *)\n)+")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


def pages(repository: Path) -> list[Path]:
    """Return every page that a reader may come to: those of the site, and those that stand beside code."""
    beside = ("README.md", "CHANGELOG.md", "benchmarks/README.md", "reports/README.md")
    return [*(repository / name for name in beside), *sorted((repository / "docs").rglob("*.md"))]


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return _INDENTED.sub("\n", _FENCED.sub("", text))


def links(text: str) -> list[str]:
    """Return where the links of a page lead, in their order."""
    return _LINK.findall(_CODE.sub("`code`", prose(text)))


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as they are where the repository is read: the second of a name has a number."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCED.sub("", text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 0
        while (anchor := f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(anchor)
    return found


def broken(page: Path) -> list[str]:
    """Return a sentence for each link of a page that leads nowhere."""
    said = []
    text = page.read_text(encoding="utf-8")
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            said.append(f"{page.name}: {link}: there is no {path}")
        elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
            said.append(f"{page.name}: {link}: no heading of {target.name} has the anchor {anchor}")
    return said
