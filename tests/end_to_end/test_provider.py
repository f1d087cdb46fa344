"""Who serves the E2B API is always said, and what is missing there is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.check import Checker, CheckOptions, load
from osiris_core.errors import UsageError

if TYPE_CHECKING:
    from conftest import Project

MANIFEST = """
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


def test_a_server_without_the_template_is_infra_and_names_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key but without its template a run says nothing about parity, and says which template is missing."""
    project.write("one.osiris.yaml", MANIFEST + "resources: {memory_mb: 640}\n")  # a template nobody registered
    monkeypatch.setenv("E2B_API_KEY", project.server.api_key)

    record = project.check("one.osiris.yaml", provider=project.server.url)

    assert record.verdict == "INFRA"
    assert not record.passed
    assert "has no template osiris-py311-" in record.headline.replace("py312", "py311").replace("py313", "py311")
    assert record.targets[1].provider == project.server.url


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
