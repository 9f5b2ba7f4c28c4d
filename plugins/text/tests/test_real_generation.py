"""Text generation over tokens, with real weights: through torch, through llama.cpp and through transformers itself."""

import pytest

import hub
from hub.errors import ContextOverflow, OptionError
from hub.testing import Opening

pytest.importorskip("hub_torch.backend", reason="tokens are generated through openmodelhub-torch")
transformers = pytest.importorskip("transformers", reason="transformers is what it is compared with")
pytest.importorskip("gguf", reason="the weights are converted from GGUF")

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.usefixtures("with_weights")]
QUESTION = "What is 2+2?"
STORY = [
    {"role": "system", "content": "You tell stories."},
    {"role": "user", "content": "Begin one about a fox, with an emoji."},
]
FIELDS = ("generated_text", "finish_reason", "prompt_tokens", "generated_tokens")


@pytest.fixture
def with_weights(hub_home, weights_home, monkeypatch):
    """The test's home is the one with the weights."""
    monkeypatch.setenv("HUB_HOME", str(weights_home))


@pytest.fixture(scope="module")
def at_home(weights_home):
    """What is opened for several tests is opened there too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        yield


@pytest.fixture(scope="module")
def model(at_home):
    """SmolLM2, dequantized, over tokens."""
    how = {"backend": "torch", "compress": "safetensors", "dtype": "float32"}
    with hub.load("smollm2-135m", threads=2, context_length=512, **how) as loaded:
        assert loaded.plan.verb == "generate"
        yield loaded


def test_an_answer_over_tokens_is_the_answer_over_chat_field_by_field(model):
    with hub.load("smollm2-135m", backend="llamacpp", threads=2, context_length=512) as chat:
        for options in ({}, {"max_tokens": 11}, {"stop": ["classic m"]}, {"stop": ["never"]}):
            answer = model.infer(QUESTION, **options)
            assert tuple(answer) == FIELDS
            assert answer == chat.infer(QUESTION, **options)
        begun = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "The answer is "}]
        assert model.infer(begun, max_tokens=8) == chat.infer(begun, max_tokens=8)
        assert set(model.options) == set(chat.options)


@pytest.fixture(scope="module")
def peer(model):
    """Tokenizer and model as transformers itself opens them."""
    folder = Opening.of("smollm2-135m", backend="torch", compress="safetensors").artifact.path
    transformers.utils.logging.disable_progress_bar()
    weights = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    return transformers.AutoTokenizer.from_pretrained(folder), weights


@pytest.mark.parametrize("prompt", [QUESTION, STORY], ids=["text", "conversation"])
def test_the_answer_is_that_of_transformers(model, prompt, peer):
    tokenizer, weights = peer
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    feeds = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    given = feeds["input_ids"].shape[1]
    found = weights.generate(**feeds, max_new_tokens=16, do_sample=False)[0][given:]
    answer = model.infer(prompt, max_tokens=16)
    assert answer["generated_text"] == tokenizer.decode(found, skip_special_tokens=True)
    assert (answer["prompt_tokens"], answer["generated_tokens"]) == (given, len(found))


def test_pieces_join_to_the_answer_and_none_is_half_a_character(model):
    pieces = model.stream("Repeat this: 猫 😀 é", max_tokens=40, temperature=0.7, seed=4)
    found = list(pieces)
    assert "".join(found) == pieces.result["generated_text"]
    assert not any("\ufffd" in piece for piece in found)


def test_a_seed_gives_the_same_answer_again_and_another_seed_another(model):
    one, same, other = (
        model.infer(QUESTION, temperature=1.2, top_p=0.9, top_k=40, seed=seed, max_tokens=20) for seed in (1, 1, 2)
    )
    assert one == same != other


def test_leaving_a_stream_early_leaves_the_model_ready(model):
    with model.stream("Count from 1 to 100.", max_tokens=300) as pieces:
        next(pieces)
    assert model.infer(QUESTION, max_tokens=3)["generated_tokens"] == 3


def test_what_cannot_be_is_refused(model):
    with pytest.raises(ContextOverflow, match="the context holds 512"):
        model.infer("word " * 600)
    with pytest.raises(OptionError, match="schema: not possible"):
        model.infer(QUESTION, schema={"type": "object"})
