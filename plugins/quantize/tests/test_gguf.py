"""Types of GGUF files: small files that are made here, and SmolLM2 through llama.cpp."""

from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from gguf.quants import dequantize

import hub
from hub.errors import InferenceError, UsageError
from plugins.quantize.tests.conftest import compress, random, size_of

NAME = "model.gguf"


def write(folder: Path, **spoiled: np.ndarray) -> Path:
    """A file with a table, a matrix, a matrix whose rows fit no block, and a vector."""
    folder.mkdir()
    writer = GGUFWriter(folder / NAME, "llama")
    writer.add_name("a model")
    writer.add_file_type(0)
    writer.add_token_list(["<s>", "é", "猫"])
    writer.add_token_scores([0.0, -1.5, -2.5])
    writer.add_array("llama.some_numbers", [1, 2, 3])
    writer.add_bool("llama.some_switch", val=True)
    tensors = {
        "token_embd.weight": random(128, 64),
        "blk.0.ffn_up.weight": random(32, 64, seed=1),
        "blk.0.odd.weight": random(8, 20, seed=2),
        "blk.0.attn_norm.weight": random(64, seed=3),
        **spoiled,
    }
    for name, values in tensors.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return folder


@pytest.mark.parametrize(
    ("name", "options", "matrix", "table", "error"),
    [
        ("gguf-int8", {}, "Q8_0", "Q8_0", 0.02),
        ("gguf-int4", {}, "Q4_1", "Q8_0", 0.2),
        ("gguf-int4", {"type": "q4_0"}, "Q4_0", "Q8_0", 0.35),
        ("gguf-int4", {"type": "q5_1"}, "Q5_1", "Q8_0", 0.1),
        ("gguf-fp16", {}, "F16", "F16", 0.002),
        ("gguf-bf16", {}, "BF16", "BF16", 0.02),
    ],
)
def test_matrices_change_their_type_and_nothing_else_does(name, options, matrix, table, error, tmp_path):
    source = write(tmp_path / "in")
    out = compress(name, source, tmp_path, NAME, **options)
    before, after = ({each.name: each for each in GGUFReader(folder / NAME).tensors} for folder in (source, out))
    kinds = {each: tensor.tensor_type.name for each, tensor in after.items()}
    assert kinds == {
        "token_embd.weight": table,
        "blk.0.ffn_up.weight": matrix,
        "blk.0.odd.weight": matrix if name in {"gguf-fp16", "gguf-bf16"} else "F32",
        "blk.0.attn_norm.weight": "F32",
    }
    for each, tensor in after.items():
        assert list(tensor.shape) == list(before[each].shape)
        left, right = (dequantize(found.data, found.tensor_type) for found in (before[each], tensor))
        assert np.abs(left - right).max() <= error


def test_metadata_is_carried_over(tmp_path):
    source = write(tmp_path / "in")
    out = compress("gguf-int8", source, tmp_path, NAME)
    before, after = (
        {name: (field.types, field.contents()) for name, field in GGUFReader(folder / NAME).fields.items()}
        for folder in (source, out)
    )
    counted = {"GGUF.kv_count", "general.file_type", "general.quantization_version"}
    assert {name: after[name] for name in before.keys() - counted} == {
        name: before[name] for name in before.keys() - counted
    }
    assert after["general.file_type"][1] == int(gguf.LlamaFileType.MOSTLY_Q8_0)
    assert after["general.quantization_version"][1] == 2


def test_a_file_that_has_fewer_bits_already_is_refused(tmp_path):
    source = write(tmp_path / "in")
    out = compress("gguf-int4", source, tmp_path, NAME)
    (tmp_path / "again").mkdir()
    with pytest.raises(UsageError, match=r"holds no matrix that q8_0 would make smaller"):
        compress("gguf-int8", out, tmp_path / "again", NAME)


def test_nan_is_named(tmp_path):
    source = write(tmp_path / "in", **{"blk.1.ffn_up.weight": np.full((4, 32), np.nan, np.float32)})
    with pytest.raises(InferenceError, match=r"'blk\.1\.ffn_up\.weight' holds NaN"):
        compress("gguf-int8", source, tmp_path, NAME)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF" + bytes(200), b"x" * 400])
def test_a_broken_file_is_named(content, tmp_path):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(InferenceError, match=r"model\.gguf"):
        compress("gguf-int8", tmp_path, tmp_path, NAME)


@pytest.mark.weights
@pytest.mark.slow
def test_llama_cpp_answers_from_what_was_written(weights_home, tmp_path, monkeypatch):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        path = next(hub.pull("smollm2-135m").path.rglob("*.gguf"))
    (tmp_path / "in").mkdir()
    wide(path, tmp_path / "in" / NAME)
    out = compress("gguf-int8", tmp_path / "in", tmp_path, NAME)
    assert size_of(out) == pytest.approx(134_515_008 * 8.5 / 8, rel=0.03)
    with hub.load(str(out / NAME), context_length=256) as model:
        assert "4" in model.infer("What is 2+2?", max_tokens=16)["generated_text"]


def wide(source: Path, target: Path) -> None:
    """The same weights in float16."""
    reader = GGUFReader(source)
    writer = GGUFWriter(target, "llama")
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            inner = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=inner)
    for tensor in reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type)
        kind = np.float16 if tensor.tensor_type != GGMLQuantizationType.F32 else np.float32
        writer.add_tensor(tensor.name, values.astype(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
