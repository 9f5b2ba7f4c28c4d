"""The public names: exactly these, each importable, none that costs anything before it is used."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import hub

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "hub").rglob("*.py")
    if path.stem != "__main__"
)
PUBLIC = {
    "hub": ["HubError", "HubWarning", "LoadedModel", "__version__", "connect", "load", "plan", "pull", "search"],
    "hub.testing": [
        "BackendContract",
        "CompressionContract",
        "Computed",
        "ConverterContract",
        "FormatContract",
        "HEAVY",
        "KindContract",
        "ModelContract",
        "Opening",
        "PackageContract",
        "PluginContract",
        "SourceContract",
        "TOKENS",
        "TaskContract",
        "byte_letters",
        "generated",
        "get_host",
        "reclaim",
        "resolve_options",
        "word_tokenizer",
        "write_safetensors",
    ],
}


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_module_exports_exactly_this(module):
    assert sorted(import_module(module).__all__) == PUBLIC[module]


def test_every_name_of_hub_can_be_used_and_is_shown_by_dir():
    assert all(getattr(hub, name) for name in hub.__all__)
    assert set(dir(hub)) == set(hub.__all__)


def test_a_name_that_hub_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'hub' has no attribute 'lod'"):
        hub.lod  # noqa: B018


def test_import_hub_imports_nothing_else():
    code = (
        "import sys, json; before = set(sys.modules); import hub; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert [name for name in json.loads(done.stdout) if name.split(".")[0] not in sys.stdlib_module_names] == ["hub"]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_every_name_that_it_exports(name):
    module = import_module(name)
    exported = getattr(module, "__all__", [])
    assert len(set(exported)) == len(exported)
    assert [each for each in exported if not hasattr(module, each)] == []


def test_the_signatures_of_the_python_api_stay_as_they_are_documented():
    def names(function):
        return list(inspect.signature(function).parameters)

    assert names(hub.load) == [
        "reference",
        "backend",
        "device",
        "compress",
        "variant",
        "task",
        "worker",
        "allow_pickle",
        "progress",
        "load_options",
    ]
    assert names(hub.plan) == [
        "reference",
        "backend",
        "device",
        "compress",
        "variant",
        "task",
        "allow_pickle",
        "load_options",
    ]
    assert names(hub.pull) == ["reference", "variant", "verify", "progress"]
    for function in (hub.load, hub.plan, hub.pull):
        kinds = {p.kind for name, p in inspect.signature(function).parameters.items() if name != "reference"}
        assert kinds <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
