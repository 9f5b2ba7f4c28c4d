"""Load steps of torchao: weights of linear layers in fewer bits, on small models and on all-MiniLM-L6-v2."""

import json
from dataclasses import replace
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
import torch
from hub_torch.backend import open_model
from hub_torch.facts import memory
from hub_torch.steps import LOAD_STEPS, accepts, matrix_weights
from safetensors.torch import load_file, save_file

import hub
from hub.errors import InferenceError, PlanError, UsageError
from hub.runtime.protocols import Generate, Sampling
from hub.testing import get_host
from plugins.torch.tests.conftest import request
from plugins.torch.tests.models_made import decoder, encoder
from plugins.torch.tests.test_facts import LLAMA, facts

pytest.importorskip("torchao")

IDS = np.random.default_rng(0).integers(0, 100, (4, 16))
FEEDS = {"input_ids": IDS, "attention_mask": np.ones_like(IDS), "token_type_ids": np.zeros_like(IDS)}
WIDE = {"hidden_size": 128, "intermediate_size": 256}
STEPS = {"int8": 0.995, "int8:group_size=32": 0.998, "int8-dynamic": 0.99, "int4": 0.8}


def resolved(recipe: str) -> dict[str, dict[str, object]]:
    """Steps as the core gives them to a backend: every option is there."""
    found = {}
    for text in recipe.split(" | "):
        word, _, given = text.partition(":")
        spec = next(step for step in LOAD_STEPS if step.step == word)
        defaults = {option.name: option.default for option in spec.options}
        pairs = (pair.split("=") for pair in given.split(",") if pair)
        found[word] = {**defaults, **{key: int(value) if value.isdigit() else [value] for key, value in pairs}}
    return found


@pytest.fixture
def loaded():
    """Open a folder with load steps, and close it after the test."""
    sessions = []

    def opener(folder, recipe="", task="feature-extraction", verb="run", **options):
        asked = request(folder, task, verb, **options)
        sessions.append(open_model(replace(asked, load_steps=resolved(recipe) if recipe else {})))
        return sessions[-1]

    yield opener
    for session in sessions:
        session.close()


def cosine(one, other):
    one, other = one.ravel(), other.ravel()
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


@pytest.mark.parametrize(("recipe", "least"), STEPS.items())
def test_hidden_states_stay_near_those_of_the_weights_as_they_are(tmp_path, loaded, recipe, least):
    encoder(tmp_path, **WIDE)
    right = loaded(tmp_path).run(FEEDS)["last_hidden_state"]
    session = loaded(tmp_path, recipe)
    found = session.run(FEEDS)["last_hidden_state"]
    assert least < cosine(found, right) < 1 - 1e-9
    assert session.metadata["quantized"] == f"{recipe.partition(':')[0]} in 13 layers"


@pytest.mark.parametrize("recipe", ["bf16 | int8", "int4 | bf16", "bf16 | int8-dynamic"])
def test_a_dtype_and_fewer_bits_go_together(tmp_path, loaded, recipe):
    encoder(tmp_path, **WIDE)
    right = loaded(tmp_path).run(FEEDS)["last_hidden_state"]
    session = loaded(tmp_path, recipe)
    assert session.metadata["dtype"] == "bfloat16"
    assert cosine(session.run(FEEDS)["last_hidden_state"], right) > 0.8


@pytest.mark.parametrize("recipe", ["int8", "int8-dynamic", "int4"])
def test_a_language_model_answers_and_keeps_its_head(tmp_path, loaded, recipe):
    decoder(tmp_path, **WIDE)
    session = loaded(tmp_path, recipe, "text-generation", "generate")
    asked = Generate(prompts=((1, 2, 3), (4, 5)), sampling=Sampling(max_tokens=4))
    assert [len(each.ids) for each in session.generate(asked, lambda _: False)] == [4, 4]
    assert session.metadata["quantized"] == f"{recipe} in 14 layers"  # 7 in each of 2 layers, and not the head


def test_layers_that_are_excluded_stay_as_they_are(tmp_path, loaded):
    encoder(tmp_path, **WIDE)
    session = loaded(tmp_path, "int4:exclude=encoder.layer.*")
    assert session.metadata["quantized"] == "int4 in 1 layers"
    with pytest.raises(UsageError, match="exclude=nothing names no linear layer") as caught:
        loaded(tmp_path, "int4:exclude=nothing")
    assert "encoder.layer.0" in caught.value.hint


def test_weights_in_fewer_bits_take_less_memory(tmp_path, loaded):
    encoder(tmp_path, **WIDE)
    sizes = {}
    for recipe in ("", "int8", "int4", "bf16 | int4"):
        model = loaded(tmp_path, recipe)._model
        sizes[recipe] = sum(
            tensor.untyped_storage().nbytes()
            for layer in model.modules()
            if isinstance(layer, torch.nn.Linear)
            for tensor in tensors(layer.weight)
        )
    assert sizes["int8"] < 0.27 * sizes[""]
    assert sizes["int4"] < 0.3 * sizes[""]
    assert sizes["bf16 | int4"] < 0.17 * sizes[""]


def tensors(weight):
    """The plain tensors that a weight consists of."""
    names = [*getattr(weight, "tensor_data_names", ()), *getattr(weight, "optional_tensor_data_names", ())]
    return [inner for name in names if (inner := getattr(weight, name)) is not None] or [weight]


def test_weights_that_are_no_numbers_are_named(tmp_path, loaded):
    encoder(tmp_path, **WIDE)
    weights = load_file(tmp_path / "model.safetensors")
    weights["encoder.layer.1.output.dense.weight"][3, 5] = torch.nan
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(InferenceError, match=r"NaN or infinity: encoder\.layer\.1\.output\.dense\.weight"):
        loaded(tmp_path, "int8")


def test_a_number_that_is_none_is_still_traced_to_its_layer(tmp_path, loaded):
    encoder(tmp_path, **WIDE)
    weights = load_file(tmp_path / "model.safetensors")
    weights["encoder.layer.1.output.LayerNorm.weight"][3] = torch.nan
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(InferenceError, match=r"because the weights do: encoder\.layer\.1\.output\.LayerNorm"):
        loaded(tmp_path, "int8").run(FEEDS)


def test_two_steps_that_take_bits_away_are_refused(tmp_path, loaded):
    encoder(tmp_path, **WIDE)
    with pytest.raises(UsageError, match="once, not by 'int8' and 'int4'"):
        loaded(tmp_path, "int8 | int4")


@pytest.mark.parametrize(
    ("config", "options", "reason"),
    [
        ({"hidden_size": 384}, {"group_size": 48}, "powers of two"),
        ({"hidden_size": 96, "intermediate_size": 384}, {"group_size": 64}, "groups of 64 do not divide rows of 96"),
        ({"quantization_config": {"quant_method": "gptq"}}, {}, "quantized already"),
    ],
)
def test_what_cannot_be_done_to_weights_is_told_from_facts(config, options, reason):
    assert reason in accepts(facts(**config), options)


def test_without_torchao_the_plan_says_what_to_install(monkeypatch):
    def gone(_):
        raise PackageNotFoundError

    monkeypatch.setattr("hub_torch.steps.version", gone)
    assert accepts(facts(), {}) == "torchao is not installed: pip install 'openmodelhub-torch[torchao]'"
    monkeypatch.setattr("hub_torch.steps.version", lambda _: "0.9.0")
    assert accepts(facts(), {}).startswith("torchao 0.9.0 is installed, and 0.18 is needed")


def test_the_estimate_counts_linear_layers_in_their_bits():
    model = facts("llama", "text-generation", size=540_000_000, **LLAMA)
    whole, eight, four, packed = (
        memory(model, options)
        for options in ({}, {"int8": {}}, {"int4": {"group_size": 32}}, {"bf16": {}, "int4": {"group_size": 32}})
    )
    matrices = matrix_weights(model)
    assert matrices == 30 * (2 * 576 * 64 * 12 + 3 * 576 * 1536)
    assert eight.weights == whole.weights - round(matrices * (3 - 4 / 512))
    assert four.weights == whole.weights - round(matrices * (3 - 5 / 32))
    assert packed.weights == whole.weights // 2 - round(matrices * (1.5 - 4 / 32))
    assert eight.total >= whole.weights  # which are held first


def test_a_folder_is_opened_through_the_plan(tmp_path):
    encoder(tmp_path, **WIDE)
    (tmp_path / "tokenizer.json").write_text("{}")
    found = hub.plan(str(tmp_path), task="feature-extraction", backend="torch", compress="int8:group_size=64 | bf16")
    assert [str(step) for step in found.load_steps] == ["int8:group_size=64", "bf16"]
    with pytest.raises(PlanError, match="groups of 256 do not divide rows of 128"):
        hub.plan(str(tmp_path), task="feature-extraction", backend="torch", compress="int8:group_size=256")


@pytest.mark.weights
@pytest.mark.parametrize(("recipe", "least"), [("int8", 0.998), ("int8-dynamic", 0.99), ("int4", 0.94)])
def test_minilm_keeps_the_direction(weights_home, monkeypatch, recipe, least):
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    texts = ["A man is eating food.", "Interest rates were left unchanged on Tuesday.", "x"]
    with hub.load("all-minilm-l6-v2:safetensors", backend="torch") as model:
        right = model.infer(texts)
    with hub.load("all-minilm-l6-v2:safetensors", backend="torch", compress=recipe) as model:
        assert [step.step for step in model.plan.load_steps] == [recipe]
        assert model.plan.recipe == ()
        assert least < (np.asarray(model.infer(texts)) * right).sum(axis=1).min() < 0.99999


@pytest.mark.weights
def test_the_shell_opens_it_so_and_the_plan_shows_both_ways(weights_home, run_hub, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    model = "all-minilm-l6-v2:safetensors"
    done = run_hub("run", model, "--backend", "torch", "--compress", "int8", "--json", "a cat")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["results"][0]["vector"]) == 384
    assert "torchao" not in done.stderr
    [loaded] = hub.plan(model, backend="torch", compress="int8").load_steps
    assert (loaded.step, dict(loaded.options)) == ("int8", {"group_size": None, "exclude": []})
    if "onnx" in get_host().backends and "onnx-int8" in get_host().transforms:
        other = hub.plan("all-minilm-l6-v2", compress="int8")
        assert (other.backend, other.load_steps) == ("onnx", ())
        assert any(each.backend == "torch" and each.recipe == "int8" for each in other.rejected)
