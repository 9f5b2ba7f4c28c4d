"""The frame of the command: errors, exit codes, near names, broken pipes, interrupts, commands of plugins."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.cli import main as frame
from hub.errors import PluginMissing, VerificationError
from tests.conftest import RunHub

COMMAND_MODULE = """
import click, os, sys, time
from hub.errors import VerificationError

@click.command()
@click.argument("what")
def command(what):
    '''Try what a command can do.'''
    if what == "bug":
        raise KeyError("the bug")
    if what == "refuse":
        raise VerificationError("the file differs", hint="Do this.", details=["one", "two"])
    if what == "flood":
        for _ in range(100_000):
            click.echo("x" * 100)
    if what == "wait":
        click.echo("waiting", err=True)
        time.sleep(60)
    if what == "number":
        return 3
    if what == "leave":
        click.get_current_context().exit(7)
    if what == "eof":
        raise EOFError

good = command
not_a_command = 5
"""


def install(folder: Path, name: str, entry_points: str, module: str = "") -> None:
    """Lay out what pip would: a module, and metadata with entry points."""
    info = folder / f"{name}-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text(f"[hub.commands]\n{entry_points}\n")
    if module:
        (folder / f"{name.replace('-', '_')}.py").write_text(module)


@pytest.fixture
def with_command(tmp_path: Path) -> dict[str, str]:
    """Environment in which a package brings the command `try`."""
    install(tmp_path, "trying", "try = trying:command", COMMAND_MODULE)
    return {"PYTHONPATH": str(tmp_path)}


def test_an_error_says_what_why_and_what_next(run_hub: RunHub, with_command: dict[str, str]) -> None:
    result = run_hub("try", "refuse", env=with_command)
    assert result.returncode == 4
    assert result.stdout == ""
    assert result.stderr.splitlines() == ["Error: the file differs", "  one", "  two", "Do this."]


def test_a_bug_is_one_clear_line_and_the_way_to_its_traceback(run_hub: RunHub, with_command: dict[str, str]) -> None:
    result = run_hub("try", "bug", env=with_command)
    assert result.returncode == 1
    assert "this is a bug" in result.stderr
    assert "KeyError: 'the bug'" in result.stderr
    assert "HUB_DEBUG=1" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(("what", "code"), [("bug", 1), ("refuse", 4)])
def test_debugging_shows_the_traceback_and_keeps_the_exit_code(
    run_hub: RunHub, with_command: dict[str, str], what: str, code: int
) -> None:
    result = run_hub("try", what, env={**with_command, "HUB_DEBUG": "1"})
    assert result.returncode == code
    assert "Traceback" in result.stderr
    assert "trying.py" in result.stderr


def test_what_a_command_returns_is_no_exit_code(run_hub: RunHub, with_command: dict[str, str]) -> None:
    assert run_hub("try", "number", env=with_command).returncode == 0
    assert run_hub("try", "leave", env=with_command).returncode == 7


def test_a_reader_that_leaves_ends_the_command_quietly(with_command: dict[str, str]) -> None:
    result = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" -m hub try flood | head -1', sys.executable],
        env={**os.environ, **with_command},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stderr == ""
    assert result.stdout == "x" * 100 + "\n"
    assert result.returncode == 141


def test_a_full_disk_behind_stdout_is_no_bug(with_command: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "hub", "try", "flood"],
            env={**os.environ, **with_command},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert result.returncode == 1
    assert result.stderr == "Error: the output cannot be written: No space left on device\n"


def test_ctrl_c_stops_with_130_and_no_traceback(with_command: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "hub", "try", "wait"],
        env={**os.environ, **with_command},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "waiting\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "Stopped." in rest
    assert "Traceback" not in rest


def test_an_unknown_command_names_near_ones(run_hub: RunHub) -> None:
    result = run_hub("serch", "x")
    assert result.returncode == 2
    assert "Did you mean search" in result.stderr


def test_an_unknown_command_that_is_near_nothing_points_to_plugins(run_hub: RunHub) -> None:
    result = run_hub("xylophone")
    assert result.returncode == 2
    assert "hub plugin search" in result.stderr


def test_an_unknown_option_names_near_ones(run_hub: RunHub) -> None:
    result = run_hub("run", "--max-token", "5", "x")
    assert result.returncode == 2
    assert "--max-tokens" in result.stderr


def test_without_arguments_the_help_is_shown(run_hub: RunHub) -> None:
    result = run_hub()
    assert result.returncode == 0
    assert "First steps:" in result.stdout
    assert all(name in result.stdout for name in frame.COMMANDS)


def test_the_version_is_that_of_the_package(run_hub: RunHub) -> None:
    from importlib.metadata import version

    assert run_hub("--version").stdout == f"hub {version('openmodelhub')}\n"


def test_the_help_lists_commands_of_plugins_without_importing_them(run_hub: RunHub, tmp_path: Path) -> None:
    install(tmp_path, "bomb", "explode = bomb:command", "raise RuntimeError('imported')")
    result = run_hub("--help", env={"PYTHONPATH": str(tmp_path)})
    assert result.returncode == 0
    assert "explode" in result.stdout
    assert "from bomb 1.5" in result.stdout


@pytest.mark.parametrize("module", ["raise RuntimeError('broken inside')", "import sys; sys.exit(9)", "import nowhere"])
def test_a_broken_command_of_a_plugin_is_named(run_hub: RunHub, tmp_path: Path, module: str) -> None:
    install(tmp_path, "bomb", "explode = bomb:command", module)
    result = run_hub("explode", env={"PYTHONPATH": str(tmp_path)})
    assert result.returncode == 3
    assert "command 'explode' of bomb 1.5 cannot be imported" in result.stderr
    assert "hub plugin uninstall bomb" in result.stderr


def test_a_broken_command_of_a_plugin_stops_no_other_command(run_hub: RunHub, tmp_path: Path) -> None:
    install(tmp_path, "bomb", "explode = bomb:command", "raise RuntimeError('broken inside')")
    assert run_hub("config", env={"PYTHONPATH": str(tmp_path)}).returncode == 0


def test_a_command_that_is_no_click_command_is_named(run_hub: RunHub, tmp_path: Path) -> None:
    install(tmp_path, "trying", "try = trying:not_a_command", COMMAND_MODULE)
    result = run_hub("try", env={"PYTHONPATH": str(tmp_path)})
    assert result.returncode == 3
    assert "is no click command" in result.stderr


def test_two_plugins_with_the_same_command_are_both_named(run_hub: RunHub, tmp_path: Path) -> None:
    install(tmp_path, "trying", "try = trying:command", COMMAND_MODULE)
    install(tmp_path, "second", "try = second:command", COMMAND_MODULE)
    result = run_hub("try", "number", env={"PYTHONPATH": str(tmp_path)})
    assert result.returncode == 3
    assert "trying 1.5" in result.stderr
    assert "second 1.5" in result.stderr


def test_a_plugin_cannot_take_the_name_of_a_command_of_the_core(run_hub: RunHub, tmp_path: Path) -> None:
    install(tmp_path, "bomb", "config = bomb:command", "raise RuntimeError('imported')")
    result = run_hub("config", "get", "device", env={"PYTHONPATH": str(tmp_path)})
    assert result.returncode == 0
    assert result.stdout == "auto\n"
    assert "bomb" not in run_hub("--help", env={"PYTHONPATH": str(tmp_path)}).stdout


@pytest.mark.parametrize("disabled", ["trying", "try", "*"])
def test_a_plugin_that_is_switched_off_brings_no_command(
    run_hub: RunHub, with_command: dict[str, str], disabled: str
) -> None:
    env = {**with_command, "HUB_DISABLE_PLUGINS": disabled}
    assert run_hub("try", "number", env=env).returncode == 2
    assert "trying" not in run_hub("--help", env=env).stdout


def test_metadata_that_cannot_be_read_hides_no_help(run_hub: RunHub, with_command: dict[str, str]) -> None:
    folder = Path(with_command["PYTHONPATH"]) / "rotten-1.0.dist-info"
    folder.mkdir()
    (folder / "entry_points.txt").write_bytes(b"[hub.commands]\n\xff\xfe = = \n")
    result = run_hub("--help", env=with_command)
    assert result.returncode == 0
    assert "from trying 1.5" in result.stdout


def test_a_broken_config_hides_no_help(run_hub: RunHub, hub_home: Path) -> None:
    hub_home.mkdir()
    (hub_home / "config.json").write_text("{")
    assert run_hub("--help").returncode == 0
    assert run_hub("config").returncode == 2


def test_errors_survive_the_way_between_processes() -> None:
    for error in (PluginMissing("no", hint="do", details=["a"]), VerificationError("bad")):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), copy.message, copy.hint, copy.details, copy.exit_code) == (
            type(error),
            error.message,
            error.hint,
            error.details,
            error.exit_code,
        )
