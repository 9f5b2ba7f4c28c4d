"""Texts as sentences of phonemes, and scripts that a language is not written in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hub_audio.speech.espeak import clauses
from hub_audio.speech.phonemes import letters, phonemes
from hub_audio.speech.scripts import foreign_words

from hub.errors import InferenceError


def test_each_sentence_ends_with_what_ends_it():
    found = phonemes("Hello there. How are you? I am fine! Good", "en-us")
    assert [sentence[-1] for sentence in found] == [".", "?", "!", "d"]
    assert found[0] == "həlˈoʊ ðˈɛɹ."


@pytest.mark.parametrize(
    ("text", "count", "marks"),
    [
        ("Well, wait: now; go.", 1, ",:;."),
        ("It costs $3.50 in version 2.0.", 1, "."),
        ("He said 'Stop!' and left... Then he ran.", 3, "!.."),
        ("“Quotes.” Done", 2, "."),
        ("What?! No.", 2, "?."),
        ("One\n\nTwo", 2, ""),
        ("One\nTwo", 1, ""),
        ("Wait — what", 1, ";"),
    ],
)
def test_punctuation_is_kept_once(text, count, marks):
    found = phonemes(text, "en-us")
    assert len(found) == count
    assert "".join(letter for sentence in found for letter in sentence if letter in ",:;.?!") == marks


def test_accents_are_letters_of_their_own():
    assert "̃" in "".join(phonemes("bon vin blanc", "fr"))


def test_marks_of_another_language_are_left_out():
    assert not any("(" in sentence or ")" in sentence for sentence in phonemes("Привет, hello world", "ru"))


def test_what_says_nothing_gives_nothing():
    for text in ("...", " ", "?!", "\n\n"):
        assert phonemes(text, "en-us") == []


def test_a_long_text_is_read_to_its_end():
    words = " ".join(["seven"] * 2000)
    assert "".join(phonemes(words, "en-us")).count("sˈɛvən") == 2000


def test_threads_do_not_disturb_each_other():
    texts = [("Good morning, my friend.", "en-us"), ("Guten Morgen, mein Freund.", "de"), ("Bonjour.", "fr")] * 8
    alone = [phonemes(*each) for each in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda each: phonemes(*each), texts)) == alone


def test_a_zero_byte_ends_nothing():
    assert len(phonemes("One.\0 Two.", "en-us")) == 2


def test_an_unknown_voice_is_named():
    with pytest.raises(InferenceError, match="xx-none"):
        clauses("text", "xx-none")


def test_voices_that_read_letters_get_them():
    assert letters(" \u00e9 ") == ["e\u0301"]
    assert letters("  ") == []


@pytest.mark.parametrize(
    ("text", "language", "scripts"),
    [
        ("Hello, π and é.", "en-us", set()),
        ("naïve Ärger", "en_US", set()),
        ("Привет, world", "en-us", {"CYRILLIC"}),
        ("日本語", "en", {"CJK"}),
        ("水", "en", {"CJK"}),
        ("こんにちは", "en", {"HIRAGANA"}),
        ("안녕하세요", "de", {"HANGUL"}),
        ("مرحبا", "en", {"ARABIC"}),
        ("Καλημέρα", "en", {"GREEK"}),
        ("Καλημέρα", "el", set()),
        ("Привет world", "ru", set()),
        ("नमस्ते", "hi", set()),
        ("Привет", "de", {"CYRILLIC"}),
    ],
)
def test_words_in_another_script_are_found(text, language, scripts):
    assert set(foreign_words(text, language)) == scripts
