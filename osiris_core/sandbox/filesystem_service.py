"""envd's filesystem service: files as remote calls (`filesystem.Filesystem`); watching directories is not served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.sandbox import requests
from osiris_core.sandbox.connect_errors import as_connect_errors
from osiris_core.sandbox.stubs import Filesystem, RequestContext, Timestamp, filesystem_pb

if TYPE_CHECKING:
    from osiris_core.sandbox.registry import Sandbox

_TYPES = {
    "file": filesystem_pb.FileType.FILE,
    "directory": filesystem_pb.FileType.DIRECTORY,
    "unknown": filesystem_pb.FileType.UNSPECIFIED,
}

Context = RequestContext[Any, Any]


class FilesystemService(Filesystem):
    """Serves one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def stat(self, request: filesystem_pb.StatRequest, context: Context) -> filesystem_pb.StatResponse:
        """Describe a path."""
        result = await self._ask("stat", context, path=request.path)
        return filesystem_pb.StatResponse(entry=_entry(result["entry"]))

    async def make_dir(self, request: filesystem_pb.MakeDirRequest, context: Context) -> filesystem_pb.MakeDirResponse:
        """Make a directory with its parents."""
        result = await self._ask("mkdir", context, path=request.path)
        return filesystem_pb.MakeDirResponse(entry=_entry(result["entry"]))

    async def move(self, request: filesystem_pb.MoveRequest, context: Context) -> filesystem_pb.MoveResponse:
        """Rename a path."""
        result = await self._ask("move", context, path=request.source, destination=request.destination)
        return filesystem_pb.MoveResponse(entry=_entry(result["entry"]))

    async def list_dir(self, request: filesystem_pb.ListDirRequest, context: Context) -> filesystem_pb.ListDirResponse:
        """Describe what is below a directory."""
        result = await self._ask("list", context, path=request.path, depth=request.depth)
        return filesystem_pb.ListDirResponse(entries=[_entry(entry) for entry in result["entries"]])

    async def remove(self, request: filesystem_pb.RemoveRequest, context: Context) -> filesystem_pb.RemoveResponse:
        """Remove a path and all below it."""
        await self._ask("remove", context, path=request.path)
        return filesystem_pb.RemoveResponse()

    async def _ask(self, op: str, context: Context, **fields: Any) -> dict[str, Any]:
        with as_connect_errors(self._sandbox.sandbox_id):
            user = requests.user_of(context.request_headers.get("authorization"))
            result, _opened = await self._sandbox.link.ask(op, user=user, **fields)
        return result


def printable(name: str) -> str:
    """Return a file name that JSON can carry: bytes that are not UTF-8 become replacement characters."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _entry(info: dict[str, Any]) -> filesystem_pb.EntryInfo:
    seconds, nanos = divmod(info["modified_ns"], 1_000_000_000)
    target = info.get("symlink_target")
    # `is_symlink` stays unset: the envd version that this server reports (0.6.13) does not have the field.
    return filesystem_pb.EntryInfo(
        name=printable(info["name"]),
        type=_TYPES[info["type"]],
        path=printable(info["path"]),
        size=info["size"],
        mode=info["mode"],
        permissions=info["permissions"],
        owner=info["owner"],
        group=info["group"],
        modified_time=Timestamp(seconds=seconds, nanos=nanos),
        symlink_target=None if target is None else printable(target),
        metadata=info.get("metadata", {}),
    )
