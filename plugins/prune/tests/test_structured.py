"""Smaller dense models that plain transformers loads, as near to their origin as least squares makes them."""

import json

import numpy as np
import pytest
import torch
from hub_prune.facts import predict
from hub_prune.pruning import prune, prune_to_onnx

from hub.errors import InferenceError, OptionError, UsageError
from plugins.prune.tests.conftest import error, facts, loaded, made, record, request, texts, tokenizer_of_words

ENCODERS = ("bert", "camembert", "electra", "roberta", "xlm-roberta")
DECODERS = ("gemma", "llama", "mistral", "qwen2", "qwen3", "smollm3")


def spoken(rows=64, seed=1):
    return [" ".join(map(str, row)) for row in texts(rows, seed=seed)]


@pytest.mark.parametrize("family", ENCODERS)
def test_encoders_lose_channels_and_layers(family, tmp_path):
    origin = made(tmp_path / "model", family, decoder=False)
    asked = request(tmp_path / "model", tmp_path / "out", "feature-extraction", ffn=0.25, layers=1)
    prune(asked)
    model = loaded(tmp_path / "out")
    assert model.config.num_hidden_layers == 3
    assert model.config.intermediate_size == 48
    assert error(model, origin) < 0.5
    after = predict(asked.facts, asked.options)
    assert after.config == json.loads((tmp_path / "out" / "config.json").read_text())


@pytest.mark.parametrize("family", DECODERS)
def test_decoders_lose_groups_of_heads_channels_and_layers(family, tmp_path):
    origin = made(tmp_path / "model", family, decoder=True, pad_token_id=0)
    tokenizer_of_words(tmp_path / "model")
    asked = request(
        tmp_path / "model", tmp_path / "out", "text-generation", heads=0.25, ffn=0.25, layers=1, inputs=spoken()
    )
    prune(asked)
    assert predict(asked.facts, asked.options).family == ("mistral" if family == "llama" else family)
    model = loaded(tmp_path / "out", "AutoModelForCausalLM")
    config = model.config
    assert (config.num_hidden_layers, config.num_attention_heads, config.num_key_value_heads) == (3, 6, 3)
    assert (config.head_dim, config.intermediate_size) == (4, 48)
    assert error(model, origin) < 0.9
    predicted = predict(asked.facts, asked.options).size
    assert predicted == pytest.approx((tmp_path / "out" / "model.safetensors").stat().st_size, rel=0.05)


@pytest.mark.parametrize("asked", [{"ffn": 0.25}, {"layers": 1}])
def test_an_encoder_is_nearer_with_reconstruction(encoder, tmp_path, asked):
    origin, folder = encoder
    for name, reconstruct in (("with", True), ("without", False)):
        prune(request(folder, tmp_path / name, "feature-extraction", reconstruct=reconstruct, **asked))
    assert error(loaded(tmp_path / "with"), origin) < 0.9 * error(loaded(tmp_path / "without"), origin)


@pytest.mark.parametrize("asked", [{"ffn": 0.25}, {"heads": 0.25}, {"layers": 1}])
def test_a_decoder_is_nearer_with_reconstruction(decoder, tmp_path, asked):
    origin, folder = decoder
    for name, reconstruct in (("with", True), ("without", False)):
        prune(request(folder, tmp_path / name, "text-generation", reconstruct=reconstruct, inputs=spoken(400), **asked))
    near, far = (error(loaded(tmp_path / name, "AutoModelForCausalLM"), origin) for name in ("with", "without"))
    assert near < far


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_pruning_nothing_changes_nothing(tmp_path, dtype):
    origin = made(tmp_path / "model", "bert", decoder=False, dtype=dtype)
    prune(request(tmp_path / "model", tmp_path / "out", "feature-extraction", ffn=0.0, layers=None))
    after = loaded(tmp_path / "out").state_dict()
    for name, tensor in origin.state_dict().items():
        assert torch.equal(after[name], tensor), name


def test_the_same_call_gives_the_same_bytes(encoder, tmp_path):
    for name in ("one", "other"):
        prune(request(encoder[1], tmp_path / name, "feature-extraction", ffn=0.5, samples=20))
    one, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "other"))
    assert one == other


def test_the_seed_chooses_the_samples(encoder, tmp_path):
    seen = []
    for seed in (0, 1):
        prune(
            request(
                encoder[1],
                tmp_path / str(seed),
                "feature-extraction",
                ffn=0.5,
                samples=20,
                seed=seed,
                record=lambda inputs: seen.append(inputs) or record(inputs),
            )
        )
    assert len(seen[0]) == len(seen[1]) == 20
    assert seen[0] != seen[1]


def test_a_llama_whose_heads_do_not_divide_is_a_mistral_that_answers_alike(decoder, tmp_path):
    origin, folder = decoder
    asked = request(folder, tmp_path / "out", "text-generation", heads=0.25, inputs=spoken(400))
    prune(asked)
    model = loaded(tmp_path / "out", "AutoModelForCausalLM")
    assert model.config.sliding_window is None
    assert type(model).__name__ == "MistralForCausalLM"
    with torch.no_grad():  # the same weights, in the class that the config would not allow
        origin.config.head_dim = 4
        for layer, narrow in zip(origin.model.layers, model.model.layers, strict=True):
            for name in ("self_attn", "mlp"):
                setattr(layer, name, getattr(narrow, name))
    assert error(model, origin) < 1e-10
    biased = predict(facts(made_biased(tmp_path / "biased"), "text-generation"), {"heads": 0.25})
    assert "6 does not divide 32" in biased


def made_biased(folder):
    made(folder, "llama", decoder=True, attention_bias=True)
    return folder


def test_tied_embeddings_are_written_once_and_tied_again(tmp_path):
    made(tmp_path / "model", "llama", decoder=True, tie_word_embeddings=True)
    tokenizer_of_words(tmp_path / "model")
    prune(request(tmp_path / "model", tmp_path / "out", "text-generation", ffn=0.25, inputs=spoken()))
    model = loaded(tmp_path / "out", "AutoModelForCausalLM")
    assert model.lm_head.weight is model.model.embed_tokens.weight
    one, other = ((tmp_path / name / "model.safetensors").stat().st_size for name in ("model", "out"))
    assert other < one


def test_stored_precision_is_kept(tmp_path):
    for dtype in (torch.bfloat16, torch.float16):
        folder, out = tmp_path / str(dtype), tmp_path / f"{dtype}-out"
        origin = made(folder, "bert", decoder=False, dtype=dtype)
        prune(request(folder, out, "feature-extraction", ffn=0.25))
        model = loaded(out)
        assert model.dtype == dtype
        assert error(model.float(), origin.float()) < 0.2


def test_a_target_size_is_reached(decoder, tmp_path):
    prune(request(decoder[1], tmp_path / "out", "text-generation", size=0.7, inputs=spoken()))
    before, after = ((folder / "model.safetensors").stat().st_size for folder in (decoder[1], tmp_path / "out"))
    assert 0.6 * before < after < 0.72 * before


def test_heads_of_an_encoder_go_into_an_onnx_graph(encoder, tmp_path):
    onnx, onnxruntime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    origin, folder = encoder
    prune_to_onnx(request(folder, tmp_path / "out", "feature-extraction", heads=0.25, ffn=0.25))
    session = onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx")
    assert {each.name for each in session.get_inputs()} == {"input_ids", "attention_mask"}
    for rows, tokens in ((1, 5), (3, 12)):
        feeds = record(texts(rows, tokens, seed=2))[0]
        (found,) = session.run(["last_hidden_state"], feeds)
        with torch.no_grad():
            before = origin(**{name: torch.from_numpy(value) for name, value in feeds.items()})[0]
        assert found.shape == before.shape
        mask = torch.from_numpy(feeds["attention_mask"]).bool()
        gone = (torch.from_numpy(found) - before)[mask].square().sum() / before[mask].square().sum()
        assert 1e-6 < float(gone) < 0.3
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (config["num_attention_heads"], config["head_dim"], config["intermediate_size"]) == (6, 4, 48)
    graph = onnx.load(tmp_path / "out" / "model.onnx").graph
    left = sum(int(np.prod(each.dims)) for each in graph.initializer)
    assert left < sum(each.numel() for each in origin.parameters()) - 4 * (4 * 32 * 8 + 2 * 32 * 16)


def test_a_weight_that_is_no_number_is_named(encoder, tmp_path):
    origin, folder = encoder
    origin.encoder.layer[2].output.dense.weight.data[3, 4] = float("nan")
    origin.save_pretrained(folder)
    with pytest.raises(InferenceError, match=r"encoder\.layer\.2\.output\.dense\.weight holds 1 value"):
        prune(request(folder, tmp_path / "out", "feature-extraction", ffn=0.25))


def test_a_damaged_file_is_an_error(encoder, tmp_path):
    (encoder[1] / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(InferenceError, match="cannot be opened"):
        prune(request(encoder[1], tmp_path / "out", "feature-extraction", ffn=0.25))


def test_texts_without_tokens_are_refused(decoder, tmp_path):
    with pytest.raises(UsageError, match="no text of two tokens"):
        prune(request(decoder[1], tmp_path / "out", "text-generation", ffn=0.25, inputs=["", "7"]))


def test_what_the_plan_would_refuse_is_refused_here_too(encoder, tmp_path):
    with pytest.raises(OptionError, match="leaves nothing"):
        prune(request(encoder[1], tmp_path / "out", "feature-extraction", layers=4))


def test_where_nothing_records_the_tokenizer_serves(encoder, tmp_path):
    def nothing(_):
        raise InferenceError("nothing runs this")

    tokenizer_of_words(encoder[1])
    prune(request(encoder[1], tmp_path / "out", "feature-extraction", ffn=0.25, inputs=spoken(), record=nothing))
    assert error(loaded(tmp_path / "out"), encoder[0]) < 0.2
    (encoder[1] / "tokenizer.json").unlink()
    with pytest.raises(UsageError, match=r"no tokenizer\.json"):
        prune(request(encoder[1], tmp_path / "other", "feature-extraction", ffn=0.25, inputs=spoken(), record=nothing))


def test_facts_agree_with_what_is_made(encoder, tmp_path):
    asked = request(encoder[1], tmp_path / "out", "feature-extraction", ffn=0.5, layers=2)
    prune(asked)
    predicted, found = predict(asked.facts, asked.options), facts(tmp_path / "out", "feature-extraction")
    assert predicted.config == found.config
    assert predicted.size == pytest.approx(found.size, rel=0.1)
