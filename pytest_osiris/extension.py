"""What other plugins and a project's own conftest bring, by the hooks of `hooks.py`: each answer with the plugin that gave it.

An answer that the hook does not take is refused in one sentence, which names both.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.backends.catalog import BackendCatalog
from osiris_core.errors import UsageError
from osiris_core.targets import parse_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pluggy import HookCaller

    from osiris_core.backends.extension import BackendFactory

_BACKENDS: pytest.StashKey[Mapping[str, BackendFactory]] = pytest.StashKey()


def answers(config: pytest.Config, hook: HookCaller, **given: Any) -> Iterator[tuple[str, Any]]:
    """Yield what each plugin answers a hook, with the plugin's name; see `plugins_to_ask`."""
    for plugin, ask in plugins_to_ask(config, hook, **given):
        for answer in ask():
            yield plugin, answer


def plugins_to_ask(
    config: pytest.Config, hook: HookCaller, **given: Any
) -> Iterator[tuple[str, Callable[..., list[Any]]]]:
    """Yield the name of each plugin that implements a hook, and what asks it: no answer, or one.

    The last registered comes first, as always. `hook` is that of the configuration or, where only the conftest files above a test are
    meant, of an item's `ihook`.
    """
    everywhere = {each.plugin for each in getattr(config.hook, hook.name).get_hookimpls()}
    implementations = hook.get_hookimpls()
    wrappers = {each.plugin for each in implementations if each.wrapper or each.hookwrapper}
    for each in reversed(implementations):
        if each.plugin in wrappers:
            continue
        one = config.pluginmanager.subset_hook_caller(hook.name, everywhere - wrappers - {each.plugin})
        yield each.plugin_name, functools.partial(one, config=config, **given)


def backends_of(config: pytest.Config) -> Mapping[str, BackendFactory]:
    """Return the backends that plugins bring, by the name that targets say. Raises `UsageError` for what is wrong with them."""
    if _BACKENDS not in config.stash:
        config.stash[_BACKENDS] = _backends(config)
    return config.stash[_BACKENDS]


def require_known(targets: tuple[str, ...], config: pytest.Config) -> None:
    """Raise `UsageError` for a target that has no backend."""
    catalog = BackendCatalog(backends_of(config))
    for each in map(parse_target, targets):
        catalog.require(each.backend, each.argument)


def _backends(config: pytest.Config) -> Mapping[str, BackendFactory]:
    found: dict[str, BackendFactory] = {}
    brought: dict[str, str] = {}
    for plugin, answer in answers(config, config.hook.pytest_osiris_backends):
        hook = f"the hook pytest_osiris_backends of {plugin}"
        if not isinstance(answer, Mapping) or not all(isinstance(name, str) for name in answer):
            raise UsageError(f"{hook} gave {answer!r:.60}, but a mapping of names to factories is asked for")
        for name, factory in answer.items():
            if name in found:
                raise UsageError(f"{hook} gives the backend `{name}`, which {brought[name]} gives too")
            found[name], brought[name] = factory, plugin
        try:
            BackendCatalog(answer)
        except UsageError as error:
            raise UsageError(f"{hook}: {error.message}", hint=error.hint) from None
    return found
