"""The host on real wheels, out of tree, in a fresh environment: a good one, and each broken form beside it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.plugins import HEAD, Made, backend
from tests.support.venv import Environment

pytestmark = [pytest.mark.venv, pytest.mark.slow]

GOOD = Made(name="good", source=backend("good-backend"))
NEEDY = backend("needy-backend", target="hubtest_needy_engine:open_session")
BROKEN = (
    Made(name="importing", source="import absent_module_x\n"),
    Made(name="quitting", source="import sys\nsys.exit('no licence')\n"),
    Made(name="misspelt", source=backend("m").replace("hub_backends", "hub_backend")),
    Made(name="signature", source=backend("s").replace("hub_backends()", "hub_backends(config)")),
    Made(name="raising", source=HEAD + "@hookimpl\ndef hub_backends(): raise RuntimeError('no GPU')\n"),
    Made(name="wrongtype", source=HEAD + "@hookimpl\ndef hub_backends(): return [{'id': 'x'}]\n"),
    Made(name="invalid", source=backend("i").replace('("gguf",)', '"gguf"').replace("('gguf',)", "'gguf'")),
    Made(name="clash1", source=backend("wanted")),
    Made(name="clash2", source=backend("wanted")),
    Made(name="thief", source=HEAD + "@hookimpl\ndef hub_sources(): return [SourceSpec(id='hf', target='a:b')]\n"),
    Made(name="old", group="hub.plugins.v0"),
    Made(name="new", group="hub.plugins.v2"),
    Made(name="twin", distribution="hubtest-left", source=backend("left")),
    Made(name="twin", distribution="hubtest-right", source=backend("right")),
    Made(
        name="needy",
        source=NEEDY,
        files={"hubtest_needy_engine.py": "import absent_runtime\n"},
        requires=("absent-runtime>=2",),
    ),
)
EXPECTED = {
    "hubtest-importing": ("broken", "import-error", "absent_module_x"),
    "hubtest-quitting": ("broken", "exit-at-import", "no licence"),
    "hubtest-misspelt": ("broken", "unknown-hook", "did you mean 'hub_backends'?"),
    "hubtest-signature": ("broken", "hook-signature", "takes (config)"),
    "hubtest-raising": ("broken", "hook-raised", "RuntimeError: no GPU"),
    "hubtest-wrongtype": ("broken", "bad-spec", "not a BackendSpec"),
    "hubtest-invalid": ("broken", "bad-spec", "formats is 'gguf' (str), not a tuple"),
    "hubtest-clash1": ("broken", "clash", "plugin 'clash2' (hubtest-clash2 1.2.3)"),
    "hubtest-clash2": ("broken", "clash", "plugin 'clash1' (hubtest-clash1 1.2.3)"),
    "hubtest-thief": ("broken", "clash", "the core brings itself"),
    "hubtest-old": ("incompatible", "contract-version", "made for 'hub.plugins.v0'"),
    "hubtest-new": ("incompatible", "contract-version", "made for 'hub.plugins.v2'"),
    "hubtest-left": ("broken", "clash", "hubtest-right 1.2.3"),
    "hubtest-right": ("broken", "clash", "hubtest-left 1.2.3"),
    "hubtest-needy": ("broken", "missing-dependency", "absent-runtime>=2"),
}


def listed(result: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert result.returncode == 0, result.stderr
    return {plugin["package"]: plugin for plugin in json.loads(result.stdout)["plugins"]}


@pytest.fixture(scope="module")
def broken(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The environment with the good plugin and every broken one."""
    folder = tmp_path_factory.mktemp("wheels")
    environment.install(*(made.wheel(folder) for made in (GOOD, *BROKEN)))
    yield environment
    names = [made.distribution for made in (GOOD, *BROKEN)]
    environment.run("-m", "pip", "uninstall", "--quiet", "--yes", *names)


def test_every_broken_form_is_named_and_the_good_plugin_works(broken):
    plugins = listed(broken.hub("plugin", "list", "--json"))
    assert plugins["hubtest-good"]["state"] == "ok"
    assert plugins["hubtest-good"]["gives"] == {"backends": ["good-backend"]}
    told = {}
    for package, (_, _, said) in EXPECTED.items():
        [fault] = plugins[package]["faults"]
        assert fault["fix"]
        told[package] = (plugins[package]["state"], fault["kind"], said if said in fault["reason"] else fault["reason"])
    assert told == EXPECTED


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["search", "x"], ["list"], ["plugin", "search"]])
def test_commands_that_need_no_plugin_do_not_mind(broken, arguments):
    result = broken.hub(*arguments)
    assert result.returncode == 0, result.stderr
    assert "hubtest" not in result.stderr


def test_using_the_plugin_with_a_missing_dependency_ends_with_3_and_the_pip_command(broken):
    code = (
        "from hub.cli.main import cli, main\n"
        "from hub.plugin.host import get_host\n"
        "@cli.command('use')\n"
        "def use():\n"
        "    host = get_host()\n"
        "    provided = host.backends['needy-backend']\n"
        "    host.resolve(provided, provided.spec.target)\n"
        "import hub.cli.main as m\n"
        "cli.get_command = lambda ctx, name: use\n"
        "main(['use'])\n"
    )
    result = broken.run("-c", code)
    assert result.returncode == 3, result.stderr
    assert "plugin 'needy' (hubtest-needy 1.2.3) is broken: it needs the module 'absent_runtime'" in result.stderr
    assert f"{broken.python} -m pip install 'absent-runtime>=2'" in result.stderr


def test_a_backend_that_two_plugins_give_ends_the_command_that_asks_for_it_with_3(broken):
    result = broken.hub("run", "smollm2-135m", "Hello", "--backend", "wanted")
    assert (result.returncode, result.stdout) == (3, "")
    assert "backend 'wanted' cannot be used: plugin 'clash1' is broken" in result.stderr
    assert "Keep one: hub plugin disable clash1 or hub plugin disable clash2" in result.stderr


def test_a_command_that_needs_a_broken_plugin_ends_with_3_and_names_it(environment, tmp_path):
    made = Made(name="llamacpp", distribution="openmodelhub-llamacpp", version="0.1.0", source="import absent_x\n")
    environment.install(made.wheel(tmp_path))
    try:
        result = environment.hub("run", "smollm2-135m", "Hello")
        others = environment.hub("info", "smollm2-135m")
    finally:
        environment.run("-m", "pip", "uninstall", "--quiet", "--yes", made.distribution)
    assert (result.returncode, result.stdout) == (3, "")
    assert "plugin 'llamacpp' is broken: it cannot be imported: ModuleNotFoundError" in result.stderr
    assert others.returncode == 0, others.stderr


def test_a_plugin_that_exits_can_be_switched_off_and_removed(broken, tmp_path):
    off = broken.hub("plugin", "disable", "quitting")
    assert off.returncode == 0, off.stderr
    assert listed(broken.hub("plugin", "list", "--json"))["hubtest-quitting"]["state"] == "disabled"
    assert broken.hub("plugin", "enable", "quitting").returncode == 0
    gone = broken.hub("plugin", "uninstall", "quitting")
    assert gone.returncode == 0, gone.stderr
    assert gone.stdout == ""
    assert "hubtest-quitting" not in listed(broken.hub("plugin", "list", "--json"))
    broken.install(next(made for made in BROKEN if made.name == "quitting").wheel(tmp_path))


def test_install_shows_whose_it_is_installs_and_says_what_came(environment, tmp_path):
    made = Made(name="fresh", source=backend("fresh-backend"), requires=("pluggy>=1",))
    result = environment.hub("plugin", "install", str(made.wheel(tmp_path)), "--json")
    try:
        assert result.returncode == 0, result.stderr
        assert "hubtest-fresh 1.2.3: A plugin made by a test" in result.stderr
        assert "by Ada Tester, licence MIT" in result.stderr
        assert "sha256 " in result.stderr
        assert "depends on pluggy>=1" in result.stderr
        assert "no registry lists it: nobody vouches for it" in result.stderr
        assert "Successfully installed hubtest-fresh-1.2.3" in result.stderr
        assert "Plugin 'fresh' 1.2.3 gives backends fresh-backend." in result.stderr
        [plugin] = json.loads(result.stdout)["plugins"]
        assert (plugin["name"], plugin["state"]) == ("fresh", "ok")
    finally:
        removed = environment.hub("plugin", "uninstall", "hubtest-fresh")
    assert removed.returncode == 0, removed.stderr
    assert "hubtest-fresh" not in listed(environment.hub("plugin", "list", "--json"))


def test_install_of_a_plugin_that_cannot_be_loaded_ends_with_3(environment, tmp_path):
    made = Made(name="dud", source="raise SystemExit(9)\n")
    result = environment.hub("plugin", "install", str(made.wheel(tmp_path)))
    assert result.returncode == 3, result.stderr
    assert "exit-at-import" in result.stderr
    assert "hub plugin uninstall hubtest-dud" in result.stderr
    assert environment.hub("plugin", "uninstall", "dud").returncode == 0


def test_install_of_a_package_that_is_no_plugin_says_so(environment, tmp_path):
    made = Made(name="plain", entries="[console_scripts]\nplain = a:b\n")
    result = environment.hub("plugin", "install", str(made.wheel(tmp_path)))
    environment.run("-m", "pip", "uninstall", "--yes", "hubtest-plain", check=True)
    assert result.returncode == 0
    assert "hubtest-plain brings no plugin of hub" in result.stderr


def test_install_of_what_pip_cannot_find_ends_with_1_and_what_pip_says(environment):
    result = environment.hub("plugin", "install", "hubtest-that-is-nowhere")
    assert result.returncode == 1
    assert "pip cannot install hubtest-that-is-nowhere" in result.stderr
    assert "No matching distribution" in result.stderr


def test_a_missing_pip_is_told_with_the_way_to_get_it(environment):
    hidden = "import sys, hub.plugin.pip as p, hub.cli.main as m\np.has_pip = lambda: False\nm.main(sys.argv[1:])"
    result = environment.run("-c", hidden, "plugin", "install", "x")
    assert result.returncode == 1
    assert f"{environment.python} -m ensurepip --upgrade" in result.stderr


def test_the_wheel_of_the_core_holds_no_tests_and_no_plugins(hub_wheel: Path):
    import zipfile

    tops = {name.partition("/")[0] for name in zipfile.ZipFile(hub_wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"hub"}
