"""Opens, reads and writes files of sound. The one module that imports soundfile.

Knows nothing of models and of other sample rates.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile  # type: ignore[import-untyped]

from hub.errors import InputError
from hub_sound.samples import Samples

__all__ = ["RATES", "Header", "encode", "pieces", "probe"]

Header = tuple[int, int, int]
"""Sample rate in Hz, channels, frames."""

_FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".oga": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".aiff": ("AIFF", "PCM_16"),
    ".aif": ("AIFF", "PCM_16"),
    ".au": ("AU", "PCM_16"),
    ".w64": ("W64", "PCM_16"),
    ".caf": ("CAF", "PCM_16"),
}
RATES = {
    ".mp3": (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    ".opus": (8_000, 12_000, 16_000, 24_000, 48_000),
}
"""Rates that a format has, where it does not have any."""

_PIECE = 1 << 18  # frames that are decoded at once
_UNKNOWN = 1 << 60  # libsndfile gives such a count where a file does not say how long it is


def probe(content: Path | bytes, name: str) -> Header:
    """What a file says of itself.

    Raises
    ------
    InputError
        It is not sound, or cannot be read.
    """
    with _opened(content, name) as file:
        frames = int(file.frames)
        rate, channels = int(file.samplerate), int(file.channels)
    if not 0 <= frames < _UNKNOWN:
        frames = sum(len(piece) for piece in pieces(content, name))
    return rate, channels, frames


def pieces(content: Path | bytes, name: str) -> Iterator[Samples]:
    """Samples of a file, mono, in pieces of bounded length: float32 (frames,).

    Raises
    ------
    InputError
        The file is damaged.
    """
    with _opened(content, name) as file:
        while True:
            found: Samples = file.read(max(1, _PIECE // file.channels), dtype="float32", always_2d=True)
            if not len(found):
                return
            yield found[:, 0] if found.shape[1] == 1 else found.mean(axis=1)


def encode(sound: Iterable[Samples], rate: int, suffix: str) -> bytes:
    """Mono samples as a file of the form that the suffix names.

    Raises
    ------
    InputError
        No such form is known.
    """
    known = _FORMATS.get(suffix.lower())
    if known is None:
        raise InputError(f"sound is not written as '{suffix}'", hint=f"One of {', '.join(_FORMATS)}")
    form, subtype = known
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", samplerate=rate, channels=1, format=form, subtype=subtype) as file:
        for piece in sound:
            file.write(piece.clip(-1.0, 1.0))
    return out.getvalue()


@contextmanager
def _opened(content: Path | bytes, name: str) -> Iterator[soundfile.SoundFile]:
    try:
        with soundfile.SoundFile(io.BytesIO(content) if isinstance(content, bytes) else content) as file:
            yield file
    except soundfile.LibsndfileError as error:
        raise InputError(
            f"{name} is not sound that can be read: {error.error_string.strip().rstrip('.')}",
            hint="Formats: WAV, FLAC, OGG, MP3, AIFF; others can be turned into one: ffmpeg -i IN OUT.wav",
        ) from error
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from error
