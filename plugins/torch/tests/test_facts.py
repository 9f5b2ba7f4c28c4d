"""Refusals, estimates and predictions from facts alone."""

import subprocess
import sys

import pytest
from hub_torch.conversion_facts import FAMILIES, predict
from hub_torch.facts import accepts, memory
from hub_torch.families import families

from hub.types import Facts, WeightFile

LLAMA = {
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "max_position_embeddings": 8192,
    "vocab_size": 49152,
    "tie_word_embeddings": True,
}


def facts(
    family="bert", task="feature-extraction", path="model.safetensors", size=90_000_000, form="safetensors", **config
):
    file = WeightFile(path=path, size=size, sha256=None, sources=())
    return Facts(
        task=task, family=family, format=form, files=(file,), parts={"": (path,)}, size=size, config=config
    )  # fmt: skip


@pytest.mark.parametrize(
    ("family", "task", "verb"),
    [
        ("bert", "feature-extraction", "run"),
        ("llama", "text-generation", "generate"),
        ("llama", "text-generation", "run"),
        ("bert", "text-classification", "run"),
        ("whisper", "automatic-speech-recognition", "generate"),
        ("wav2vec2", "automatic-speech-recognition", "run"),
        ("vit", "image-classification", "run"),
    ],
)
def test_what_transformers_knows_is_accepted(family, task, verb):
    assert accepts(facts(family, task), verb) is None


@pytest.mark.parametrize(
    ("family", "task", "verb", "reason"),
    [
        ("lama", "text-generation", "generate", "no architecture 'lama' for text-generation; near to it is 'llama'"),
        ("vit", "text-generation", "generate", "it has it for feature-extraction, image-classification"),
        ("bert", "feature-extraction", "generate", "answers feature-extraction with run, not with generate"),
        ("bert", "text-to-speech", "run", "torch does not answer text-to-speech"),
        ("", "feature-extraction", "run", "names no model_type"),
    ],
)
def test_what_it_does_not_know_is_refused_before_anything_is_downloaded(family, task, verb, reason):
    assert reason in accepts(facts(family, task), verb)


def test_a_model_that_brings_code_is_refused_with_that_reason():
    assert "brings code of its own" in accepts(facts("own", auto_map={"AutoModel": "own.Own"}), "run")


def test_weights_under_another_name_are_refused():
    reason = accepts(facts(path="consolidated.safetensors"), "run")
    assert reason == "the weights are called consolidated.safetensors, and transformers looks for model.safetensors"


def test_the_tables_are_read_without_the_library():
    code = (
        "import sys; from hub_torch.facts import accepts; from hub_torch.families import families;"
        "assert 'llama' in families('FOR_CAUSAL_LM');"
        "import hub_torch.conversion_facts, hub_torch.plugin;"
        "print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_the_tables_are_those_of_transformers():
    from transformers.models.auto import modeling_auto

    for table in ("", "FOR_CAUSAL_LM", "FOR_SEQUENCE_CLASSIFICATION", "FOR_SPEECH_SEQ_2_SEQ", "FOR_CTC"):
        known = getattr(modeling_auto, f"MODEL_{table}_MAPPING_NAMES".replace("__", "_"))
        assert set(known) == families(table)


def test_the_estimate_follows_the_dtype():
    stored = facts("llama", "text-generation", size=270_000_000, dtype="bfloat16", **LLAMA)
    assert memory(stored, {"dtype": "bfloat16"}).weights == 270_000_000
    assert memory(stored, {"dtype": "float32"}).weights == 540_000_000
    plain = facts("llama", "text-generation", size=540_000_000, **LLAMA)
    assert memory(plain, {"dtype": "auto"}).weights == 540_000_000
    assert memory(plain, {"dtype": "bfloat16"}).weights == 270_000_000


def test_the_cache_is_that_of_one_context():
    stored = facts("llama", "text-generation", dtype="bfloat16", **LLAMA)
    assert memory(stored, {"dtype": "bfloat16", "context_length": 1024}).cache == 2 * 30 * 3 * 64 * 1024 * 2
    assert memory(stored, {"dtype": "bfloat16"}).cache == 2 * 30 * 3 * 64 * 4096 * 2
    assert memory(facts(), {}).cache == 0


def test_the_estimate_grows_with_the_model():
    small = facts(hidden_size=384, intermediate_size=1536, num_attention_heads=12, max_position_embeddings=512)
    large = facts(hidden_size=768, intermediate_size=3072, num_attention_heads=12, max_position_embeddings=512)
    assert memory(facts(), {}).working < memory(small, {}).working < memory(large, {}).working


def test_a_conversion_tells_size_files_and_family_before_it_is_made():
    after = predict(facts("llama", "text-generation", "m.Q4_1.gguf", 98_362_432, "gguf", **LLAMA), {"dtype": "auto"})
    assert (after.format, after.family, after.config["dtype"]) == ("safetensors", "llama", "float32")
    assert after.size == pytest.approx(538_090_408, rel=0.001)
    assert after.parts == {"": ("model.safetensors",)}
    assert {"tokenizer.json", "config.json"} <= {file.path for file in after.files}
    assert "m.Q4_1.gguf" not in {file.path for file in after.files}


@pytest.mark.parametrize(
    ("name", "asked", "dtype"),
    [
        ("m.Q4_K_M.gguf", "auto", "float32"),
        ("m-F16.gguf", "auto", "float16"),
        ("m.bf16.gguf", "auto", "bfloat16"),
        ("m.Q4_K_M.gguf", "bfloat16", "bfloat16"),
    ],
)
def test_the_dtype_of_a_conversion_is_told_by_the_name_of_the_file(name, asked, dtype):
    assert predict(facts("llama", "text-generation", name, 1, "gguf"), {"dtype": asked}).config["dtype"] == dtype


@pytest.mark.parametrize(
    ("family", "task", "reason"),
    [
        ("rwkv7", "text-generation", "no GGUF file of architecture 'rwkv7'"),
        ("bert", "feature-extraction", "reads GGUF for text-generation"),
    ],
)
def test_what_transformers_does_not_read_from_gguf_is_refused(family, task, reason):
    assert reason in predict(facts(family, task, "m.gguf", 1, "gguf"), {})


def test_shards_are_refused():
    split = facts("llama", "text-generation", "m-00001-of-00002.gguf", 1, "gguf")
    both = {"": ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf")}
    changed = Facts(task=split.task, family="llama", format="gguf", files=split.files, parts=both)
    assert "split into 2" in predict(changed, {})


def test_the_architectures_of_gguf_are_known_to_transformers():
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    assert {family.removesuffix("_text") for family in FAMILIES.values()} <= {*GGUF_SUPPORTED_ARCHITECTURES}
    assert {*FAMILIES.values()} <= {*MODEL_FOR_CAUSAL_LM_MAPPING_NAMES}
