"""Ids to text as they come, against the text of all of them."""

import random

import pytest
from tokenizers import Tokenizer, decoders, models

from hub.runtime.protocols import TextStream
from plugins.text.tests.tokenizers_made import byte_fallback, byte_level

TEXTS = [
    "Plain text, with a space.",
    "Übermäßig viele Umlaute: äöüß",
    "猫はソファで眠っている。",
    "👩‍👩‍👧 family, and flags 🇩🇪🇯🇵!",
    " leading space",
    "\n\nlines\n",
    "zero\u200bwidth, e\u0301 combined",
]


def wordpiece():
    words = ["[UNK]", "un", "##believ", "##able", ".", "it", "is", "'", "s", "don", "t"]
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def pieces(tokenizer, ids):
    stream = TextStream(lambda some: tokenizer.decode(list(some), skip_special_tokens=True))
    return [*(stream.push(token) for token in ids), stream.finish()]


@pytest.mark.parametrize("make", [byte_level, byte_fallback])
@pytest.mark.parametrize("text", TEXTS)
def test_pieces_join_to_the_text_and_none_is_half_a_character(make, text):
    tokenizer = make()
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    found = pieces(tokenizer, ids)
    assert "".join(found) == tokenizer.decode(ids) == text
    assert not any("\ufffd" in piece for piece in found)


def test_a_character_is_shown_with_its_last_byte():
    tokenizer = byte_level()
    assert pieces(tokenizer, tokenizer.encode("a猫b").ids) == ["a", "", "", "猫", "b", ""]


def test_words_come_out_with_the_spaces_between_them():
    tokenizer = wordpiece()
    ids = [5, 6, 1, 2, 3, 4, 5, 6]
    assert "".join(pieces(tokenizer, ids)) == tokenizer.decode(ids) == "it is unbelievable. it is"


@pytest.mark.parametrize("make", [byte_level, byte_fallback])
def test_a_character_that_is_cut_off_at_the_end_is_left_out(make):
    tokenizer = make()
    ids = tokenizer.encode("ab猫", add_special_tokens=False).ids
    for missing in (1, 2):
        assert "".join(pieces(tokenizer, ids[:-missing])) == "ab"


def test_special_tokens_are_no_text_and_swallow_no_space():
    tokenizer = byte_fallback()
    a, space, b = (tokenizer.token_to_id(token) for token in ("a", "▁", "b"))
    assert "".join(pieces(tokenizer, [1, space, a, 2, space, b])) == tokenizer.decode([space, a, space, b]) == "a b"


@pytest.mark.parametrize("make", [byte_level, byte_fallback])
def test_bytes_that_are_no_text_do_not_stop_what_comes_after(make):
    tokenizer = make()
    broken = tokenizer.encode("猫", add_special_tokens=False).ids[-1]
    ids = [*tokenizer.encode("a", add_special_tokens=False).ids, broken, broken, *tokenizer.encode("z").ids[-1:]]
    assert "".join(pieces(tokenizer, ids)) == tokenizer.decode(ids)


def test_any_text_comes_out_as_it_is():
    chance, tokenizer = random.Random(3), byte_level()
    for _ in range(200):
        text = "".join(chance.choices("ab é猫👍\n", k=chance.randrange(30)))
        assert "".join(pieces(tokenizer, tokenizer.encode(text).ids)) == text
