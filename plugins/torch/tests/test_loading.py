"""Opening: what is damaged, lacking or dangerous is refused by name, and memory comes back."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hub_torch.backend import open_model
from hub_torch.devices import choose_dtype
from hub_torch.processor import fast_bfloat16, fast_float16

from hub.errors import HubError, InferenceError, OptionError, PolicyError
from plugins.torch.tests.conftest import request
from plugins.torch.tests.models_made import decoder, encoder


@pytest.mark.parametrize("keep", [0, 100, 20_000])
def test_damaged_weights_are_named(tmp_path, opened, keep):
    encoder(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(InferenceError, match=r"model\.safetensors is damaged"):
        opened(tmp_path, "feature-extraction", "run")


def test_weights_of_a_model_for_another_task_are_refused_and_never_made_up(tmp_path, opened):
    encoder(tmp_path)
    with pytest.raises(InferenceError, match=r"lack classifier\.bias and 1 more, which BertForSequenceClassification"):
        opened(tmp_path, "text-classification", "run")


def test_a_pooler_that_nobody_asks_may_be_missing(tmp_path, opened):
    encoder(tmp_path, "AutoModelForMaskedLM")
    assert opened(tmp_path, "feature-extraction", "run").outputs[0].name == "last_hidden_state"


def test_code_that_comes_with_a_model_is_not_run(tmp_path, opened):
    encoder(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModel": "own.OwnModel"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Own: pass\nclass OwnModel: pass\n")
    with pytest.raises(PolicyError, match="needs code of its own, which is not run"):
        opened(tmp_path, "feature-extraction", "run")
    assert not (tmp_path / "ran").exists()


def test_pickles_beside_the_weights_are_not_loaded(tmp_path, opened):
    encoder(tmp_path)
    shutil.move(tmp_path / "model.safetensors", tmp_path / "model_other.safetensors")
    (tmp_path / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(HubError, match=r"model\.safetensors"):
        opened(tmp_path, "feature-extraction", "run")


def test_weights_in_several_files_are_one_model(tmp_path, opened):
    model = decoder(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    model.save_pretrained(tmp_path, max_shard_size="50KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    session = opened(tmp_path, "text-generation", "run")
    assert session.metadata["parameters"] == model.num_parameters()


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16])
def test_auto_keeps_what_the_weights_have_where_the_processor_is_fast_at_it(tmp_path, opened, stored):
    decoder(tmp_path, dtype=stored)
    found = opened(tmp_path, "text-generation", "run").metadata["dtype"]
    assert found == ("bfloat16" if stored == torch.bfloat16 and fast_bfloat16() else "float32")


@pytest.mark.parametrize(
    ("bfloat16", "float16", "stored", "chosen"),
    [
        (True, False, torch.float32, torch.float32),
        (True, False, torch.bfloat16, torch.bfloat16),
        (True, False, torch.float16, torch.float32),
        (False, False, torch.bfloat16, torch.float32),
        (False, True, torch.float16, torch.float16),
    ],
)
def test_auto_goes_by_the_processor(monkeypatch, bfloat16, float16, stored, chosen):
    monkeypatch.setattr("hub_torch.devices.fast_bfloat16", lambda: bfloat16)
    monkeypatch.setattr("hub_torch.devices.fast_float16", lambda: float16)
    assert choose_dtype("auto", stored, "cpu") == chosen


@pytest.mark.skipif(fast_float16(), reason="this processor computes in float16")
def test_a_dtype_that_a_device_does_not_take_is_refused_with_those_that_work(tmp_path, opened):
    encoder(tmp_path)
    with pytest.raises(OptionError, match="dtype float16 does not work on cpu here") as caught:
        opened(tmp_path, "feature-extraction", "run", dtype="float16")
    assert caught.value.hint == "It takes float32, bfloat16"


def test_a_recipe_may_end_in_a_dtype(tmp_path):
    encoder(tmp_path)
    asked = replace(request(tmp_path, "feature-extraction", "run"), load_steps={"bf16": {}})
    session = open_model(asked)
    assert session.metadata["dtype"] == "bfloat16"
    session.close()


def test_flags_of_a_processor_are_read(tmp_path):
    def cpuinfo(text):
        path = tmp_path / text.replace(" ", "-")[:30]
        path.write_text(f"processor : 0\n{text}\n\nprocessor : 1\n{text}\n")
        return path

    assert fast_bfloat16(cpuinfo("flags : sse avx512_bf16"))
    assert fast_bfloat16(cpuinfo("flags : sse amx_bf16"))
    assert fast_bfloat16(cpuinfo("Features : fp asimd bf16"))
    assert not fast_bfloat16(cpuinfo("flags : sse avx2"))
    assert fast_float16(cpuinfo("flags : avx512_fp16"))
    assert not fast_float16(tmp_path / "gone")


def test_running_out_of_memory_says_what_was_needed_and_what_is_free(tmp_path):
    pytest.importorskip("resource")
    encoder(tmp_path, max_position_embeddings=4096)
    script = f"""
import resource, numpy as np
from dataclasses import replace
from pathlib import Path
from plugins.torch.tests.conftest import request
from hub_torch.backend import open_model
session = open_model(request(Path({str(tmp_path)!r}), "feature-extraction", "run", threads=1))
ids = np.ones((64, 4096), np.int64)
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 40_000_000,) * 2)
try:
    session.run({{"input_ids": ids, "attention_mask": ids, "token_type_ids": ids * 0}})
except Exception as error:
    print(type(error).__name__, error, "|", error.hint)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("InferenceError a batch of 64 x 4096 needs another 33.6 MB on cpu, and "), done.stdout
    assert "are free" in done.stdout
    assert "Try shorter or fewer inputs at once" in done.stdout


def test_close_gives_the_memory_back(tmp_path):
    encoder(tmp_path, hidden_size=512, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=8)
    script = f"""
import ctypes, gc, psutil, numpy as np
from dataclasses import replace
from pathlib import Path
from plugins.torch.tests.conftest import request
from hub_torch.backend import open_model
def resident():
    gc.collect()
    if hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)
    return psutil.Process().memory_info().rss
def once():
    session = open_model(request(Path({str(tmp_path)!r}), "feature-extraction", "run", threads=1))
    ids = np.ones((2, 8), np.int64)
    session.run({{"input_ids": ids, "attention_mask": ids, "token_type_ids": ids * 0}})
    size = resident()
    session.close()
    return size
once()
before = resident()
print(once() - before, resident() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    held, kept = map(int, done.stdout.split())
    assert held > 100_000_000
    assert kept < 20_000_000
