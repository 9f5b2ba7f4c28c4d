"""Penalties, bias, log-probabilities, tools, pictures: what llama.cpp is asked, and what it gives on real weights."""

import json
import shutil
import struct
from pathlib import Path

import pytest
from hub_llamacpp.backend import open_model
from hub_llamacpp.events import Answer
from hub_llamacpp.fixtures.gguf_files import random_bert
from hub_llamacpp.gguf import find_text
from hub_llamacpp.projector import find_projector
from hub_llamacpp.requests import BATCH, chat_body, sampling_fields

from hub.errors import InferenceError, OptionError
from hub.runtime.protocols import Chat, Sampling
from plugins.llamacpp.tests.conftest import CONTEXT, request

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"]},
    },
}
CALL = '<tool_call>\n{"name": "weather", "arguments": {"days": 1}}\n</tool_call>'
TEMPLATE = Path(__file__).with_name("tools.jinja")
"""A template in the form of Qwen 2.5's."""
PNG = "data:image/png;base64,iVBORw0KGgo="
SEEN = {"role": "user", "content": "What?", "parts": [{"type": "image_url", "image_url": {"url": PNG}}]}


def silent(delta):
    return False


def complete(chat, text="One, one, one, one,", **fields):
    sampling = Sampling(max_tokens=6, **fields.pop("sampling", {}))
    return chat.chat(Chat(prompt=text, sampling=sampling, **fields), silent)


@pytest.mark.weights
def test_penalties_take_what_came_back(chat):
    plain = complete(chat)
    other = complete(chat, sampling={"presence_penalty": 2.0, "frequency_penalty": 2.0})
    assert plain.text.count(" one") > other.text.count(" one")
    assert complete(chat) == plain


@pytest.mark.weights
def test_a_bias_decides_what_comes(chat):
    [first, *_] = complete(chat, top_logprobs=0).logprobs
    likely = complete(chat, sampling={"logit_bias": {28: 100.0}})
    assert likely.text == "," * likely.tokens
    banned = complete(chat, sampling={"logit_bias": dict.fromkeys(range(1000), -100.0)})
    assert not banned.text.startswith(first["token"])


@pytest.mark.weights
def test_log_probabilities_are_those_of_the_model_whatever_the_sampling(chat):
    greedy = complete(chat, top_logprobs=3)
    hot = complete(chat, top_logprobs=3, sampling={"temperature": 5.0, "seed": 1})
    assert "".join(each["token"] for each in greedy.logprobs) == greedy.text
    assert [each["token"] for each in hot.logprobs[0]["top_logprobs"]] == [
        each["token"] for each in greedy.logprobs[0]["top_logprobs"]
    ]
    assert hot.logprobs[0]["top_logprobs"][0]["logprob"] == pytest.approx(greedy.logprobs[0]["logprob"], abs=0.05)
    assert complete(chat).logprobs == ()


@pytest.mark.weights
def test_a_template_without_tools_and_weights_without_a_projector_say_why(chat):
    assert not {"tools", "images"} & chat.honours
    assert "template" in chat.declines["tools"]
    assert "no projector" in chat.declines["images"]


@pytest.fixture(scope="module")
def caller(smollm, tmp_path_factory):
    """The real model, with a template that takes tools."""
    data = smollm.read_bytes()
    key = b"tokenizer.chat_template"
    start = data.index(struct.pack("<Q", len(key)) + key) + 8 + len(key) + 4
    [length] = struct.unpack("<Q", data[start : start + 8])
    own = TEMPLATE.read_bytes().strip() + b"{#"
    own += b" " * ((length - len(own) - 2) % 32) + b"#}"  # what comes behind stays aligned
    path = tmp_path_factory.mktemp("caller") / "caller.gguf"
    path.write_bytes(data[:start] + struct.pack("<Q", len(own)) + own + data[start + 8 + length :])
    session = open_model(request(path, context_length=CONTEXT, threads=2))
    yield session
    session.close()
    shutil.rmtree(path.parent)


@pytest.mark.weights
def test_a_model_whose_template_takes_tools_calls_them_natively(caller):
    said = [{"role": "user", "content": "Call."}, {"role": "assistant", "content": CALL}] * 3
    deltas = []
    asked = Chat(messages=(*said, said[0]), tools=(WEATHER,), tool_choice="required", sampling=Sampling(max_tokens=60))
    reply = caller.chat(asked, lambda delta: deltas.append(delta) and False)
    assert reply.tool_calls, reply
    [call] = reply.tool_calls
    assert (call["function"]["name"], json.loads(call["function"]["arguments"])) == ("weather", {"days": 1})
    assert reply.text.strip() == ""
    pieces = [piece for delta in deltas if delta.value for piece in delta.value["tool_calls"]]
    assert "".join(piece["function"]["arguments"] for piece in pieces) == call["function"]["arguments"]
    assert [piece["id"] for piece in pieces if "id" in piece] == [call["id"]]
    assert "tools" in caller.honours


@pytest.mark.weights
def test_a_call_and_its_answer_stand_in_the_prompt(caller):
    arguments = '{"days": 1}'
    call = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": arguments}}
    turns = (
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "Sunny.", "tool_call_id": "a"},
    )
    few = Sampling(max_tokens=2)
    short, long = (caller.chat(Chat(messages=each, sampling=few), silent) for each in (turns[:1], turns))
    assert long.prompt_tokens > short.prompt_tokens + 20
    with pytest.raises(OptionError, match="log-probabilities"):
        caller.chat(Chat(messages=turns, tools=(WEATHER,), top_logprobs=1), silent)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"junk", "does not begin as a GGUF file"), (None, "holds the architecture 'bert'")],
)
def test_a_projector_that_is_none_is_named_before_the_runtime_waits_for_it(tmp_path, content, told):
    model, projector = tmp_path / "a.gguf", tmp_path / "mmproj-a.gguf"
    random_bert(model)
    projector.write_bytes(content or model.read_bytes())
    with pytest.raises(InferenceError, match=told) as caught:
        find_projector(request(model))
    assert str(projector) in caught.value.message
    assert find_projector(request(model, "embed")) is None
    projector.unlink()
    assert find_projector(request(model)) is None


def test_pictures_reach_the_runtime_in_their_place():
    text = {"type": "text", "text": "What?"}
    body = chat_body(Chat(messages=({**SEEN, "parts": [SEEN["parts"][0], text]},)), reuse=False, context=512)
    assert body["messages"] == [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}, text]}]


def test_only_a_prompt_that_may_take_several_batches_has_its_progress_told():
    def told(**asked):
        return chat_body(Chat(**asked), reuse=False, context=4096)["return_progress"]

    hi = {"role": "user", "content": "Hi"}
    assert not told(messages=(hi,))
    assert not told(prompt="\ud83d" + "a" * (BATCH - 1))
    assert told(prompt="a" * (BATCH + 1))
    assert told(messages=({"role": "user", "content": "字" * (BATCH // 3 + 1)},))
    assert told(messages=({**SEEN, "parts": SEEN["parts"]},))
    assert told(messages=(hi,), tools=({"type": "function", "function": {"name": "look"}},))


def test_penalties_count_the_context_and_bias_names_ids():
    fields = sampling_fields(Sampling(presence_penalty=1, logit_bias={3: 1}), window=512)
    assert (fields["repeat_last_n"], fields["samplers"], fields["logit_bias"]) == (
        512,
        ["penalties", "top_k"],
        [[3, 1.0]],
    )
    assert sampling_fields(Sampling(), window=512)["repeat_last_n"] == 0


def test_a_token_of_no_probability_is_told_as_json_can():
    answer = Answer(silent, {}, 1)
    told = {"token": "a", "bytes": [97], "logprob": None, "top_logprobs": [{"token": "b", "logprob": -1e300}]}
    for end in (None, "stop"):
        choice = {"delta": {"content": "a"}, "finish_reason": end, "logprobs": {"content": [told]} if end else None}
        answer.take({"choices": [choice]})
    [found] = answer.reply().logprobs
    assert found == {
        "token": "a",
        "bytes": [97],
        "logprob": -1e4,
        "top_logprobs": [{"token": "b", "bytes": [98], "logprob": -1e4}],
    }


def test_a_text_behind_the_vocabulary_is_found_without_reading_that(tmp_path):
    path = tmp_path / "a.gguf"
    name = b"tokenizer.chat_template"
    path.write_bytes(
        b"GGUF" + bytes(64) + struct.pack("<Q", len(name)) + name + struct.pack("<IQ", 8, 2) + b"hi" + bytes(9)
    )
    assert find_text(path, name.decode()) == "hi"
    assert find_text(path, "tokenizer.other") is None
