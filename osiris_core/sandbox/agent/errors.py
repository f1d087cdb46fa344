"""How the agent says no: a code of the Connect protocol and a sentence."""

from __future__ import annotations

import errno

_CODES = {
    errno.ENOENT: "not_found",
    errno.EEXIST: "already_exists",
    errno.EISDIR: "invalid_argument",
    errno.ENOTDIR: "invalid_argument",
    errno.ELOOP: "invalid_argument",
    errno.ENAMETOOLONG: "invalid_argument",
    errno.EINVAL: "invalid_argument",
    errno.ENXIO: "invalid_argument",
    errno.EACCES: "permission_denied",
    errno.EPERM: "permission_denied",
    errno.EROFS: "permission_denied",
    errno.ENOSPC: "resource_exhausted",
    errno.EDQUOT: "resource_exhausted",
}


class RefusedError(Exception):
    """Raised when a request cannot be served; `code` is a Connect code such as `not_found`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def refused(error: OSError, path: str) -> RefusedError:
    """Return what to answer for a system error met at `path`."""
    code = _CODES.get(error.errno or 0, "internal")
    if error.errno == errno.ENOENT:
        return RefusedError(code, f"path '{path}' does not exist")
    return RefusedError(code, f"'{path}': {error.strerror}")
