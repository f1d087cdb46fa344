"""What the server does wrong on request: each fault as the unmodified SDK sees it, and counted."""

from __future__ import annotations

import dataclasses
import json
import re
import socket

import e2b
import httpx
import pytest

from osiris_core.sandbox.faults.model import KINDS, PLACES
from osiris_core.sandbox.launch import SandboxServerError, ServerProcess
from osiris_core.testing import Fault, fault_plan
from tests.sandbox.helpers import bound, until


@pytest.fixture
def faulty(server):
    """Put faults into force on the shared server; each must have struck when the block ends."""
    return lambda *faults: fault_plan(*faults, server=server.address)


@pytest.fixture
def of(sandbox):
    """Make a fault that concerns the test's own sandbox only."""
    return lambda at, what, **rest: Fault(at=at, what=what, sandbox=sandbox.sandbox_id, **rest)


def printed(sandbox, command, **options) -> tuple[str, Exception | None]:
    """Run a command; return what its stream brought, and how it ended when that was not well."""
    said: list[str] = []
    try:
        sandbox.commands.run(command, on_stdout=said.append, **options)
    except Exception as error:  # noqa: BLE001 - how it ends is what is asked
        return "".join(said), error
    return "".join(said), None


LINES = "echo abcdefghij; echo klmnopqrst"


def test_a_server_without_a_plan_behaves(http, sandbox):
    """The control: nothing is in force, and the command below ends well."""
    assert http.get("/osiris/faults").json() == {"faults": []}
    assert printed(sandbox, LINES) == ("abcdefghij\nklmnopqrst\n", None)


@pytest.mark.parametrize("what", ["cut", "reset"])
def test_a_stream_ends_at_exactly_this_byte(sandbox, faulty, of, what):
    """Both ways to lose a connection leave the client what was printed before, and an error instead of an end."""
    with faulty(of("output", what, after_bytes=7)):
        said, error = printed(sandbox, LINES)
    assert said == "abcdefg" or (what == "reset" and "abcdefg".startswith(said))
    assert isinstance(error, Exception)
    assert not isinstance(error, e2b.CommandExitException)


def test_a_reset_is_a_reset(server, sandbox, envd, faulty, of):
    """On the wire: a socket that is reset raises, one that is cut reads its end."""
    found = {}
    for what in ("reset", "cut"):
        with (
            faulty(of("health", what)),
            socket.create_connection(tuple(server.address.url[7:].rsplit(":", 1))) as raw,
        ):
            raw.sendall(f"GET /health HTTP/1.1\r\nHost: x\r\nE2b-Sandbox-Id: {sandbox.sandbox_id}\r\n\r\n".encode())
            try:
                found[what] = raw.recv(100)
            except ConnectionResetError:
                found[what] = "reset"
    assert found == {"reset": "reset", "cut": b""}


def test_a_black_hole_keeps_the_connection_and_the_command(sandbox, faulty, of):
    """The client waits for nothing; the command neither notices nor waits."""
    with faulty(of("output", "black_hole", after_bytes=4)):
        handle = sandbox.commands.run("seq 1 600000; touch done", background=True, timeout=0)
        assert next(iter(handle))[0] == "1\n2\n"
        until(lambda: sandbox.files.exists("done"))
        handle.disconnect()


def test_a_stall_stops_the_command(sandbox, faulty, of):
    """As a reader that does not read: the pipe fills, until the connection goes."""
    with faulty(of("output", "stall", after_bytes=4)):
        handle = sandbox.commands.run("seq 1 600000; touch done", background=True, timeout=0)
        assert next(iter(handle))[0] == "1\n2\n"
        assert not sandbox.files.exists("done")
        handle.disconnect()
        until(lambda: sandbox.files.exists("done"))


def test_pieces_come_twice_or_not_at_all_or_changed(sandbox, faulty, of):
    """A piece of output is sent twice; every second one is lost; one bit of one byte is flipped."""
    with faulty(of("output", "duplicate")):
        assert printed(sandbox, "echo once") == ("once\nonce\n", None)
    with faulty(of("output", "lose", every=2, times=None)) as plan:
        handle = sandbox.commands.run("while read line; do echo $line; done", background=True, stdin=True)
        for line, event in (("1", True), ("2", False), ("3", True)):
            handle.send_stdin(line + "\n")
            if event:
                assert next(iter(handle))[0] == line + "\n"
            else:  # two lines that are there at once are one piece
                until(lambda: plan.hits()[0].fired)
        sandbox.commands.close_stdin(handle.pid)
        handle.wait()
    with faulty(of("output", "garble", after_bytes=2)):
        assert printed(sandbox, "echo abc") == ("abb\n", None)


def test_the_end_is_lost_or_a_lie(sandbox, faulty, of):
    """A stream that ends in good order without an end; an exit code that is not the command's; one while it runs."""
    with faulty(of("end", "lose")):
        _said, error = printed(sandbox, "true")
        assert isinstance(error, Exception)
    with faulty(of("end", "exit", exit_code=0)):
        assert printed(sandbox, "exit 3")[1] is None
    with faulty(of("output", "exit", exit_code=0, after_bytes=5)):
        assert printed(sandbox, "echo waiting; read <> <(:)") == ("waiti", None)
    assert len(sandbox.commands.list()) == 1


def test_a_call_is_refused_before_or_after_its_work(sandbox, faulty, of):
    """The same answer, and the work not done, or done."""
    with faulty(of("upload", "answer", status=500), of("upload", "answer", status=500, done=True)):
        for path in ("before", "after"):
            with pytest.raises(e2b.SandboxException):
                sandbox.files.write(path, "x")
    assert [sandbox.files.exists(path) for path in ("before", "after")] == [False, True]


def test_connect_says_not_found_though_it_runs(sandbox, faulty, of):
    """In the words of the protocol, and in the stream that it is."""
    handle = sandbox.commands.run("read", background=True, stdin=True)
    with faulty(of("connect", "refuse", code="not_found")):
        with pytest.raises(e2b.NotFoundException):
            sandbox.commands.connect(handle.pid)
        sandbox.commands.connect(handle.pid).disconnect()
    with faulty(of("processes", "refuse", code="unavailable")), pytest.raises(e2b.SandboxException):
        sandbox.commands.list()


def test_the_edge_says_that_a_living_sandbox_is_not_there(sandbox, faulty, of):
    """Both of the edge's 502, as the SDK knows them."""
    with faulty(of("processes", "sandbox_not_found")), pytest.raises(e2b.SandboxException, match="not found"):
        sandbox.commands.list()
    with faulty(of("processes", "port_not_open")), pytest.raises(e2b.SandboxException, match="port is not open"):
        sandbox.commands.list()


def test_too_many_requests_say_how_long_to_wait(sandbox, http, faulty, of):
    """429 with Retry-After, as often as it says."""
    with faulty(of("info", "answer", status=429, retry_after_s=2, times=2)) as plan:
        answers = [http.get(f"/sandboxes/{sandbox.sandbox_id}") for _ in range(3)]
        assert [(each.status_code, each.headers.get("retry-after")) for each in answers] == [
            (429, "2"),
            (429, "2"),
            (200, None),
        ]
        [hits] = plan.hits()
        assert (hits.occasions, hits.fired) == (2, 2)


def test_a_sandbox_is_made_and_the_answer_lost(e2b_client, http, faulty):
    """The worst of creations: there is a sandbox, and nobody who knows its name; its metadata finds it."""
    mine = {"test": "lost creation"}
    for what, rest in (("cut", {}), ("reset", {}), ("answer", {"status": 500})):
        with (
            faulty(Fault(at="create", what=what, metadata=mine, done=True, **rest)),
            pytest.raises(Exception, match=r"."),
        ):
            e2b_client.Sandbox.create(metadata=mine, retries=0)
    found = e2b_client.Sandbox.list(query=e2b.SandboxQuery(metadata=mine)).next_items()
    assert len(found) == 3
    assert all(e2b_client.Sandbox.kill(each.sandbox_id) for each in found)


def test_metadata_says_whose_fault_it_is(e2b_client, faulty):
    """A creation with other metadata meets no fault."""
    with faulty(Fault(at="create", what="answer", status=500, metadata={"who": "me"})):
        e2b_client.Sandbox.create(metadata={"who": "you"}).kill()
        with pytest.raises(e2b.SandboxException):
            e2b_client.Sandbox.create(metadata={"who": "me"}, retries=0)


def test_a_lease_is_not_extended_or_ends_early(e2b_client, http, faulty):
    """A renewal is refused; another is confirmed and shortens the life to nothing."""
    made = e2b_client.Sandbox.create()
    with (
        faulty(Fault(at="renew", what="answer", status=403, sandbox=made.sandbox_id)),
        pytest.raises(e2b.SandboxException),
    ):
        made.set_timeout(60)
    with faulty(Fault(at="renew", what="expire", seconds=0, sandbox=made.sandbox_id)):
        made.set_timeout(60)
    until(lambda: http.get(f"/sandboxes/{made.sandbox_id}").status_code == 404)
    with faulty(Fault(at="create", what="expire", seconds=0, metadata={"life": "short"})):
        short = e2b_client.Sandbox.create(metadata={"life": "short"})
    until(lambda: http.get(f"/sandboxes/{short.sandbox_id}").status_code == 404)


def test_ranges_are_refused_and_downloads_cut_short(sandbox, envd, faulty, of):
    """200 with the whole; a body that ends early and says so, and one that does not; a flipped bit."""
    sandbox.files.write("file", "0123456789")
    client = envd(sandbox, Range="bytes=4-5")

    def get() -> httpx.Response:
        return client.get("/files", params={"path": "file"})

    assert (get().status_code, get().text) == (206, "45")
    with faulty(of("download", "whole")):
        whole = get()
    assert (whole.status_code, whole.text) == (200, "0123456789")
    with faulty(of("download", "short", after_bytes=1)):
        assert get().text == "4"
    with faulty(of("download", "cut", after_bytes=1)), pytest.raises(httpx.RemoteProtocolError):
        get()
    with faulty(of("download", "garble", after_bytes=1)):
        assert get().text == "44"


def test_an_upload_breaks_off_is_changed_or_finds_no_room(sandbox, faulty, of):
    """What came before stays, as with envd, which truncates in place."""
    with faulty(of("upload", "cut", after_bytes=3)), pytest.raises(Exception, match=r"."):
        sandbox.files.write("cut", "0123456789", use_octet_stream=True)
    with faulty(of("upload", "garble", after_bytes=3)):
        sandbox.files.write("garbled", "0123456789", use_octet_stream=True)
    with faulty(of("upload", "answer", status=507, after_bytes=5)), pytest.raises(e2b.NotEnoughSpaceException):
        sandbox.files.write("full", "0123456789", use_octet_stream=True)
    assert [sandbox.files.read(each) for each in ("cut", "garbled", "full")] == ["012", "0122456789", "01234"]


def test_slow_and_late_are_only_slow_and_late(sandbox, faulty, of):
    """The same bytes, later."""
    with faulty(of("output", "slow", bytes_per_s=5000), of("start", "delay", seconds=0.01)):
        assert printed(sandbox, "seq 1 100")[0].endswith("99\n100\n")
    sandbox.files.write("file", "0123456789")
    with faulty(of("download", "slow", bytes_per_s=5000)):
        assert sandbox.files.read("file") == "0123456789"


def test_the_process_and_the_sandbox_are_killed(e2b_client, faulty):
    """At a byte of the output: the command dies of a signal, then the sandbox under its reader."""
    made = e2b_client.Sandbox.create()
    with faulty(Fault(at="output", what="kill_process", sandbox=made.sandbox_id, after_bytes=2)):
        said, error = printed(made, "echo abc; read <> <(:)")
        assert (said, error.exit_code) == ("abc\n", -1)
    with faulty(Fault(at="output", what="kill_sandbox", sandbox=made.sandbox_id, after_bytes=2)):
        said, error = printed(made, "echo abc; read <> <(:)")
        assert (said, isinstance(error, Exception)) == ("ab", True)
    assert not made.is_running()


def test_a_silent_stream_is_struck_by_the_clock(sandbox, faulty, of):
    """Some seconds of the sandbox's life are enough, though nothing is printed."""
    with faulty(of("output", "cut", after_s=0.001)):
        assert isinstance(printed(sandbox, "read <> <(:)")[1], Exception)


def test_occasions_are_counted_skipped_and_limited(sandbox, http, faulty, of):
    """The first is let go by, then every second one is struck, twice in all."""
    with faulty(of("info", "answer", status=503, after_calls=1, every=2, times=2)):
        codes = [http.get(f"/sandboxes/{sandbox.sandbox_id}").status_code for _ in range(7)]
    assert codes == [200, 200, 503, 200, 503, 200, 200]


def test_a_fault_that_never_struck_fails_its_test(sandbox, faulty, of):
    """A test of nothing is no test."""
    with (
        pytest.raises(AssertionError, match=r"never struck, so nothing was tested: cut at download \(0 occasions\)"),
        faulty(of("download", "cut", after_bytes=3)),
    ):
        assert sandbox.files.exists("nothing") is False


def test_what_the_block_raises_comes_first(http, sandbox, faulty, of):
    """A failing test fails for its own reason, and its plan does not outlive it."""
    with pytest.raises(ZeroDivisionError), faulty(of("download", "cut", after_bytes=3)):
        raise ZeroDivisionError
    assert http.get("/osiris/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ('{"fault": []}', "fault: unknown key; did you mean faults?"),
        ("[]", 'the fault plan must be an object: {"faults": [...]}'),
        ('{"faults": [{"at": "output", "what": "cut", "afterbytes": 3}]}', "faults[0].afterbytes: unknown key; did you mean after_bytes?"),
        ('{"faults": [{"at": "outptu", "what": "cut"}]}', "faults[0].at: there is no place 'outptu'; did you mean output?"),
        ('{"faults": [{"at": "output", "what": "rest"}]}', "faults[0].what: there is no fault 'rest'; did you mean reset?"),
        ('{"faults": [{"at": "output", "what": "cut", "times": true}]}', "faults[0].times: must be a whole number, not true"),
        ('{"faults": [{"at": "output", "what": "cut", "every": 0}]}', "faults[0].every: 0 is less than 1"),
        ('{"faults": [{"what": "cut"}]}', "faults[0].at: is missing"),
        ('{"faults": [{"at": "create", "what": "answer"}]}', "faults[0].status: answer needs one"),
        ('{"faults": [{"at": "create", "what": "cut", "status": 500}]}', "faults[0].status: cut has no such thing"),
        ('{"faults": [{"at": "create", "what": "cut", "after_bytes": 5}]}', "faults[0].after_bytes: only at output, upload, download are bytes counted, not at create"),
        ('{"faults": [{"at": "upload", "what": "whole"}]}', "faults[0].what: whole cannot strike at upload; it can at download"),
        ('{"faults": [{"at": "connect", "what": "refuse", "code": "notfound"}]}', "faults[0].code: there is no 'notfound'; did you mean not_found?"),
        ('{"faults": [{"at": "output", "what": "cut", "done": true}]}', "faults[0].done: concerns a request and its answer, not a stream's bytes"),
        ("{", "the fault plan is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_refused_and_the_key_named(http, plan, message):
    """Nothing of it comes into force."""
    answer = http.put("/osiris/faults", content=plan)
    assert (answer.status_code, answer.json()["message"]) == (422, message)
    assert http.get("/osiris/faults").json() == {"faults": []}


def test_a_plan_needs_the_key(server):
    """As everything of the control plane."""
    assert httpx.put(f"{server.address.url}/osiris/faults", content='{"faults": []}').status_code == 401


def test_a_plan_comes_from_a_file(tmp_path):
    """`--faults FILE`: in force from the first request on; a wrong one stops the server before it starts."""
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"faults": [{"at": "create", "what": "answer", "status": 429}]}))
    with ServerProcess.start(options=("--faults", str(plan))) as started, pytest.raises(e2b.RateLimitException):
        bound(started.address).Sandbox.create(retries=0)
    plan.write_text('{"faults": [{"at": "creat", "what": "cut"}]}')
    with pytest.raises(
        SandboxServerError, match=r"plan.json: faults\[0\].at: there is no place 'creat'; did you mean create"
    ):
        ServerProcess.start(options=("--faults", str(plan)))


def test_a_server_with_a_connection_left_hanging_stops_at_once():
    """What a black hole keeps open does not keep the server."""
    with ServerProcess.start() as started, httpx.Client(base_url=started.address.url) as client:
        made = bound(started.address).Sandbox.create()
        with (
            fault_plan(Fault(at="health", what="black_hole"), server=started.address),
            pytest.raises(httpx.ReadTimeout),
        ):
            client.get("/health", headers={"E2b-Sandbox-Id": made.sandbox_id}, timeout=0.05)


def test_the_page_lists_every_fault_and_place(repository):
    """No fault is a secret."""
    page = (repository / "docs" / "sandbox.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(KINDS)
    assert set(PLACES) <= set(re.findall(r"`(\w+)`", page))
    for field in dataclasses.fields(Fault):
        assert f"`{field.name}`" in page
