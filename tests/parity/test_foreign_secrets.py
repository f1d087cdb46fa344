"""Secrets in clear are found by what stands beside them, named by their place, and shown nowhere."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from osiris_core.diffing import DiffOptions, diff
from osiris_core.parity.foreign.secrets import HIDDEN, Secrets, leaks_in
from osiris_core.parity.record_io import encode_records
from osiris_core.surface import record_set
from tests.parity.osiris_runs import healed

SECRET = "tr0ub4dor-and-3"
OPTIONS = DiffOptions(now=dt.datetime(2026, 11, 23, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("a.json", {"password": SECRET}, "password"),
        ("a.json", {"db_password": SECRET}, "db_password"),
        ("a.json", {"supabase": {"service_role_key": SECRET}}, "supabase.service_role_key"),
        ("a.json", {"resolved_connection": {"key": SECRET}}, "resolved_connection.key"),
        ("a.json", {"list": [{"api_key": SECRET}]}, "list[].api_key"),
        ("a.json", {"dsn": f"mysql://u:{SECRET}@h/d"}, "dsn: a password in an address"),
        ("a.json", {"headers": {"Authorization": f"Bearer {SECRET}"}}, "headers.Authorization"),
        ("a.jsonl", {"error": f"login failed: password={SECRET}"}, "error: a named value"),
        ("a.log", f"> Authorization: Basic {SECRET}", "an Authorization header"),
        ("a.log", f'request {{"apikey": "{SECRET}"}}', "a named value"),
        ("a.log", f"postgres://shop:{SECRET}@db.internal/shop", "a password in an address"),
    ],
)
def test_a_secret_in_clear_is_found_and_can_be_hidden(name, text, what):
    """Its place is told; a value or text with it is told without it."""
    secrets = Secrets()
    data = text if isinstance(text, str) else json.dumps(text)
    assert [leak.what for leak in leaks_in(name, data.encode(), secrets)] == [what]
    assert SECRET in "".join(secrets.values)
    shown = str(secrets.hidden(text))
    assert HIDDEN in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    "text",
    [
        {"password": "***"},
        {"password": "${DB_PASSWORD}"},
        {"password": ""},
        {"token": None, "secret": True, "tokens": "many"},
        {"connection": "@mysql.shop"},
        {"key": "df_extract", "primary_key": "id", "keys": ["a"]},
        {"dsn": "mysql://u:***@h/d", "url": "https://example.org:443/a@b"},
        {"authorization": "[REDACTED]"},
        {"monkey": "business", "tokenizer": "words"},
    ],
)
def test_what_stands_for_a_secret_is_none(text):
    """Masks, references, and names that only look like those of secrets."""
    assert leaks_in("a.json", json.dumps(text).encode(), Secrets()) == []
    assert Secrets().hidden(text) == text


def test_a_line_made_to_take_for_ever_does_not():
    """A megabyte of anything is looked through in one go."""
    for piece in ("a", "a:", "password=", "://", "authorization: bearer ", "a://a:"):
        leaks_in("a.log", (piece * (200_000 // len(piece))).encode(), Secrets())


def test_no_secret_of_either_side_is_shown_wherever_it_stands(tmp_path):
    """In a config, an error, an event, a file without any name beside it, and on the side where nothing tells what it is."""
    local, e2b = healed("local"), healed("e2b")
    e2b.configs["extract"]["resolved_connection"] = {"host": "db", "password": SECRET}
    e2b.fail("write", f"cannot log in with {SECRET}")
    e2b.find("step_start", "extract")["hint"] = f"use {SECRET}"
    e2b.files["artifacts/extract/dump.txt"] = f"line\n{SECRET}\n"
    local.files["artifacts/extract/dump.txt"] = f"another line\n{SECRET}\n"
    local.find("step_start", "extract")["hint"] = f"take {SECRET}"
    record = diff([local.build(tmp_path / "l"), e2b.build(tmp_path / "r")], OPTIONS)
    assert SECRET.encode() not in encode_records(record_set([record]))
    found = {(f.code, f.path) for f in record.comparison.findings}
    assert ("secret-in-clear", "cfg/extract.json:resolved_connection.password") in found
    assert ("secret-in-clear", "artifacts/extract/dump.txt:a value that is a secret elsewhere") in found
    assert ("artifact-content", "extract/dump.txt") in found
    assert ("event-changed", "step_start.hint") in found


def test_a_file_that_is_too_large_to_be_looked_at_is_said(tmp_path, monkeypatch):
    """Nobody can say then that there is no secret in it."""
    monkeypatch.setattr("osiris_core.parity.foreign.osiris.files.TEXT_BYTES", 100)
    local, e2b = (healed(target).build(tmp_path / target) for target in ("local", "e2b"))
    record = diff([local, e2b], OPTIONS)
    assert record.verdict == "INCONCLUSIVE"
    assert any("was not looked at for secrets" in each for each in record.comparison.problems)
