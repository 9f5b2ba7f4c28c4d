"""Stop texts, against the same thing said of the whole text."""

import random

import pytest
from hub_text.generation.stops import StopTexts


def cut(pieces, stops):
    """Pieces that are shown, what remains at the end, and whether a stop text ended the stream."""
    stream, shown = StopTexts(stops), []
    for piece in pieces:
        text, ended = stream.push(piece)
        shown.append(text)
        if ended:
            return shown, "", True
    return shown, stream.rest(), False


def whole(text, stops):
    """The text before the stop text that is complete first."""
    found = [(text.find(stop) + len(stop), text.find(stop)) for stop in stops if stop in text]
    return text[: min(found)[1]] if found else text


@pytest.mark.parametrize(
    ("pieces", "stops", "shown"),
    [
        (["Hel", "lo"], [], "Hello"),
        (["one END two"], ["END"], "one "),
        (["one E", "N", "D two"], ["END"], "one "),
        (["one E", "N", "O"], ["END"], "one ENO"),
        (["aab", "aab", "aac"], ["aabaac"], "aab"),
        (["abcd"], ["abcd", "bc"], "a"),
        (["x\n", "\n", "y"], ["\n\n", "y"], "x"),
        (["END"], ["END"], ""),
        (["one E"], ["END"], "one E"),
    ],
)
def test_the_text_before_the_stop_text_is_shown(pieces, stops, shown):
    before, rest, _ = cut(pieces, stops)
    assert "".join(before) + rest == shown


def test_what_cannot_begin_a_stop_text_is_shown_at_once():
    stream = StopTexts(["END"])
    assert stream.push("The E") == ("The ", False)
    assert stream.push("x") == ("Ex", False)
    assert stream.push("N") == ("N", False)
    assert stream.push("EEN") == ("E", False)
    assert stream.rest() == "EN"


def test_how_the_stream_is_cut_up_makes_no_difference():
    chance = random.Random(5)
    for _ in range(2000):
        text = "".join(chance.choices("ab\n", k=chance.randrange(1, 12)))
        stops = ["".join(chance.choices("ab\n", k=chance.randrange(1, 5))) for _ in range(chance.randrange(1, 4))]
        places = sorted(chance.choices(range(len(text) + 1), k=3))
        pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
        before, rest, ended = cut(pieces, stops)
        assert ("".join(before) + rest, ended) == (whole(text, stops), any(stop in text for stop in stops))
