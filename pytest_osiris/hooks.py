"""The hooks that this plugin calls: what a project, or another plugin, can put into a `conftest.py`.

Every implementation is asked, and None is no answer. An answer that a hook does not take is refused in a sentence that
names the hook and the plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osiris_core.backends.extension import BackendFactory
    from osiris_core.manifest.model import Manifest


@pytest.hookspec
def pytest_osiris_normalizers(config: pytest.Config, manifest: Manifest) -> Sequence[Mapping[str, Any]] | None:
    """Return rules of what may differ when `manifest` is compared, as `parity.normalizers` of a manifest has them.

    Called before each check; the rules of all implementations count, after those of the marker and the manifest.
    """


@pytest.hookspec
def pytest_osiris_backends(config: pytest.Config) -> Mapping[str, BackendFactory] | None:
    """Return backends by name: `{"moon": Moon}` makes the targets `moon` and `moon:ARGUMENT`, for every option that names targets.

    A factory is given a `BackendRequest` and returns a `Backend`: `osiris_core/backends/extension.py`. Called once in each process
    of a run, when the first target is looked up. A name of a built-in target (`local`, `e2b`, `venv`, `both`) is refused, and so is
    one that two plugins give; of one that an installed distribution has too (entry point `osiris.backends`) the hook's is meant.
    """
