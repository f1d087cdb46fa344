"""Secrets reach the driver, and no file, variable, argument or record of the harness's own."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess

import pytest

from osiris_core.wire.secrets import Secrets

CANARY = "c4n4ry-ž-9f31"
SECRETS = Secrets(
    values={"TOKEN": CANARY},
    connections={"@mysql.main": {"host": "db", "password": f"{CANARY}-2", "note": "${secret:TOKEN}", "port": 3306}},
    hidden=(("MYSQL", f"{CANARY}-2"),),
)
USE = """
import hashlib, json
def sha(value): return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
def use(config, inputs, ctx):
    print(sha(config))
    print(sha(ctx.secret("TOKEN")))
    seen = [*os.environ.values(), *sys.argv, open("/proc/self/cmdline").read(), open(f"/proc/{os.getppid()}/cmdline").read()]
    print(any("c4n4ry" in each for each in seen), os.readlink("/proc/self/fd/0"), os.read(0, 1))
"""
CONFIG = {
    "url": "https://${secret:TOKEN}@host/${secret:TOKEN}",
    "deep": [{"token": "${secret:TOKEN}"}, 7, None],
    "plain": "${TOKEN}",
    "connection": "@mysql.main",
}
TOLD = {
    "url": f"https://{CANARY}@host/{CANARY}",
    "deep": [{"token": CANARY}, 7, None],
    "plain": "${TOKEN}",
    "resolved_connection": {"host": "db", "password": f"{CANARY}-2", "note": "${secret:TOKEN}", "port": 3306},
}


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def everything_left(worker, run):
    """All bytes that the worker wrote anywhere."""
    files = [path.read_bytes() for path in worker.run_directory.rglob("*") if path.is_file()]
    assert len(files) >= 4
    return b"\n".join([run.stdout, run.stderr, *files])


def test_a_driver_is_told_what_its_config_refers_to(worker):
    """Texts hold the values, a connection comes resolved and verbatim, `ctx.secret` answers; nothing else knows them."""
    told = SECRETS.to_line()
    run = worker.run(USE, ("use", "use", (), CONFIG), told=told, expects_secrets=True)
    assert run.terminal["outcome"] == "succeeded", run.terminal["error"]
    config, token, last = run.printed("use").decode().splitlines()
    assert config == sha(json.dumps(TOLD, sort_keys=True))
    assert token == sha(json.dumps(CANARY))
    assert last == "False /dev/null b''"
    left = everything_left(worker, run)
    assert b"c4n4ry" not in left
    assert b"${secret:TOKEN}" in left


LEAK = """
import base64, json, logging, urllib.parse, warnings
def leak(config, inputs, ctx):
    token, password = ctx.secret("TOKEN"), config["resolved_connection"]["password"]
    for text in (token, repr(token), json.dumps(token), urllib.parse.quote(token), token.encode().hex(),
                 base64.b64encode(b"u:" + token.encode()).decode(), password):
        print(text)
        ctx.logger.info("as text: %s", text)
        logging.getLogger(text).warning("as %r", {text: [text]})
        ctx.log_metric(text, 1, unit=text, **{text: text})
        ctx.log_event(text, **{text: {text: [text]}})
    for character in token:
        os.write(1, character.encode())
    os.system("printf " + token[:5] + "; printf " + token[5:])
    warnings.warn(token)
    (ctx.output_dir / "sub").mkdir()
    raise ValueError({"token": token, "nested": password.encode()}) from RuntimeError(token)
"""


def leaked(worker, run):
    """Whether any byte that was written holds the canary, plain or encoded."""
    left = everything_left(worker, run).replace(b"\\", b"")
    left += b"".join(run.printed(step["id"]) for step in run.terminal["steps"])
    forms = (b"c4n4ry", b"63346e347279", b"NG40cnkt")
    return [form for form in forms if form in left]


def test_what_a_driver_says_is_masked_before_it_is_written(worker):
    """Printed, logged, as metrics and events, in names and keys, raised: the spool has tokens."""
    run = worker.run(LEAK, ("leak", "leak", (), CONFIG), told=SECRETS.to_line(), expects_secrets=True)
    assert leaked(worker, run) == []
    assert run.terminal["error"]["message"] == "{'token': '***TOKEN***', 'nested': b'***MYSQL***'}"
    printed = run.printed("leak").decode()
    lines = [
        "***TOKEN***",
        "'***TOKEN***'",
        '"***TOKEN***"',
        "***TOKEN***",
        "***TOKEN***",
        "dTp***TOKEN***Q==",
        "***MYSQL***",
    ]
    assert printed.splitlines()[:7] == lines
    assert printed.splitlines()[7].startswith("***TOKEN***/")  # twice, without anything between
    assert "UserWarning: ***TOKEN***\n" in printed
    assert run.logged("leak")[0] == "INFO osiris.leak as text: ***TOKEN***"
    assert run.logged("leak")[1] == "WARNING ***TOKEN*** as {'***TOKEN***': ['***TOKEN***']}"
    assert run.of_kind("metric")[0]["name"] == "***TOKEN***"
    assert run.of_kind("metric")[0]["tags"] == {"***TOKEN***": "***TOKEN***"}
    (event, *_) = [each for each in run.of_kind("event") if each["name"] == "***TOKEN***"]
    assert event["data"] == {"***TOKEN***": {"***TOKEN***": ["***TOKEN***"]}}


def test_without_masking_the_search_finds_it(worker):
    """The same driver, told the values by its config: nothing is declared a secret, and all of it is written."""
    source = LEAK.replace('ctx.secret("TOKEN"), config["resolved_connection"]["password"]', 'config["a"], config["b"]')
    run = worker.run(source, ("leak", "leak", (), {"a": CANARY, "b": f"{CANARY}-2"}))
    assert leaked(worker, run) == [b"c4n4ry", b"63346e347279", b"NG40cnkt"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"a": ["${secret:OTHER}"]}, "the secret 'OTHER' is not declared: name it under `secrets:` in the manifest"),
        ({"connection": "@mysql.other"}, "the connection '@mysql.other' was not resolved for this run"),
    ],
)
def test_what_was_not_told_fails_the_step(worker, config, message):
    """A reference without a value is the step's failure, in a sentence that holds no other value."""
    run = worker.run(USE, ("use", "use", (), config), told=SECRETS.to_line(), expects_secrets=True)
    assert run.terminal["failed_step"] == "use"
    assert (run.terminal["error"]["type"], run.terminal["error"]["message"]) == ("LookupError", message)
    assert b"c4n4ry" not in everything_left(worker, run)


def test_an_error_in_a_driver_shows_no_values(worker):
    """The traceback of a step that fails with secrets in hand has modules, functions and lines."""
    source = """
    def fail(config, inputs, ctx):
        token = ctx.secret("TOKEN")
        raise ValueError("refused")
    """
    run = worker.run(source, ("fail", "fail", (), CONFIG), told=SECRETS.to_line(), expects_secrets=True)
    assert run.terminal["error"]["message"] == "refused"
    assert run.terminal["error"]["traceback"][-1] == {"module": "toys", "function": "fail", "line": 5}
    assert b"c4n4ry" not in everything_left(worker, run)


def test_a_connection_that_is_no_reference_is_the_drivers_business(worker):
    """A text without `@` stays where it is."""
    run = worker.run("def show(config, inputs, ctx): print(config)", ("show", "show", (), {"connection": "x.db"}))
    assert run.printed("show") == b"{'connection': 'x.db'}\n"


def test_a_long_line_arrives_whole(worker):
    """A line beyond what a pipe holds is no special case."""
    long = Secrets(values={"TOKEN": "x" * 900_000})
    source = "def size(config, inputs, ctx): print(len(ctx.secret('TOKEN')))"
    assert worker.run(source, "size", told=long.to_line(), expects_secrets=True).printed("size") == b"900000\n"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (b"", "stdin ended before the line of secrets did"),
        (SECRETS.to_line()[:-9], "stdin ended before the line of secrets did"),
        (b"x" * (1 << 20) + b"xx\n", "stdin is too long before the line of secrets did"),
        (b'{"c4n4ry": 1}\n', "the first line of stdin is not the line of secrets that was announced"),
        (b'SECRETS {"values": {"TOKEN": "c4n4ry', "stdin ended before the line of secrets did"),
        (
            b'SECRETS {"values": {"TOKEN": ["c4n4ry"]}, "connections": {}, "hidden": []}\n',
            "the first line of stdin is not the line",
        ),
        (
            b'SECRETS {"values": {}, "connections": {"@a.b": "c4n4ry"}, "hidden": []}\n',
            "the first line of stdin is not the line",
        ),
        (
            b'SECRETS {"values": {}, "connections": {}, "hidden": [["A", 7]]}\n',
            "the first line of stdin is not the line",
        ),
        (b"CANCEL\n" + SECRETS.to_line(), "the run was stopped before it was told its secrets"),
    ],
)
def test_without_the_line_nothing_starts(worker, told, words):
    """A line that does not come, or is another one, leaves no spool, exit code 3, and one sentence without the line."""
    run = worker.run(USE, ("use", "use", (), CONFIG), told=told, expects_secrets=True)
    assert (run.exit_code, run.spool) == (3, b"")
    assert words in run.stderr.decode()
    assert run.stderr.count(b"\n") == 1
    assert b"c4n4ry" not in run.stderr


def test_a_line_that_never_comes_is_waited_for_so_long(worker):
    """With stdin open and silent the wait is bounded."""
    worker.prepare(USE, [("use", "use", (), {})], expects_secrets=True, secrets_patience_s=0.05)
    worker.start(stdin=subprocess.PIPE).wait(timeout=60)
    run = worker.finish()
    assert (run.exit_code, run.spool) == (3, b"")
    assert b"the line of secrets did not come within 0.05 s" in run.stderr


def test_a_signal_ends_the_wait(worker):
    """A run can be stopped while it waits."""
    worker.prepare(USE, [("use", "use", (), {})], expects_secrets=True)
    process = worker.start(stdin=subprocess.PIPE)
    while not (worker.run_directory / "outbox").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    run = worker.finish()
    assert run.spool == b""
    assert run.exit_code in (3, -signal.SIGTERM)  # the latter where it came between the directory and the handler


def test_what_stands_behind_the_line_is_heard(worker):
    """`CANCEL` in the same write as the line of secrets stops the run."""
    source = "import threading\ndef wait(config, inputs, ctx): threading.Event().wait()"
    run = worker.run(source, "wait", told=SECRETS.to_line() + b"CANCEL\n", expects_secrets=True)
    assert run.terminal["outcome"] == "cancelled"


def test_a_line_that_was_not_announced_is_ignored(worker):
    """Without `expects_secrets` the line means nothing, and nobody is told."""
    run = worker.run(USE, "use", told=SECRETS.to_line())
    assert run.terminal["error"]["message"].startswith("the secret 'TOKEN' is not declared")
