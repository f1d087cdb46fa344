from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.manifest.project import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with an empty `pipelines` directory."""
    (tmp_path / "project" / "pipelines").mkdir(parents=True)
    return Project(tmp_path / "project")
