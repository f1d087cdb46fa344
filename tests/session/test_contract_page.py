"""The page for third-party readers names everything that the schemas have."""

from __future__ import annotations

import pytest

from osiris_core.session.volatile import SCHEMAS, load_schema


def names(schema):
    """Yield every property and every event name that a schema has, at any depth."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        if isinstance(schema.get("const"), str):
            yield schema["const"]
        for word in schema.get("enum", ()):
            if isinstance(word, str):
                yield word
        for inner in schema.values():
            yield from names(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from names(inner)


def unnamed(schema, page):
    """Return what a page does not name."""
    return sorted({name for name in names(schema) if f"`{name}`" not in page})


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_event_and_word_is_on_the_page(repository, name):
    """A field added to a schema has to be described."""
    page = (repository / "docs" / "contract.md").read_text(encoding="utf-8")

    assert unnamed(load_schema(name), page) == []


def test_a_field_that_is_not_on_the_page_is_found(repository):
    """The check above can fail, for fields, constants and words of a list."""
    page = (repository / "docs" / "contract.md").read_text(encoding="utf-8")
    schema = {"oneOf": [{"properties": {"nowhere_a": {"const": "nowhere_b"}, "ts": {"enum": ["nowhere_c", None]}}}]}

    assert unnamed(schema, page) == ["nowhere_a", "nowhere_b", "nowhere_c"]
