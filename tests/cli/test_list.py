"""`hub list`, `hub rm` and `hub gc` as a person calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.store.store import Store
from tests.support.faulty_server import FaultyServer
from tests.support.store import listed, noise, registry, tree, weight
from tests.support.terminal import plain, spawn

ONE, TWO, SHARED = noise(100_000), noise(60_000, seed=1), noise(5_000, seed=2)


@pytest.fixture
def env(tmp_path: Path, hub_home, run_hub):
    """Environment with a model of two variants that share a file, both pulled."""
    with FaultyServer() as server:
        shared = weight("tokenizer.json", SHARED, server.put("/t", SHARED))
        one = weight("one.gguf", ONE, server.put("/one", ONE))
        two = weight("two.gguf", TWO, server.put("/two", TWO))
        env = registry(tmp_path, listed("toy", {"one": [shared, one], "two": [shared, two]}))
        assert run_hub("pull", "toy", "--all-variants", env=env).returncode == 0
    return env


@pytest.mark.parametrize("command", [("list",), ("gc", "--dry-run"), ("rm", "tests/toy", "--yes")])
def test_commands_on_what_is_here_load_no_plugin_and_nothing_for_the_network(env, command):
    code = (
        "import sys; from hub.cli.main import main\n"
        f"try: main({list(command)!r})\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'numpy', 'requests', 'huggingface_hub', 'rich', 'hub.plugin.host'}\n"
        "print([name for name in sys.modules if name.startswith('hub_') or name in heavy])"
    )
    result = subprocess.run([sys.executable, "-c", code], env={**os.environ, **env}, capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "[]", result.stderr


def test_list_says_that_nothing_is_there(run_hub, hub_home):
    result = run_hub("list")
    assert (result.returncode, result.stdout) == (0, "")
    assert "hub search" in result.stderr
    assert run_hub("list", "--json").stdout == "[]\n"
    assert not hub_home.exists()


def test_list_for_a_pipe_is_tab_separated_with_sizes_in_bytes(run_hub, env):
    rows = [line.split("\t") for line in run_hub("list", env=env).stdout.splitlines()]
    assert [row[:4] for row in rows] == [
        ["tests/toy", "one", "gguf", "105000"],
        ["tests/toy", "two", "gguf", "65000"],
    ]
    assert rows[0][4].endswith("+00:00")


def test_list_json_holds_the_record(run_hub, env):
    first, _ = json.loads(run_hub("list", "--json", env=env).stdout)
    assert first["reference"] == "toy"
    assert first["size_on_disk"] == first["size"] == 105_000
    assert Path(first["path"], "one.gguf").read_bytes() == ONE
    assert {file["path"] for file in first["files"]} == {"one.gguf", "tokenizer.json"}
    assert all(file["source"].startswith("http://") for file in first["files"])


def test_list_on_a_terminal_is_a_table(env):
    terminal = spawn("list", env=env)
    header, first, second = plain(terminal.read()).splitlines()
    assert header.split() == ["MODEL", "VARIANT", "FORMAT", "ON", "DISK", "PULLED"]
    assert first.split()[:5] == ["tests/toy", "one", "gguf", "105.0", "kB"]
    assert second.split()[:5] == ["tests/toy", "two", "gguf", "65.0", "kB"]


def test_rm_of_a_variant_keeps_what_the_other_shares(run_hub, env):
    result = run_hub("rm", "toy:one", "--json", env=env)
    assert json.loads(result.stdout) == {"removed": [{"model": "tests/toy", "variant": "one"}], "freed": len(ONE)}
    assert "tests/toy:one" in result.stderr
    assert "100.0 kB" in result.stderr
    (left,) = json.loads(run_hub("list", "--json", env=env).stdout)
    assert Path(left["path"], "tokenizer.json").read_bytes() == SHARED


@pytest.mark.parametrize("name", ["toy", "tests/toy", "TESTS/TOY"])
def test_rm_of_a_model_removes_all_its_variants(run_hub, env, name):
    assert run_hub("rm", name, env=env).returncode == 0
    assert tree(Store().layout.root) == set()


def test_rm_knows_what_was_pulled_also_when_no_registry_does(run_hub, env):
    assert run_hub("rm", "toy:two", env={"HUB_REGISTRIES": ""}).returncode == 0
    assert [record.variant for record in Store().records()] == ["one"]


def test_rm_of_what_is_not_here_names_near_ones_and_removes_nothing(run_hub, env):
    result = run_hub("rm", "toy:one", "tests/tony", env=env)
    assert result.returncode == 2
    assert "tests/toy" in result.stderr
    assert len(Store().records()) == 2


def test_rm_asks_on_a_terminal(env):
    terminal = spawn("rm", "toy", env=env)
    terminal.expect_exact("Go on?")
    terminal.sendline("n")
    terminal.expect_exact("Stopped")
    terminal.wait()
    assert len(Store().records()) == 2
    terminal = spawn("rm", "toy", env=env)
    terminal.expect_exact("Go on?")
    terminal.sendline("y")
    terminal.wait()
    assert Store().records() == []


def test_gc_shows_what_it_would_free_and_frees_it(run_hub, env):
    left = Store().layout.partial("0" * 64)
    left.write_bytes(b"x" * 4321)
    dry = json.loads(run_hub("gc", "--dry-run", "--json", env=env).stdout)
    assert dry == {"items": [{"kind": "partial", "name": "0" * 64, "size": 4321, "path": str(left)}], "freed": 0}
    assert left.exists()
    shown = run_hub("gc", "--dry-run", env=env)
    assert "did not finish" in shown.stdout
    done = run_hub("gc", env=env)
    assert "4.3 kB" in done.stdout
    assert "Freed 4.3 kB" in done.stderr
    assert not left.exists()
    assert len(Store().records()) == 2


def test_gc_asks_on_a_terminal(env):
    left = Store().layout.partial("0" * 64)
    left.write_bytes(b"x")
    terminal = spawn("gc", env=env)
    terminal.expect_exact("Free 1 B?")
    terminal.sendline("")
    terminal.wait()
    assert left.exists()
    spawn("gc", "--yes", env=env).wait()
    assert not left.exists()


def test_gc_with_nothing_to_free_says_so(run_hub, env):
    result = run_hub("gc", env=env)
    assert (result.returncode, result.stdout) == (0, "")
    assert "Nothing to free" in result.stderr
