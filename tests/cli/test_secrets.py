"""A manifest whose secrets are not there is refused by itself, in one sentence, before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

SECRET = "secrets: [OSIRIS_TEST_TOKEN, OSIRIS_TEST_KEY]\n"
STEPS = """
def tell(inputs, ctx):
    told = ctx.secret("OSIRIS_TEST_TOKEN").reveal(), ctx.secret("OSIRIS_TEST_KEY").reveal()
    (ctx.output_dir / "length.txt").write_text(str([len(each) for each in told]))
"""


@pytest.fixture
def project(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with code that asks for two secrets, one of which the host has."""
    (project.root / "code" / "steps.py").write_text(STEPS + "\ndef write(inputs, ctx):\n    pass\n")
    monkeypatch.setenv("OSIRIS_TEST_TOKEN", "from-the-host")
    monkeypatch.delenv("OSIRIS_TEST_KEY", raising=False)
    return project


def test_a_missing_secret_stops_its_manifest_only(project: Project) -> None:
    """The other manifest runs; the report would have both; the exit code is that of a manifest that cannot be run."""
    needy, free = project.manifest("needy", function="tell", rest=SECRET), project.manifest("free")

    ended = project.run("run", needy, free, "--target=local", "--report=r.html")

    assert ended.code == 2
    hint = "export it, or name a file of variables: `--env-file`, in pytest `--osiris-env-file`"
    sentence = f"the secret OSIRIS_TEST_KEY is not set ({hint})"
    assert ended.out == f"FAILED needy.osiris.yaml {sentence}\nOK free.osiris.yaml\n"
    assert f"needy.osiris.yaml: {sentence}\n" in ended.err
    assert "from-the-host" not in ended.out + ended.err + (project.root / "r.json").read_text()


def test_a_file_of_variables_is_asked_for(project: Project) -> None:
    """`.env` alone decides nothing; with `--env-file` it gives what the host does not have."""
    (project.root / ".env").write_text("OSIRIS_TEST_KEY=file\nOSIRIS_TEST_TOKEN=not this one\n")
    needy = project.manifest("needy", function="tell", rest=SECRET)

    assert project.run("run", needy, "--target=local").code == 2
    assert project.run("run", needy, "--target=local", "--env-file=.env").code == 0

    (told,) = project.root.glob(".osiris/runs/*/local/artifacts/only/length.txt")
    assert told.read_text() == "[13, 4]"


def test_a_file_of_variables_that_is_not_there_stops_everything(project: Project) -> None:
    """Before any manifest is read."""
    ended = project.run("run", project.manifest("free"), "--target=local", "--env-file=no.env")

    assert (ended.code, ended.out) == (2, "")
    assert "the file of variables no.env cannot be read: No such file or directory" in ended.err
