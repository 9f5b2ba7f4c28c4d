"""Calls of tools over a runtime that only keeps to a schema: what it is asked, and how its JSON is read."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hub_text.generation.calling import CallReader
from hub_text.generation.model import TextGeneration

from hub.errors import OptionError
from hub.runtime.protocols import Delta, Reply, Session
from hub.types import Facts
from plugins.text.tests.test_generation import OPTIONS

CITY = {"$ref": "#/$defs/City"}
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Forecast.",
        "parameters": {
            "type": "object",
            "properties": {"city": CITY},
            "required": ["city"],
            "$defs": {"City": {"enum": ["Paris", "Rome"]}},
        },
    },
}
TIME = {"type": "function", "function": {"name": "time"}}
CALLS = '{"tool_calls": [{"name": "weather", "arguments": {"city": "Rome"}}, {"name": "time", "arguments": {}}]}'


class Writer(Session):
    """Keeps to a schema, says what it is told in pieces of three characters, and keeps what it is asked."""

    honours = frozenset({"schema"})

    def __init__(self, said):
        self.said = said
        self.asked = []

    def chat(self, request, emit):
        self.asked.append(request)
        pieces = [self.said[start : start + 3] for start in range(0, len(self.said), 3)]
        stopped = any(emit(Delta(text=piece)) for piece in pieces)
        return Reply(text=self.said, finish="cancelled" if stopped else "stop", tokens=len(pieces), prompt_tokens=2)


def answer(said, given="Hi", emit=None, **options):
    writer, deltas = Writer(said), []
    facts = Facts(task="text-generation", family="llama", format="gguf", files=())
    model = TextGeneration({"": writer}, "chat", None, facts)
    [result] = model.infer(
        [given],
        {**OPTIONS, "tools": [WEATHER, TIME], **options},
        emit or (lambda delta: deltas.append(delta) and False),
    )
    return result, writer.asked[0], deltas


def test_calls_come_one_after_the_other_as_they_are_complete():
    result, _, deltas = answer(CALLS)
    names = [call["function"]["name"] for call in result["tool_calls"]]
    assert (names, result["generated_text"], result["finish_reason"]) == (["weather", "time"], "", "stop")
    pieces = [piece for delta in deltas for piece in delta.value["tool_calls"]]
    assert [piece["index"] for piece in pieces] == [0, 1]
    assert [piece["id"] for piece in pieces] == [call["id"] for call in result["tool_calls"]]
    assert json.loads(result["tool_calls"][0]["function"]["arguments"]) == {"city": "Rome"}


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_text_is_told_as_it_comes_and_never_by_halves(ascii_only):
    text = 'A "quote", a \\ and\na 🎉 in Łódź'
    result, _, deltas = answer(json.dumps({"response": text}, ensure_ascii=ascii_only))
    assert "".join(delta.text for delta in deltas) == result["generated_text"] == text
    assert "tool_calls" not in result
    assert len(deltas) > 5


def test_what_was_cut_is_told_as_far_as_it_is_complete():
    assert answer(CALLS[:-20])[0]["tool_calls"][0]["function"]["name"] == "weather"
    assert answer('{"response": "It is su')[0]["generated_text"] == "It is su"
    assert answer('{"tool_c')[0]["generated_text"] == ""


def test_who_wants_no_more_stops_the_runtime():
    result, _, _ = answer(json.dumps({"response": "one two three"}), emit=lambda delta: True)
    assert (result["generated_text"], result["finish_reason"]) == ("o", "cancelled")


def test_the_schema_takes_calls_and_text_and_nothing_else():
    _, asked, _ = answer(CALLS)
    check = jsonschema.Draft202012Validator(asked.schema)
    assert check.is_valid(json.loads(CALLS))
    assert check.is_valid({"response": "Hello"})
    for wrong in ("Paris", {"tool_calls": []}, {"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]}):
        assert not check.is_valid(wrong)
    assert asked.tools == ()
    assert "Forecast." in asked.messages[0]["content"]


def test_choices_narrow_the_schema():
    check = jsonschema.Draft202012Validator
    _, named, _ = answer(CALLS, tool_choice="time", parallel_tool_calls=False)
    assert check(named.schema).is_valid({"tool_calls": [{"name": "time", "arguments": {}}]})
    assert not check(named.schema).is_valid(json.loads(CALLS))
    assert not check(named.schema).is_valid({"response": "Hello"})
    _, none, _ = answer("plain", tool_choice="none")
    assert (none.schema, none.messages) == (None, ({"role": "user", "content": "Hi"},))


def test_a_schema_of_the_caller_is_that_of_the_response():
    number = {"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}}, "$defs": {"N": {"type": "integer"}}}
    result, asked, _ = answer('{"response": {"n": 1}}', schema=number)
    assert json.loads(result["generated_text"]) == {"n": 1}
    assert not jsonschema.Draft202012Validator(asked.schema).is_valid({"response": {"n": "one"}})


def test_earlier_calls_and_what_they_gave_are_written_as_text():
    call = {"id": "a", "function": {"name": "weather", "arguments": {"city": "Rome"}}}
    given = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "Sun."},
    ]
    _, asked, _ = answer("It is sunny.", given, tools=[])
    _, made, gave = asked.messages
    assert json.loads(made["content"]) == {"tool_calls": [{"name": "weather", "arguments": {"city": "Rome"}}]}
    assert (gave["role"], json.loads(gave["content"])) == (
        "user",
        {"tool_response": {"tool": "weather", "content": "Sun."}},
    )


def test_what_cannot_be_together_is_refused():
    with pytest.raises(OptionError, match="log-probabilities"):
        answer(CALLS, top_logprobs=1)
    with pytest.raises(OptionError, match=r"the name of a tool \(weather, time\), not 'wether'"):
        answer(CALLS, tool_choice="wether")


def test_a_lone_half_of_a_pair_is_never_told():
    told = []
    reader = CallReader(lambda delta: told.append(delta.text) and False)
    for piece in ('{"response": "a\\ud83', "d", "b", '"}'):
        reader.take(piece)
    "".join(told).encode()
    assert "".join(told) == "a\ufffdb"


@pytest.mark.parametrize("text", ["a \\ud83d", "\\\\ud83d!", "\\", "🎉\\ud83c🎉"])
def test_what_only_looks_like_a_half_of_a_pair_is_told_as_it_stands(text):
    for ascii_only in (True, False):
        told = []
        reader = CallReader(lambda delta, told=told: told.append(delta.text) and False)
        for piece in json.dumps({"response": text}, ensure_ascii=ascii_only):
            reader.take(piece)
        assert "".join(told) == text
