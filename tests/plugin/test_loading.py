"""One plugin at a time: what is wrong with it is named with its version and a fix, and what is sound in it is given."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hub.plugin.host import Host
from hub.plugin.loading import SLOW_SECONDS
from hub.plugin.records import Fault, PluginRecord
from tests.support.plugins import HEAD, Made, backend


def record(host: Host, name: str) -> PluginRecord:
    [found] = [plugin for plugin in host.plugins if plugin.name == name]
    return found


def only_fault(host: Host, name: str) -> Fault:
    [fault] = record(host, name).faults
    assert (fault.plugin, fault.version) == (name, "1.2.3")
    assert fault.fix
    return fault


def test_a_sound_plugin_gives_its_specs_and_who_gave_them(load_plugins):
    host = load_plugins(Made(name="good", source=backend("good-backend")))
    provided = host.backends["good-backend"]
    assert provided.spec.verbs == ("chat",)
    assert (provided.plugin, provided.distribution, provided.version) == ("good", "hubtest-good", "1.2.3")
    assert record(host, "good").state == "ok"
    assert record(host, "good").gives == {"backends": ("good-backend",)}
    assert record(host, "good").faults == ()


def test_an_entry_point_may_name_an_object_in_a_module(load_plugins):
    source = HEAD + (
        "class Plugin:\n"
        "    @hookimpl\n"
        "    def hub_formats(self):\n"
        "        return [FormatSpec(id='npy', match=('*.npy',), weights=('*.npy',))]\n"
        "plugin = Plugin()\n"
    )
    host = load_plugins(Made(name="object", value="hubtest_object:plugin", source=source))
    assert record(host, "object").gives == {"formats": ("npy",)}


def test_an_import_error_names_the_place_and_leaves_the_others(load_plugins):
    host = load_plugins(
        Made(name="bad", source="import os\nraise ValueError('no licence key')\n"),
        Made(name="good", source=backend("good-backend")),
    )
    fault = only_fault(host, "bad")
    assert fault.kind == "import-error"
    assert "ValueError: no licence key" in fault.reason
    assert "hubtest_bad.py, line 2" in fault.reason
    assert "hub plugin install --upgrade hubtest-bad" in fault.fix
    assert record(host, "bad").state == "broken"
    assert "good-backend" in host.backends


def test_a_missing_module_at_import_is_answered_with_the_requirement_that_brings_it(load_plugins):
    made = Made(
        name="bad", source="import absent_module_x\n", requires=("absent-package-x>=2", "pluggy", "extra; extra == 'x'")
    )
    fault = only_fault(load_plugins(made), "bad")
    assert fault.kind == "import-error"
    assert "absent_module_x" in fault.reason
    assert fault.fix.endswith("-m pip install 'absent-package-x>=2'")
    assert fault.fix.startswith(sys.executable)


@pytest.mark.parametrize("statement", ["raise SystemExit(7)", "import sys; sys.exit('bye')"])
def test_a_plugin_that_leaves_the_process_at_import_is_named(load_plugins, statement):
    fault = only_fault(load_plugins(Made(name="quits", source=statement + "\n")), "quits")
    assert fault.kind == "exit-at-import"
    assert "SystemExit" in fault.reason
    assert "hub plugin disable quits" in fault.fix


def test_other_base_exceptions_at_import_are_faults(load_plugins):
    host = load_plugins(Made(name="odd", source="class Odd(BaseException): pass\nraise Odd\n"))
    assert only_fault(host, "odd").kind == "import-error"


def test_ctrl_c_while_a_plugin_is_imported_stops_the_command(load_plugins):
    with pytest.raises(KeyboardInterrupt):
        load_plugins(Made(name="slow", source="raise KeyboardInterrupt\n"))


def test_ctrl_c_while_a_hook_runs_stops_the_command(load_plugins):
    with pytest.raises(KeyboardInterrupt):
        load_plugins(Made(name="slow", source=HEAD + "@hookimpl\ndef hub_tasks(): raise KeyboardInterrupt\n"))


def test_a_syntax_error_names_file_and_line(load_plugins):
    fault = only_fault(load_plugins(Made(name="bad", source="x = 1\ndef broken(:\n")), "bad")
    assert fault.kind == "import-error"
    assert "SyntaxError" in fault.reason
    assert "hubtest_bad.py, line 2" in fault.reason


@pytest.mark.parametrize("value", ["hubtest_absent_module", "hubtest_bad:missing", "no such: value"])
def test_an_entry_point_that_leads_nowhere_is_named(load_plugins, value):
    fault = only_fault(load_plugins(Made(name="bad", value=value)), "bad")
    assert fault.kind == "import-error"


def test_an_entry_point_that_is_none_is_named(load_plugins):
    fault = only_fault(load_plugins(Made(name="bad", value="hubtest_bad:nothing", source="nothing = None\n")), "bad")
    assert (fault.kind, "None" in fault.reason) == ("import-error", True)


def test_a_misspelt_hook_names_the_near_one_and_leaves_the_right_ones(load_plugins):
    source = backend("good-backend") + "@hookimpl\ndef hub_backend(): return []\n"
    host = load_plugins(Made(name="typo", source=source))
    fault = only_fault(host, "typo")
    assert fault.kind == "unknown-hook"
    assert "there is no hook 'hub_backend'; did you mean 'hub_backends'?" in fault.reason
    assert "hub_transforms" in fault.fix
    assert record(host, "typo").state == "broken"
    assert "good-backend" in host.backends


@pytest.mark.parametrize("name", ["hub_modles", "hub_something_else"])
def test_a_function_named_like_a_hook_that_is_none_is_named_even_unmarked(load_plugins, name):
    fault = only_fault(load_plugins(Made(name="typo", source=f"def {name}(): return []\n")), "typo")
    assert fault.kind == "unknown-hook"
    assert name in fault.reason


def test_a_marked_function_of_any_other_name_is_no_hook(load_plugins):
    source = HEAD + "@hookimpl\ndef backends(): return []\n"
    assert only_fault(load_plugins(Made(name="typo", source=source)), "typo").kind == "unknown-hook"


def test_a_hook_without_its_marker_is_named(load_plugins):
    source = backend("good-backend").replace("@hookimpl", "")
    host = load_plugins(Made(name="plain", source=source))
    fault = only_fault(host, "plain")
    assert fault.kind == "unknown-hook"
    assert "@hookimpl" in fault.fix
    assert "good-backend" not in host.backends


def test_helpers_imported_from_elsewhere_are_not_taken_for_hooks(load_plugins):
    files = {"hubtest_good_help.py": "def hub_helper(): return 1\n"}
    source = "from hubtest_good_help import hub_helper\n"
    assert record(load_plugins(Made(name="good", source=source, files=files)), "good").faults == ()


def test_an_optional_hook_of_a_later_contract_is_no_fault(load_plugins):
    source = backend("good-backend") + "@hookimpl(optionalhook=True)\ndef hub_codecs(): return []\n"
    assert record(load_plugins(Made(name="good", source=source)), "good").state == "ok"


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("def hub_models(config): return []", "takes (config)"),
        ("def hub_models(*, config): return []", "takes (config)"),
        ("async def hub_models(): return []", "is async"),
        ("def hub_models(): yield 1", "yields"),
    ],
)
def test_a_wrong_signature_is_named_and_the_other_hooks_still_count(load_plugins, definition, said):
    source = backend("good-backend") + f"@hookimpl\n{definition}\n"
    host = load_plugins(Made(name="wrong", source=source))
    fault = only_fault(host, "wrong")
    assert fault.kind == "hook-signature"
    assert said in fault.reason
    assert "hub_models() -> list[ModelSpec]" in fault.fix
    assert "good-backend" in host.backends


def test_a_wrapper_is_refused(load_plugins):
    source = HEAD + "@hookimpl(wrapper=True)\ndef hub_models():\n    return (yield)\n"
    fault = only_fault(load_plugins(Made(name="wrong", source=source)), "wrong")
    assert (fault.kind, "wrapper" in fault.reason) == ("hook-signature", True)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("hub_models = []\n", "hub_models is a list"),
        ("import functools\nhub_models = hookimpl(functools.partial(list))\n", "hub_models is a partial"),
        ("import functools\nmodels = hookimpl(functools.partial(list))\n", "models is a partial"),
    ],
)
def test_what_stands_in_the_place_of_a_hook_and_is_no_function_is_named(load_plugins, source, said):
    host = load_plugins(Made(name="wrong", source=backend("good-backend") + source))
    fault = only_fault(host, "wrong")
    assert fault.kind == "hook-signature"
    assert said in fault.reason
    assert "good-backend" in host.backends


def test_a_lazy_module_is_not_made_to_import_what_it_holds_back(load_plugins):
    lazy = "def __dir__(): return ['hub_backends', 'Engine']\ndef __getattr__(name): raise AssertionError(name)\n"
    host = load_plugins(Made(name="lazy", source=backend("good-backend") + lazy))
    assert record(host, "lazy").faults == ()
    assert "good-backend" in host.backends


def test_a_value_that_cannot_even_be_shown_is_a_fault_of_its_spec_alone(load_plugins):
    source = backend("good-backend") + (
        "class Mean:\n    def __repr__(self): raise RuntimeError('no')\n@hookimpl\ndef hub_models(): return [Mean()]\n"
    )
    host = load_plugins(Made(name="mean", source=source))
    fault = only_fault(host, "mean")
    assert (fault.kind, "RuntimeError: no" in fault.reason) == ("bad-spec", True)
    assert "good-backend" in host.backends


def test_parameters_with_defaults_do_not_matter(load_plugins):
    source = HEAD + "@hookimpl\ndef hub_models(a=1, *b, **c): return []\n"
    assert record(load_plugins(Made(name="good", source=source)), "good").state == "ok"


def test_a_hook_that_raises_is_named_and_the_other_hooks_still_count(load_plugins):
    source = backend("good-backend") + "@hookimpl\ndef hub_models():\n    return {}['gpu']\n"
    host = load_plugins(Made(name="raises", source=source))
    fault = only_fault(host, "raises")
    assert fault.kind == "hook-raised"
    assert "hub_models raised KeyError: 'gpu'" in fault.reason
    assert "hubtest_raises.py, line" in fault.reason
    assert "good-backend" in host.backends


def test_a_hook_that_exits_is_named(load_plugins):
    host = load_plugins(Made(name="raises", source=HEAD + "@hookimpl\ndef hub_models(): raise SystemExit(1)\n"))
    assert only_fault(host, "raises").kind == "hook-raised"


@pytest.mark.parametrize(("result", "said"), [("None", "NoneType"), ("'onnx'", "str"), ("{}", "dict")])
def test_a_hook_that_returns_no_list_is_named(load_plugins, result, said):
    fault = only_fault(
        load_plugins(Made(name="bad", source=HEAD + f"@hookimpl\ndef hub_models(): return {result}\n")), "bad"
    )
    assert fault.kind == "bad-spec"
    assert f"returns {said}, not a list of ModelSpec" in fault.reason


def test_a_spec_of_the_wrong_type_is_named_and_the_sound_one_beside_it_kept(load_plugins):
    source = HEAD + (
        "@hookimpl\ndef hub_backends():\n"
        "    good = BackendSpec(id='good-backend', formats=('gguf',), verbs=('chat',), target='a:b')\n"
        "    return [FormatSpec(id='npy', match=('*',), weights=('*',)), {'id': 'x'}, good]\n"
    )
    host = load_plugins(Made(name="mixed", source=source))
    faults = record(host, "mixed").faults
    assert [fault.kind for fault in faults] == ["bad-spec", "bad-spec"]
    assert "FormatSpec" in faults[0].reason
    assert "not a BackendSpec" in faults[0].reason
    assert "dict" in faults[1].reason
    assert "good-backend" in host.backends


def test_an_invalid_field_names_hook_spec_and_every_fault(load_plugins):
    source = (
        backend("good-backend")
        .replace("('gguf',)", "'gguf'")
        .replace('("gguf",)', '"gguf"')
        .replace('"chat"', '"talk"')
    )
    host = load_plugins(Made(name="invalid", source=source))
    fault = only_fault(host, "invalid")
    assert (fault.kind, fault.about) == ("bad-spec", "backends/good-backend")
    assert "hub_backends gives BackendSpec 'good-backend'" in fault.reason
    assert "formats is 'gguf' (str), not a tuple: write ('gguf',)" in fault.reason
    assert "'talk', which is no verb" in fault.reason
    assert "good-backend" not in host.backends


def test_a_slow_import_is_a_warning_and_breaks_nothing(load_plugins, monkeypatch):
    monkeypatch.setattr("hub.plugin.loading.SLOW_SECONDS", 0.0)
    host = load_plugins(Made(name="slow", source=backend("good-backend")))
    fault = only_fault(host, "slow")
    assert (fault.kind, fault.warning) == ("slow-import", True)
    assert record(host, "slow").state == "ok"
    assert record(host, "slow").import_seconds > 0
    assert "good-backend" in host.backends


def test_the_limit_of_a_slow_import_is_a_fifth_of_a_second(load_plugins, monkeypatch):
    monkeypatch.setattr("hub.plugin.loading.SLOW_SECONDS", SLOW_SECONDS)
    host = load_plugins(Made(name="slow", source="import time\ntime.sleep(0.25)\n" + backend("good-backend")))
    assert only_fault(host, "slow").kind == "slow-import"


def test_a_heavy_import_is_a_warning(load_plugins, site: Path):
    (site / "openvino").mkdir()
    (site / "openvino" / "__init__.py").write_text("")
    host = load_plugins(Made(name="heavy", source="import openvino\n" + backend("good-backend")))
    fault = only_fault(host, "heavy")
    assert (fault.kind, fault.warning) == ("heavy-import", True)
    assert "openvino" in fault.reason
    assert record(host, "heavy").heavy == ("openvino",)
    assert record(host, "heavy").state == "ok"


def test_a_heavy_import_is_seen_even_if_another_plugin_loaded_the_framework_first(load_plugins, site: Path):
    (site / "openvino").mkdir()
    (site / "openvino" / "__init__.py").write_text("")
    host = load_plugins(
        Made(name="first", source="import openvino\n"), Made(name="second", source="import openvino as ov\n")
    )
    assert record(host, "first").heavy == record(host, "second").heavy == ("openvino",)


def test_what_a_plugin_prints_while_it_is_loaded_does_not_reach_stdout(load_plugins, capsys):
    source = "print('loading')\n" + backend("good-backend").replace("    return", "    print('asked')\n    return")
    host = load_plugins(Made(name="loud", source=source))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "loading\nasked\n"
    assert "good-backend" in host.backends
