"""A manifest as text, for people to read and change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.manifest.scalars import ScalarError, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

_COLUMNS = 120


def yaml_text(form: Mapping[str, Any]) -> str:
    """Return YAML in the order of the keys, long texts as blocks, quotes wherever a reader of YAML 1.2 may need them."""
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML ships no types
        """Indents lists, and repeats nothing by an alias."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
            """Indent lists below their key."""
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            """Write everything out."""
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None if _is_plain(value) else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(form, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=_COLUMNS)
    return written


def _is_plain(value: str) -> bool:
    """Say whether an unquoted text is read as itself by YAML 1.2."""
    try:
        return resolve(value) == value
    except ScalarError:
        return False
