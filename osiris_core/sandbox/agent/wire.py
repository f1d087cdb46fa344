"""Frames between the server and an agent: a length, a JSON body, and open files beside it.

A frame is `!IB` (body length in bytes, number of file descriptors) followed by the body, a JSON object in ASCII. File
descriptors travel as SCM_RIGHTS beside the frame's first byte, so a stream socket is enough and a body has no size limit.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from typing import Any

HEADER = struct.Struct("!IB")
MAX_DESCRIPTORS = 8
READ_SIZE_BYTES = 1 << 18
_INT_BYTES = array.array("i").itemsize

Message = dict[str, Any]


class ClosedError(Exception):
    """Raised when the other end of the socket is gone."""


def encode(message: Message, descriptor_count: int = 0) -> bytes:
    """Return `message` as one frame that announces `descriptor_count` file descriptors."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    return HEADER.pack(len(body), descriptor_count) + body


def send_some(sock: socket.socket, frame: bytes, descriptors: tuple[int, ...] = ()) -> int:
    """Send the beginning of `frame`, with its descriptors; return how many bytes went out."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    return sock.sendmsg([frame], rights)


def send(sock: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    """Send one frame over a blocking socket; raise ClosedError when nobody can read it any more."""
    frame = encode(message, len(descriptors))
    try:
        sent = send_some(sock, frame, descriptors)
        if sent < len(frame):
            sock.sendall(memoryview(frame)[sent:])
    except (BrokenPipeError, ConnectionResetError) as error:
        raise ClosedError from error


class Receiver:
    """Takes what arrives on a socket and gives back whole frames."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()
        self._descriptors: list[int] = []

    def receive(self) -> list[tuple[Message, list[int]]]:
        """Read once; return the frames completed by it, each with its descriptors (close-on-exec, owned by the caller).

        Raises BlockingIOError when a non-blocking socket has nothing, ClosedError at the end of the stream.
        """
        # Not socket.recv_fds: in Python 3.11 it takes flags and forgets them, and without this one every command would
        # inherit the descriptors.
        try:
            data, ancillary, _flags, _address = self._sock.recvmsg(
                READ_SIZE_BYTES, socket.CMSG_LEN(MAX_DESCRIPTORS * _INT_BYTES), socket.MSG_CMSG_CLOEXEC
            )
        except ConnectionResetError as error:
            raise ClosedError from error
        if not data:
            raise ClosedError
        for level, kind, rights in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                numbers = array.array("i")
                numbers.frombytes(rights[: len(rights) - len(rights) % _INT_BYTES])
                self._descriptors += numbers
        self._buffer += data
        return self._take()

    def close(self) -> None:
        """Close descriptors that arrived for a frame that never became whole."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()

    def _take(self) -> list[tuple[Message, list[int]]]:
        frames = []
        while len(self._buffer) >= HEADER.size:
            size, count = HEADER.unpack_from(self._buffer)
            end = HEADER.size + size
            if len(self._buffer) < end:
                break
            message = json.loads(bytes(self._buffer[HEADER.size : end]))
            del self._buffer[:end]
            frames.append((message, self._descriptors[:count]))
            del self._descriptors[:count]
        return frames
