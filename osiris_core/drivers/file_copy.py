"""`filesystem.copy`: one file of the project becomes an artifact, byte for byte."""

from __future__ import annotations

import shutil
import stat
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.files import artifact_place, existing_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.drivers.protocol import Context

_PLAIN: Final = 0o644
_PERMISSIONS: Final = 0o777  # what may run as somebody else stays behind


class FileCopy:
    """Copies `path` to `to`; see `docs/drivers.md` for its options."""

    def run(
        self,
        *,
        step_id: str,  # noqa: ARG002 - the protocol's
        config: Mapping[str, Any],
        inputs: Mapping[str, Any],  # noqa: ARG002 - it copies a file, not a table
        ctx: Context,
    ) -> dict[str, Any]:
        """Return `{}`. OSError for a file that is not there, ValueError for a place out of the step's directory."""
        shown = str(config["path"])
        source = existing_file(shown)
        to = str(config.get("to", source.name))
        with source.open("rb") as taken, artifact_place(ctx.output_dir, to).open("xb") as made:
            shutil.copyfileobj(taken, made)
            size_bytes = made.tell()
        mode = _PLAIN if config.get("mode", "keep") == "plain" else stat.S_IMODE(source.stat().st_mode) & _PERMISSIONS
        (ctx.output_dir / to).chmod(mode)
        ctx.log_metric("bytes_copied", size_bytes, unit="bytes")
        ctx.logger.info("copied %d bytes from %s to %s", size_bytes, shown, to)
        return {}
