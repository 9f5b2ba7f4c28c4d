"""What a person has, as sound: files, bytes, streams, arrays; and what is none."""

import contextlib
import io
import pickle
import struct

import numpy as np
import pytest
import soundfile
from hub_sound.reading import read
from hub_sound.writing import write

from hub.errors import InputError
from hub.types import Audio
from plugins.sound.tests.conftest import RATE, tone


def wav(samples, rate=RATE, **how):
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format="WAV", **how)
    return out.getvalue()


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".opus", ".aiff"])
def test_a_file_of_each_form_is_heard_as_it_was(tmp_path, suffix):
    path = tmp_path / f"tone{suffix}"
    path.write_bytes(write(read((tone(2.0), RATE)), suffix))
    for given in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes())):
        sound = read(given)
        assert isinstance(sound, Audio)
        assert sound.duration == pytest.approx(2.0, abs=0.08)
        heard = sound.samples(16_000)[4000:20_000]
        spectrum = np.abs(np.fft.rfft(heard))
        assert spectrum.argmax() * 16_000 / len(heard) == pytest.approx(440, abs=1)
        assert np.abs(heard).max() == pytest.approx(0.5, abs=0.05)


def test_channels_are_mixed_by_their_mean():
    left, right = tone(1.0), tone(1.0, frequency=880)
    both = np.stack([left, right], axis=1)
    for sound in (read((both, RATE)), read(wav(both, subtype="FLOAT"))):
        np.testing.assert_allclose(sound.samples(), (left + right) / 2, atol=1e-6)
    assert read(wav(both)).channels == 2


@pytest.mark.parametrize(
    ("dtype", "middle", "scale"),
    [("int16", 0, 1 << 15), ("int32", 0, 1 << 31), ("int8", 0, 1 << 7), ("uint8", 128, 128), ("float64", 0, 1)],
)
def test_integers_are_scaled_by_their_own_range(dtype, middle, scale):
    samples = np.array([-0.5, 0.0, 0.25])
    given = (samples * scale + middle).astype(dtype)
    np.testing.assert_allclose(read((given, 16_000)).samples(), samples, atol=1e-6)


def test_a_mapping_of_hugging_face_is_sound():
    for name in ("array", "raw"):
        assert read({name: tone(1.0), "sampling_rate": RATE}).rate == RATE


def test_what_was_read_is_given_back():
    sound = read((tone(1.0), RATE))
    assert read(sound) is sound


@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_windows_joined_are_the_whole_at_any_rate(tmp_path, suffix):
    path = tmp_path / f"tone{suffix}"
    path.write_bytes(write(read((tone(3.3), RATE)), suffix))
    for sound in (read(path), read((tone(3.3), RATE))):
        for rate in (None, 16_000, 48_000):
            windows = list(sound.blocks(0.7, rate))
            assert {len(window) for window in windows[:-1]} == {round(0.7 * (rate or RATE))}
            np.testing.assert_allclose(np.concatenate(windows), sound.samples(rate), atol=1e-6)


def test_sound_pickles(tmp_path):
    path = tmp_path / "tone.wav"
    path.write_bytes(wav(tone(1.0)))
    for sound in (read(path), read(path.read_bytes()), read((tone(1.0), RATE))):
        again = pickle.loads(pickle.dumps(sound))
        np.testing.assert_array_equal(again.samples(), sound.samples())


def test_ten_hours_take_no_more_memory_than_a_window(tmp_path):
    """A sparse file: the header says ten hours, and the disk holds a few blocks."""
    import tracemalloc

    path, seconds, rate = tmp_path / "long.wav", 36_000, 16_000
    size = seconds * rate * 2
    head = (
        b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    )
    with path.open("wb") as file:
        file.write(head + b"data" + struct.pack("<I", size))
        file.truncate(44 + size)
    sound = read(path)
    assert sound.duration == seconds
    tracemalloc.start()
    count = sum(len(window) for _, window in zip(range(40), sound.blocks(30.0, 8000), strict=False))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 40 * 240_000
    assert peak < 16_000_000


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (b"", "zero bytes"),
        (b"these are words and no samples " * 100, "not sound"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "not sound"),
        ((np.zeros(0, np.float32), 16_000), "zero"),
        ((np.zeros((3, 4, 5), np.float32), 16_000), "shape"),
        ((np.zeros((2, 16_000), np.float32), 16_000), "16000 channels"),
        ((np.array([0.0, np.nan]), 16_000), "finite"),
        ((np.array([True, False]), 16_000), "bool"),
        ((np.array(["a", "b"]), 16_000), "not samples"),
        ((np.array([1 + 1j]), 16_000), "complex"),
        ((np.zeros(10, np.float32), 0), "sample rate"),
        ((np.zeros(10, np.float32), "16k"), "sample rate"),
        (np.zeros(10, np.float32), "sample rate"),
        ({"array": np.zeros(10)}, "sampling_rate"),
        (io.StringIO("text"), "bytes"),
        (None, "not sound"),
        (3, "not sound"),
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(given, reason):
    with pytest.raises(InputError, match=reason):
        read(given)


def test_a_file_without_a_sample_is_refused_by_name(tmp_path):
    path = tmp_path / "empty.wav"
    path.write_bytes(wav(np.zeros(0, np.float32)))
    with pytest.raises(InputError, match=r"empty\.wav holds no sound"):
        read(path)


def test_a_path_that_is_no_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="folder"):
        read(tmp_path)
    (tmp_path / "void.wav").touch()
    with pytest.raises(InputError, match=r"void\.wav holds no sound"):
        read(tmp_path / "void.wav")
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "no.wav")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_a_file_that_ends_too_early_gives_its_beginning_or_its_name(tmp_path, suffix):
    whole = write(read((tone(2.0), RATE)), suffix)
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[: len(whole) // 2])
    with contextlib.suppress(InputError):
        assert 0 < len(read(path).samples()) < 2 * RATE
        return
    with pytest.raises(InputError, match=f"cut{suffix}"):
        read(path).samples()
