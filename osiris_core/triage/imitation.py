"""Gives a local run the sandbox's environment, factor by factor: each is independent of the others, any set can be asked for.

Variables are set and removed; everything else is shown by a namespace. What the sandbox has is read off its worker's `hello`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from osiris_core.backends.imitation import Imitation
from osiris_core.backends.interpreter import current_interpreter
from osiris_core.backends.local import host_variables
from osiris_core.backends.workspace import declared_files
from osiris_core.parity.triage import environment as factor
from osiris_core.session import contract
from osiris_core.triage.namespace import View

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from osiris_core.backends.protocol import Job
    from osiris_core.session.reader import Session

NAMESPACED: Final = frozenset(
    {
        *(factor.CPUS, factor.HOME, factor.WORK, factor.OUTPUT, factor.USER, factor.HOST_NAME, factor.NETWORK),
        *(factor.FILES, factor.DISTRIBUTIONS),
    }
)
"""Factors that only a namespace can show."""
_SYSTEM: Final = {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "proc", "dev", "sys"}
"""What a sandbox has of a machine's root."""
_LOCALE: Final = re.compile(r"LANG|LANGUAGE|LC_[A-Z]+")
_ONLINE: Final = "/sys/devices/system/cpu/online"
_BECOME: Final = """
import json, os, resource, sys
asked = json.loads(sys.argv[1])
if asked["cpus"]:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked["cpus"]])
for number, soft in asked["limits"]:
    resource.setrlimit(number, (soft, resource.getrlimit(number)[1]))
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Sets what a process keeps when it becomes another program, and becomes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What is imitated, and with what: the two sessions of the check, and what this machine has for it.

    `bwrap` is a bubblewrap that works, `farm` shows the sandbox's distributions; None where there is none. `known_variables` are the
    values that variables have in the sandbox, as far as they can be known. `scratch` is a directory for small files.
    """

    job: Job
    local: Session
    remote: Session
    bwrap: str | None
    farm: Path | None
    known_variables: Mapping[str, str] = field(default_factory=dict)
    scratch: Path

    @property
    def environment(self) -> Mapping[str, Any]:
        """What the sandbox's worker said of its environment."""
        found: Mapping[str, Any] = self.remote.hello.get("environment") or {}
        return found

    @property
    def roots(self) -> Mapping[str, Any]:
        """Where things lay in the sandbox."""
        found: Mapping[str, Any] = self.remote.hello.get("roots") or {}
        return found

    @property
    def run_directory(self) -> Path:
        """Where the files of each local run lie."""
        return run_directory_of(self.local)


def run_directory_of(local: Session) -> Path:
    """Return where the files of a local run lay, and where those of its reruns lie: a path is no difference then."""
    return local.directory / contract.HOST_DIRECTORY / contract.RUN_DIRECTORY


def as_it_is(job: Job, local: Session) -> Imitation:
    """Return how to start a local run that differs in nothing from the first one."""
    directory = run_directory_of(local)
    return Imitation(
        run_directory=directory,
        told_directory=str(directory),
        environment=host_variables(job),
        python=sys.executable,
    )


def imitate(original: Original, factors: Collection[str]) -> Imitation:
    """Return how to start a local run with these factors as the sandbox has them, and all others as on this machine."""
    run_directory = original.run_directory
    python, told, placement = sys.executable, str(run_directory), {}
    if factor.DISTRIBUTIONS in factors:
        python = f"{original.roots['prefix']}/bin/python"
    if factor.OUTPUT in factors:
        told = str(PurePosixPath(original.roots["output"]).parent)
        placement["run_dir"] = told
    if factor.WORK in factors:
        placement |= _moved(original)
    return Imitation(
        run_directory=run_directory,
        told_directory=told,
        environment=_variables(original, factors),
        python=python,
        prefix=(*_namespace(original, factors, told), *_process(original, factors)),
        placement=placement,
    )


def _variables(original: Original, factors: Collection[str]) -> dict[str, str]:
    """Return the variables of a run: this machine's, with those that are asked for as in the sandbox; declared ones are equal anyway."""
    declared = {each.name for each in original.job.manifest.env}
    variables = host_variables(original.job)
    for name, value in _as_there(original, factors, variables).items():
        if name in declared:
            continue
        if value is None:
            variables.pop(name, None)
        else:
            variables[name] = value
    return variables


def _as_there(original: Original, factors: Collection[str], here: Collection[str]) -> dict[str, str | None]:
    """Return what these factors make of variables: a value, or None for one that is not there."""
    facts, roots = original.environment, original.roots
    there = set(facts.get("variables") or ())
    asked = [each.removeprefix(factor.VARIABLE) for each in factors if each.startswith(factor.VARIABLE)]
    found: dict[str, str | None] = {each: original.known_variables[each] if each in there else None for each in asked}
    if factor.TIME_ZONE in factors:
        zone = str(facts["timezone"])
        found["TZ"] = None if "TZ" not in there and host_zone() == zone else zone
    if factor.LOCALE in factors:
        found |= dict.fromkeys((each for each in here if _LOCALE.fullmatch(each)), None)
        found["LANG"] = str(facts["locale"]) if "LANG" in there else None
    if factor.HOME in factors:
        found["HOME"] = str(roots["home"])
    if factor.USER in factors:
        found |= {name: str(facts["user"]) if name in there else None for name in ("USER", "LOGNAME")}
    if factor.WORK in factors:
        found["PWD"] = str(roots["work"])
    return found


def host_zone() -> str:
    """Return the name of this machine's own zone, or nothing."""
    return os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]


def _moved(original: Original) -> dict[str, Any]:
    project = PurePosixPath(original.roots["project"])
    return {
        "project_dir": str(project),
        "work_dir": str(original.roots["work"]),
        "sys_path": tuple(str(project / each) for each in original.job.manifest.code),
    }


def _process(original: Original, factors: Collection[str]) -> tuple[str, ...]:
    """Return the command that sets CPUs and limits of the process, if any of them is asked for."""
    if not {factor.CPUS, factor.LIMITS} & set(factors):
        return ()
    asked = {
        "cpus": cpus_of(original.environment) if factor.CPUS in factors else 0,
        "limits": list(_limits(original)) if factor.LIMITS in factors else [],
    }
    return (str(current_interpreter().executable), "-I", "-S", "-c", _BECOME, json.dumps(asked))


def cpus_of(facts: Mapping[str, Any]) -> int:
    """Return how many CPUs a worker says that it has."""
    return min(each for each in (facts.get("cpus"), facts.get("affinity_cpus")) if isinstance(each, int))


def _limits(original: Original) -> Iterator[tuple[int, int]]:
    import resource

    numbers = {
        "address_space_bytes": resource.RLIMIT_AS,
        "cpu_s": resource.RLIMIT_CPU,
        "file_size_bytes": resource.RLIMIT_FSIZE,
        "open_files": resource.RLIMIT_NOFILE,
        "processes": resource.RLIMIT_NPROC,
        "stack_bytes": resource.RLIMIT_STACK,
    }
    for name, soft in (original.environment.get("limits") or {}).items():
        if name in numbers:
            yield numbers[name], resource.RLIM_INFINITY if soft is None else int(soft)


def _namespace(original: Original, factors: Collection[str], told: str) -> tuple[str, ...]:
    """Return the command that shows the sandbox's view, as far as it is asked for; nothing where no view is needed."""
    if not NAMESPACED & set(factors):
        return ()
    if original.bwrap is None:
        raise ValueError("these factors need bubblewrap, and there is none")
    view = View()
    _show_files(view, original, factors)
    if factor.OUTPUT in factors:
        view.shown.append((original.run_directory, Path(told)))
    if factor.DISTRIBUTIONS in factors and original.farm is not None:
        view.shown.append((original.farm, Path(original.roots["prefix"])))
    if factor.CPUS in factors:
        count = cpus_of(original.environment)
        online = _written(original, "online", "0\n" if count == 1 else f"0-{count - 1}\n")
        view.shown += [(online, Path(_ONLINE).with_name(name)) for name in ("online", "possible", "present")]
    view.options += _identity(original, factors, view)
    work = str(original.roots["work"]) if factor.WORK in factors else str(original.job.manifest.directory)
    view.options += ["--chdir", work]
    return (original.bwrap, *view.arguments())


def _show_files(view: View, original: Original, factors: Collection[str]) -> None:
    """Show the project where the sandbox has it, hide what the sandbox does not have, and show again what a worker needs of that."""
    root = original.job.manifest.project_root
    project = Path(original.roots["project"]) if factor.WORK in factors else root
    if factor.FILES in factors:
        _hide_files(view, original, factors, project)
    elif project != root:
        view.shown.append((root, project))
    if factor.HOME in factors:
        view.hidden.add(Path(original.roots["home"]))
    for each in _needed(original, factors):
        if factor.FILES in factors or any(each.is_relative_to(hidden) for hidden in view.hidden):
            view.shown.append((each, each))


def _hide_files(view: View, original: Original, factors: Collection[str], project: Path) -> None:
    """Show the system, the home where it is not asked for as in the sandbox, and of the project what is declared."""
    manifest = original.job.manifest
    view.hidden |= {
        each for each in Path("/").iterdir() if each.name not in _SYSTEM and each.is_dir() and not each.is_symlink()
    }
    home = Path(os.environ.get("HOME", "/nonexistent"))
    if factor.HOME not in factors and home.is_dir():
        view.shown.append((home, home))
    view.shown += [(None, each) for each in dict.fromkeys((manifest.project_root, project))]
    view.shown.append((None, project / manifest.work_relative))
    view.shown += [(path, project / relative) for relative, path in declared_files(manifest)]


def _needed(original: Original, factors: Collection[str]) -> Iterator[Path]:
    """Yield what a worker cannot start without, wherever it lies."""
    interpreter = current_interpreter()
    yield interpreter.prefix
    if interpreter.libpython_dir is not None:
        yield interpreter.libpython_dir
    if factor.DISTRIBUTIONS not in factors:
        yield Path(sys.prefix)
        yield from (Path(each) for each in sys.path if each.endswith("-packages") and Path(each).is_dir())
    yield original.job.bundle.path
    yield original.run_directory
    if factor.FILES not in factors and factor.WORK not in factors:
        yield original.job.manifest.project_root


def _identity(original: Original, factors: Collection[str], view: View) -> Iterator[str]:
    facts = original.environment
    if factor.USER in factors:
        name, uid = str(facts["user"]), str(facts["uid"])
        yield from ("--unshare-user", "--uid", uid, "--gid", uid)
        passwd = f"root:x:0:0:root:/root:/bin/bash\n{name}:x:{uid}:{uid}:{name}:{original.roots['home']}:/bin/bash\n"
        view.shown.append((_written(original, "passwd", passwd), Path("/etc/passwd")))
    if factor.HOST_NAME in factors:
        yield from ("--unshare-uts", "--hostname", str(facts["hostname"]))
    if factor.NETWORK in factors:
        yield "--unshare-net"


def _written(original: Original, name: str, text: str) -> Path:
    original.scratch.mkdir(parents=True, exist_ok=True)
    path = original.scratch / name
    path.write_text(text, encoding="utf-8")
    return path
