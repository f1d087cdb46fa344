"""Build directories of Osiris are collected when the ini file names their manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.manifest.build_directory import BUILD, OsirisProject, query

if TYPE_CHECKING:
    from conftest import Engine, Project


def test_pytest_collects_a_build_directory(project: Project, engine: Engine) -> None:
    """`osiris_manifests` says which, and `norecursedirs` lets pytest look into `build`; what is wrong fails its item."""
    osiris = OsirisProject(project.root)
    osiris.compile({"one": query("select 1")}, {"one": []})
    osiris.write("build/pipelines/dev/bad/x/manifest.yaml", "meta: {}\npipeline: {id: bad}\nsteps: []\n")
    assert project.run().ret == 5

    project.ini("osiris_manifests = build/pipelines/*/manifest.yaml", "norecursedirs = .*")
    result = project.run("-v")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "build/pipelines/dev/bad/x/manifest.yaml::unreadable FAILED*",
            f"{BUILD}/manifest.yaml::movies PASSED*",
            "build/pipelines/dev/bad/x/manifest.yaml:3:8: `steps` is empty (a pipeline has at least one step)",
        ]
    )
