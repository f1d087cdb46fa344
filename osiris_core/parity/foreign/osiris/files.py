"""The files of a run directory: which are artifacts, which are read otherwise, which are set aside, and which hold secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osiris_core.parity.foreign.osiris.names import FILES
from osiris_core.parity.foreign.osiris.paths import EVENTS, MANIFEST, METRICS, NESTED, STATUS
from osiris_core.parity.foreign.secrets import TEXT_BYTES, Leak, Secrets, leaks_in
from osiris_core.session.torn_lines import regular_bytes
from osiris_core.session.trees import EMPTY, scan_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from osiris_core.parity.foreign.protocol import SetAside
    from osiris_core.session.artifacts import ArtifactFile

_READ: Final = frozenset({EVENTS, METRICS, STATUS, MANIFEST, f"{NESTED}/{EVENTS}", f"{NESTED}/{METRICS}"})
_NESTED_REASON: Final = (
    "the session of the `osiris run` inside of the sandbox; its events, metrics and artifacts are compared"
)
_TWICE_REASON: Final = "the run's own copy of the file is compared"
_HEAD_BYTES: Final = 4096


@dataclass(slots=True)
class RunFiles:
    """What lies in a run directory. `artifacts` have the paths of ours, `<step>/<path below>`, where they belong to a step."""

    artifacts: dict[str, ArtifactFile] = field(default_factory=dict)
    leaks: dict[str, list[Leak]] = field(default_factory=dict)
    leaking: set[str] = field(default_factory=set)
    nested: list[str] = field(default_factory=list)
    secrets: Secrets = field(default_factory=Secrets)
    problems: list[str] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)


def read_files(directory: Path, set_aside: SetAside) -> RunFiles:
    """Look at every file of a run directory."""
    tree = scan_tree(directory)
    found = RunFiles()
    found.nested = [path for path in tree.files if path.startswith(f"{NESTED}/")]
    for path, file in tree.files.items():
        leaks = _leaks(path, file, found)
        if leaks:
            found.leaks[path] = leaks
        if path in _READ:
            continue
        name = artifact_name(path)
        reason = FILES.get(name.partition("/")[0])
        if reason is None and name.startswith(f"{NESTED}/"):
            reason = _NESTED_REASON
        if reason is not None:
            set_aside.add(f"osiris: {name.partition('/')[0]}", reason, path, f"{file.size_bytes:,} bytes")
            continue
        if name in found.artifacts and path.startswith(f"{NESTED}/"):
            set_aside.add(f"osiris: twice in {NESTED}", _TWICE_REASON, path, f"{file.size_bytes:,} bytes")
            continue
        found.artifacts[name] = file
        if leaks:
            found.leaking.add(name)
    _find_again(tree.files, found)
    others = {path: f"it is {what}" for path, what in tree.others.items() if what != EMPTY}
    found.not_compared += [f"{path} was not compared: {why}" for path, why in {**others, **tree.gaps}.items()]
    return found


def artifact_name(path: str) -> str:
    """Return how an artifact is called here: `<step>/<path below>`, a step's config being `<step>/cfg.json`."""
    inner = path.removeprefix(f"{NESTED}/") if path.startswith((f"{NESTED}/artifacts/", f"{NESTED}/cfg/")) else path
    folder, _, below = inner.partition("/")
    if folder == "artifacts" and below:
        return below
    if folder == "cfg" and below.endswith(".json") and "/" not in below:
        return f"{below.removesuffix('.json')}/cfg.json"
    return path


def step_of_file(path: str) -> str | None:
    """Return the step that a file belongs to, or None."""
    name = artifact_name(path)
    return name.partition("/")[0] if name != path and "/" in name else None


def _find_again(files: Mapping[str, ArtifactFile], found: RunFiles) -> None:
    """Find the values that stand in clear once, wherever else they are: nothing beside them says there what they are."""
    values = found.secrets.needles()
    for path, file in files.items() if values else ():
        data = regular_bytes(file.absolute, found.problems.append) if file.size_bytes <= TEXT_BYTES else None
        if data is not None and path not in found.leaks and any(value in data for value in values):
            found.leaks[path] = [Leak("a value that is a secret elsewhere")]
            if found.artifacts.get(artifact_name(path)) is file:
                found.leaking.add(artifact_name(path))


def _leaks(path: str, file: ArtifactFile, found: RunFiles) -> list[Leak]:
    if file.size_bytes > TEXT_BYTES:
        found.problems.append(f"{path} is larger than {TEXT_BYTES:,} bytes, and was not looked at for secrets")
        return []
    data = regular_bytes(file.absolute, found.problems.append)
    if data is None or b"\0" in data[:_HEAD_BYTES]:
        return []
    return leaks_in(path, data, found.secrets)


def strings_of(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts in a JSON value, each with its path; what was parsed is not nested without end."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from strings_of(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item, f"{path}[]")
