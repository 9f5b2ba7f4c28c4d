"""What is seen in the head of a GGUF file before the library gets it, which crashes on some that are damaged."""

from contextlib import closing

import numpy as np
import pytest
from gguf import GGUFValueType, GGUFWriter, RopeScalingType
from hub_openvino.fixtures.llama import random_llama
from hub_openvino.gguf import GGUFError, check
from hub_openvino.opening import open_model

from hub.errors import InferenceError
from plugins.openvino.tests.conftest import chat_request


def test_a_whole_file_passes(tiny):
    check(tiny)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not begin as a GGUF file"),
        (b"not a model at all, but long enough to be read", "does not begin as a GGUF file"),
        (b"GGUF\x63\x00\x00\x00" + bytes(24), "GGUF version 99"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 64, "string of"),
    ],
)
def test_a_file_that_is_no_model_is_named_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(InferenceError, match=f"broken.gguf cannot be loaded: .*{reason}"):
        open_model(chat_request(path))


@pytest.mark.parametrize("keep", [100, 6000, 500_000, -1])
def test_a_file_that_was_cut_is_refused_wherever_it_was_cut(tiny, tmp_path, keep):
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny.read_bytes()[:keep])
    with pytest.raises(GGUFError, match="ends after"):
        check(path)


@pytest.mark.parametrize(("kind", "reason"), [("Q4_1", "rounds the offsets of Q4_1"), ("BF16", "does not read BF16")])
def test_a_type_that_the_name_of_the_file_does_not_tell_is_found_in_it(tmp_path, kind, reason):
    path = random_llama(tmp_path / "model.gguf", kind)
    with pytest.raises(InferenceError, match=f"tensor 'token_embd.weight' is {kind}: .*{reason}"):
        open_model(chat_request(path))


@pytest.mark.parametrize(("kind", "hint"), [("Q5_1", "Convert it once, with the step: openvino"), ("F32", "")])
def test_what_is_not_taken_over_names_the_step_that_converts_it(tmp_path, kind, hint):
    with pytest.raises(InferenceError) as caught:
        open_model(chat_request(random_llama(tmp_path / "model.gguf", kind)))
    assert caught.value.hint == hint


def test_a_model_that_lacks_tensors_is_named_with_the_reason(tmp_path):
    path = tmp_path / "half.gguf"
    with closing(GGUFWriter(path, "llama")) as writer:
        writer.add_tensor("x", np.ones((2, 32), np.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    with pytest.raises(InferenceError, match=r"half.gguf cannot be loaded by openvino-genai .*is missing"):
        open_model(chat_request(path))


def test_scaled_positions_are_refused_for_the_reader_leaves_them_out(tmp_path):
    path = tmp_path / "long.gguf"
    for of_tensors in (True, False):
        with closing(GGUFWriter(path, "llama")) as writer:
            writer.add_rope_scaling_type(RopeScalingType.NONE if of_tensors else RopeScalingType.YARN)
            writer.add_tensor("rope_freqs.weight" if of_tensors else "x", np.ones(2, np.float32))
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
        with pytest.raises(GGUFError, match=f"scaled by '{'rope_freqs.weight' if of_tensors else 'yarn'}'"):
            check(path)


def test_an_alignment_of_nothing_is_refused(tmp_path):
    path = tmp_path / "odd.gguf"
    writer = GGUFWriter(str(path), "llama")
    writer.add_key_value("general.alignment", 0, GGUFValueType.UINT32)
    writer.add_tensor("x", np.zeros((2, 2), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(GGUFError, match="aligned to 0 bytes"):
        check(path)


def test_an_architecture_that_the_reader_does_not_build_is_named(tmp_path):
    path = tmp_path / "new.gguf"
    writer = GGUFWriter(str(path), "of-tomorrow")
    writer.add_tensor("x", np.zeros((2, 2), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(InferenceError, match="GGUF of 'of-tomorrow' is not read"):
        open_model(chat_request(path))


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0", "F16"])
def test_types_that_are_accepted_open(tmp_path, kind):
    session = open_model(chat_request(random_llama(tmp_path / f"m.{kind}.gguf", kind)))
    session.close()
