"""What a change cost, in the terms of each task."""

import numpy as np
import pytest
from hub_audio.detection.fidelity import Spans
from hub_audio.recognition.fidelity import Words
from hub_audio.speech.fidelity import Spectra
from hub_sound.recording import Clip

from plugins.audio.tests.conftest import RATE


def spans(*pairs):
    return [{"start": start, "end": end} for start, end in pairs]


def test_spans_are_compared_by_their_time():
    fidelity = Spans()
    fidelity.add(spans((0, 2), (4, 6)), spans((1, 2), (4, 7)))
    figures = fidelity.figures()
    assert figures["intersection_over_union"] == pytest.approx(3 / 5)
    assert (figures["precision"], figures["recall"]) == (pytest.approx(3 / 4), pytest.approx(3 / 4))
    assert fidelity.loss() == pytest.approx(0.4)


def test_two_that_hear_nothing_agree():
    fidelity = Spans()
    fidelity.add([], [])
    assert fidelity.loss() == 0


def test_spectra_tell_a_change_of_sound_from_a_change_of_speed():
    chance = np.random.default_rng(0)
    time = np.arange(2 * RATE) / RATE
    tones = sum(
        np.sin(2 * np.pi * pitch * time) * (np.sin(2 * np.pi * time * pitch / 300) > 0) for pitch in (200, 500, 900)
    )
    sound = (0.2 * tones + 0.01 * chance.normal(size=len(time))).astype(np.float32)
    slower = np.interp(np.arange(0, len(sound), 0.9), np.arange(len(sound)), sound).astype(np.float32)
    losses = []
    for other in (sound, slower, chance.normal(0, 0.1, len(sound)).astype(np.float32)):
        fidelity = Spectra()
        fidelity.add((sound, RATE), Clip(other, RATE))
        losses.append((fidelity.loss(), fidelity.figures()["duration_difference"]))
    assert losses[0] == (pytest.approx(0, abs=1e-6), 0)
    assert losses[0][0] < losses[1][0] < losses[2][0]
    assert losses[1][1] == pytest.approx(0.11, abs=0.01)


def test_words_are_counted_without_case_and_punctuation():
    fidelity = Words()
    fidelity.add({"text": "One, two."}, {"text": "one TWO"})
    assert fidelity.loss() == 0
