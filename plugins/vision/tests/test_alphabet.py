"""What a recogniser gives is read with the characters that its file names."""

import numpy as np
import pytest
from hub_vision.ocr.alphabet import Alphabet

from hub.errors import InferenceError


def chances(*ids, count=5):
    found = np.full((1, len(ids), count), 0.1, np.float32)
    for place, number in enumerate(ids):
        found[0, place, number] = 0.6
    return found


def test_repeats_are_one_and_blanks_are_none():
    alphabet = Alphabet({"character": "a\nb\nc"})
    [(text, score)] = alphabet.read(chances(0, 1, 1, 0, 1, 2, 0, 4, 3))
    assert text == "aab c"
    assert score == pytest.approx(0.6)


def test_blanks_alone_are_no_text():
    assert Alphabet({"character": "a\nb\nc"}).read(chances(0, 0)) == [("", 0.0)]


def test_characters_that_break_lines_elsewhere_are_characters():
    [(text, _)] = Alphabet({"character": "\u2028\n\x85\nc"}).read(chances(1, 2, 3))
    assert text == "\u2028\x85c"


@pytest.mark.parametrize("metadata", [{}, {"character": ""}, {"character": 3}])
def test_a_file_that_does_not_say_its_characters_is_refused(metadata):
    with pytest.raises(InferenceError, match="does not say its characters"):
        Alphabet(metadata)


def test_more_characters_than_are_named_are_refused():
    with pytest.raises(InferenceError, match="tells 9 characters apart, and its metadata names 5"):
        Alphabet({"character": "a\nb\nc"}).read(chances(1, count=9))
