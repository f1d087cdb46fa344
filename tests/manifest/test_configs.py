"""A step's config may stand in a file of its own; what is wrong with it is said there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.manifest.project import HEAD

if TYPE_CHECKING:
    from tests.manifest.project import Project

STEP = "steps:\n  - {id: a, driver: query, cfg_path: cfg/a.json}\n"


def test_a_config_in_a_file_is_the_same_config(project: Project):
    """JSON, from the manifest's directory; the fingerprint is that of the config written into the step."""
    project.write("pipelines/cfg/a.json", '{\n\t"query": "select 1"\n}')
    loaded = project.load(HEAD + STEP)
    assert loaded.steps[0].config == {"query": "select 1"}
    inline = project.load(HEAD + "steps: [{id: a, driver: query, config: {query: select 1}}]\n")
    assert loaded.fingerprint == inline.fingerprint


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{\n "queri": 1}', "pipelines/cfg/a.json:2:2: `query` has no option `queri` (did you mean `query`?)"),
        ('{"query": 1}', "pipelines/cfg/a.json:1:11: `query` must be text, but it is a whole number (quote it)"),
        ("[]", "pipelines/cfg/a.json:1:1: the file must be a mapping"),
        ("", "pipelines/cfg/a.json:1:1: the file is empty"),
        (
            '{"query": "${params.x}"}',
            "pipelines/cfg/a.json:1:11: parameters are not put into a file (write this config in the manifest)",
        ),
        (
            '{"query": "${secret:X}"}',
            "pipelines/cfg/a.json:1:11: the secret `X` is not declared (declare it: `secrets: [X]`)",
        ),
    ],
)
def test_problems_have_their_place_in_the_file(project: Project, text: str, problem: str):
    """Structure, options, parameters and references."""
    project.write("pipelines/cfg/a.json", text)
    assert project.problems(HEAD + STEP) == [problem]


def test_the_path_is_a_file_of_the_project(project: Project):
    """It is there, inside of the root, and the only config."""
    project.write("pipelines/cfg/b.json", "{}")
    text = (
        HEAD + "steps:\n  - {id: a, driver: query, cfg_path: cfg/a.json}\n"
        "  - {id: b, driver: query, cfg_path: ../../x.json}\n  - {id: c, driver: query, config: {}, cfg_path: cfg/b.json}\n"
    )
    assert project.problems(text) == [
        "4:38: `cfg/a.json` does not exist (did you mean `b.json`?)",
        "5:38: `../../x.json` is outside the project root (only what is below the root can be sent)",
        "6:40: a step has `config` or `cfg_path`, not both",
    ]
