"""What of the environment differs between two targets, as each worker's `hello` describes it: the factors to be tried.

A variable's value is in no session, and comes into no record: who sees a report need not know the host's secrets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osiris_core.session.reader import Session

TIME_ZONE: Final = "time zone"
LOCALE: Final = "locale"
CPUS: Final = "CPU count"
HOME: Final = "HOME"
WORK: Final = "working directory"
OUTPUT: Final = "output directory"
USER: Final = "user"
HOST_NAME: Final = "host name"
LIMITS: Final = "limits"
NETWORK: Final = "network"
FILES: Final = "files"
DISTRIBUTIONS: Final = "distributions"
VARIABLE: Final = "variable "
"""Begins the name of the factor that one variable is."""

_FIXES: Final = {
    TIME_ZONE: 'write times in UTC, or fix the zone on both: env: {{TZ: "{right}"}}',
    LOCALE: 'format without the locale, or fix it on both: env: {{LC_ALL: "C.UTF-8"}}',
    CPUS: "make the result independent of the number of CPUs, or ask for as many: resources: {{cpus: {left}}}",
    HOME: "read nothing from the home directory: declare the file under inputs:",
    WORK: "write no absolute paths: take them relative to the manifest's directory",
    OUTPUT: "write no absolute paths: take them relative to ctx.output_dir",
    USER: "do not write who runs it",
    HOST_NAME: "do not write which machine runs it",
    LIMITS: "make the result independent of the limits of the process",
    NETWORK: 'declare that it reaches out: network: "full"',
    FILES: "declare what it reads under inputs:",
    DISTRIBUTIONS: "declare what it imports under requirements:",
}
_LOCALE_VARIABLE: Final = re.compile(r"LANG|LANGUAGE|LC_[A-Z]+")
_COVERED: Final = re.compile(r"TZ|LANG|LANGUAGE|LC_[A-Z]+|HOME|USER|LOGNAME|PWD|OLDPWD|SHLVL|_")
"""Variables that belong to another factor, or that a shell sets for itself."""
_OF_ANOTHER_MACHINE: Final = {
    "kernel": "platform",
    "processor": "machine",
    "version of Python": "python",
    "build of Python": "libpython",
    "memory of the machine": "memory_total_bytes",
}
"""What only another machine would change, by the fact of `hello` that shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One thing that differs: its value on either side, and what a manifest's author can do about it.

    A set of factors that is tried as one has them as `parts`.
    """

    name: str
    left: str
    right: str
    fix: str = ""
    parts: tuple[Factor, ...] = ()


def differing(left: Session, right: Session) -> tuple[Factor, ...]:
    """Return the factors in which the right session's environment differs from the left one's, as far as is known."""
    return tuple(
        Factor(name=name, left=a, right=b, fix=_FIXES[name].format(left=a, right=b))
        for name, a, b in _pairs(left, right)
        if a != b
    ) + tuple(_variables(left, right))


def of_another_machine(left: Session, right: Session) -> tuple[str, ...]:
    """Return what differs and cannot be imitated on one machine."""
    a, b = _environment(left), _environment(right)
    return tuple(name for name, fact in _OF_ANOTHER_MACHINE.items() if a.get(fact) != b.get(fact))


def not_reached(imitated: Session, remote: Session) -> tuple[str, ...]:
    """Return in which factors a local run that was to have all of the remote ones differs all the same, by its own word."""
    unseen = {
        NETWORK,
        FILES,
        "variables",
    }  # a worker does not say what it reaches, which files there are, what variables hold
    return tuple(each.name for each in differing(imitated, remote) if each.name not in unseen)


def _pairs(left: Session, right: Session) -> Iterator[tuple[str, str, str]]:
    sides = (left, right)
    a, b = (_environment(each) for each in sides)
    yield TIME_ZONE, _text(a, "timezone"), _text(b, "timezone")
    yield LOCALE, _locale(a), _locale(b)
    yield CPUS, _cpus(a), _cpus(b)
    yield HOME, _text(a, "home"), _text(b, "home")
    yield WORK, _text(a, "cwd"), _text(b, "cwd")
    roots = [each.hello.get("roots") or {} for each in sides]
    yield OUTPUT, _text(roots[0], "output"), _text(roots[1], "output")
    yield USER, f"{_text(a, 'user')} ({_text(a, 'uid')})", f"{_text(b, 'user')} ({_text(b, 'uid')})"
    yield HOST_NAME, _text(a, "hostname"), _text(b, "hostname")
    yield LIMITS, _limits(a, b), _limits(b, a)
    networks = [str(each.target_facts.get("network") or "") for each in sides]
    yield NETWORK, networks[0], networks[1]
    yield DISTRIBUTIONS, _distributions(a, roots[0]), _distributions(b, roots[1])
    if not roots[0] or roots[0].get("project") != roots[1].get("project"):
        yield FILES, "whatever lies on the machine", "the declared ones"


def _variables(left: Session, right: Session) -> Iterator[Factor]:
    names = [set(_environment(each).get("variables") or ()) for each in (left, right)]
    parts = [
        Factor(
            name=f"{VARIABLE}{name}",
            left="set" if name in names[0] else "not set",
            right="set" if name in names[1] else "not set",
            fix=f'add "{name}" to env:' if name in names[0] else "do not let the result depend on where it runs",
        )
        for name in sorted(names[0] ^ names[1])
        if not _COVERED.fullmatch(name)
    ]
    if "PATH" in names[0] & names[1]:
        fix = "do not let the result depend on what is installed where"
        parts.append(Factor(name=f"{VARIABLE}PATH", left="the host's", right="the sandbox's", fix=fix))
    if parts:
        only = [sum(each.left == "set" for each in parts), sum(each.right == "set" for each in parts)]
        left_text, right_text = (f"{count} that the other lacks" for count in only)
        yield Factor(name="variables", left=left_text, right=right_text, parts=tuple(parts))


def _environment(session: Session) -> Mapping[str, Any]:
    found: Mapping[str, Any] = session.hello.get("environment") or {}
    return found


def _text(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    return "unknown" if value is None else str(value)


def _locale(facts: Mapping[str, Any]) -> str:
    named = [each for each in facts.get("variables") or () if _LOCALE_VARIABLE.fullmatch(each) and each != "LANG"]
    return f"{_text(facts, 'locale')}{' with ' + ', '.join(sorted(named)) if named else ''}"


def _cpus(facts: Mapping[str, Any]) -> str:
    counts = [facts.get("cpus"), facts.get("affinity_cpus")]
    return str(min((each for each in counts if isinstance(each, int)), default="unknown"))


def _limits(facts: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    mine, theirs = facts.get("limits") or {}, others.get("limits") or {}
    names = sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name))
    return ", ".join(f"{name} {'none' if mine.get(name) is None else mine[name]}" for name in names)


def _distributions(facts: Mapping[str, Any], roots: Mapping[str, Any]) -> str:
    found = facts.get("distributions") or {}
    return f"{len(found)} in {roots.get('prefix', 'unknown')}"
