"""envd's process service: commands as remote calls (`process.Process`)."""

from __future__ import annotations

import fcntl
import struct
import termios
import time
from typing import TYPE_CHECKING, Any

from osiris_core.sandbox import fanout, requests
from osiris_core.sandbox.connect_errors import as_connect_errors, gone
from osiris_core.sandbox.faults.connection import current
from osiris_core.sandbox.faults.output import FaultyStream
from osiris_core.sandbox.faults.plan import Victim
from osiris_core.sandbox.processes import Request
from osiris_core.sandbox.stubs import Code, ConnectError, Oneof, Process, RequestContext, process_pb

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from osiris_core.sandbox.processes import ManagedProcess
    from osiris_core.sandbox.registry import Sandbox

DEFAULT_KEEPALIVE_S = 90.0
KEEPALIVE_HEADER = "keepalive-ping-interval"

Context = RequestContext[Any, Any]


class ProcessService(Process):
    """Serves one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def list(self, _request: process_pb.ListRequest, _context: Context) -> process_pb.ListResponse:
        """List the commands that run."""
        return process_pb.ListResponse(processes=[_info(process) for process in self._sandbox.processes.running()])

    async def start(
        self, request: process_pb.StartRequest, context: Context
    ) -> AsyncIterator[process_pb.StartResponse]:
        """Start a command and stream its events; the call's time limit is the command's deadline."""
        with as_connect_errors(self._sandbox.sandbox_id):
            user = requests.user_of(context.request_headers.get("authorization"))
            process, subscriber = await self._sandbox.processes.start(_request(self._sandbox, request, user, context))
        async for event in self._events(process, subscriber, context):
            yield process_pb.StartResponse(event=_message(event))

    async def connect(
        self, request: process_pb.ConnectRequest, context: Context
    ) -> AsyncIterator[process_pb.ConnectResponse]:
        """Stream the events of a running command from now on, or the end of one that ended not long ago."""
        with as_connect_errors(self._sandbox.sandbox_id):
            process = self._sandbox.processes.find(_pid(request.process))
        async for event in self._events(process, process.output.subscribe(), context):
            yield process_pb.ConnectResponse(event=_message(event))

    async def send_input(self, request: process_pb.SendInputRequest, _context: Context) -> process_pb.SendInputResponse:
        """Write to a command's stdin or terminal."""
        with as_connect_errors(self._sandbox.sandbox_id):
            process = self._sandbox.processes.find(_pid(request.process))
        await _write(process, request.input)
        return process_pb.SendInputResponse()

    async def stream_input(
        self, request: AsyncIterator[process_pb.StreamInputRequest], _context: Context
    ) -> process_pb.StreamInputResponse:
        """Write a client's stream to a command's stdin or terminal, in order; its first message names the command."""
        process: ManagedProcess | None = None
        async for message in request:
            match message.event:
                case Oneof(field="start", value=process_pb.StreamInputRequest.StartEvent() as start):
                    with as_connect_errors(self._sandbox.sandbox_id):
                        process = self._sandbox.processes.find(_pid(start.process))
                case Oneof(field="data", value=process_pb.StreamInputRequest.DataEvent() as data):
                    if process is None:
                        raise ConnectError(
                            Code.INVALID_ARGUMENT, "the first message of an input stream must be a start"
                        )
                    await _write(process, data.input)
        return process_pb.StreamInputResponse()

    async def send_signal(
        self, request: process_pb.SendSignalRequest, _context: Context
    ) -> process_pb.SendSignalResponse:
        """Send SIGTERM or SIGKILL to a command's leader."""
        if request.signal not in {process_pb.Signal.SIGTERM, process_pb.Signal.SIGKILL}:
            raise ConnectError(Code.INVALID_ARGUMENT, "only SIGTERM and SIGKILL can be sent")
        with as_connect_errors(self._sandbox.sandbox_id):
            await self._sandbox.processes.signal(_pid(request.process), int(request.signal.value))
        return process_pb.SendSignalResponse()

    async def close_stdin(
        self, request: process_pb.CloseStdinRequest, _context: Context
    ) -> process_pb.CloseStdinResponse:
        """Close a command's stdin; closing it again does nothing."""
        with as_connect_errors(self._sandbox.sandbox_id):
            process = self._sandbox.processes.find(_pid(request.process))
        if process.terminal:
            raise ConnectError(Code.UNKNOWN, "cannot close the stdin of a terminal; send Ctrl+D (0x04) instead")
        if process.stdin:
            process.stdin.close()
        return process_pb.CloseStdinResponse()

    async def update(self, request: process_pb.UpdateRequest, _context: Context) -> process_pb.UpdateResponse:
        """Resize a command's terminal."""
        with as_connect_errors(self._sandbox.sandbox_id):
            process = self._sandbox.processes.find(_pid(request.process))
        size = request.pty.size if request.pty else None
        if size and process.terminal and process.terminal.fileno() >= 0:
            packed = struct.pack("HHHH", size.rows, size.cols, 0, 0)
            fcntl.ioctl(process.terminal.fileno(), termios.TIOCSWINSZ, packed)
        elif size:
            raise ConnectError(Code.INTERNAL, "the command has no terminal")
        return process_pb.UpdateResponse()

    def _events(
        self, process: ManagedProcess, subscriber: fanout.Subscriber, context: Context
    ) -> AsyncIterator[fanout.Event]:
        """Return what a subscriber's client is told, faults of the plan included."""
        sandbox, connection = self._sandbox, current.get()
        requests.on_disconnect.get([]).append(connection.closed.set)

        async def kill_process() -> None:
            await sandbox.processes.kill(process.pid)

        stream = FaultyStream(
            sandbox.faults,
            Victim(sandbox_id=sandbox.sandbox_id, metadata=sandbox.metadata, born_at=sandbox.started_at),
            connection,
            kill_process=kill_process,
            kill_sandbox=lambda: sandbox.kill(sandbox.sandbox_id),
        )
        return stream.of(self._true_events(process, subscriber, context))

    async def _true_events(
        self, process: ManagedProcess, subscriber: fanout.Subscriber, context: Context
    ) -> AsyncGenerator[fanout.Event]:
        timeout_ms = context.timeout_ms
        ends_at = None if timeout_ms is None else time.monotonic() + timeout_ms / 1000
        keepalive_s = _keepalive_s(context)
        requests.on_disconnect.get([]).append(lambda: subscriber.interrupt(fanout.Left()))
        try:
            yield fanout.Started(process.pid)
            if process.end is not None:
                yield process.end
                return
            while True:
                left_s = None if ends_at is None else ends_at - time.monotonic()
                event = await subscriber.next(keepalive_s if left_s is None else max(0.0, min(keepalive_s, left_s)))
                if event is None:
                    if ends_at is not None and time.monotonic() >= ends_at:
                        raise ConnectError(Code.DEADLINE_EXCEEDED, "the time limit of the call has passed")
                    yield fanout.Keepalive()
                elif isinstance(event, fanout.Gone):
                    raise gone(self._sandbox.sandbox_id)
                elif isinstance(event, fanout.Left):
                    return
                else:
                    yield event
                    if isinstance(event, fanout.End):
                        return
        finally:
            process.output.unsubscribe(subscriber)


def _request(sandbox: Sandbox, request: process_pb.StartRequest, user: str, context: Context) -> Request:
    config = request.process or process_pb.ProcessConfig()
    size = request.pty.size if request.pty else None
    envs = dict(config.envs)
    return Request(
        argv=(config.cmd, *config.args),
        environment={**sandbox.environment(user), **envs},
        user=user,
        cwd=config.cwd or sandbox.template.workdir,
        # An old client that does not say wants a stdin (process.proto).
        has_stdin=request.stdin if request.has_field("stdin") else True,
        pty=(size.cols, size.rows) if size else None,
        timeout_ms=context.timeout_ms,
        shown_envs=envs,
        shown_cwd=config.cwd if config.has_field("cwd") else None,
        tag=request.tag if request.has_field("tag") else None,
    )


def _info(process: ManagedProcess) -> process_pb.ProcessInfo:
    request = process.request
    return process_pb.ProcessInfo(
        pid=process.pid,
        tag=request.tag,
        config=process_pb.ProcessConfig(
            cmd=request.argv[0], args=list(request.argv[1:]), envs=dict(request.shown_envs), cwd=request.shown_cwd
        ),
    )


def _pid(selector: process_pb.ProcessSelector | None) -> int:
    match selector.selector if selector else None:
        case Oneof(field="pid", value=pid):
            return int(pid)
    raise ConnectError(Code.UNIMPLEMENTED, "a command can only be selected by its pid")


async def _write(process: ManagedProcess, given: process_pb.ProcessInput | None) -> None:
    match given.input if given else None:
        case Oneof(field=kind, value=data):
            pass
        case _:
            return
    if (kind == "pty") != (process.terminal is not None):
        raise ConnectError(Code.INTERNAL, "the kind of input does not match the command's")
    if process.stdin is None:
        raise ConnectError(Code.INTERNAL, "stdin not enabled for this command")
    try:
        await process.stdin.write(data)
    except OSError as error:
        raise ConnectError(Code.INTERNAL, f"error writing to stdin: {error.strerror}") from error


def _keepalive_s(context: Context) -> float:
    given = context.request_headers.get(KEEPALIVE_HEADER)
    return float(given) if given and given.isdigit() and int(given) > 0 else DEFAULT_KEEPALIVE_S


def _message(event: fanout.Event) -> process_pb.ProcessEvent:
    match event:
        case fanout.Started(pid):
            return _event("start", process_pb.ProcessEvent.StartEvent(pid=pid))
        case fanout.Output():
            return _data_event(event)
        case fanout.End():
            return _end_event(event)
        case _:
            return _event("keepalive", process_pb.ProcessEvent.KeepAlive())


def _event(kind: str, value: Any) -> process_pb.ProcessEvent:
    one: Any = Oneof(kind, value)  # the generated types want a literal; the callers' literals are theirs
    return process_pb.ProcessEvent(event=one)


def _data_event(output: fanout.Output) -> process_pb.ProcessEvent:
    piece: Any = Oneof(output.stream, output.data)
    return _event("data", process_pb.ProcessEvent.DataEvent(output=piece))


def _end_event(end: fanout.End) -> process_pb.ProcessEvent:
    error = None if end.exited and end.exit_code == 0 else end.status
    ended = process_pb.ProcessEvent.EndEvent(exit_code=end.exit_code, exited=end.exited, status=end.status, error=error)
    return _event("end", ended)
