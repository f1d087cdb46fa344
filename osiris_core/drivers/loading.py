"""Drivers by their class: all that a worker needs, without the declarations of those it does not run."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osiris_core.drivers.protocol import Driver


def load_target(target: str) -> Driver:
    """Return a new driver of the class `module:Class`. ImportError or AttributeError where there is none."""
    module, _, attribute = target.partition(":")
    driver: Driver = getattr(importlib.import_module(module), attribute)()
    return driver
