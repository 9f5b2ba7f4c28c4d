"""`hub plugin`: shows what is wrong with a plugin, and keeps working whatever a plugin does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from hub import config
from tests.support.plugins import Made, backend
from tests.support.terminal import plain, spawn

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Folder that counts as installed in the processes of this test."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def hub(run_hub: Run, site: Path) -> Run:
    """Run `hub` with the plugins of `site` in its environment."""
    return lambda *arguments, **more: run_hub(*arguments, env={"PYTHONPATH": str(site), **more})


def listed(hub: Run, **env: str) -> dict[str, dict[str, Any]]:
    result = hub("plugin", "list", "--json", **env)
    assert result.returncode == 0, result.stderr
    return {plugin["name"]: plugin for plugin in json.loads(result.stdout)["plugins"]}


def test_list_shows_the_core_and_what_it_gives(hub):
    core = listed(hub)["hub"]
    assert core["package"] == "openmodelhub"
    assert core["state"] == "ok"
    assert core["gives"]["sources"] == ["hf", "pypi", "https", "http", "file"]


def test_the_fields_of_the_json_are_stable(hub, site):
    Made(name="bad", source="1/0\n").lay(site)
    plugin = listed(hub)["bad"]
    names = ["name", "package", "version", "module", "state", "gives", "faults", "import_seconds", "heavy"]
    assert list(plugin) == names
    assert list(plugin["faults"][0]) == ["kind", "reason", "fix", "warning"]


def test_list_shows_a_broken_plugin_with_its_fix_and_ends_with_0(hub, site):
    Made(name="quits", source="import sys; sys.exit(3)\n").lay(site)
    result = hub("plugin", "list")
    assert result.returncode == 0
    assert "quits\thubtest-quits\t1.2.3\tbroken" in result.stdout
    assert "fault in 'quits' (exit-at-import): it leaves the process" in result.stderr
    assert "hub plugin disable quits" in result.stderr


def test_what_a_plugin_prints_does_not_spoil_the_json(hub, site):
    Made(name="loud", source="print('hello')\n" + backend("loud-backend")).lay(site)
    assert listed(hub)["loud"]["gives"] == {"backends": ["loud-backend"]}


def test_a_plugin_that_ends_the_process_hard_can_still_be_switched_off(hub, site):
    Made(name="crash", source="import os; os._exit(9)\n").lay(site)
    assert hub("plugin", "list").returncode == 9
    assert hub("plugin", "disable", "crash").returncode == 0
    assert listed(hub)["crash"]["state"] == "disabled"


def test_disable_and_enable_are_kept(hub, site):
    Made(name="mine", source=backend("mine-backend")).lay(site)
    off = hub("plugin", "disable", "mine")
    assert off.returncode == 0
    assert "hub plugin enable mine" in off.stderr
    assert listed(hub)["mine"]["state"] == "disabled"
    assert listed(hub)["mine"]["gives"] == {}
    on = hub("plugin", "enable", "hubtest-mine")
    assert on.returncode == 0
    assert listed(hub)["mine"]["state"] == "ok"
    assert config.stored("disabled_plugins") == []


def test_disabling_twice_is_the_same_as_once(hub, site):
    Made(name="mine").lay(site)
    for _ in range(2):
        assert hub("plugin", "disable", "mine").returncode == 0
    assert config.stored("disabled_plugins") == ["mine"]


def test_enabling_what_was_not_switched_off_says_so(hub, site):
    Made(name="mine").lay(site)
    result = hub("plugin", "enable", "mine")
    assert result.returncode == 0
    assert "was not switched off" in result.stderr


def test_enabling_one_of_all_that_are_switched_off_leaves_the_others_off(hub, site):
    Made(name="mine").lay(site)
    Made(name="other").lay(site)
    config.put("disabled_plugins", ["*"])
    assert hub("plugin", "enable", "mine").returncode == 0
    plugins = listed(hub)
    assert plugins["mine"]["state"] == "ok"
    assert plugins["other"]["state"] == "disabled"


def test_one_of_two_packages_with_the_same_plugin_name_is_switched_off_by_its_package(hub, site):
    Made(name="twin", distribution="hubtest-left", source=backend("left")).lay(site)
    Made(name="twin", distribution="hubtest-right", source=backend("right")).lay(site)
    assert hub("plugin", "disable", "hubtest-left").returncode == 0
    result = hub("plugin", "list", "--json")
    states = {plugin["package"]: plugin["state"] for plugin in json.loads(result.stdout)["plugins"]}
    assert (states["hubtest-left"], states["hubtest-right"]) == ("disabled", "ok")


def test_the_environment_variable_wins_and_disable_says_so(hub, site):
    Made(name="mine").lay(site)
    assert listed(hub, HUB_DISABLE_PLUGINS="mine")["mine"]["state"] == "disabled"
    result = hub("plugin", "disable", "mine", HUB_DISABLE_PLUGINS="another")
    assert "HUB_DISABLE_PLUGINS is set, and wins" in result.stderr


def test_list_says_which_switched_off_name_is_no_plugin(hub, site):
    Made(name="mine").lay(site)
    result = hub("plugin", "list", HUB_DISABLE_PLUGINS="mine,mime")
    assert result.returncode == 0
    assert "'mime', which is no installed plugin" in result.stderr
    assert "'mine'" not in result.stderr


def test_a_command_says_where_the_plugin_that_it_needs_is_switched_off(hub, site):
    Made(name="llamacpp", distribution="openmodelhub-llamacpp", version="9").lay(site)
    by_variable = hub("plan", "smollm2-135m", HUB_DISABLE_PLUGINS="*")
    assert by_variable.returncode == 3
    assert "Take 'llamacpp' out of the environment variable HUB_DISABLE_PLUGINS" in by_variable.stderr
    config.put("disabled_plugins", ["*"])
    assert "hub plugin enable llamacpp" in hub("plan", "smollm2-135m").stderr


@pytest.mark.parametrize("verb", ["disable", "enable", "uninstall"])
def test_a_plugin_that_is_not_installed_is_told_with_the_near_one(hub, site, verb):
    Made(name="mine").lay(site)
    result = hub("plugin", verb, "mime")
    assert result.returncode == 2
    assert "no plugin 'mime' is installed" in result.stderr
    assert "Did you mean mine?" in result.stderr


def test_a_name_of_two_packages_is_not_removed(hub, site):
    Made(name="twin", distribution="hubtest-left").lay(site)
    Made(name="twin", distribution="hubtest-right").lay(site)
    result = hub("plugin", "uninstall", "twin")
    assert result.returncode == 2
    assert "hub plugin uninstall hubtest-left" in result.stderr
    assert (site / "hubtest_left.py").exists()


def test_uninstall_removes_no_package_that_is_no_plugin(hub):
    result = hub("plugin", "uninstall", "pluggy")
    assert result.returncode == 2
    assert "no plugin 'pluggy' is installed" in result.stderr


def test_search_lists_what_the_registries_list(hub):
    result = hub("plugin", "search", "gguf", "--json")
    assert result.returncode == 0
    packages = [plugin["package"] for plugin in json.loads(result.stdout)]
    assert packages[0] == "openmodelhub-llamacpp"
    assert "openmodelhub-text" not in packages


def test_search_that_finds_nothing_says_how_to_see_all(hub):
    result = hub("plugin", "search", "no-such-word")
    assert (result.returncode, result.stdout) == (0, "")
    assert "hub plugin search" in result.stderr


@pytest.mark.parametrize(("spec", "meant"), [("onnx", "openmodelhub-onnx"), ("ONNX>=1", "openmodelhub-onnx>=1")])
def test_a_short_name_does_not_install_another_package(hub, spec, meant):
    result = hub("plugin", "install", spec)
    assert result.returncode == 2
    assert f"hub plugin install {meant}" in result.stderr


def test_a_registry_that_lists_another_version_does_not_vouch_for_this_one(hub, site, tmp_path):
    wheel = Made(name="onnx", distribution="openmodelhub-onnx", version="999").wheel(tmp_path)
    result = hub(
        "plugin", "install", str(wheel), PIP_TARGET=str(tmp_path / "elsewhere"), PIP_NO_DEPS="1", PIP_NO_INDEX="1"
    )
    assert "the registry 'openmodelhub' lists >=0.1,<0.2, not this version" in result.stderr
    assert any((tmp_path / "elsewhere").iterdir())


def test_install_asks_on_a_terminal_and_no_leaves_everything_as_it_was(site, tmp_path):
    wheel = Made(name="asked").wheel(tmp_path)
    target = tmp_path / "elsewhere"
    env = {"PYTHONPATH": str(site), "PIP_TARGET": str(target), "PIP_NO_INDEX": "1"}
    terminal = spawn("plugin", "install", str(wheel), env=env)
    terminal.expect_exact("Plugins are code that runs as you. Install?")
    terminal.sendline("n")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert "Stopped." in plain(terminal.before)
    assert terminal.exitstatus == 130
    assert not target.exists()


def test_uninstall_asks_on_a_terminal(site):
    Made(name="asked").lay(site)
    terminal = spawn("plugin", "uninstall", "asked", env={"PYTHONPATH": str(site)})
    terminal.expect_exact("Removes hubtest-asked, with asked.")
    terminal.expect_exact("Go on?")
    terminal.sendline("n")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert (site / "hubtest_asked.py").exists()
