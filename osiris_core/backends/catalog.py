"""The backends that a target may name: the built-in ones, those that were given, and those of installed distributions.

Of one name the built-in backend is meant, and nothing can take it; then one that was given, which is nearer than what happens to
be installed; then the entry points `osiris.backends`, where one name in two distributions is refused, as which is found
first would depend on the machine. These are looked for when a name is neither built in nor given.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from osiris_core.backends.protocol import Backend
from osiris_core.errors import OsirisError, UsageError
from osiris_core.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from importlib.metadata import EntryPoint

    from osiris_core.backends.extension import BackendFactory, BackendRequest

GROUP: Final = "osiris.backends"
"""The entry point group: the name is the one that targets say, the value a factory as `module:name`."""
WITHOUT_ARGUMENT: Final = ("local", "e2b")
"""Built in, and made by `backend_set`: a checker has one of each at most."""
BUILT_IN: Final = (*WITHOUT_ARGUMENT, "venv")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")


class BackendCatalog:
    """Finds the factory of a backend; `given` are factories by name. Raises `UsageError` for a name that is taken, or is none."""

    def __init__(self, given: Mapping[str, BackendFactory] | None = None) -> None:
        self._given = dict(given or {})
        for name, factory in self._given.items():
            _check_name(name, f"from {_module_of(factory)}")
            if not callable(factory):
                raise UsageError(f"the backend `{name}` is given by {factory!r:.60}, which cannot be called")

    def names(self) -> Collection[str]:
        """Return every name that a target can say, sorted."""
        return sorted({*BUILT_IN, *self._given, *(each.name for each in _entry_points())})

    def require(self, name: str, argument: str) -> None:
        """Raise `UsageError` where there is no such backend, or it takes no argument; none is made."""
        if name in WITHOUT_ARGUMENT and argument:
            raise UsageError(f"the target `{name}` takes nothing behind a colon", hint=f"write {name}")
        if name not in BUILT_IN and name not in self._given:
            _installed(name, self)

    def make(self, name: str, request: BackendRequest) -> Backend:
        """Return the backend that the factory of this name makes.

        Raises `UsageError` for what cannot be right, in the request, the factory or what it makes, and passes
        `InfrastructureError` on.
        """
        factory, origin = self._factory(name)
        try:
            made: object = factory(request)
        except OsirisError:
            raise
        except Exception as error:  # somebody else's code may raise anything; it is told
            raise UsageError(
                f"the backend `{name}` of {origin} cannot be made: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(made, Backend):
            raise UsageError(f"the backend `{name}` of {origin} has not all of target, facts, run and close")
        if made.target != request.target:
            hint = "it has to be called as it was asked for: by `request.target`"
            raise UsageError(
                f"the backend `{name}` of {origin} calls its target {made.target!r}, not {request.target!r}", hint=hint
            )
        return made

    def _factory(self, name: str) -> tuple[BackendFactory, str]:
        """Return a factory and who brings it."""
        if name == "venv":
            from osiris_core.backends.venv import venv_backend

            return venv_backend, "pytest-osiris"
        if name in self._given:
            return self._given[name], _module_of(self._given[name])
        point = _installed(name, self)
        home = _home(point)
        try:
            factory: BackendFactory = point.load()
        except Exception as error:  # importing somebody else's module may raise anything; it is told
            raise UsageError(
                f"the backend `{name}` of {home} cannot be loaded: {type(error).__name__}: {error}"
            ) from error
        if not callable(factory):
            raise UsageError(f"the backend `{name}` of {home} is {point.value}, which cannot be called")
        return factory, home


def _installed(name: str, catalog: BackendCatalog) -> EntryPoint:
    """Return the entry point of this name."""
    points = _entry_points()
    for each in points:
        _check_name(each.name, f"from {_home(each)}")
    found = [each for each in points if each.name == name]
    if not found:
        known = catalog.names()
        hint = nearest(name, known) or f"known: {', '.join(known)}, both"
        raise UsageError(f"unknown target {name!r}", hint=hint)
    homes = sorted({_home(each) for each in found})
    if len({each.value for each in found}) > 1 or len(homes) > 1:
        raise UsageError(f"{' and '.join(homes)} have a backend `{name}`", hint="uninstall one of them")
    return found[0]


def _entry_points() -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))


def _check_name(name: str, origin: str) -> None:
    if name in BUILT_IN or name == "both":
        raise UsageError(f"the backend `{name}` {origin} has the name of a built-in target", hint="choose another name")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} {origin} is no name of a backend", hint="letters, digits, `-` and `_`")


def _home(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "an unknown distribution"


def _module_of(factory: object) -> str:
    return str(getattr(factory, "__module__", None) or type(factory).__module__)
