"""Wrong uses that both checkers have to refuse: an ignore without an error is an error of its own (`.ci/run`). It is not run."""

from __future__ import annotations

from pytest_osiris import Osiris, Run, StepEntry


def refused(osiris: Osiris, osiris_run: Run) -> None:
    osiris.run()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    osiris.run(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    osiris.run("x.osiris.yaml", "both")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    osiris.run("x.osiris.yaml", tarjet="both")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    osiris.run("x.osiris.yaml", secrets={"A": 1})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    osiris.manifest("x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    osiris.manifest("x", steps=[], on_failure="perhaps")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    step: StepEntry = {"id": "a"}  # type: ignore[typeddict-item]  # pyright: ignore[reportAssignmentType]
    osiris_run.ok = True  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    files = osiris_run.artefacts  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    rows: int = osiris_run.steps["a"].rows  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    osiris_run.artifacts["a"] = "b"  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    text: int = osiris_run.artifacts["a"].text()  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    assert [step, files, rows, text]
