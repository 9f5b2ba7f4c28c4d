"""Turns as people and clients write them, in the forms of OpenAI and Hugging Face."""

from __future__ import annotations

import pytest
from hub_text.generation.turns import read_turn

from hub.errors import InputError

URL = "data:image/png;base64,AAAA"
SHOWN = {"type": "image_url", "image_url": {"url": URL}}


def test_parts_of_text_are_one_text():
    parts = [{"type": "text", "text": "Hello, "}, {"type": "text", "text": "you."}]
    assert read_turn({"role": "user", "content": parts}, 0, 0) == {"role": "user", "content": "Hello, you."}


@pytest.mark.parametrize("picture", [SHOWN, {"type": "image_url", "image_url": URL}])
def test_pictures_stay_where_they_stand(picture):
    turn = read_turn({"role": "user", "content": [picture, {"type": "text", "text": "What?"}]}, 0, 0)
    assert turn == {"role": "user", "content": "What?", "parts": [SHOWN, {"type": "text", "text": "What?"}]}
    assert read_turn(turn, 0, 0) == turn


def test_calls_have_ids_and_their_arguments_as_text():
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    turn = read_turn({"role": "assistant", "content": None, "tool_calls": [call]}, 0, 0)
    assert turn["tool_calls"] == [
        {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    ]
    assert turn["content"] == ""


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a/b.png"}}]}, "fetched"),
        ({"role": "user", "content": [{"type": "video"}]}, "part 0 of message 3 of input 1 is neither"),
        ({"role": "assistant", "content": "", "tool_calls": [{"name": "f"}]}, "tool call 0"),
        ({"role": "user", "content": None}, "message 3 of input 1"),
        ({"content": "Hello"}, "message 3 of input 1"),
        ("Hello", "message 3 of input 1"),
    ],
)
def test_what_is_no_turn_is_named(turn, told):
    with pytest.raises(InputError, match=told):
        read_turn(turn, 1, 3)
