"""Speech whose words are known: what measures are taken on."""

import pytest
from hub_audio.recognition.words import distance, plain_words
from hub_audio.samples import spoken
from hub_sound.reading import read

import hub


def test_every_sound_is_there_and_says_as_much_as_its_text():
    found = spoken()
    assert len(found) == 8
    for path, text in found:
        assert 4 < len(text) / read(path).duration < 40, path


@pytest.mark.usefixtures("with_weights")
def test_the_words_are_those_that_are_heard():
    path, text = spoken()[0]
    with hub.load("whisper-tiny.en", backend="ctranslate2") as model:
        heard = plain_words(model.infer(path)["text"])
    assert distance(plain_words(text), heard) <= 0.35 * len(plain_words(text))
