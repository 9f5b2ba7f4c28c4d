"""Texts that end an answer, found across pieces."""

import pytest
from hub_openvino.stopping import StopFilter


def shown(stops, *pieces):
    found = StopFilter(stops)
    text = "".join(found.push(piece) for piece in pieces)
    return text + ("" if found.stopped else found.rest()), found.stopped


@pytest.mark.parametrize(
    ("stops", "pieces", "text", "stopped"),
    [
        ((), ("ab", "c"), "abc", False),
        (("b",), ("ab", "c"), "a", True),
        (("END",), ("xE", "N", "Dy"), "x", True),
        (("END",), ("xE", "N", "y"), "xENy", False),
        (("END",), ("xEN",), "xEN", False),
        (("aab",), ("aaa", "b"), "a", True),
        (("later", "at"), ("it is l", "ater"), "it is ", True),
        (("x", "yx"), ("ayx",), "a", True),
    ],
)
def test_text_is_shown_up_to_the_first_stop(stops, pieces, text, stopped):
    assert shown(stops, *pieces) == (text, stopped)


def test_nothing_of_a_stop_text_is_ever_shown():
    found = StopFilter(("</answer>",))
    assert [found.push(piece) for piece in ("ok <", "/ans", "wer", "> more")] == ["ok ", "", "", ""]
    assert found.push("even more") == ""


def test_pieces_go_on_at_once_where_no_stop_can_begin():
    found = StopFilter(("</answer>",))
    assert found.push("a sentence") == "a sentence"
