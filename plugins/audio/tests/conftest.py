"""Real weights, and speech whose words are known: a voice says them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hub
from tests.conftest import CACHE, hub_home, pull_once, run_hub  # noqa: F401

RATE = 16_000
WEIGHTS = ("silero-vad:onnx-sequence", "silero-vad:onnx", "silero-vad:onnx-fp16", "piper-joe", "whisper-tiny.en")
SENTENCES = (
    "The ship left the harbour early in the morning.",
    "Nobody on the beach saw it sail away.",
    "Three days later it came back with an empty hold.",
)

TALE = (  # no sentence twice: what repeats itself Whisper takes for a slip of its own, and tries again at random
    "A cold wind blew from the north for two days. The captain wrote a letter to his sister. "
    "She had asked him to bring back some tea. On the third night they heard a strange noise. "
    "It came from a box under the stairs. Inside there was a small black cat. The cook gave it a bowl of warm milk. "
    "From then on it slept beside his bed. When they reached the port it would not leave. "
    "So they took it home with them again."
)


@pytest.fixture(scope="session")
def audio_home() -> Path:
    """`HUB_HOME` that holds the weights between tests and runs, pulled on first use."""
    from filelock import FileLock

    home = CACHE / "home"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "home.lock"):
        for reference in WEIGHTS:
            pull_once(home, reference)
    return home


@pytest.fixture
def with_weights(audio_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's home is the one with the weights."""
    monkeypatch.setenv("HUB_HOME", str(audio_home))


@pytest.fixture(scope="session")
def spoken(audio_home: Path) -> np.ndarray:
    """`SENTENCES`, with half a second of silence between them and before: float32 (frames,) at 16 kHz."""
    return _said(audio_home, " ".join(SENTENCES))


@pytest.fixture(scope="session")
def tale(audio_home: Path) -> np.ndarray:
    """`TALE`, in the same way."""
    return _said(audio_home, TALE)


def _said(home: Path, text: str) -> np.ndarray:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(home))
        with hub.load("piper-joe") as voice:
            sound = voice.infer(text, silence=0.5, noise=0.0, noise_w=0.0)
    return np.concatenate([np.zeros(RATE // 2, np.float32), 0.5 * sound.samples(RATE)])


def sound(samples: np.ndarray, rate: int = RATE) -> dict[str, object]:
    """Samples as an input."""
    return {"array": samples, "sampling_rate": rate}
