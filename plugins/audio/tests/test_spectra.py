"""Log-mel features against those of transformers, number by number."""

import numpy as np
import pytest
from hub_audio.spectra import LogMel

transformers = pytest.importorskip("transformers")


@pytest.mark.parametrize("bins", [80, 128])
@pytest.mark.parametrize("seconds", [0.01, 1.0, 12.3, 29.99, 30.0])
def test_features_are_those_of_transformers(bins, seconds):
    reference = transformers.WhisperFeatureExtractor(feature_size=bins)
    chance = np.random.default_rng(int(seconds * 100))
    time = np.arange(round(seconds * 16_000)) / 16_000
    sound = (0.3 * np.sin(2 * np.pi * 300 * time) + 0.05 * chance.normal(size=len(time))).astype(np.float32)
    wanted = reference(sound, sampling_rate=16_000, return_tensors="np")["input_features"][0]
    given = LogMel(bins=bins, frames=3000)(sound)
    assert given.dtype == np.float32
    assert given.shape == wanted.shape == (bins, 3000)
    np.testing.assert_allclose(given, wanted, atol=2e-4)


def test_silence_is_flat():
    given = LogMel(bins=80, frames=100)(np.zeros(100, np.float32))
    np.testing.assert_allclose(given, (-10 + 4) / 4, atol=1e-6)


def test_a_shorter_window_has_fewer_frames():
    assert LogMel(bins=80, frames=200)(np.ones(1000, np.float32)).shape == (80, 200)
