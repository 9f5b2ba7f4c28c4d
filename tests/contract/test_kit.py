"""The kit finds what it is for: what breaks the contract fails the test that names the break."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.support.toys import TOY

TESTS = """
import sys
sys.path.insert(0, {toy!r})
import pytest
from hub.plugin.host import _Process, load_host
from hub.testing import BackendContract, ModelContract, Opening
from tests.support.toys import toy_artifact, toy_plan
import hub_toy.backend, hub_toy.model
_Process.host = load_host()

{change}

class TestBackend(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory):
        return Opening(plan=toy_plan(task={task!r}), artifact=toy_artifact(tmp_path_factory.mktemp("toy")))

class TestModel(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory):
        return Opening(plan=toy_plan(task={task!r}), artifact=toy_artifact(tmp_path_factory.mktemp("toy")))
"""
CHAT = "text-generation"
EMBED = "feature-extraction"
BREAKS = [
    (CHAT, "hub_toy.backend.Toy.honours = frozenset({'max_token'})", "a_session_says_what_the_contract_asks"),
    (
        CHAT,
        "real = hub_toy.backend.Toy.chat\n"
        "hub_toy.backend.Toy.chat = lambda self, request, emit: real(self, request, lambda delta: False)",
        "what_is_emitted_is_what_is_answered",
    ),
    (
        CHAT,
        "import itertools; count = itertools.count()\n"
        "from hub.runtime.protocols import Reply\n"
        "hub_toy.backend.Toy.chat = lambda self, request, emit: Reply("
        "text=str(next(count)), finish='stop', tokens=1, prompt_tokens=1)",
        "the_same_request_gives_the_same_answer",
    ),
    (
        EMBED,
        "hub_toy.backend.Toy.embed = lambda self, texts: [[1.0]]",
        "the_same_request_gives_the_same_answer",
    ),
    (
        EMBED,
        "real = hub_toy.model.Vectors.infer\n"
        "hub_toy.model.Vectors.infer = lambda self, inputs, options, emit: real(self, inputs, options, emit)[::-1]",
        "a_batch_answers_as_one_after_the_other",
    ),
]


def run(tmp_path, task, change=""):
    path = tmp_path / "test_toy.py"
    path.write_text(TESTS.format(toy=str(TOY), change=change, task=task))
    skipped = "not damaged and not heavy and not leaks"  # the toy reads no weights, and remembers what was opened
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", skipped, "-rf", "--timeout", "60"]
    return subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
    ).stdout


@pytest.mark.parametrize(("task", "change", "test"), BREAKS, ids=[test for _, _, test in BREAKS])
def test_a_break_of_the_contract_fails_the_test_that_is_about_it(tmp_path, task, change, test):
    assert f"test_{test}" in [
        line.rpartition("::")[2].split(" ")[0].split("[")[0]
        for line in run(tmp_path, task, change).splitlines()
        if line.startswith("FAILED")
    ]


@pytest.mark.parametrize("task", [CHAT, EMBED])
def test_a_plugin_that_keeps_the_contract_passes(tmp_path, task):
    output = run(tmp_path, task)
    assert "failed" not in output
    assert " passed" in output
