"""Hypothesis strategies for pipelines and hostile data, for tests of one's own; needs the extra `fuzz`.

An `Example` is a manifest and its files; `example.write(directory)` puts them on disk and returns the manifest's path.
"""

from osiris_core.fuzz.bad import bad_manifests
from osiris_core.fuzz.example import Example
from osiris_core.fuzz.files import InputFile, csv_file
from osiris_core.fuzz.manifests import manifests
from osiris_core.fuzz.tables import columns, csv_rows
from osiris_core.fuzz.values import decimals, floats, integers, kinds, texts

__all__ = [
    "Example",
    "InputFile",
    "bad_manifests",
    "columns",
    "csv_file",
    "csv_rows",
    "decimals",
    "floats",
    "integers",
    "kinds",
    "manifests",
    "texts",
]
