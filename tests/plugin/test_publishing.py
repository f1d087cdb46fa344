"""What a run leaves for others: the Markdown summary, GitHub's step summary and annotations, and properties in JUnit's file."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Engine, Project

OK, FAILED, USAGE = 0, 1, 4
BOTH = "--osiris-target=both"
ANNOTATION = (
    "::error file=worse.osiris.yaml,line=5,title=DIVERGENT worse.osiris.yaml::step only: greeting.txt: line 1 differs; write nothing that names the machine"
    "%0Areproduce: pytest worse.osiris.yaml::worse --osiris-target=both"
)


@pytest.fixture
def failing(project: Project, engine: Engine) -> Project:
    """A project with a manifest that passes and one that does not."""
    project.manifest("good")
    project.manifest("worse")
    engine.gives("worse", Verdict.DIVERGENT)
    return project


@pytest.fixture
def github(failing: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a step's summary, in a run on GitHub."""
    step = failing.root / "step.md"
    step.write_text("# Build\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(failing.root))
    for name, value in {"SERVER_URL": "https://host.example", "REPOSITORY": "o/r", "RUN_ID": "7"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    return step


def test_the_summary_is_written_with_the_way_to_the_report(failing: Project) -> None:
    """Folders on the way are made; an older one is replaced."""
    for _ in range(2):
        failing.run(BOTH, "--osiris-summary=out/s.md", "--osiris-report=out/p.html")

    text = (failing.root / "out" / "s.md").read_text()
    assert text.startswith("## ✗ osiris parity: 1 of 2 manifests behave the same; 1 diverges\n")
    assert text.endswith("Report: [`p.html`](<p.html>)\n")
    assert text.count("reproduce: pytest worse.osiris.yaml::worse --osiris-target=both") == 1


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("pytest.ini/s.md", "ERROR: --osiris-summary: the summary * cannot be written, because * is no directory"),
        ("p.json", "ERROR: --osiris-report (its data) and --osiris-summary both write *"),
        (".", "ERROR: --osiris-summary: the summary * is a directory (give the name of a file in it)"),
    ],
)
def test_a_place_that_cannot_be_had_is_found_before_the_run(
    failing: Project, engine: Engine, path: str, sentence: str
) -> None:
    """Exit code 4 and one sentence."""
    failing.ini("addopts = -q")

    result = failing.run(BOTH, f"--osiris-summary={path}", "--osiris-report=p.html")

    assert result.ret == USAGE
    result.stderr.fnmatch_lines([sentence])
    assert engine.calls == []


@pytest.mark.parametrize(
    ("option", "file"),
    [("--osiris-summary=worse.osiris.yaml", "worse.osiris.yaml"), ("--osiris-report=flights.html", "flights.json")],
)
def test_nothing_is_written_over_what_is_something_else(
    failing: Project, engine: Engine, option: str, file: str
) -> None:
    """A slip in an option must not cost a manifest, nor the data beside a page be somebody's data."""
    (failing.root / "flights.json").write_text('[{"carrier": "AA"}]')
    before = (failing.root / file).read_bytes()

    result = failing.run(BOTH, option)

    assert result.ret == USAGE
    result.stderr.fnmatch_lines([f"ERROR: --osiris-*: * would be written over *{file}, which is something else *"])
    assert (failing.root / file).read_bytes() == before
    assert engine.calls == []


def test_what_is_gone_when_the_run_ends_fails_it(failing: Project, engine: Engine) -> None:
    """A summary that was asked for and is not there is no success, whatever the tests say."""
    engine.gives("worse", Verdict.IDENTICAL)
    failing.pytester.makeconftest(
        "import pathlib\ndef pytest_runtest_logfinish(): pathlib.Path('s.md').mkdir(exist_ok=True)\n"
    )

    result = failing.run(BOTH, "--osiris-summary=s.md")

    assert result.ret == FAILED
    result.stdout.fnmatch_lines(["there is no summary: the summary cannot be written to *s.md*"])


def test_a_run_that_was_interrupted_writes_no_summary(failing: Project, engine: Engine) -> None:
    """It would speak for manifests that never ran."""
    engine.raises("worse", KeyboardInterrupt())

    result = failing.run(BOTH, "--osiris-summary=s.md", no_reraise_ctrlc=True)

    result.stdout.fnmatch_lines(["there is no summary: the run was interrupted*"])
    assert not (failing.root / "s.md").exists()


@pytest.mark.parametrize("how", [["-q"], ["-p", "no:terminal"], ["--no-summary", "-s"]])
def test_on_github_failures_are_annotated_and_the_step_has_a_summary(
    failing: Project, github: Path, how: list[str]
) -> None:
    """At the beginning of a line and not captured; appended to what other commands of the step wrote."""
    result = failing.run(BOTH, "--osiris-report=p.html", *how)

    assert result.outlines.count(ANNOTATION) == 1
    text = github.read_text()
    assert text.startswith("# Build\n\n## ✗ osiris parity: ")
    assert text.count("osiris parity") == 1
    assert text.endswith("Report: [`p.html`](<https://host.example/o/r/actions/runs/7#artifacts>)\n")


def test_what_github_is_told_can_be_chosen(failing: Project, github: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`off` is neither annotations nor a summary; `on` are annotations anywhere."""
    off = failing.run(BOTH, "--osiris-github=off")
    assert "::error" not in off.stdout.str()
    assert github.read_text() == "# Build\n"

    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name)
    assert "::error" not in failing.run(BOTH).stdout.str()
    assert ANNOTATION in failing.run(BOTH, "--osiris-github=on").outlines
    assert failing.run(BOTH, "--osiris-github=maybe").ret == USAGE


def test_the_summary_of_the_step_is_written_once(failing: Project, github: Path) -> None:
    """Where the option names the same file, too; and what others wrote is not replaced."""
    failing.run(BOTH, f"--osiris-summary={github}")

    assert github.read_text().count("osiris parity") == 1
    assert github.read_text().startswith("# Build\n")


def test_a_full_summary_of_the_step_fails_nothing(failing: Project, engine: Engine, github: Path) -> None:
    """Nobody asked for it; it is said."""
    engine.gives("worse", Verdict.IDENTICAL)
    github.write_bytes(b"x" * 1024 * 1024)

    result = failing.run(BOTH)

    assert result.ret == OK
    result.stdout.fnmatch_lines(["the summary *step.md has no room left: GitHub takes 1.0 MiB of a step"])


def test_github_hears_of_a_missed_gate_and_not_of_expected_failures(
    project: Project, engine: Engine, github: Path
) -> None:
    """A gate is an error though no test failed; an `xfail` is none."""
    project.manifest("worse", rest="pytest: {marks: [xfail: {reason: bug 7}]}\n")
    engine.gives("good", Verdict.INCONCLUSIVE)
    project.manifest("good", rest="pytest: {marks: [skip: not today]}\n")

    result = project.run(BOTH, "--osiris-min-manifests=2")

    assert [line for line in result.outlines if line.startswith("::")] == [
        "::error title=osiris parity%3A not as asked for::1 manifest was compared, and at least 2 have to be"
    ]
    assert "**Not as asked for:** `1 manifest was compared, and at least 2 have to be`" in github.read_text()


def test_a_run_without_manifests_leaves_github_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not its business."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.root / "step.md"))
    project.pytester.makepyfile("def test_unit(): assert False")

    assert "::error" not in project.run().stdout.str()
    assert not (project.root / "step.md").exists()


def test_with_workers_the_controller_tells_once_and_secrets_stay_masked(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real run on a worker: annotation, summary and JUnit have the failure, and nothing has the secret in it."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.root))
    monkeypatch.setenv("GATE_TOKEN", "s3cr3t-of-the-gate")
    (project.root / "code" / "steps.py").write_text(
        "def tell(inputs, ctx):\n    raise ValueError('cannot log in with ' + ctx.secret('GATE_TOKEN').reveal())\n"
    )
    project.manifest("tells", function="tell", rest="secrets: [GATE_TOKEN]\n")
    project.manifest("also", function="tell", rest="secrets: [GATE_TOKEN]\n")

    options = ("--osiris-summary=s.md", "--junitxml=j.xml", "--osiris-min-manifests=1")
    result = project.run("-p", "xdist", "-n1", "-q", *options)

    gate, *told = [line for line in result.outlines if line.startswith("::error")]
    assert gate.endswith("::0 manifests were compared, and at least 1 have to be")  # on one target nothing is compared
    assert sorted(line.partition(",title")[0] for line in told) == [
        "::error file=also.osiris.yaml,line=5",
        "::error file=tells.osiris.yaml,line=5",
    ]
    texts = [*told, (project.root / "s.md").read_text(), (project.root / "j.xml").read_text()]
    assert all("GATE_TOKEN" in text for text in texts)
    assert all("s3cr3t-of-the-gate" not in text for text in texts)


def test_junit_has_flat_properties_beside_the_record(failing: Project) -> None:
    """Each a short text that a dashboard can filter by."""
    failing.run(BOTH, "--junitxml=junit.xml")

    cases = {case.get("name"): case for case in ET.parse(failing.root / "junit.xml").iter("testcase")}
    entries = [(str(each.get("name")), str(each.get("value"))) for each in cases["worse"].iter("property")]
    values = dict(entries)
    assert [name for name, _ in entries] == [
        *("osiris", "osiris_verdict", "osiris_first_step", "osiris_headline", "osiris_targets"),
        *("osiris_provider", "osiris_isolation", "osiris_record"),
    ]
    assert values["osiris_verdict"] == "DIVERGENT"
    assert values["osiris_first_step"] == "only"
    assert values["osiris_targets"] == "local,e2b"
    assert (values["osiris_provider"], values["osiris_isolation"]) == ("embedded", "bubblewrap")
    assert (failing.root / values["osiris_record"]).is_file()
    assert sum(len(value) for value in values.values()) < 4096
