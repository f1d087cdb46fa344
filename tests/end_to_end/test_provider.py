"""Who serves the E2B API is always said, and what is missing there is named."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.check import Checker, CheckOptions, load
from osiris_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osiris_core.parity.record import ParityRecord

    from conftest import Project


@dataclass(frozen=True)
class E2BTemplates:
    """Somebody's own hands on the server's templates."""

    project: Project

    @property
    def client(self) -> Any:
        """The SDK, bound to the server."""
        from e2b import E2B

        server = self.project.server
        return E2B(api_key=server.api_key, api_url=server.url, sandbox_url=server.url)

    def delete(self, name: str) -> None:
        """Delete a template."""
        import httpx

        answer = httpx.delete(
            f"{self.project.server.url}/templates/{name}", headers={"X-API-KEY": self.project.server.api_key}
        )
        assert answer.status_code == 204

    def build(self, name: str) -> None:
        """Build a template with what a run of these manifests needs, the usual way."""
        minor = f"{sys.version_info.major}.{sys.version_info.minor}"
        pins = [f"{name}=={metadata.version(name)}" for name in ("duckdb", "pyarrow")]
        builder = self.client.Template
        builder.build(builder().from_python_image(minor).pip_install(pins), name)


@dataclass(frozen=True)
class Checks:
    """Checks against a server that is somebody else's, and what they reported meanwhile."""

    check: Callable[[str], ParityRecord]
    reported: list[str]
    builder: E2BTemplates


MANIFEST = """
osiris: "1"
pipeline: {id: one}
steps:
  - {id: one, driver: shell.command, config: {command: [echo, one]}}
"""
ENGINE = """
osiris: "1"
pipeline: {id: one}
steps:
  - {id: one, driver: duckdb.processor, config: {query: "select 1 as n"}}
"""


def test_the_cloud_without_a_key_is_a_usage_error(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing starts, and the sentence names the variable."""
    monkeypatch.delenv("E2B_API_KEY", raising=False)
    project.write("one.osiris.yaml", MANIFEST)

    with pytest.raises(UsageError, match="E2B_API_KEY is not set"):
        project.check("one.osiris.yaml", provider="cloud")

    assert not project.session_root.exists()


def test_an_unknown_provider_is_a_usage_error(project: Project) -> None:
    """A misspelt provider is no address."""
    project.write("one.osiris.yaml", MANIFEST)

    with pytest.raises(UsageError, match="unknown E2B provider 'clowd'"):
        project.check("one.osiris.yaml", provider="clowd")


@pytest.fixture
def self_hosted(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Checks:
    """The shared server by its address and key alone, asked by a machine that has asked nothing of it before."""
    monkeypatch.setenv("E2B_API_KEY", project.server.api_key)
    monkeypatch.setenv("OSIRIS_CACHE_DIR", str(tmp_path / "cache"))
    options = CheckOptions(project_root=project.root, session_root=project.session_root, provider=project.server.url)
    reported: list[str] = []

    def check(name: str) -> ParityRecord:
        with Checker(options, report=reported.append) as checker:
            return checker.check(load(project.root / name, project_root=project.root), ["local", "e2b"])

    return Checks(check=check, reported=reported, builder=E2BTemplates(project))


def test_a_self_hosted_server_is_given_its_template(project: Project, self_hosted: Checks) -> None:
    """The closure is built there through the SDK, once; the record names provider and template, never the cloud."""
    project.write("one.osiris.yaml", MANIFEST + "resources: {memory_mb: 600}\n")  # no other test has built this one

    first, second = self_hosted.check("one.osiris.yaml"), self_hosted.check("one.osiris.yaml")

    assert (first.verdict, second.verdict) == ("IDENTICAL", "IDENTICAL")
    run = first.targets[1]
    assert (run.provider, run.isolation) == (project.server.url, "unknown")
    assert run.template.startswith("osiris-py3")
    assert [line.partition(" the template ")[0] for line in self_hosted.reported] == ["building", "built"]


def test_a_template_that_was_deleted_is_built_again(project: Project, self_hosted: Checks) -> None:
    """What this machine remembers can be wrong; nothing has run by then, so it is put right within the run."""
    project.write("one.osiris.yaml", MANIFEST + "resources: {memory_mb: 700}\n")
    name = self_hosted.check("one.osiris.yaml").targets[1].template
    self_hosted.builder.delete(name)

    record = self_hosted.check("one.osiris.yaml")

    assert record.verdict == "IDENTICAL", record.headline
    assert [line.partition(" the template ")[0] for line in self_hosted.reported] == ["building", "built"] * 2


def test_a_template_that_cannot_be_built_is_infra_and_shows_the_builders_log(
    project: Project, self_hosted: Checks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A version that only this host has: nothing is said about the pipeline, and what to do is."""
    info = tmp_path / "site" / "homemade-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: homemade\nVersion: 1.0\n")
    (info / "RECORD").write_text("homemade-1.0.dist-info/METADATA,,\n")
    monkeypatch.syspath_prepend(str(info.parent))
    project.write("one.osiris.yaml", MANIFEST + "requirements: [homemade]\n")

    record = self_hosted.check("one.osiris.yaml")

    assert record.verdict == "INFRA"
    assert record.targets[0].outcome == "succeeded"
    assert "failed: the index there has no homemade==1.0 (this host has a version that was never" in record.headline
    assert self_hosted.reported[-1].startswith("  No matching distribution found for homemade==1.0")


def test_a_template_that_the_manifest_names_is_used_as_it_is(project: Project, self_hosted: Checks) -> None:
    """The closure is neither resolved nor built: a requirement that this host lacks is of no matter."""
    self_hosted.builder.build("by-hand:v1")
    project.write("one.osiris.yaml", MANIFEST + "template: by-hand:v1\nrequirements: [no-such-distribution-here]\n")

    record = self_hosted.check("one.osiris.yaml")

    assert record.targets[1].template == "by-hand:v1"
    assert record.targets[1].outcome == "succeeded", record.headline
    assert self_hosted.reported == []


def test_a_template_that_the_provider_lacks_is_infra_and_says_what_to_do(project: Project, self_hosted: Checks) -> None:
    """On an embedded server and on any other, a misspelt name starts nothing and builds nothing."""
    project.write("one.osiris.yaml", MANIFEST + "template: by-hnd\n")

    for record in (self_hosted.check("one.osiris.yaml"), project.check("one.osiris.yaml")):
        assert record.verdict == "INFRA"
        assert "has no template by-hnd, which the manifest names" in record.headline
        assert "`osiris-parity template list` shows those it has" in record.headline
    assert self_hosted.reported == []


def test_a_template_without_the_project_runs_on_the_python_it_has(project: Project) -> None:
    """A template's Python is looked for where it is; what it lacks fails there, and not as a missing interpreter."""
    project.write("one.osiris.yaml", ENGINE + "template: base\n")

    record = project.check("one.osiris.yaml")

    assert record.verdict == "DIVERGENT"
    assert record.targets[1].template == "base"
    assert "No module named" in record.targets[1].error


def test_a_wrong_key_is_infra_and_says_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused key is named as such."""
    project.write("one.osiris.yaml", MANIFEST)
    monkeypatch.setenv("E2B_API_KEY", "e2b_" + "0" * 40)

    record = project.check("one.osiris.yaml", provider=project.server.url)

    assert record.verdict == "INFRA"
    assert "refused the API key" in record.headline


def test_a_server_that_is_not_there_is_infra(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead address is a sentence, not a traceback, and the local run is not called a comparison."""
    project.write("one.osiris.yaml", MANIFEST)
    monkeypatch.setenv("E2B_API_KEY", "e2b_" + "0" * 40)

    record = project.check("one.osiris.yaml", provider="http://127.0.0.1:1")

    assert record.verdict == "INFRA"
    assert record.comparison is None
    assert record.headline.startswith("e2b: ")


def test_the_record_says_which_provider_and_isolation_ran(project: Project) -> None:
    """An embedded run is called embedded, with what isolated it."""
    project.write("one.osiris.yaml", MANIFEST)

    record = project.check("one.osiris.yaml")

    [local, e2b] = record.targets
    assert (local.provider, local.isolation) == ("host", "none")
    assert (e2b.provider, e2b.isolation) == ("embedded", "bubblewrap")
    assert record.verdict == "IDENTICAL"


def test_an_undeclared_distribution_cannot_be_resolved_is_infra(project: Project) -> None:
    """A requirement that the host lacks is named before a sandbox is made."""
    project.write("one.osiris.yaml", MANIFEST + "requirements: [no-such-distribution-here]\n")

    record = project.check("one.osiris.yaml")

    assert record.verdict == "INFRA"
    assert "no-such-distribution-here" in record.headline


def test_plain_isolation_runs_when_it_is_asked_for_and_says_so(project: Project) -> None:
    """Without namespaces the same run works, weaker, and is never called isolated."""
    project.write("one.osiris.yaml", MANIFEST)
    options = CheckOptions(project_root=project.root, session_root=project.session_root, isolation="plain")

    with Checker(options) as checker:
        record = checker.check(load(project.root / "one.osiris.yaml", project_root=project.root), ["local", "e2b"])

    assert record.targets[1].isolation == "plain"
    assert record.targets[1].outcome == "succeeded", record.headline


def test_without_bubblewrap_the_target_is_infra_and_says_what_to_do(
    project: Project,
) -> None:
    """A machine that cannot isolate gives no verdict; plain isolation is offered, not taken."""
    project.write("one.osiris.yaml", MANIFEST)
    options = CheckOptions(project_root=project.root, session_root=project.session_root)

    with Checker(options, server_options=("--bwrap", "/nonexistent/bwrap")) as checker:
        record = checker.check(load(project.root / "one.osiris.yaml", project_root=project.root), ["local", "e2b"])

    assert record.verdict == "INFRA"
    assert "install bubblewrap" in record.headline
    assert "plain isolation" in record.headline
    assert (record.targets[1].provider, record.targets[1].isolation) == ("embedded", "")


JINJA = """
osiris: "1"
pipeline: {id: page}
code: [code]
steps:
  - {id: page, driver: python.callable, config: {function: "page:page"}}
"""


def test_a_project_declares_distributions_for_all_its_pipelines(project: Project) -> None:
    """`[tool.osiris] requirements` are in the closure of every manifest; without them the import fails there."""
    project.write("code/page.py", "import jinja2\n\n\ndef page(inputs, ctx):\n    return None\n")
    project.write("page.osiris.yaml", JINJA)
    assert project.check("page.osiris.yaml").first_diverging_step == "page"

    project.write("pyproject.toml", '[tool.osiris]\nrequirements = ["jinja2"]\n')

    assert project.check("page.osiris.yaml").verdict == "IDENTICAL"


@pytest.mark.parametrize(
    "settings", ['[tool.osiris]\nrequirements = "jinja2"\n', "[tool]\nosiris = 1\n", "[tool.osiris\n"]
)
def test_settings_that_make_no_sense_are_a_usage_error(project: Project, settings: str) -> None:
    """The sentence names the project's file, not the manifest."""
    project.write("one.osiris.yaml", MANIFEST)
    project.write("pyproject.toml", settings)

    with pytest.raises(UsageError, match=r"pyproject\.toml"):
        project.check("one.osiris.yaml")
