"""What the host sees of the plugin, and what it says where a library is missing."""

import subprocess
import sys

import pytest

from hub.errors import PluginBroken
from hub.testing import HEAVY, get_host

OURS = sorted(name for name, each in get_host().transforms.items() if each.plugin == "quantize")
PACKAGES = {"onnx": "onnx", "openvino": "nncf", "gguf": "gguf", "safetensors": "ml_dtypes"}


def test_the_host_finds_no_fault():
    record = next(each for each in get_host().plugins if each.name == "quantize")
    assert [(fault.kind, fault.reason) for fault in record.faults] == []
    assert len(OURS) == 15


def test_the_entry_point_imports_nothing_heavy():
    code = f"import sys, hub_quantize.plugin; print([name for name in {sorted(HEAVY)} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", OURS)
def test_every_target_can_be_imported_and_is_lossy_and_predicted(name):
    provided = get_host().transforms[name]
    assert provided.spec.lossy
    assert provided.spec.predict is not None
    for target in (provided.spec.target, provided.spec.predict):
        assert callable(get_host().resolve(provided, target))


@pytest.mark.parametrize("name", OURS)
def test_predictions_need_no_library(name):
    code = f"""
import sys
from hub.plugin.host import get_host
provided = get_host().transforms[{name!r}]
get_host().resolve(provided, provided.spec.predict)
print([each for each in {sorted({*HEAVY, "onnx", "nncf", "gguf", "ml_dtypes"})} if each in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["onnx-int8", "openvino-int8", "gguf-int8", "safetensors-bf16"])
def test_a_library_that_is_missing_is_named_with_the_command_that_installs_it(name, monkeypatch):
    provided, library = get_host().transforms[name], PACKAGES[name.partition("-")[0]]
    for module in [each for each in sys.modules if each.startswith("hub_quantize.") or each == library]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(PluginBroken, match=f"needs the module '{library}', which is not installed") as caught:
        get_host().resolve(provided, provided.spec.target)
    assert f"pip install {library}" in caught.value.hint
