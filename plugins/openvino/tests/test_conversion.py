"""GGUF to OpenVINO IR: what is kept, what is refused, and what answers afterwards."""

import hashlib
import logging
import struct
from contextlib import closing

import gguf
import numpy as np
import openvino as ov
import pytest
from gguf import GGMLQuantizationType, GGUFWriter
from hub_openvino.conversion.language import convert
from hub_openvino.conversion.naming import named_by_place
from hub_openvino.conversion.widening import widen
from hub_openvino.facts import GGUF_WIDENED
from hub_openvino.fixtures import fixtures
from hub_openvino.fixtures.llama import random_llama

import hub
from hub.errors import InferenceError
from hub.runtime.protocols import TransformRequest
from hub.testing import ConverterContract
from hub.types import Facts

MADE = [f"openvino_{name}.{end}" for name in ("detokenizer", "model", "tokenizer") for end in ("bin", "xml")]


class TestLanguageModel(ConverterContract):
    fixture = next(each for each in fixtures() if each.of == "transforms/gguf-openvino")


def converted(path, out):
    facts = Facts(task="text-generation", family="llama", format="gguf", files=(), parts={"": (path.name,)})
    out.mkdir(exist_ok=True)
    convert(TransformRequest(path=path.parent, out=out, facts=facts))
    return out


def of_one_matrix(path, values, kind):
    with closing(GGUFWriter(path, "llama")) as writer:
        writer.add_tensor("x.weight", gguf.quantize(np.asarray(values, np.float32), kind), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    return path


@pytest.mark.parametrize("kind", ["Q4_1", "Q5_0", "Q5_1", "BF16", "Q8_0", "F16"])
def test_a_model_of_any_type_becomes_a_graph_with_its_tokenizer(tmp_path, kind):
    out = converted(random_llama(tmp_path / f"m.{kind}.gguf", kind), tmp_path / "out")
    assert sorted(path.name for path in out.iterdir()) == MADE
    assert types_of_matrices(out / "openvino_model.xml") == {"u8" if kind == "Q8_0" else "f16"}


def types_of_matrices(path):
    found = ov.Core().read_model(path).get_ops()
    large = [each.output(0) for each in found if each.get_type_name() == "Constant"]
    return {each.get_element_type().get_type_name() for each in large if np.prod(list(each.shape)) > 10_000}


@pytest.mark.parametrize("name", GGUF_WIDENED)
def test_each_type_that_becomes_float16_is_one_that_the_library_reads(name):
    kind = GGMLQuantizationType[name.upper()]
    block, size = gguf.GGML_QUANT_SIZES[kind]
    assert gguf.dequantize(np.zeros((1, 256 // block * size), np.uint8), kind).shape == (1, 256)


def test_a_value_is_held_to_one_part_in_2048(tmp_path):
    values = np.random.default_rng(0).normal(size=(4, 64))
    source = of_one_matrix(tmp_path / "a.gguf", values, GGMLQuantizationType.Q4_1)
    widen(source, tmp_path / "b.gguf")
    [before], [after] = gguf.GGUFReader(source).tensors, gguf.GGUFReader(tmp_path / "b.gguf").tensors
    exact = gguf.dequantize(before.data, before.tensor_type)
    assert after.tensor_type == GGMLQuantizationType.F16
    np.testing.assert_allclose(after.data, exact, rtol=2**-11, atol=2**-25)


def test_tensors_that_were_aligned_otherwise_are_found_again(tmp_path):
    with closing(GGUFWriter(tmp_path / "a.gguf", "llama")) as writer:
        writer.add_custom_alignment(256)
        for name in ("x.weight", "y.weight"):
            writer.add_tensor(name, np.arange(6, dtype=np.float32).reshape(2, 3))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    widen(tmp_path / "a.gguf", tmp_path / "b.gguf")
    for tensor in gguf.GGUFReader(tmp_path / "b.gguf").tensors:
        np.testing.assert_array_equal(tensor.data, [[0, 1, 2], [3, 4, 5]])


def test_a_list_without_members_is_left_out(tmp_path):
    def text(value):
        return struct.pack("<Q", len(value)) + value

    architecture = text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama")
    nothing = text(b"general.tags") + struct.pack("<IIQ", 9, 8, 0)
    (tmp_path / "a.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + architecture + nothing + bytes(64))
    widen(tmp_path / "a.gguf", tmp_path / "b.gguf")
    fields = gguf.GGUFReader(tmp_path / "b.gguf").fields
    assert fields["general.architecture"].contents() == "llama"
    assert "general.tags" not in fields


def test_what_the_library_cannot_read_is_named(tmp_path):
    path = random_llama(tmp_path / "m.Q4_1.gguf", "Q4_1")
    path.write_bytes(path.read_bytes().replace(b"blk.0.attn_k.weight", b"blk.0.attn_q.weight"))
    with pytest.raises(InferenceError, match=r"m.Q4_1.gguf cannot be read: .*blk.0.attn_q.weight"):
        converted(path, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_no_place_of_a_file_that_nobody_sees_is_logged(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    widen(of_one_matrix(tmp_path / "a.gguf", [[1.0] * 32], GGMLQuantizationType.Q4_1), tmp_path / "b.gguf")
    assert "b.gguf" not in caplog.text


@pytest.mark.parametrize(("value", "told"), [(2.0**20, "holds 1.05e"), (float("nan"), "holds nan")])
def test_what_float16_cannot_hold_is_named(tmp_path, value, told):
    source = of_one_matrix(tmp_path / "a.gguf", [[value] * 32], GGMLQuantizationType.BF16)
    with pytest.raises(InferenceError, match=f"'x.weight' {told}"):
        widen(source, tmp_path / "b.gguf")


def test_float32_would_be_rounded_and_is_refused(tmp_path):
    path = random_llama(tmp_path / "model.gguf", "F32")
    with pytest.raises(InferenceError, match=r"model.gguf cannot be converted: tensor 'token_embd.weight' is F32"):
        converted(path, tmp_path / "out")


@pytest.mark.parametrize("keep", [0, 100, 6000, 500_000, -1])
def test_a_file_that_was_cut_leaves_nothing(tmp_path, keep):
    path = random_llama(tmp_path / "m.Q4_1.gguf", "Q4_1")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InferenceError, match=r"m.Q4_1.gguf cannot be converted"):
        converted(path, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_model_that_lacks_tensors_is_refused_with_the_reason_of_the_library(tmp_path):
    path = of_one_matrix(tmp_path / "half.gguf", [[1.0] * 32], GGMLQuantizationType.Q4_1)
    with pytest.raises(InferenceError, match=r"half.gguf cannot be converted by openvino-genai .*is missing"):
        converted(path, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_names_are_places_and_no_count_of_what_was_made_before():
    graph = '<net name="Model7" version="11">\n<layer id="3" name="Constant_712_compressed" type="Const">'
    assert (
        named_by_place(graph)
        == '<net name="Model" version="11">\n<layer id="3" name="Constant_3_compressed" type="Const">'
    )
    own = '<layer id="3" name="model.layers[0].self_attn.q_proj.weight" type="Const">'
    assert named_by_place(own) == own


def test_the_plan_converts_by_itself_and_once(tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    path = random_llama(tmp_path / "tiny.Q4_1.gguf", "Q4_1")
    with hub.load(str(path), backend="openvino", threads=2) as model:
        assert [(step.transform, step.asked) for step in model.plan.recipe] == [("gguf-openvino", False)]
        first = model.infer("hello", max_tokens=8, temperature=0)
    made = {each: hashlib.sha256(each.read_bytes()).digest() for each in (tmp_path / "home").rglob("*.bin")}
    with hub.load(str(path), backend="openvino", threads=2) as model:
        assert model.infer("hello", max_tokens=8, temperature=0) == first
    assert first
    assert {each: hashlib.sha256(each.read_bytes()).digest() for each in (tmp_path / "home").rglob("*.bin")} == made


def test_types_that_are_taken_over_are_opened_as_they_are(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    with hub.load(str(tiny), backend="openvino", threads=2) as model:
        assert model.plan.recipe == ()
