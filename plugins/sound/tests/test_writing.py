"""Sound as files."""

import io

import numpy as np
import pytest
import soundfile
from hub_sound.describing import describe
from hub_sound.reading import read
from hub_sound.writing import write

from hub.errors import InputError
from plugins.sound.tests.conftest import RATE, tone


def test_a_wav_holds_16_bits_mono_at_the_rate_of_the_sound():
    info = soundfile.info(io.BytesIO(write(read((tone(1.0), RATE)), ".wav")))
    assert (info.samplerate, info.channels, info.subtype, info.frames) == (RATE, 1, "PCM_16", RATE)


def test_what_is_too_loud_is_clipped_and_never_wrapped():
    loud = 3 * tone(0.1)
    heard, _ = soundfile.read(io.BytesIO(write(read((loud, RATE)), ".wav")))
    np.testing.assert_allclose(heard, loud.clip(-1, 1), atol=1e-4)


def test_a_form_that_lacks_the_rate_takes_the_next_higher_one():
    sound = read((tone(1.0, rate=30_000), 30_000))
    assert soundfile.info(io.BytesIO(write(sound, ".mp3"))).samplerate == 32_000
    assert read(write(sound, ".opus")).duration == pytest.approx(1.0, abs=0.05)
    high = read((tone(0.5, rate=96_000), 96_000))
    assert soundfile.info(io.BytesIO(write(high, ".mp3"))).samplerate == 48_000


def test_an_unknown_form_is_refused_with_those_that_are_known():
    with pytest.raises(InputError, match=r"\.m4a") as caught:
        write(read((tone(0.1), RATE)), ".m4a")
    assert ".flac" in caught.value.hint


def test_capitals_make_no_difference():
    assert write(read((tone(0.1), RATE)), ".WAV")[:4] == b"RIFF"


def test_json_says_duration_and_rate():
    assert describe(read((tone(1.5), RATE))) == {"duration": 1.5, "sampling_rate": RATE, "channels": 1}
