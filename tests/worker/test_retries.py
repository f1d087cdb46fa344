"""A step is tried again only while its attempts have changed nothing."""

from __future__ import annotations

import pytest


@pytest.fixture
def worker(warm_worker):
    """What an attempt does and leaves is asked here, and not how its process starts."""
    return warm_worker


FLAKY = """
attempts = []
def flaky(config, inputs, ctx):
    attempts.append(1)
    print("attempt", len(attempts), config["list"], inputs, ctx.rng.random() == ctx_random(ctx))
    ctx.logger.info("attempt %d", len(attempts))
    config["list"].append("changed")
    if len(attempts) <= config["failures"]:
        raise ConnectionError(f"refused {len(attempts)}")
    ctx.log_metric("done", 1)
    return {"df": [1, 2]}
def ctx_random(ctx):
    import random
    return random.Random(f"{ctx.seed}:{ctx.step_id}").random()
def use(config, inputs, ctx): print(inputs)
"""


def retries(failures, count):
    return ("flaky", "flaky", (), {"failures": failures, "list": []}, {"retries": count})


def test_a_step_that_succeeds_in_the_end_has_succeeded(worker):
    """Each retry is an event with the error; what was logged and printed stays; one start and one end."""
    run = worker.run(FLAKY, retries(2, 3), ("use", "use", ("flaky",)))
    assert run.terminal["outcome"] == "succeeded"
    assert run.events("flaky") == ["step_start", "step_retried", "step_retried", "step_complete"]
    told = [record["data"] for record in run.records if record.get("name") == "step_retried"]
    assert [(each["attempt"], each["error_type"], each["message"]) for each in told] == [
        (1, "ConnectionError", "refused 1"),
        (2, "ConnectionError", "refused 2"),
    ]
    assert told[0].keys() == {"attempt", "error_type", "message", "traceback"}
    assert told[0]["traceback"][-1] == {"module": "toys", "function": "flaky", "line": 10}
    assert run.printed("flaky").decode().splitlines() == [f"attempt {n} [] {{}} True" for n in (1, 2, 3)]
    assert run.logged("flaky") == [f"INFO osiris.flaky attempt {n}" for n in (1, 2, 3)]
    assert run.printed("use") == b"{'df_flaky': [1, 2]}\n"


def test_the_last_attempts_error_is_the_steps(worker):
    """With its retries used up the step fails, once."""
    run = worker.run(FLAKY, retries(9, 2))
    assert run.events("flaky") == ["step_start", "step_retried", "step_retried", "step_failed"]
    assert run.terminal["error"]["message"] == "refused 3"
    assert run.event("step_failed", "flaky")["message"] == "refused 3"


def test_without_retries_a_step_is_tried_once(worker):
    """The default is one attempt, without a word about others."""
    run = worker.run(FLAKY, retries(1, 0))
    assert run.events("flaky") == ["step_start", "step_failed"]


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        ("(ctx.output_dir / 'half.csv').write_text('x')", "it has left files"),
        ("(ctx.output_dir / 'empty').mkdir()", "it has left files"),
        ("os.rmdir(ctx.output_dir); os.symlink('/etc', ctx.output_dir)", "it has left files"),
        ("os.rmdir(ctx.output_dir); ctx.output_dir.write_text('x')", "it has left files"),
        ("ctx.log_metric('rows', 1)", "it has recorded a metric or an event"),
        ("ctx.log_event('began')", "it has recorded a metric or an event"),
    ],
)
def test_an_attempt_with_an_effect_is_not_repeated(worker, effect, reason):
    """What a half-done attempt has left would be doubled: the step fails, and says why it was not tried again."""
    source = f"def fail(config, inputs, ctx):\n    print('once')\n    {effect}\n    raise ValueError('x')"
    run = worker.run(source, ("fail", "fail", (), {}, {"retries": 5}))
    assert run.printed("fail") == b"once\n"
    assert run.event("retry_refused", "fail") == {"attempt": 1, "reason": reason}
    assert run.terminal["error"]["message"] == "x"
    assert run.events("fail").count("step_failed") == 1


def test_a_driver_with_external_effects_is_never_repeated(worker):
    """Nobody knows what it has done by then."""
    source = "def fail(config, inputs, ctx): raise ValueError('x')"
    run = worker.run(source, ("fail", "fail", (), {}, {"retries": 5}), declared={"fail": {"effects": "external"}})
    assert run.events("fail") == ["step_start", "retry_refused", "step_failed"]
    reason = "its driver has effects outside its artifact directory"
    assert run.event("retry_refused", "fail") == {"attempt": 1, "reason": reason}


@pytest.mark.parametrize(
    "harmless", ["os.rmdir(ctx.output_dir)", "ctx.logger.warning('x')", "os.close(1); os.close(2)"]
)
def test_what_changes_nothing_forbids_no_retry(worker, harmless):
    """A removed empty directory is made again, streams are whole again, and log lines may come twice."""
    source = f"""
    attempts = []
    def work(config, inputs, ctx):
        attempts.append(1)
        print("attempt", len(attempts), ctx.output_dir.is_dir())
        sys.stdout.flush()
        if len(attempts) == 1:
            {harmless}
            sys.exit(1)
    """
    run = worker.run(source, ("work", "work", (), {}, {"retries": 1}))
    assert run.terminal["outcome"] == "succeeded"
    assert run.printed("work") == b"attempt 1 True\nattempt 2 True\n"


def test_a_refused_name_is_no_effect(worker):
    """What the worker did not record has changed nothing."""
    source = """
    attempts = []
    def work(config, inputs, ctx):
        attempts.append(1)
        if len(attempts) == 1: ctx.log_event("run_complete")
    """
    run = worker.run(source, ("work", "work", (), {}, {"retries": 1}))
    assert run.events("work") == ["step_start", "step_retried", "step_complete"]


def test_drivers_cannot_use_the_names_of_these_events(worker):
    """`step_retried` and `retry_refused` are the worker's own."""
    source = """
    def work(config, inputs, ctx):
        for name in ("step_retried", "retry_refused"):
            try: ctx.log_event(name)
            except ValueError as error: print(error)
    """
    assert worker.run(source, "work").printed("work").count(b"belongs to the worker") == 2
