"""`filesystem.copy`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from osiris_core.drivers.builtin.shared import READ
from osiris_core.drivers.protocol import DriverSpec, Option

COPY: Final = DriverSpec(
    name="filesystem.copy",
    kind="writer",
    target="osiris_core.drivers.file_copy:FileCopy",
    options=MappingProxyType(
        {
            "path": READ,
            "to": Option(type="output_path", summary="Where in the step's artifact directory; the file's own name."),
            "mode": Option(
                type="string",
                choices=("keep", "plain"),
                default="keep",
                summary="Whether the copy has the file's permissions (the nine bits), or those of any new file (0644).",
            ),
        }
    ),
    summary="Copies one file of the project, byte for byte, to the step's artifacts.",
    documentation="A link is followed. Times, owner and extended attributes are not copied.\n\nMetric: bytes_copied.",
)
