"""GGUF to safetensors: the same numbers, a tokenizer that gives the same ids, and nothing kept that is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from hub_torch.conversion import convert
from hub_torch.fixtures.folders import CHATML, write_gguf

import hub
from hub.errors import InferenceError
from hub.runtime.protocols import TransformRequest
from hub.types import Facts, WeightFile
from plugins.torch.tests.models_made import decoder

TEXTS = ("one 1234 two\n", "  it's é 猫", "<s>user\nhi</s>")


def asked(folder, out, name="tiny.gguf", *, brought=(), dtype="auto"):
    files = tuple(WeightFile(path=path, size=1, sha256=None, sources=()) for path in (name, *brought))
    facts = Facts(task="text-generation", family="llama", format="gguf", files=files, parts={"": (name,)})
    return TransformRequest(path=folder, out=out, facts=facts, options={"dtype": dtype})


@pytest.fixture
def places(tmp_path):
    folders = [tmp_path / name for name in ("model", "in", "out")]
    for folder in folders:
        folder.mkdir()
    return folders


def test_the_model_is_the_one_that_was_written_as_gguf(places):
    source, given, out = places
    model = decoder(source)
    write_gguf(model, given / "tiny.gguf")
    convert(asked(given, out))
    made = transformers.AutoModelForCausalLM.from_pretrained(out)
    assert made.config.dtype == torch.float32
    for name, tensor in model.state_dict().items():
        assert torch.equal(made.state_dict()[name], tensor), name
    config = json.loads((out / "config.json").read_text())
    assert not {"quantization_config", "_model_name_or_path"} & set(config)
    assert json.loads((out / "generation_config.json").read_text())["eos_token_id"] == [257, 258]


def test_the_tokenizer_gives_the_same_ids_and_keeps_the_template(places):
    source, given, out = places
    write_gguf(decoder(source), given / "tiny.gguf")
    convert(asked(given, out))
    before = transformers.PreTrainedTokenizerFast(tokenizer_file=str(source / "tokenizer.json"))
    after = transformers.AutoTokenizer.from_pretrained(out)
    for text in TEXTS:
        assert after(text, add_special_tokens=False).input_ids == before(text, add_special_tokens=False).input_ids
        assert after.decode(after(text, add_special_tokens=False).input_ids) == text
    assert (out / "chat_template.jinja").read_text() == CHATML
    assert after.model_max_length == 64
    assert "local_files_only" not in json.loads((out / "tokenizer_config.json").read_text())


def test_digits_are_cut_as_the_file_says(places):
    source, given, out = places
    write_gguf(decoder(source), given / "tiny.gguf")
    convert(asked(given, out))
    cut = json.loads((out / "tokenizer.json").read_text())["pre_tokenizer"]
    assert [part["type"] for part in cut["pretokenizers"]] == ["Digits", "ByteLevel"]


@pytest.mark.parametrize(
    ("held", "asked_for", "written"),
    [
        (torch.bfloat16, "auto", torch.bfloat16),
        (torch.float16, "auto", torch.float16),
        (torch.float32, "auto", torch.float32),
        (torch.float32, "bfloat16", torch.bfloat16),
    ],
)
def test_auto_writes_the_smallest_dtype_that_loses_nothing(places, held, asked_for, written):
    source, given, out = places
    write_gguf(decoder(source, dtype=held), given / "tiny.gguf")
    convert(asked(given, out, dtype=asked_for))
    made = transformers.AutoModelForCausalLM.from_pretrained(out, dtype="auto")
    assert made.dtype == written


def test_a_config_that_the_model_brought_is_followed(places):
    source, given, out = places
    model = decoder(source)
    write_gguf(model, given / "tiny.gguf", {"rope_freqs.weight": np.ones(4, np.float32)})
    scaled = json.loads((source / "config.json").read_text())
    scaled["rope_parameters"] = {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}
    (given / "config.json").write_text(json.dumps(scaled))
    convert(asked(given, out, brought=("config.json",)))
    made = transformers.AutoModelForCausalLM.from_pretrained(out)
    assert made.config.rope_parameters["factor"] == 4.0
    assert torch.equal(made.model.norm.weight, model.model.norm.weight)


def test_a_tokenizer_that_the_model_brought_is_not_made_again(places):
    source, given, out = places
    write_gguf(decoder(source), given / "tiny.gguf")
    convert(asked(given, out, brought=("tokenizer.json",)))
    assert {path.name for path in out.iterdir()} == {"config.json", "generation_config.json", "model.safetensors"}


def test_positions_that_are_scaled_by_a_tensor_are_refused_without_a_config(places):
    source, given, out = places
    write_gguf(decoder(source), given / "tiny.gguf", {"rope_freqs.weight": np.ones(4, np.float32)})
    with pytest.raises(InferenceError, match=r"scales its positions with rope_freqs\.weight"):
        convert(asked(given, out))


@pytest.mark.parametrize("keep", [0, 100, 5_000, 60_000])
def test_a_damaged_file_is_named(places, keep):
    source, given, out = places
    path = write_gguf(decoder(source), given / "tiny.gguf")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InferenceError, match=r"tiny\.gguf"):
        convert(asked(given, out))


def test_weights_that_are_no_numbers_are_not_kept(places):
    source, given, out = places
    model = decoder(source)
    with torch.no_grad():
        model.model.layers[0].mlp.up_proj.weight[1, 2] = torch.nan
    write_gguf(model, given / "tiny.gguf")
    with pytest.raises(InferenceError, match=r"NaN.*model\.layers\.0\.mlp\.up_proj\.weight"):
        convert(asked(given, out))


def test_what_was_written_wrong_is_found(places, monkeypatch):
    source, given, out = places
    write_gguf(decoder(source), given / "tiny.gguf")
    save = transformers.PreTrainedModel.save_pretrained

    def wrongly(model, *arguments, **options):
        with torch.no_grad():
            model.model.layers[0].self_attn.q_proj.weight.mul_(1.5)
        return save(model, *arguments, **options)

    monkeypatch.setattr(transformers.PreTrainedModel, "save_pretrained", wrongly)
    with pytest.raises(InferenceError, match="gives scores that differ by"):
        convert(asked(given, out))


@pytest.mark.slow
def test_a_file_runs_from_the_shell_and_is_converted_once(tmp_path, run_hub):
    (tmp_path / "model").mkdir()
    path = str(write_gguf(decoder(tmp_path / "model"), tmp_path / "tiny.gguf"))
    question = ("run", path, "--task", "text-generation", "--backend", "torch", "--max-tokens", "4", "2+2?")
    first, again = (run_hub(*question, timeout=280) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert "it/s" not in first.stderr
    assert again.stdout == first.stdout
    assert "running gguf-safetensors" in first.stderr
    assert "running gguf-safetensors" not in again.stderr


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_conversion_takes_less_than_two_and_a_half_times_the_weights(weights_home, tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    folder = hub.pull("smollm2-135m").path
    script = f"""
import psutil
from pathlib import Path
import hub_torch.backend, hub_torch.conversion
from plugins.torch.tests.test_conversion import asked
folder, out = Path({str(folder)!r}), Path({str(tmp_path)!r})
before = psutil.Process().memory_info().rss
hub_torch.conversion.convert(asked(folder, out, next(folder.glob("*.gguf")).name))
status = Path("/proc/self/status").read_text()
peak = 1024 * int(status.partition("VmHWM:")[2].split()[0])  # ru_maxrss begins with what the parent had
print((peak - before) / (out / "model.safetensors").stat().st_size)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 2.5
