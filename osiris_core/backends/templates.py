"""What a sandbox is made from, whoever serves it: which template shows a closure, and which Python it has."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from osiris_core.backends.farm import MOUNT_POINT

if TYPE_CHECKING:
    from osiris_core.backends.closure import Closure
    from osiris_core.backends.protocol import Cancellation
    from osiris_core.manifest.model import Resources

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The version of Python that both targets run: this host's."""

TEMPLATE_PREFIX = "osiris-py"
"""What the names of all templates of this project begin with."""

PYTHON = f"$HOME/../..{MOUNT_POINT}/bin/python"
"""The closure's interpreter, by way of the home, so that a sandbox whose root is a mere directory has it too."""


class Report(Protocol):
    """Takes a line for people while something takes long."""

    def __call__(self, line: str, /) -> None:
        """Show `line`."""
        ...


def silent(_line: str) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTemplate:
    """A template that the provider has, or is believed to have.

    `pythons` are the interpreters to look for, as a shell in the sandbox names them; the first one that is
    there runs the worker. `hosts_build` says that it has to be this host's build of Python, file for file;
    images have builds of their own, and only the minor version is the same.
    """

    name: str
    pythons: tuple[str, ...] = (PYTHON,)
    hosts_build: bool = False


class TemplateSource(Protocol):
    """Makes sure that a provider can show a closure, and says under which template name."""

    def ensure(self, closure: Closure, resources: Resources, cancellation: Cancellation) -> ChosenTemplate:
        """Return the template; raises `InfrastructureError` where the provider cannot show the closure."""
        ...

    def forget(self, name: str) -> bool:
        """Drop the belief that the provider has a template; False when there was none to drop."""
        ...


def named_template(name: str) -> ChosenTemplate:
    """Return the template that a manifest names itself: ours or not, with a Python wherever it has one."""
    return ChosenTemplate(name=name, pythons=(PYTHON, f"python{MINOR}", "python3"))


def template_name(digest: str, resources: Resources) -> str:
    """Return the name of a closure's template: lower case, digits and dashes, as E2B allows them."""
    size = f"{resources.cpus}c-{resources.memory_mb}m-{resources.disk_mb}d"
    return f"{TEMPLATE_PREFIX}{MINOR.replace('.', '')}-{digest[:20]}-{size}"
