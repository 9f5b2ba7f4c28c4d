"""Tools are called over every interface that has them: what must be called is, with arguments that its schema takes."""

from __future__ import annotations

import json

import ollama
import openai
import pytest

import hub
from hub.server.apis.ollama.turns import OllamaCall, OllamaFunction, OllamaTurn, calls_of, conversation_of

pytestmark = pytest.mark.weights

CHAT = "smollm2-135m"
PARIS = [{"role": "user", "content": "What is the weather in Paris?"}]
PARAMETERS = {
    "type": "object",
    "properties": {
        "city": {"$ref": "#/$defs/City"},
        "days": {"type": "integer", "minimum": 1, "maximum": 9},
    },
    "required": ["city", "days"],
    "additionalProperties": False,
    "$defs": {"City": {"type": "string", "enum": ["Paris", "Rome"]}},
}
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Forecast.", "parameters": PARAMETERS}}
TIME = {"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {
            "id": "call_a",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"city": "Paris", "days": 1}'},
        }
    ],
}
ASKED = {
    "model": CHAT,
    "messages": PARIS,
    "tools": [WEATHER, TIME],
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "parallel_tool_calls": False,
    "max_tokens": 60,
    "temperature": 0,
}


@pytest.fixture(scope="module")
def client(real):
    with openai.OpenAI(base_url=f"{real.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def check(arguments):
    found = json.loads(arguments) if isinstance(arguments, str) else arguments
    assert found["city"] in ("Paris", "Rome")
    assert 1 <= found["days"] <= 9


def test_a_tool_is_called_where_one_must_be(client):
    choice = client.chat.completions.create(**{**ASKED, "tool_choice": "required", "tools": [WEATHER]}).choices[0]
    [call] = choice.message.tool_calls
    assert (call.type, call.function.name, choice.message.content) == ("function", "weather", None)
    assert choice.finish_reason == "tool_calls"
    check(call.function.arguments)


def test_the_tool_that_is_named_is_called_in_pieces(client):
    with client.chat.completions.stream(**ASKED) as stream:
        events = [event.type for event in stream]
        choice = stream.get_final_completion().choices[0]
    [call] = choice.message.tool_calls
    assert "tool_calls.function.arguments.done" in events
    assert (call.function.name, choice.finish_reason) == ("weather", "tool_calls")
    assert call.id.startswith("call_")
    check(call.function.arguments)


def test_a_model_that_may_choose_answers_text_or_calls_and_says_the_same_in_pieces(client):
    asked = {**ASKED, "tool_choice": "auto", "max_tokens": 14}
    whole = client.chat.completions.create(**asked).choices[0]
    assert bool(whole.message.content) != bool(whole.message.tool_calls) or whole.finish_reason == "length"
    assert "tool_calls" not in (whole.message.content or "")
    chunks = [chunk.choices[0] for chunk in client.chat.completions.create(**asked, stream=True)]
    assert "".join(chunk.delta.content or "" for chunk in chunks) == (whole.message.content or "")
    assert chunks[-1].finish_reason == whole.finish_reason


def test_what_a_tool_gave_is_read(client):
    told = {"role": "tool", "tool_call_id": "call_a", "content": "Sunny, 31 degrees."}
    alone = client.chat.completions.create(model=CHAT, messages=PARIS, max_tokens=4, temperature=0)
    asked = {"model": CHAT, "messages": [*PARIS, CALLED, told], "max_tokens": 4, "temperature": 0}
    answer = client.chat.completions.create(**asked, tools=[WEATHER], tool_choice="none")
    assert answer.choices[0].message.content
    assert answer.usage.prompt_tokens > alone.usage.prompt_tokens + 20


def test_tools_that_are_none_are_refused(client):
    with pytest.raises(openai.BadRequestError, match="auto, none, required or a function, such as weather"):
        client.chat.completions.create(**{**ASKED, "tool_choice": {"type": "function", "function": {"name": "x"}}})
    with pytest.raises(openai.BadRequestError, match="there are no tools"):
        client.chat.completions.create(model=CHAT, messages=PARIS, tool_choice="required")
    with pytest.raises(openai.BadRequestError, match="log-probabilities"):
        client.chat.completions.create(**ASKED, logprobs=True)


def test_ollama_is_given_tools_and_answers_in_pieces(real):
    options = {"num_predict": 10, "temperature": 0, "presence_penalty": 0.5}
    with ollama.Client(host=real.url, trust_env=False) as friend:
        *pieces, last = friend.chat(CHAT, PARIS, tools=[WEATHER], options=options, stream=True)
    assert "".join(piece.message.content or "" for piece in pieces) or last.message.tool_calls or last.eval_count == 10


def test_calls_of_ollama_have_no_ids_and_answers_belong_to_them_by_name_or_in_order():
    called = OllamaTurn(role="assistant", tool_calls=[call("weather", {"city": "Paris"}), call("time", {})])
    gave = [OllamaTurn(role="tool", content="12:00", tool_name="time"), OllamaTurn(role="tool", content="Sunny.")]
    made, time, weather = conversation_of([called, *gave])
    ids = [each["id"] for each in made["tool_calls"]]
    assert [weather["tool_call_id"], time["tool_call_id"]] == ids
    assert json.loads(made["tool_calls"][0]["function"]["arguments"]) == {"city": "Paris"}
    assert calls_of(made["tool_calls"])[0] == {"function": {"name": "weather", "arguments": {"city": "Paris"}}}


def call(name, arguments):
    return OllamaCall(function=OllamaFunction(name=name, arguments=arguments))


def test_the_shell_shows_a_call_and_a_connected_model_tells_probabilities(real, run_hub):
    model = hub.connect(real.url).load(CHAT)
    given = ("--option", f"tools={json.dumps(WEATHER)}", "--option", "tool_choice=weather", "--max-tokens", "60")
    shown = run_hub("run", CHAT, PARIS[0]["content"], "--server", real.url, *given)
    first = json.loads(shown.stdout.splitlines()[0])
    assert first["name"] == "weather"
    check(first["arguments"])
    assert len(model.infer("One, two,", raw=True, max_tokens=2, top_logprobs=1)["logprobs"]) == 2
