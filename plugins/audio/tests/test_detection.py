"""Silero VAD on speech that a voice made: whole, in a stream, in each of its forms."""

import numpy as np
import pytest

import hub
from hub.errors import InputError, OptionError, SessionClosed
from hub.testing import ModelContract, Opening
from plugins.audio.tests.conftest import RATE, SENTENCES, sound

pytestmark = [pytest.mark.weights, pytest.mark.usefixtures("with_weights")]
FORMS = ("onnx-sequence", "onnx", "onnx-fp16")


@pytest.fixture(scope="module")
def model(audio_home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(audio_home))
        opened = hub.load("silero-vad:onnx-sequence")
    yield opened
    opened.close()


def covered(segments, samples):
    """Share of the sound's energy that lies in the segments, and their share of its length."""
    inside = np.zeros(len(samples), bool)
    for segment in segments:
        inside[round(segment["start"] * RATE) : round(segment["end"] * RATE)] = True
    return (samples[inside] ** 2).sum() / (samples**2).sum(), inside.mean()


@pytest.mark.parametrize("form", FORMS)
def test_sentences_are_found_and_the_silence_between_them_is_not(spoken, form):
    with hub.load(f"silero-vad:{form}") as model:
        segments = model.infer(sound(spoken), min_silence=0.3)
    assert len(segments) == len(SENTENCES)
    energy, length = covered(segments, spoken)
    assert energy > 0.99
    assert length < 0.9
    assert 0.3 < segments[0]["start"] < 0.7


def test_all_forms_say_the_same_to_a_frame(spoken):
    found = []
    for form in FORMS[:2]:
        with hub.load(f"silero-vad:{form}") as model:
            found.append(model.infer(sound(spoken)))
    assert found[0] == found[1]


@pytest.mark.parametrize("size", [1, 512, 700, 100_000])
def test_a_stream_says_what_the_whole_says(model, spoken, size):
    samples = spoken if size > 1 else spoken[: 2 * RATE]
    with model.listen() as stream:
        pieces = (samples[at : at + size] for at in range(0, len(samples), size))
        found = [segment for piece in pieces for segment in stream.push((piece, RATE))]
        found += stream.finish()
    assert found == model.infer(sound(samples))


def test_a_stream_tells_at_once_that_speech_began(model, spoken):
    told = []
    with model.listen(partial=True, min_silence=0.3) as stream:
        for at in range(0, len(spoken), 800):
            told += [(at / RATE, segment) for segment in stream.push((spoken[at : at + 800], RATE))]
        stream.finish()
    began = [(moment, segment["start"]) for moment, segment in told if segment["end"] is None]
    ended = [(moment, segment["end"]) for moment, segment in told if segment["end"] is not None]
    assert len(began) == len(SENTENCES)
    assert all(0 <= moment - start < 0.3 for moment, start in began)
    assert all(0 <= moment - end < 0.6 for moment, end in ended)


def test_another_rate_is_heard_alike(model, spoken):
    wanted = model.infer(sound(spoken), min_silence=0.3)
    fine = np.interp(np.arange(0, len(spoken), RATE / 44_100), np.arange(len(spoken)), spoken).astype(np.float32)
    given = model.infer(sound(fine, 44_100), min_silence=0.3)
    for one, other in zip(wanted, given, strict=True):
        assert other == pytest.approx(one, abs=0.1)


def test_silence_and_noise_hold_no_speech(model):
    noise = np.random.default_rng(0).normal(0, 0.05, 5 * RATE).astype(np.float32)
    assert model.infer([sound(np.zeros(5 * RATE, np.float32)), sound(noise), sound(np.zeros(1, np.float32))]) == [
        [],
        [],
        [],
    ]


def test_a_higher_threshold_and_more_padding_are_obeyed(model, spoken):
    plain = model.infer(sound(spoken), min_silence=0.3)
    padded = model.infer(sound(spoken), min_silence=0.3, padding=0.1)
    assert padded[0]["start"] == pytest.approx(plain[0]["start"] - 0.07, abs=0.001)
    assert model.infer(sound(spoken), threshold=1.0) == []
    assert max(s["end"] - s["start"] for s in model.infer(sound(spoken), max_speech=1.0)) <= 1.0


@pytest.mark.parametrize("wrong", [{"threshold": 2.0}, {"padding": -1.0}, {"min_speech": "long"}])
def test_options_out_of_range_are_refused(model, spoken, wrong):
    with pytest.raises(OptionError):
        model.infer(sound(spoken), **wrong)


@pytest.mark.parametrize("given", [sound(np.zeros(0, np.float32)), (np.zeros(8), "x"), b"no sound", "missing.wav", 3])
def test_what_is_no_sound_is_refused(model, given):
    with pytest.raises(InputError):
        model.infer(given)


def test_a_stream_that_is_over_takes_no_more(model):
    with model.listen() as stream:
        stream.finish()
    with pytest.raises(SessionClosed):
        stream.push((np.zeros(512, np.float32), RATE))


def test_a_worker_hears_alike(model, spoken):
    with hub.load("silero-vad:onnx-sequence", worker=True) as other:
        assert other.infer(sound(spoken)) == model.infer(sound(spoken))
        with other.listen() as stream:
            found = [
                segment for at in range(0, len(spoken), 8000) for segment in stream.push((spoken[at : at + 8000], RATE))
            ]
            assert found + stream.finish() == model.infer(sound(spoken))


class TestContract(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, audio_home):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HUB_HOME", str(audio_home))
            return Opening.of("silero-vad:onnx-sequence", backend="onnx")
