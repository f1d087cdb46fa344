"""What a request gives: its body, its query, and what they must be."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from osiris_core.sandbox.catalog import NameRefusedError, parse_name, parse_tag

if TYPE_CHECKING:
    from starlette.requests import Request


class BadRequestError(Exception):
    """Raised when a request's body or query makes no sense."""


async def json_object(request: Request) -> dict[str, Any]:
    """Return the body, a JSON object; an absent one is empty. Raises BadRequestError, as everything here."""
    data = await request.body()
    try:
        body = json.loads(data) if data else {}
    except ValueError as error:
        raise BadRequestError("the body is not JSON") from error
    if not isinstance(body, dict):
        raise BadRequestError("the body must be a JSON object")
    return body


def strings(body: dict[str, Any], key: str) -> dict[str, str]:
    """Return a member of the body that is an object of strings; an absent one is empty."""
    value = body.get(key) or {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise BadRequestError(f"{key} must be an object of strings")
    return value


def whole_number(text: str, name: str) -> int:
    """Return the number, at least 1, that a part of the query gives."""
    if not text.isdigit() or int(text) < 1:
        raise BadRequestError(f"{name} must be a whole number of at least 1")
    return int(text)


def page_token(offset: int) -> str:
    """Return the token that asks for the page that begins at `offset`."""
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def page_offset(token: str | None) -> int:
    """Return where the page begins that a token asks for; the first one without a token."""
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error) as error:
        raise BadRequestError("nextToken is not one of this server's") from error


def template_name(text: str) -> tuple[str, str | None]:
    """Return the name and the tag in `name[:tag]`."""
    try:
        return parse_name(text)
    except NameRefusedError as error:
        raise BadRequestError(str(error)) from error


def template_tags(given: Any) -> tuple[str, ...]:
    """Return a list of tags; an absent one is empty."""
    if given is not None and not isinstance(given, list):
        raise BadRequestError("tags must be a list")
    try:
        return tuple(parse_tag(str(each)) for each in given or ())
    except NameRefusedError as error:
        raise BadRequestError(str(error)) from error
