"""All plugins together: clashes, contract versions, what is switched off, and the one host of a process."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from hub import config
from hub.errors import PluginBroken
from hub.plugin.checks import HOOKS
from hub.plugin.host import Host, get_host
from hub.plugin.records import PluginRecord
from tests.support.plugins import HEAD, Made, backend


def record(host: Host, distribution: str) -> PluginRecord:
    [found] = [plugin for plugin in host.plugins if plugin.distribution == distribution]
    return found


def test_the_core_alone_comes_first_and_without_faults(load_plugins):
    host = load_plugins()
    assert host.plugins[0].name == "hub"
    assert host.plugins[0].state == "ok"
    assert host.faults == ()
    assert list(host.formats) == ["safetensors", "gguf", "onnx", "pickle"]
    assert set(host.sources) >= {"hf", "pypi", "https", "file"}
    assert not host.backends
    assert not host.models


def test_every_hook_has_a_table_in_the_host(load_plugins):
    host = load_plugins()
    for table, _ in HOOKS.values():
        assert getattr(host, table) is not None


def test_tables_cannot_be_changed(load_plugins):
    with pytest.raises(TypeError):
        load_plugins().tasks["x"] = 1


def test_plugins_come_in_the_order_of_their_names_after_the_core(load_plugins):
    made = [Made(name=name, source=backend(f"{name}-backend")) for name in ("zeta", "alpha")]
    host = load_plugins(*made)
    assert list(host.backends) == ["alpha-backend", "zeta-backend"]
    assert next(iter(host.tasks)) == "text-generation"


def test_an_id_that_two_plugins_give_is_given_by_neither_and_each_names_the_other(load_plugins):
    both = "return [BackendSpec(id='own-{0}', formats=('gguf',), verbs=('chat',), target='a:b'), "
    host = load_plugins(
        Made(name="one", source=backend("shared").replace("return [", both.format("one"))),
        Made(name="two", source=backend("shared").replace("return [", both.format("two"))),
    )
    assert set(host.backends) == {"own-one", "own-two"}
    for mine, other in (("one", "two"), ("two", "one")):
        [fault] = record(host, f"hubtest-{mine}").faults
        assert (fault.kind, fault.about) == ("clash", "backends/shared")
        assert f"it gives backend 'shared', and so does plugin '{other}' (hubtest-{other} 1.2.3)" in fault.reason
        assert "hub plugin disable one" in fault.fix
        assert "hub plugin disable two" in fault.fix
        assert record(host, f"hubtest-{mine}").state == "broken"
        assert record(host, f"hubtest-{mine}").gives == {"backends": (f"own-{mine}",)}


def test_the_same_id_in_two_tables_is_no_clash(load_plugins):
    source = backend("same") + (
        "@hookimpl\ndef hub_formats():\n    return [FormatSpec(id='same', match=('*',), weights=('*',))]\n"
    )
    assert load_plugins(Made(name="one", source=source)).faults == ()


def test_switching_one_of_two_off_ends_their_clash(load_plugins, monkeypatch):
    monkeypatch.setenv("HUB_DISABLE_PLUGINS", config_value() + ",two")
    host = load_plugins(Made(name="one", source=backend("shared")), Made(name="two", source=backend("shared")))
    assert host.backends["shared"].plugin == "one"
    assert host.faults == ()


def config_value() -> str:
    value = config.get("disabled_plugins")
    assert isinstance(value, list)
    return ",".join(value)


def test_an_id_of_the_core_stays_the_cores(load_plugins):
    source = HEAD + "@hookimpl\ndef hub_sources(): return [SourceSpec(id='hf', target='evil:Source')]\n"
    host = load_plugins(Made(name="thief", source=source))
    assert host.sources["hf"].plugin == "hub"
    [fault] = record(host, "hubtest-thief").faults
    assert fault.kind == "clash"
    assert "source 'hf', which the core brings itself" in fault.reason
    assert record(host, "hubtest-thief").gives == {}


def test_a_plugin_that_gives_an_id_twice_gives_none(load_plugins):
    source = backend("twice").replace("return [", "return 2 * [")
    host = load_plugins(Made(name="double", source=source))
    assert "twice" not in host.backends
    [fault] = record(host, "hubtest-double").faults
    assert (fault.kind, "more than once" in fault.reason) == ("clash", True)


def test_two_packages_with_the_same_plugin_name_are_both_named_and_not_imported(load_plugins):
    host = load_plugins(
        Made(name="twin", distribution="hubtest-left", source=backend("left")),
        Made(name="twin", distribution="hubtest-right", source=backend("right")),
    )
    for mine, other in (("left", "right"), ("right", "left")):
        [fault] = record(host, f"hubtest-{mine}").faults
        assert fault.kind == "clash"
        assert f"hubtest-{other} 1.2.3" in fault.reason
        assert "hub plugin uninstall hubtest-left" in fault.fix
        assert f"hubtest_{mine}" not in sys.modules
    assert not host.backends


def test_a_plugin_cannot_take_the_name_of_the_core(load_plugins):
    host = load_plugins(Made(name="hub", source=backend("x")))
    [fault] = record(host, "hubtest-hub").faults
    assert "the core's own" in fault.reason
    assert host.plugins[0].state == "ok"
    assert "x" not in host.backends


@pytest.mark.parametrize(
    ("group", "fix"),
    [
        ("hub.plugins.v0", "hub plugin install --upgrade hubtest-old"),
        ("hub.plugins.v2", "hub plugin install --upgrade openmodelhub"),
        ("hub.plugins", "hub plugin install --upgrade hubtest-old"),
        ("hub.plugin.v1", "hub plugin install --upgrade hubtest-old"),
    ],
)
def test_a_plugin_of_another_contract_is_incompatible_and_not_imported(load_plugins, group, fix):
    host = load_plugins(Made(name="old", group=group, source="raise AssertionError('imported')\n"))
    found = record(host, "hubtest-old")
    assert found.state == "incompatible"
    [fault] = found.faults
    assert fault.kind == "contract-version"
    assert f"made for '{group}'" in fault.reason
    assert "serves contract 1 ('hub.plugins.v1')" in fault.reason
    assert fix in fault.fix


def test_a_plugin_that_also_serves_the_next_contract_is_sound(load_plugins):
    entries = "[hub.plugins.v1]\nboth = hubtest_both\n[hub.plugins.v2]\nboth = hubtest_both_v2\n"
    host = load_plugins(Made(name="both", source=backend("x"), entries=entries))
    assert record(host, "hubtest-both").state == "ok"


def test_groups_of_commands_and_registries_are_not_plugins(load_plugins):
    entries = "[hub.commands]\nbench = a:b\n[hub.registries]\nmine = a:registry.json\n"
    assert [
        plugin.name for plugin in load_plugins(Made(name="x", entries=entries)).plugins if plugin.state == "ok"
    ] == ["hub"]


@pytest.mark.parametrize("name", ["off", "hubtest-off", "Hubtest_Off", "*"])
def test_a_plugin_that_the_environment_switches_off_is_listed_and_not_imported(load_plugins, monkeypatch, name):
    monkeypatch.setenv("HUB_DISABLE_PLUGINS", f"{config_value()}, {name}")
    host = load_plugins(Made(name="off", source="raise AssertionError('imported')\n"))
    assert record(host, "hubtest-off").state == "disabled"
    assert record(host, "hubtest-off").faults == ()
    assert host.plugins[0].state == "ok"
    assert "text-generation" in host.tasks


def test_a_plugin_that_the_settings_switch_off_is_not_imported(load_plugins, monkeypatch):
    others = config_value()
    monkeypatch.delenv("HUB_DISABLE_PLUGINS")
    config.put("disabled_plugins", [*others.split(","), "off"])
    host = load_plugins(Made(name="off", source="raise AssertionError('imported')\n"))
    assert record(host, "hubtest-off").state == "disabled"


def test_faults_of_all_plugins_are_in_one_place(load_plugins):
    host = load_plugins(Made(name="bad", source="1/0\n"), Made(name="old", group="hub.plugins.v0"))
    assert {(fault.plugin, fault.kind) for fault in host.faults} == {
        ("bad", "import-error"),
        ("old", "contract-version"),
    }


def test_the_host_of_a_process_is_loaded_once_by_many_threads(monkeypatch):
    made: list[Host] = []
    empty = Host((), {table: {} for table, _ in HOOKS.values()})
    started = threading.Barrier(8)

    def load() -> Host:
        made.append(empty)
        return empty

    def ask() -> None:
        started.wait()
        assert get_host() is empty

    monkeypatch.setattr("hub.plugin.host._Process.host", None)
    monkeypatch.setattr("hub.plugin.host.load_host", load)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_plugin_that_asks_for_the_host_while_it_loads_is_a_fault_and_no_deadlock(site, monkeypatch):
    monkeypatch.setattr("hub.plugin.host._Process.host", None)
    Made(name="loop", source="from hub.plugin.host import get_host\nget_host()\n").lay(site)
    host = get_host()
    [fault] = record(host, "hubtest-loop").faults
    assert "while it is being loaded" in fault.reason
    assert get_host() is host


class TestResolve:
    """`Host.resolve`."""

    def resolve(self, host: Host, target: str) -> object:
        return host.resolve(host.backends["b"], target)

    def test_gives_the_object_that_the_target_names(self, load_plugins):
        host = load_plugins(Made(name="good", source=backend("b")))
        assert self.resolve(host, "pathlib:Path.home") == Path.home
        assert host.faults == ()

    def test_a_missing_dependency_names_module_and_pip_command(self, load_plugins):
        files = {"hubtest_good_engine.py": "import absent_runtime.core\n"}
        host = load_plugins(
            Made(name="good", source=backend("b"), files=files, requires=("absent-runtime>=3; python_version > '3'",))
        )
        assert host.faults == ()
        with pytest.raises(PluginBroken) as caught:
            self.resolve(host, "hubtest_good_engine:open_session")
        assert caught.value.exit_code == 3
        assert "plugin 'good' (hubtest-good 1.2.3) is broken" in caught.value.message
        assert "it needs the module 'absent_runtime', which is not installed" in caught.value.message
        assert caught.value.hint.endswith("-m pip install 'absent-runtime>=3'")
        [fault] = host.faults
        assert (fault.plugin, fault.kind) == ("good", "missing-dependency")

    def test_a_missing_module_that_nobody_declared_is_asked_for_by_its_own_name(self, load_plugins):
        files = {"hubtest_good_engine.py": "import absent_runtime.core\n"}
        host = load_plugins(Made(name="good", source=backend("b"), files=files))
        with pytest.raises(PluginBroken) as caught:
            self.resolve(host, "hubtest_good_engine:open_session")
        assert caught.value.hint.endswith("-m pip install absent_runtime")

    @pytest.mark.parametrize("target", ["hubtest_good.absent:x", "hubtest_absent:x", "hubtest_absent.engine:x"])
    def test_a_target_module_that_is_not_there_is_the_plugins_own_fault(self, load_plugins, target):
        host = load_plugins(Made(name="good", source=backend("b")))
        with pytest.raises(PluginBroken, match="names a module that does not exist") as caught:
            self.resolve(host, target)
        assert caught.value.hint == "Update it: hub plugin install --upgrade hubtest-good"
        assert host.faults[0].kind == "bad-target"

    def test_a_missing_attribute_names_the_near_one(self, load_plugins):
        files = {"hubtest_good_engine.py": "def open_session(request): ...\n"}
        host = load_plugins(Made(name="good", source=backend("b"), files=files))
        with pytest.raises(PluginBroken, match="has no attribute 'open_sesion'; did you mean 'open_session'"):
            self.resolve(host, "hubtest_good_engine:open_sesion")
        assert host.faults[0].kind == "bad-target"

    @pytest.mark.parametrize(
        ("source", "kind"),
        [
            ("raise OSError('libcuda.so.1: cannot open')", "import-error"),
            ("raise ImportError('libcuda.so.1')", "import-error"),
            ("raise SystemExit(3)", "exit-at-import"),
        ],
    )
    def test_an_import_that_fails_otherwise_says_how(self, load_plugins, source, kind):
        host = load_plugins(Made(name="good", source=backend("b"), files={"hubtest_good_engine.py": source}))
        for _ in range(2):
            with pytest.raises(PluginBroken, match=r"hubtest_good_engine\.py, line 1"):
                self.resolve(host, "hubtest_good_engine:open_session")
        assert [fault.kind for fault in host.faults] == [kind]

    def test_ctrl_c_during_the_import_of_a_target_passes(self, load_plugins):
        files = {"hubtest_good_engine.py": "raise KeyboardInterrupt\n"}
        host = load_plugins(Made(name="good", source=backend("b"), files=files))
        with pytest.raises(KeyboardInterrupt):
            self.resolve(host, "hubtest_good_engine:open_session")
