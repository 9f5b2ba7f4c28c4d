"""Text generation: what the session is asked, and the real model behind the public API."""

import pytest
from hub_text.generation.model import TextGeneration

import hub
from hub.errors import ContextOverflow, InputError, OptionError
from hub.runtime.protocols import Delta, Reply, Sampling, Session
from hub.types import Facts

OPTIONS = {
    "max_tokens": 5,
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 3,
    "seed": 1,
    "stop": ["END"],
    "system": None,
    "schema": None,
    "raw": False,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "logit_bias": None,
    "top_logprobs": None,
    "tools": [],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}


class Recorder(Session):
    """Keeps what it is asked, and says one word."""

    def __init__(self):
        self.asked = []

    def chat(self, request, emit):
        self.asked.append(request)
        stopped = emit(Delta(text="word"))
        return Reply(text="word", finish="cancelled" if stopped else "stop", tokens=1, prompt_tokens=2)


def infer(inputs, emit=lambda _: False, **options):
    recorder = Recorder()
    facts = Facts(task="text-generation", family="llama", format="gguf", files=())
    model = TextGeneration({"": recorder}, "chat", None, facts)
    return model.infer(inputs, {**OPTIONS, **options}, emit), recorder.asked


def test_a_text_is_one_message_and_every_option_reaches_the_session():
    results, (asked,) = infer(["Hi"])
    assert asked.messages == ({"role": "user", "content": "Hi"},)
    assert asked.sampling == Sampling(max_tokens=5, temperature=0.5, top_p=0.9, top_k=3, seed=1)
    assert asked.stop == ("END",)
    assert results == [{"generated_text": "word", "finish_reason": "stop", "prompt_tokens": 2, "generated_tokens": 1}]


def test_the_system_option_comes_first():
    _, (asked,) = infer([[{"role": "user", "content": "Hi"}]], system="Be brief.")
    assert asked.messages[0] == {"role": "system", "content": "Be brief."}


def test_two_system_messages_are_refused():
    with pytest.raises(OptionError, match="gives another"):
        infer([[{"role": "system", "content": "A"}, {"role": "user", "content": "Hi"}]], system="B")


def test_raw_text_is_completed_without_a_template():
    _, (asked,) = infer(["Once"], raw=True)
    assert (asked.prompt, asked.messages) == ("Once", ())


@pytest.mark.parametrize("given", [{"system": "Be brief."}, {"inputs": [[{"role": "user", "content": "Hi"}]]}])
def test_raw_excludes_what_needs_a_template(given):
    with pytest.raises((OptionError, InputError), match="template"):
        infer(given.pop("inputs", ["Once"]), raw=True, **given)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ([], "empty"),
        ([{"role": "user", "content": ""}], "empty"),
        ([{"role": "user"}], "message 0"),
        (["Hi"], "message 0"),
        (7, "int"),
    ],
)
def test_what_is_no_prompt_is_refused_before_anything_is_generated(item, reason):
    with pytest.raises(InputError, match=reason):
        infer([item])


def test_deltas_carry_the_index_of_their_input():
    seen = []
    results, _ = infer(["a", "b", "c"], lambda delta: seen.append(delta.index) and False)
    assert seen == [0, 1, 2]
    assert len(results) == 3


def test_after_a_stop_the_later_inputs_are_not_asked():
    results, asked = infer(["a", "b", "c"], lambda delta: delta.index == 1)
    assert [result["finish_reason"] for result in results] == ["stop", "cancelled", "cancelled"]
    assert len(asked) == 2


@pytest.mark.weights
def test_the_real_model_answers_streams_and_refuses(weights_home, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    with hub.load("smollm2-135m", context_length=256, threads=2) as model:
        answer = model.infer("What is 2+2?")
        assert "4" in answer["generated_text"]
        assert (answer["finish_reason"], answer["prompt_tokens"], answer["generated_tokens"]) == ("stop", 37, 12)
        assert "".join(model.stream("What is 2+2?")) == answer["generated_text"]
        with pytest.raises(ContextOverflow):
            model.infer("word " * 300)
        with pytest.raises(InputError):
            model.infer("")
