"""all-MiniLM-L6-v2 through torch: what transformers alone gives, from Python and from the shell."""

import json

import numpy as np
import pytest
import torch
import transformers

import hub

pytestmark = pytest.mark.weights
TEXTS = [
    "A man is eating food.",
    "Someone is having a meal.",
    "The moon is made of rock, and not of green cheese.",
    "x",
]
MODEL = "all-minilm-l6-v2:safetensors"


@pytest.fixture
def home(weights_home, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights_home))


def bare(folder):
    """The model card's own recipe: mean of the tokens, length 1."""
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokens = tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**tokens).last_hidden_state
    mask = tokens["attention_mask"][:, :, None]
    pooled = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
    return torch.nn.functional.normalize(pooled).numpy()


def test_vectors_are_those_of_transformers(home):
    right = bare(hub.pull(MODEL).path)
    with hub.load(MODEL, backend="torch", threads=2) as model:
        assert model.plan.backend == "torch"
        np.testing.assert_allclose(model.infer(TEXTS), right, atol=1e-5)


def test_bfloat16_keeps_the_direction(home):
    right = bare(hub.pull(MODEL).path)
    with hub.load(MODEL, backend="torch", dtype="bfloat16") as model:
        assert (model.infer(TEXTS) * right).sum(axis=1).min() > 0.999


def test_the_shell_gives_them_too_and_prints_nothing_else(home, run_hub):
    done = run_hub("run", MODEL, "--backend", "torch", "--json", TEXTS[0])
    assert done.returncode == 0, done.stderr
    vector = np.array(json.loads(done.stdout)["results"][0]["vector"], np.float32)
    np.testing.assert_allclose(vector, bare(hub.pull(MODEL).path)[0], atol=1e-5)
    assert "torch" not in done.stderr


def test_a_float16_that_the_processor_does_not_know_is_refused(home, run_hub):
    from hub_torch.processor import fast_float16

    if fast_float16():
        pytest.skip("this processor computes in float16")
    done = run_hub("run", MODEL, "--backend", "torch", "--option", "dtype=float16", "a cat")
    assert done.returncode == 2
    assert "It takes float32, bfloat16" in done.stderr
