"""A manifest whose secrets are not there fails by itself; a file of variables can be named on the command line or for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from conftest import Project

SECRET = "secrets: [OSIRIS_TEST_TOKEN]\n"
STEPS = """
def tell(inputs, ctx):
    (ctx.output_dir / "length.txt").write_text(str(len(ctx.secret("OSIRIS_TEST_TOKEN").reveal())))

def write(inputs, ctx):
    (ctx.output_dir / "x.txt").write_text("x")
"""


def test_a_missing_secret_fails_its_item_only(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence without a traceback, and a record that reports have."""
    monkeypatch.delenv("OSIRIS_TEST_TOKEN", raising=False)
    (project.root / "code" / "steps.py").write_text(STEPS)
    project.manifest("needy", function="tell", rest=SECRET)
    project.manifest("free")

    result = project.run()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["needy.osiris.yaml: the secret OSIRIS_TEST_TOKEN is not set (export it, or name a file*"]
    )
    assert "Traceback" not in result.stdout.str()
    assert sorted(each["passed"] for each in project.records()) == [False, True]

    project.ini("osiris_env_file = my.env")
    (project.root / "my.env").write_text("OSIRIS_TEST_TOKEN=hunter2hunter2\n")

    found = project.run("--showlocals", "-vv")

    found.assert_outcomes(passed=2)
    assert "hunter2" not in found.stdout.str()
