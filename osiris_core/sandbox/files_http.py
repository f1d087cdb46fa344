"""Files as plain HTTP: `GET /files` and `POST /files` of envd."""

from __future__ import annotations

import errno
import os
import zlib
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from osiris_core.sandbox import multipart, ranges
from osiris_core.sandbox.filesystem_service import printable
from osiris_core.sandbox.link import AgentError, AgentGoneError
from osiris_core.sandbox.replies import error_reply, sandbox_not_found
from osiris_core.sandbox.requests import UnknownUserError, require_user, user_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from osiris_core.sandbox.registry import Sandbox

READ_BYTES = 256 * 1024
METADATA_PREFIX = "x-metadata-"
_STATUS = {
    "not_found": 404,
    "already_exists": 409,
    "invalid_argument": 400,
    "permission_denied": 403,
    "resource_exhausted": 507,
}


class FileResponse:
    """Sends a part of an open file, and closes it; never more than its size was when the answer began."""

    def __init__(self, descriptor: int, first: int, end: int, headers: dict[str, str], status: int) -> None:
        self._descriptor = descriptor
        self._first = first
        self._end = end
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._status = status

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer an ASGI request."""
        gzipped = (b"content-encoding", b"gzip") in self._headers
        packer = zlib.compressobj(level=1, wbits=31) if gzipped else None
        try:
            await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
            at = self._first
            while at < self._end:
                data = os.pread(self._descriptor, min(READ_BYTES, self._end - at), at)
                if not data:  # truncated meanwhile; a short body tells the client
                    break
                at += len(data)
                await send(_body(packer.compress(data) if packer else data))
            await send(_body(packer.flush() if packer else b"", more=False))
        finally:
            os.close(self._descriptor)


async def download(sandbox: Sandbox, request: Request) -> Response | FileResponse:
    """Return a file, or the range of it that was asked for."""
    try:
        user = _user(request)
        _result, (descriptor,) = await sandbox.link.ask(
            "open_read", path=request.query_params.get("path", ""), user=user
        )
    except (UnknownUserError, AgentError, AgentGoneError) as error:
        return _refusal(sandbox, error)
    known = os.fstat(descriptor)
    size = known.st_size
    name = request.query_params.get("path", "").rpartition("/")[2]
    headers = {
        "content-type": "application/octet-stream",
        "accept-ranges": "bytes",
        "last-modified": formatdate(known.st_mtime, usegmt=True),
        "content-disposition": f"inline; filename*=utf-8''{quote(name)}",
    }
    try:
        part = ranges.wanted(request.headers.get("range"), size)
    except ranges.UnsatisfiableError:
        os.close(descriptor)
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    if part:
        first, end = part
        headers |= {"content-range": f"bytes {first}-{end - 1}/{size}", "content-length": str(end - first)}
        return FileResponse(descriptor, first, end, headers, 206)
    if request.headers.get("accept-encoding") == "gzip":
        # Compressed only when nothing else is accepted: on a loopback the bytes are cheaper than the packing.
        return FileResponse(descriptor, 0, size, headers | {"content-encoding": "gzip"}, 200)
    return FileResponse(descriptor, 0, size, headers | {"content-length": str(size)}, 200)


async def upload(sandbox: Sandbox, request: Request) -> Response:
    """Write the body's file or files, as it arrives; what came before a failure stays, as with envd."""
    metadata = {
        name[len(METADATA_PREFIX) :]: value
        for name, value in request.headers.items()
        if name.startswith(METADATA_PREFIX)
    }
    content_type = request.headers.get("content-type", "")
    try:
        writer = _Writer(sandbox, _user(request), metadata)
        with writer:
            if content_type.startswith("multipart/form-data"):
                await _write_parts(writer, request, multipart.boundary_of(content_type))
            else:
                await _write_body(writer, request)
    except (UnknownUserError, AgentError, AgentGoneError) as error:
        return _refusal(sandbox, error)
    except (multipart.MultipartError, zlib.error) as error:
        return error_reply(400, str(error))
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return error_reply(507 if full else 500, "not enough disk space available" if full else str(error))
    return JSONResponse(writer.written)


class _Writer:
    """Writes one file after the other; `written` is what envd answers."""

    def __init__(self, sandbox: Sandbox, user: str, metadata: dict[str, str]) -> None:
        self.written: list[dict[str, Any]] = []
        self._sandbox = sandbox
        self._user = user
        self._metadata = metadata
        self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    async def begin(self, path: str) -> None:
        """Open the file that the next bytes go to."""
        result, (self._descriptor,) = await self._sandbox.link.ask(
            "open_write", path=path, user=self._user, metadata=self._metadata
        )
        info = result["written"]
        entry = {"path": printable(info["path"]), "name": printable(info["name"]), "type": "file"}
        self.written.append(entry | ({"metadata": info["metadata"]} if info["metadata"] else {}))

    def write(self, data: bytes) -> None:
        """Write all of `data`; a full disk raises OSError."""
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]

    def finish(self) -> None:
        """Close the current file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


async def _write_parts(writer: _Writer, request: Request, boundary: bytes) -> None:
    path = request.query_params.get("path")
    skipping = True
    async for piece in multipart.parse(_body_of(request), boundary):
        match piece:
            case multipart.PartStart(name=name, filename=filename):
                skipping = name != "file"
                if not skipping:
                    await writer.begin(path or filename)
            case multipart.PartData(data):
                if not skipping:
                    writer.write(data)
            case multipart.PartEnd():
                writer.finish()


async def _write_body(writer: _Writer, request: Request) -> None:
    path = request.query_params.get("path")
    if not path:
        raise AgentError("invalid_argument", "path is required for an octet-stream upload")
    await writer.begin(path)
    async for data in _body_of(request):
        writer.write(data)


async def _body_of(request: Request) -> AsyncIterator[bytes]:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding not in {"gzip", "identity"}:
        raise AgentError("invalid_argument", f"content encoding '{encoding}' is not supported")
    unpacker = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    async for data in request.stream():
        if data:
            yield unpacker.decompress(data) if unpacker else data
    if unpacker and not unpacker.eof:
        raise AgentError("invalid_argument", "the gzip body ended early")


def _user(request: Request) -> str:
    username = request.query_params.get("username")
    return require_user(username) if username else user_of(request.headers.get("authorization"))


def _refusal(sandbox: Sandbox, error: Exception) -> Response:
    if isinstance(error, UnknownUserError):
        return error_reply(401, str(error))
    if isinstance(error, AgentError):
        return error_reply(_STATUS.get(error.code, 500), error.message)
    return sandbox_not_found(sandbox.sandbox_id)


def _body(data: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}
