"""`/v1/responses` answers the official client, whole and as typed events."""

from __future__ import annotations

import json

import openai
import pytest

from tests.server.test_tools import PARAMETERS, check

pytestmark = pytest.mark.weights

CHAT = "smollm2-135m"
FEW = {"model": CHAT, "max_output_tokens": 8, "temperature": 0}
WEATHER = {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": True}
SKY = "Why is the sky blue?"


@pytest.fixture(scope="module")
def client(real):
    with openai.OpenAI(base_url=f"{real.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_a_text_and_the_same_as_items_are_answered_alike(client):
    answer = client.responses.create(**FEW, input=SKY, instructions="Be brief.", metadata={"a": "b"})
    parts = [{"type": "input_text", "text": SKY}]
    items = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": parts}]
    same = client.responses.create(**FEW, input=items)
    assert answer.output_text == same.output_text != ""
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert answer.usage.output_tokens == 8
    assert (answer.metadata, answer.instructions) == ({"a": "b"}, "Be brief.")


def test_it_is_what_a_chat_says(client):
    chat = client.chat.completions.create(
        model=CHAT, messages=[{"role": "user", "content": SKY}], max_tokens=8, temperature=0
    )
    assert client.responses.create(**FEW, input=SKY).output_text == chat.choices[0].message.content


def test_events_open_fill_and_close_what_the_whole_answer_holds(client):
    with client.responses.stream(**FEW, input=SKY) as stream:
        events = list(stream)
    final = events[-1].response
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.incomplete",
    ]
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said == final.output_text == client.responses.create(**FEW, input=SKY).output_text


def test_a_function_is_called_and_its_output_read(client):
    named = {"type": "function", "name": "weather"}
    asked = {**FEW, "max_output_tokens": 60, "tools": [WEATHER], "tool_choice": named, "parallel_tool_calls": False}
    with client.responses.stream(**asked, input="What is the weather in Paris?") as stream:
        events = list(stream)
        answer = stream.get_final_response()
    [call] = answer.output
    [done] = [event for event in events if event.type == "response.function_call_arguments.done"]
    assert done.arguments == call.arguments
    check(call.arguments)
    assert (call.type, call.name, answer.status) == ("function_call", "weather", "completed")
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny."}
    items = [
        {"role": "user", "content": "What is the weather in Paris?"},
        call.model_dump(include={"type", "call_id", "name", "arguments"}),
        output,
    ]
    assert client.responses.create(**FEW, input=items).output_text


def test_a_format_and_log_probabilities_are_given(client):
    schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9}}, "required": ["n"]}
    form = {"type": "json_schema", "name": "number", "schema": {**schema, "additionalProperties": False}}
    answer = client.responses.create(**{**FEW, "max_output_tokens": 40}, input="A number.", text={"format": form})
    if answer.status == "completed":
        assert isinstance(json.loads(answer.output_text)["n"], int)
    else:
        assert answer.output_text.lstrip().startswith("{")
    told = client.responses.create(**FEW, input=SKY, include=["message.output_text.logprobs"], top_logprobs=1)
    [part] = told.output[0].content
    assert "".join(each.token for each in part.logprobs) == part.text


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"store": True}, "store"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"reasoning": {"effort": "low"}}, "reasoning"),
        ({"truncation": "auto"}, "truncation"),
        ({"include": ["file_search_call.results"]}, "include"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"input": []}, "input"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0]"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0]"),
    ],
)
def test_what_is_not_kept_or_not_done_is_refused_by_name(client, changes, param):
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**{**FEW, "input": SKY, **changes})
    assert caught.value.param == param


def test_a_prompt_past_the_context_is_refused_before_events_begin(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**FEW, input="word " * 2000, stream=True)
    assert caught.value.code == "context_length_exceeded"
