"""Takes the pictures of a report that README.md and docs/ show: what the fixtures look like in a browser.

    python docs/screenshots.py [PAGE.html]

Without a page it runs some of the healthy and of the divergent fixtures on both targets, which takes a minute. The pictures
are small: few pixels, one a CSS pixel.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "img"
HEALTHY = ("linear", "diamond", "two-writers")
DIVERGENT = ("tail-numbers", "departure-board", "late-flights", "carrier-names", "short-names.healed", "sources.healed")
HOST = {"TZ": "America/New_York", "DELAY_MINUTES": "60"}
"""What the fixtures need of a host to diverge on it."""
SET_ASIDE = {
    "pyproject.toml": "[tool.osiris]\n",
    "nightly-export.osiris.yaml": """osiris: "1"
pipeline: {id: nightly-export}
code: [code]
steps: [{id: export, driver: python.callable, config: {function: "export:run"}}]
""",
    "code/export.py": """import tempfile

def run(inputs, ctx):
    with tempfile.TemporaryDirectory() as made:
        ctx.logger.info("working in %s", made)
    (ctx.output_dir / "report.txt").write_text("nothing to export")
""",
}
"""A pipeline that only a rule makes equal: its log has a directory's made-up name."""
MOST_BYTES = 120_000
WIDE, NARROW = {"width": 980, "height": 610}, {"width": 400, "height": 720}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture: what is brought to its top after everything that holds it is unfolded, and how the browser is set up."""

    name: str
    top: str = "header"
    unfold: tuple[str, ...] = ()
    dark: bool = False
    narrow: bool = False
    of_export: bool = False


SHOTS = (
    Shot(name="first-screen"),
    Shot(name="first-screen-dark", dark=True),
    Shot(name="divergence", top=".manifest.mark-divergent .finding", unfold=(".manifest.mark-divergent",)),
    Shot(name="timeline", top=".manifest.mark-divergent .timeline", unfold=(".manifest.mark-divergent",)),
    Shot(
        name="lines",
        top=".manifest.mark-divergent .lines",
        unfold=(".manifest.mark-divergent", ".manifest.mark-divergent .lines"),
    ),
    Shot(name="why-equal", top=".manifest .rule", unfold=(".manifest .rule",), of_export=True),
    Shot(name="narrow", narrow=True),
)
REVEAL = """([top, unfold]) => {
  for (const selector of unfold) {
    for (let each = document.querySelector(selector); each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  }
  document.querySelector(top).scrollIntoView({ behavior: "instant", block: "start" });
}"""


def page_of_fixtures(place: Path) -> Path:
    """Run fixtures on both targets and return their report."""
    manifests = [f"fixtures/manifests/{name}.osiris.yaml" for name in HEALTHY]
    manifests += [f"fixtures/manifests/divergent/{name}.osiris.yaml" for name in DIVERGENT]
    return _page(ROOT, manifests, place / "parity.html")


def page_of_export(place: Path) -> Path:
    """Run the pipeline that a rule makes equal on both targets and return its report."""
    for name, text in SET_ASIDE.items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return _page(place, ["nightly-export.osiris.yaml"], place / "parity.html")


def _page(directory: Path, manifests: list[str], page: Path) -> Path:
    command = [sys.executable, "-m", "osiris_core.cli", "run", *manifests, "--target", "both", "--report", str(page)]
    environment = {**os.environ, **HOST}
    subprocess.run(command, cwd=directory, check=False, env=environment)  # noqa: S603 - our own command; some diverge
    return page


def take(browser: Browser, page: Path, shot: Shot) -> int:
    """Take one picture and return its size in bytes: 0 where the page has nothing like it."""
    context = browser.new_context(
        viewport=NARROW if shot.narrow else WIDE,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
    )
    opened = context.new_page()
    opened.goto(page.as_uri())
    if not opened.locator(shot.top).count():
        context.close()
        return 0
    opened.evaluate(REVEAL, [shot.top, list(shot.unfold)])
    _settle(opened)
    opened.evaluate(REVEAL, [shot.top, []])
    picture = opened.screenshot(path=IMAGES / f"{shot.name}.png", scale="css")
    context.close()
    return len(picture)


def _settle(page: Page) -> None:
    """Wait until what was unfolded has drawn itself."""
    page.wait_for_function(
        """() => {
          const had = globalThis.had;
          globalThis.had = document.getElementsByTagName("*").length;
          globalThis.still = had === globalThis.had ? (globalThis.still ?? 0) + 1 : 0;
          return globalThis.still > 20;
        }"""
    )


def main() -> int:
    """Take all pictures; say how large each is, and fail where one is missing, or too large for a page of documentation."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        place = Path(scratch)
        page = Path(sys.argv[1]).resolve() if sys.argv[1:] else page_of_fixtures(place)
        export = page_of_export(place / "exports")
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        sizes = {shot.name: take(browser, export if shot.of_export else page, shot) for shot in SHOTS}
        browser.close()
    sys.stdout.writelines(f"{name:>20} {size:>8,} bytes\n" for name, size in sizes.items())
    return int(max(sizes.values()) > MOST_BYTES or not all(sizes.values()))


if __name__ == "__main__":
    sys.exit(main())
