"""Keeps the templates' compiled form where Python keeps that of modules, and under the same switches.

Compiling them costs ten times what a report of a few manifests costs else. As with modules, a compiled template is used as long as
nothing it was made from has changed: its source, this package, which its constants were folded with, Jinja, and Markupsafe. All of these
are held by what they are and not by their times: there are installations that give all files one.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Final

from jinja2 import FileSystemBytecodeCache

if TYPE_CHECKING:
    from jinja2.bccache import Bucket


_TORN: Final = (EOFError, ValueError, TypeError, AttributeError, ImportError, IndexError, KeyError, UnpicklingError)
"""What reading a file that was cut raises, wherever that was: Jinja catches some of these, and not where its digest stands."""


class CompiledTemplates(FileSystemBytecodeCache):
    """The compiled form of the templates in the directory `templates` of the package in `package`, a directory.

    Nothing is written where Python is told to write no compiled code (`sys.dont_write_bytecode`), or cannot; templates are compiled then.
    So they are for an overlay of the environment, whose switches are others: without autoescape a template compiles to another page, which
    must neither be kept nor take the place of the kept one.
    """

    def __init__(self, package: Path) -> None:
        name = Path(cache_from_source(str(package / "templates" / "page.py")))
        super().__init__(str(name.parent), f"%s.{sys.implementation.cache_tag}.jinja")
        self._made_from = _state_of(package)

    def get_source_checksum(self, source: str) -> str:
        """Return what a compiled template was made from, as a digest."""
        return hashlib.sha256(f"{self._made_from}\n{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a compiled template, if there is one of the same making."""
        if not bucket.environment.overlayed:
            with suppress(OSError, *_TORN):
                super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template, if that is possible."""
        if not sys.dont_write_bytecode and not bucket.environment.overlayed:
            with suppress(OSError):  # a place that cannot be written, or is full: as with modules, it only takes longer
                Path(self.directory).mkdir(parents=True, exist_ok=True)
                super().dump_bytecode(bucket)


def _state_of(package: Path) -> str:
    modules = (f"{each.name} {hashlib.sha256(each.read_bytes()).hexdigest()}" for each in sorted(package.glob("*.py")))
    return "\n".join([version("jinja2"), version("markupsafe"), *modules])
