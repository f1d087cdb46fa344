"""`osiris-parity template`: what it prints, what it leaves at the provider, and its exit codes."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from osiris_core.backends.provider import Provider
from osiris_core.backends.template_service import TemplateService
from osiris_core.sandbox.launch import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Project

INICONFIG = f"iniconfig=={importlib.metadata.version('iniconfig')}"


@pytest.fixture(scope="module")
def server(bubblewrap: None) -> Iterator[ServerProcess]:
    """A server whose templates these tests make."""
    with ServerProcess.start() as started:
        yield started


@pytest.fixture
def url(server: ServerProcess, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The server's address as a self-hosted provider, and a project whose closure is one small distribution."""
    monkeypatch.setenv("E2B_API_KEY", server.address.api_key)
    monkeypatch.setenv("OSIRIS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("osiris_core.preparation.declared_requirements", lambda _: ("iniconfig",))
    yield server.address.url
    service = TemplateService(Provider(name="x", url=server.address.url, api_key=server.address.api_key, isolation="x"))
    for left in service.list():
        service.delete(left.names[0])


def test_build_makes_the_template_once_and_says_what_is_in_it(project: Project, url: str) -> None:
    """Result on standard output, progress and the builder's log on standard error; a second time there is none."""
    name = project.manifest("one")

    built, again = (project.run("template", "build", name, "--e2b", url) for _ in range(2))

    assert (built.code, again.code) == (0, 0)
    first, place, digest, *pins = built.out.splitlines()
    assert first.startswith("osiris-py3")
    assert first.endswith(f"-2c-512m-1024d  {name}")
    assert place.startswith(f"  at {url}: 1 distribution, ")
    assert digest.startswith("  digest ")
    assert pins == [f"  {INICONFIG}"]
    assert built.err.startswith("building the template osiris-py3")
    assert "  Successfully installed iniconfig-" in built.err
    assert (again.out, again.err) == (built.out, "")


def test_list_show_and_delete(project: Project, url: str) -> None:
    """Ours are listed, others on request; what this machine built it can show; what is deleted is gone."""
    template = project.run("template", "build", project.manifest("one"), "--e2b", url).out.split()[0]
    address = Provider(name="x", url=url, api_key=os.environ["E2B_API_KEY"], isolation="x")
    TemplateService(address).start("somebody-elses", [], _small())

    listed, everything = (
        project.run("template", "list", "--e2b", url),
        project.run("template", "list", "--all", "--e2b", url),
    )
    shown = project.run("template", "show", template, "--e2b", url)
    other = project.run("template", "show", "somebody-elses", "--e2b", url)

    assert listed.out.startswith(f"{template}  ready  2 CPUs, 512 MB, 1024 MB disk  ")
    assert listed.out.count("\n") == 1
    assert listed.err == "and 1 other template: --all lists all\n"
    assert sorted(line.split()[0] for line in everything.out.splitlines()) == sorted([template, "somebody-elses"])
    assert shown.out.splitlines()[2:] == [f"  {INICONFIG}"]
    assert other.out.endswith("  what it holds is not known on this machine\n")
    assert project.run("template", "delete", template, "--e2b", url).code == 0
    gone = project.run("template", "delete", template, "--e2b", url)
    assert (gone.code, f"{url} has no template {template}" in gone.err) == (2, True)
    assert project.run("template", "show", template, "--e2b", url).code == 2


def _small():
    from osiris_core.manifest.model import Resources

    return Resources(cpus=1, memory_mb=128, disk_mb=64)


def test_a_build_that_fails_is_3_and_shows_the_builders_log(
    project: Project, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The others are built all the same; a manifest that cannot be read is worse, and also keeps nobody back."""
    site = tmp_path / "site"
    info = site / "homemade-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: homemade\nVersion: 1.0\n")
    (info / "RECORD").write_text("homemade-1.0.dist-info/METADATA,,\n")
    monkeypatch.syspath_prepend(str(site))
    needs = {"one": ("iniconfig",), "two": ("homemade",)}
    monkeypatch.setattr("osiris_core.preparation.declared_requirements", lambda manifest: needs[manifest.pipeline.id])
    one, two = project.manifest("one"), project.manifest("two")
    (project.root / "three.osiris.yaml").write_text("osiris: '9'\n")

    ended = project.run("template", "build", two, one, "--e2b", url)

    assert ended.code == 3
    assert "  No matching distribution found for homemade==1.0" in ended.err
    assert f"{two}: the build of the template osiris-py3" in ended.err
    assert f"  {one}\n" in ended.out
    assert project.run("template", "build", two, "three.osiris.yaml", one, "--e2b", url).code == 2


def test_a_manifest_that_names_its_template_builds_nothing(project: Project, url: str) -> None:
    """There is nothing of the project's in it."""
    ended = project.run("template", "build", project.manifest("one", rest="template: mine\n"), "--e2b", url)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "mine  one.osiris.yaml: named by the manifest, nothing to build\n"


def test_the_embedded_providers_templates_are_this_machines_farms(project: Project, url: str) -> None:
    """Built without a server, found by name or by the beginning of the digest, deleted without touching the host."""
    built = project.run("template", "build", project.manifest("one"))
    name, digest = built.out.split()[0], built.out.split("digest ")[1].split()[0]

    assert built.code == 0
    assert "at this machine, for its embedded servers: 1 distribution" in built.out
    assert project.run("template", "list").out.startswith(f"{digest[:32]}  1 distribution, ")
    assert f"  {INICONFIG}\n" in project.run("template", "show", digest[:8]).out
    assert project.run("template", "show", digest[:3]).code == 2
    assert project.run("template", "delete", name).code == 0
    assert project.run("template", "list").out == ""
    import iniconfig

    assert iniconfig.__file__


@pytest.mark.parametrize("action", [["list"], ["show", "x"], ["delete", "x"], ["build", "one.osiris.yaml"]])
def test_what_cannot_work_is_a_usage_error(
    project: Project, monkeypatch: pytest.MonkeyPatch, action: list[str]
) -> None:
    """A provider that is none, a key that is missing, and variables that make `cloud` something else."""
    project.manifest("one")
    monkeypatch.delenv("E2B_API_KEY", raising=False)
    assert project.run("template", *action, "--e2b", "clowd").code == 2
    assert "E2B_API_KEY is not set" in project.run("template", *action, "--e2b", "cloud").err
    monkeypatch.setenv("E2B_API_KEY", "e2b_00")
    for variable, value in (
        ("E2B_API_URL", "http://127.0.0.1:1"),
        ("E2B_DOMAIN", "example.org"),
        ("E2B_DEBUG", "true"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(variable, value)
            ended = project.run("template", *action, "--e2b", "cloud")
        assert ended.code == 2
        assert f"{variable} points the SDK elsewhere, so that `cloud` would not be E2B's cloud" in ended.err


def test_a_wrong_key_and_a_dead_server_are_3(project: Project, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither says anything about the manifest."""
    name = project.manifest("one")
    monkeypatch.setenv("E2B_API_KEY", "e2b_00")
    for action in (["list"], ["build", name]):
        ended = project.run("template", *action, "--e2b", url)
        assert (ended.code, "refused the API key" in ended.err) == (3, True)


def test_output_that_nobody_reads_is_no_traceback(url: str, project: Project) -> None:
    """`osiris-parity template list | head` ends quietly."""
    project.run("template", "build", project.manifest("one"))
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "osiris_core.cli", "template", "list"]
    with os.fdopen(write, "wb") as stdout:
        done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, check=False, env=_environment())

    assert (done.returncode, done.stderr) == (141, b"")


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
