"""The SDK's generated server classes: the only module of this project that knows where they are.

They live in a private part of the `e2b` package and move with its version, so nothing else imports them. Importing `e2b`
itself would load the whole SDK (more than a second on a slow machine) for two message modules. The server is a process of
its own, so the package can be entered here without running its `__init__`; where the SDK is loaded already, it is used.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

if "e2b" not in sys.modules:
    _spec = importlib.util.find_spec("e2b")
    if _spec is None or _spec.submodule_search_locations is None:
        raise ImportError("the e2b SDK is not installed")
    _package = ModuleType("e2b")
    _package.__path__ = list(_spec.submodule_search_locations)
    sys.modules["e2b"] = _package

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.request import RequestContext
from e2b.envd.filesystem import filesystem_pb
from e2b.envd.filesystem.filesystem_connect import Filesystem, FilesystemASGIApplication
from e2b.envd.process import process_pb
from e2b.envd.process.process_connect import Process, ProcessASGIApplication
from protobuf import Oneof
from protobuf.wkt.google.protobuf.timestamp_pb import Timestamp

__all__ = [
    "Code",
    "ConnectError",
    "Filesystem",
    "FilesystemASGIApplication",
    "Oneof",
    "Process",
    "ProcessASGIApplication",
    "RequestContext",
    "Timestamp",
    "filesystem_pb",
    "process_pb",
]
