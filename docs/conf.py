"""The site that is made of these pages: `uv run --group docs sphinx-build -E -W -j auto docs build/docs`.

It needs no network and names no other host: no font, no script and no picture from elsewhere, and a search that works from a file.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent

project = "pytest-osiris"
author = "The pytest-osiris authors"
project_copyright = author
release = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
version = release
language = "en"

extensions = ["myst_parser"]
exclude_patterns = ["site"]
# A heading has the anchor that it has where the page is read in the repository.
myst_heading_anchors = 4
# Code without a language is what is seen in a terminal.
highlight_language = "none"
nitpicky = True
# Reason codes and decisions are reached by their lists: in the navigation of every page they would be most of it.
suppress_warnings = ["toc.not_included"]

html_theme = "furo"
html_title = f"pytest-osiris {release}"
html_static_path = ["site"]
html_css_files = ["osiris.css"]
html_theme_options = {"footer_icons": []}
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False

_OUT_OF_THE_FOLDER = re.compile(r"\[[^\]]+\]\(\.\./([^)#]+)(?:#[^)]*)?\)")


def setup(app: Sphinx) -> None:
    """Adapt the pages as they are read: what the repository shows by itself, the site has to be told."""
    app.connect("source-read", adapt)


def adapt(_app: Sphinx, page: str, source: list[str]) -> None:
    """List the decisions on their page; show a link out of this folder, which leads to no page, as the path of the file."""
    if page == "decisions/README":
        source[0] += "\n" + "".join(f"- [{number}: {title}]({name})\n" for number, title, name in decisions())
    if "/" not in page:
        source[0] = _OUT_OF_THE_FOLDER.sub(r"`\1`", source[0])


def decisions() -> list[tuple[str, str, str]]:
    """Return number, title and file name of each decision."""
    found = []
    for path in sorted((HERE / "decisions").glob("[0-9]*.md")):
        heading = path.read_text(encoding="utf-8").partition("\n")[0]
        title = re.sub(r"^# (\d+[.:] )?", "", heading)
        found.append((path.name[:4], title, path.name))
    return found
