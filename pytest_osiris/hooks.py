"""The hooks that this plugin calls: what a project, or another plugin, can put into a `conftest.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osiris_core.manifest.model import Manifest


@pytest.hookspec
def pytest_osiris_normalizers(config: pytest.Config, manifest: Manifest) -> Sequence[Mapping[str, Any]] | None:
    """Return rules of what may differ when `manifest` is compared, as `parity.normalizers` of a manifest has them.

    Called before each check; the rules of all implementations count, after those of the marker and the manifest.
    """
