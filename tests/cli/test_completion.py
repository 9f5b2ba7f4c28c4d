"""Completion in real shells: what the tab key would offer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import RunHub


@pytest.fixture
def environment(hub_home: Path) -> dict[str, str]:
    """`hub` on the PATH, as a person has it."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def bash(line: str, environment: dict[str, str]) -> list[str]:
    """What bash offers for the last word of a line, through the sourced script."""
    script = f"""
eval "$(hub completion bash)"
COMP_WORDS=({line} {'""' if line.endswith(" ") else ""}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
$(complete -p hub | sed -E 's/.* -F ([^ ]+) .*/\\1/') hub
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    result = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    assert result.stderr == ""
    return result.stdout.split()


def test_bash_completes_commands(environment: dict[str, str]) -> None:
    assert bash("hub sea", environment) == ["search"]
    assert {"search", "run", "doctor"} <= set(bash("hub ", environment))


def test_bash_completes_models_of_the_registry(environment: dict[str, str]) -> None:
    assert bash("hub run smol", environment) == ["smollm2-135m"]
    assert "all-minilm-l6-v2" in bash("hub pull all-", environment)


def test_bash_completes_options_and_choices(environment: dict[str, str]) -> None:
    assert "--max-tokens" in bash("hub run --max", environment)
    assert set(bash("hub completion ", environment)) == {"bash", "fish", "zsh"}
    assert {"get", "list", "set", "unset"} <= set(bash("hub config ", environment))


@pytest.mark.weights
def test_bash_completes_what_is_on_this_machine(environment: dict[str, str], weights_home: Path) -> None:
    assert "smollm2-135m" in bash("hub rm smol", {**environment, "HUB_HOME": str(weights_home)})


def test_nothing_on_this_machine_completes_to_nothing(environment: dict[str, str]) -> None:
    assert bash("hub rm sm", environment) == []


def test_a_registry_that_cannot_be_read_does_not_disturb_the_line(environment: dict[str, str]) -> None:
    broken = {**environment, "HUB_REGISTRIES": "/nowhere.json"}
    assert bash("hub run smol", broken) == ["smollm2-135m"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_takes_the_script_and_gets_answers(environment: dict[str, str]) -> None:
    script = """
autoload -Uz compinit && compinit -u -D
eval "$(hub completion zsh)"
whence -w _hub_completion
print -l ${_comps[hub]}
COMP_WORDS="hub run smol" COMP_CWORD=2 _HUB_COMPLETE=zsh_complete hub
"""
    result = subprocess.run(["zsh", "-f", "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    lines = result.stdout.splitlines()
    assert lines[:2] == ["_hub_completion: function", "_hub_completion"]
    assert "smollm2-135m" in lines


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_commands_and_models(environment: dict[str, str]) -> None:
    script = "hub completion fish | source; complete -C 'hub sea'; complete -C 'hub run smol'"
    result = subprocess.run(["fish", "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    offered = [line.split("\t")[0] for line in result.stdout.splitlines()]
    assert offered == ["search", "smollm2-135m"]


def test_an_unknown_shell_names_those_there_are(run_hub: RunHub) -> None:
    result = run_hub("completion", "tcsh")
    assert result.returncode == 2
    assert "'bash', 'fish', 'zsh'" in result.stderr
