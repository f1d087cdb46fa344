"""What a browser makes of a page, as far as the standard library's parser can tell."""

from __future__ import annotations

from html.parser import HTMLParser


class Structure(HTMLParser):
    """The elements of a page with their attributes, the texts in between, and the comments."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.ends: list[str] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self._inside: list[str] = []
        self.contents: dict[str, list[str]] = {"style": [], "script": [], "title": []}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note an element and go into it."""
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag):
        """Note an end and go out."""
        self.ends.append(tag)
        self._inside.pop()

    def handle_startendtag(self, tag, attrs):
        """Note an element that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        """Keep text, apart from what only the browser reads."""
        if self._inside and self._inside[-1] in self.contents:
            self.contents[self._inside[-1]].append(data)
        else:
            self.texts.append(data)

    def handle_comment(self, data):
        """Keep a comment."""
        self.comments.append(data)

    @property
    def text(self) -> str:
        """All text a reader sees."""
        return "".join(self.texts)

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Tags with the names of their attributes, in order: what markup could add to, and text cannot."""
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]

    def values(self, attribute: str) -> list[str]:
        """Return the values of an attribute, over all elements that have it."""
        return [str(attributes[attribute]) for _, attributes in self.elements if attribute in attributes]
