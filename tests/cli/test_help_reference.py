"""The page of commands says what the commands say: its reference is generated, its fields are those that come."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hub.cli.commands import COMMANDS
from hub.cli.main import cli
from tests.conftest import RunHub

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_reference_is_up_to_date() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "hub.cli.reference", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr


def test_a_page_that_is_out_of_date_is_found(tmp_path: Path) -> None:
    page = tmp_path / "cli.md"
    page.write_text(PAGE.replace("hub run [OPTIONS] MODEL", "hub run MODEL"), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "hub.cli.reference", "--check", str(page)], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 1
    assert "make docs" in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_in_the_list_is_what_the_command_says_of_itself(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.help
    assert COMMANDS[name][1].endswith(".")


def every_command(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            found += every_command(inner, f"{path} {name}")
    return found


CORE = [
    pair
    for name in COMMANDS
    for pair in every_command(cli.get_command(click.Context(cli), name), name)  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("path", "command"), CORE, ids=[path for path, _ in CORE])
def test_every_option_has_a_help_text(path: str, command: click.Command) -> None:
    silent = [p.name for p in command.params if isinstance(p, click.Option) and not (p.help or p.hidden)]
    assert silent == []


@pytest.mark.parametrize(("path", "command"), CORE, ids=[path for path, _ in CORE])
def test_no_option_is_there_twice(path: str, command: click.Command) -> None:
    names = [name for p in command.params if isinstance(p, click.Option) for name in (*p.opts, *p.secondary_opts)]
    assert len(names) == len(set(names))


def documented(command: str) -> set[str]:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `hub {command}` |"))
    first = re.search(r"`(\{[^}]*\})`", row)
    assert first is not None
    return set(re.findall(r"\w+", first[1]))


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("search", ["embeddings"]),
        ("info", ["smollm2-135m"]),
        ("config", []),
        ("doctor", []),
        ("plugin list", []),
        ("plugin search", []),
        ("gc", ["--yes"]),
        pytest.param("pull", ["smollm2-135m"], marks=pytest.mark.weights),
        pytest.param("plan", ["smollm2-135m"], marks=pytest.mark.weights),
        pytest.param("list", [], marks=pytest.mark.weights),
    ],
)
def test_a_json_document_has_the_fields_that_are_documented(
    command: str, arguments: list[str], run_hub: RunHub, request: pytest.FixtureRequest
) -> None:
    env = {}
    if command in {"plan", "list", "pull"}:
        env["HUB_HOME"] = str(request.getfixturevalue("weights_home"))
    document = json.loads(run_hub(*command.split(), *arguments, "--json", env=env).stdout)
    fields = set(document[0] if isinstance(document, list) else document)
    assert fields == documented(command)
