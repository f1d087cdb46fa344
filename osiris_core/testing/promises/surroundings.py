"""What a driver leaves alone: files that are not its step's, the process it runs in, and the machine afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.testing.findings import broken, kept

if TYPE_CHECKING:
    from osiris_core.testing.findings import Finding
    from osiris_core.testing.subject import Subject


def artifacts_inside(subject: Subject) -> Finding:
    """Write files below `ctx.output_dir` and nowhere else; as a writer, write at least one."""
    outcome = subject.plain
    given = {f"work/{each}" for each in (*subject.made_paths(), *subject.files)}
    elsewhere = [each for each in outcome.written if each not in given]
    if elsewhere:
        return broken(f"it writes outside of ctx.output_dir: {', '.join(elsewhere)}")
    if outcome.skipped_artifacts:
        return broken(f"it leaves what cannot be an artifact: {'; '.join(outcome.skipped_artifacts)}")
    if subject.spec.kind == "writer" and not outcome.artifacts:
        return broken("it is a writer, and leaves no file in ctx.output_dir")
    return kept(f"its {len(outcome.artifacts)} files lie in ctx.output_dir, and nothing lies elsewhere")


def global_state(subject: Subject) -> Finding:
    """Leave the process as it is: the steps that follow run in it."""
    if subject.plain.changed:
        return broken(f"it changes what later steps rely on: {', '.join(subject.plain.changed)}")
    return kept("the process is as it was")


def nothing_left(subject: Subject) -> Finding:
    """Leave no thread and no process behind."""
    if subject.plain.left:
        return broken(f"it leaves running: {', '.join(subject.plain.left)}")
    return kept("no thread and no process is left")
