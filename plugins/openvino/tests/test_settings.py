"""Options as properties of OpenVINO, and sampling as fields of GenAI."""

import openvino_genai as genai
import pytest
from hub_openvino.sampling import OFF, fields
from hub_openvino.settings import precision_of, properties

from hub.runtime.protocols import Sampling
from plugins.openvino.tests.conftest import chat_request, request

# Fields of beams, drafts and adapters, which plain sampling does not use; what is no choice of a token; and what is
# set from the model or the request.
OTHERS = {
    "adapters", "assistant_confidence_threshold", "branching_factor", "diversity_penalty", "length_penalty",
    "max_length", "max_ngram_size", "num_assistant_tokens", "num_beam_groups", "pruning_ratio", "relevance_weight",
    "stop_criteria", "tree_depth", "include_stop_str_in_output", "parsers", "return_omni_outputs", "stop_strings",
    "eos_token_id", "stop_token_ids", "structured_output_config",
}  # fmt: skip


def test_every_field_by_which_a_token_is_chosen_is_set():
    config = genai.GenerationConfig()
    names = {name for name in dir(config) if not name.startswith("_") and not callable(getattr(config, name))}
    assert names - OTHERS == set(fields(Sampling(), 1))
    for name, value in fields(Sampling(temperature=0.5, top_p=0.5, top_k=3, seed=1), 4).items():
        setattr(config, name, value)
        assert getattr(config, name) == pytest.approx(value)
    config.validate()


def test_temperature_0_is_greedy_whatever_else_is_set():
    found = fields(Sampling(temperature=0, top_p=0.3, top_k=5), 1)
    assert (found["do_sample"], found["top_p"], found["top_k"]) == (False, 1.0, 2**64 - 1)


def test_a_missing_seed_is_drawn_and_a_given_one_kept():
    assert fields(Sampling(seed=5), 1)["rng_seed"] == 5
    assert len({fields(Sampling(), 1)["rng_seed"] for _ in range(4)}) == 4
    assert "rng_seed" not in OFF


def test_f32_switches_off_what_openvino_would_quantize_by_itself(tmp_path):
    found = properties(request(tmp_path), "f32")
    assert found["INFERENCE_PRECISION_HINT"] == "f32"
    assert (found["EXECUTION_MODE_HINT"], found["DYNAMIC_QUANTIZATION_GROUP_SIZE"]) == ("ACCURACY", 0)
    assert "INFERENCE_PRECISION_HINT" not in properties(request(tmp_path), "auto")


def test_options_become_properties(tmp_path):
    given = request(tmp_path, threads=3, performance="throughput", cache_dir=tmp_path)
    found = properties(given, "auto")
    assert found == {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_NUM_THREADS": 3, "CACHE_DIR": str(tmp_path)}
    assert properties(chat_request(tmp_path / "m.gguf", kv_cache="f16"), "auto")["KV_CACHE_PRECISION"] == "f16"
    assert "INFERENCE_NUM_THREADS" not in properties(request(tmp_path, device="gpu", threads=3), "auto")


def test_the_precision_is_that_of_the_recipe_or_the_option_or_the_default(tmp_path):
    assert precision_of(request(tmp_path), "f32") == "f32"
    assert precision_of(request(tmp_path, precision="auto"), "f32") == "auto"
    assert precision_of(request(tmp_path, steps=("bf16",)), "f32") == "bf16"
    assert precision_of(request(tmp_path, precision="bf16", steps=("bf16",)), "f32") == "bf16"
