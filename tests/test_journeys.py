"""What people meet, from the command to the weights: no network, odd names, odd prompts, a home that is read-only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import RunHub

pytestmark = pytest.mark.weights

HUB = [sys.executable, "-m", "hub"]
OFFLINE = ["unshare", "--user", "--map-root-user", "--net"]
READ_ONLY = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c"]


def works(command: list[str]) -> bool:
    return subprocess.run([*command, "true"], capture_output=True).returncode == 0


@pytest.fixture
def home(weights_home: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the home with weights, by hard links, in a folder with an odd name."""
    copy = tmp_path / "模型 über #1 %20"
    subprocess.run(["cp", "-al", str(weights_home), str(copy)], check=True)
    yield copy
    subprocess.run(["rm", "-rf", str(copy)], check=True)


@pytest.mark.skipif(not works(OFFLINE), reason="this machine allows no network namespace")
def test_everything_cached_answers_with_no_network_at_all(weights_home: Path) -> None:
    for arguments, said in (
        (["run", "smollm2-135m", "What is 2+2?", "--max-tokens", "20"], "4"),
        (["run", "all-minilm-l6-v2", "--json", "a cat"], "0."),
        (["pull", "smollm2-135m"], "smollm2-135m"),
        (["search", "minilm"], "all-minilm-l6-v2"),
    ):
        result = subprocess.run(
            [*OFFLINE, *HUB, *arguments],
            env={**os.environ, "HUB_HOME": str(weights_home)},
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert result.returncode == 0, (arguments, result.stderr)
        assert said in result.stdout


def test_a_home_with_an_odd_name_works(home: Path, run_hub: RunHub) -> None:
    env = {"HUB_HOME": str(home)}
    answer = run_hub("run", "smollm2-135m", "What is 2+2?", "--max-tokens", "20", env=env)
    assert answer.returncode == 0, answer.stderr
    assert "4" in answer.stdout
    vector = run_hub("run", "all-minilm-l6-v2", "--json", "日本語 – ελληνικά 🦆", env=env)
    assert vector.returncode == 0, vector.stderr
    json.loads(vector.stdout)


@pytest.mark.skipif(not works(READ_ONLY[:-2]), reason="this machine allows no mount namespace")
def test_a_read_only_home_with_weights_answers(home: Path) -> None:
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    result = subprocess.run(
        [*READ_ONLY, script, str(home), *HUB, "run", "smollm2-135m", "What is 2+2?", "--max-tokens", "20"],
        env={**os.environ, "HUB_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert result.returncode == 0, result.stderr
    assert "4" in result.stdout


def test_a_non_ascii_prompt_comes_through(weights_home: Path, run_hub: RunHub) -> None:
    result = run_hub(
        *("run", "smollm2-135m", "--max-tokens", "30", "--json"),
        "Répète exactement : « Éléphant 🐘 »",
        env={"HUB_HOME": str(weights_home), "LC_ALL": "C.UTF-8"},
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_an_empty_prompt_is_refused(prompt: str, weights_home: Path, run_hub: RunHub) -> None:
    result = run_hub("run", "smollm2-135m", prompt, env={"HUB_HOME": str(weights_home)})
    assert result.returncode == 2
    assert "empty" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_prompt_past_the_context_is_refused_with_both_numbers(weights_home: Path, run_hub: RunHub) -> None:
    prompt = "word " * 3000
    result = run_hub(
        *("run", "smollm2-135m", prompt, "--option", "context_length=512"), env={"HUB_HOME": str(weights_home)}
    )
    assert result.returncode == 2
    assert re.search(r"takes 30\d\d tokens and the context holds 512", result.stderr)
    assert result.stdout == ""
