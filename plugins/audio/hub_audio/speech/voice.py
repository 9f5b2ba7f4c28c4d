"""What a Piper voice's JSON says: sample rate, speakers, ids of phonemes, its own settings.

Reads that file alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.errors import InferenceError, OptionError

__all__ = ["Voice", "read_voice"]

_BEGIN, _PAD, _END = "^", "_", "$"
_KINDS = ("espeak", "text")


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """A voice.

    Parameters
    ----------
    rate
        Samples in a second, in Hz.
    language
        ISO 639 code, and the voice of espeak-ng that reads for it.
    reads
        What it takes: `espeak` phonemes, or the `text` itself.
    ids
        Phoneme to its ids.
    speakers
        Name to number, where there are several.
    length_scale, noise_scale, noise_w
        How it speaks by itself.
    """

    rate: int
    language: str
    espeak: str
    reads: str
    ids: Mapping[str, tuple[int, ...]]
    speakers: Mapping[str, int]
    count: int
    length_scale: float
    noise_scale: float
    noise_w: float

    def spell(self, phonemes: str) -> tuple[list[int], set[str]]:
        """Ids of a sentence, and the phonemes that the voice does not know and leaves out."""
        found = [*self.ids[_BEGIN], *self.ids[_PAD]]
        unknown: set[str] = set()
        for phoneme in phonemes:
            if phoneme in self.ids:
                found += (*self.ids[phoneme], *self.ids[_PAD])
            else:
                unknown.add(phoneme)
        return [*found, *self.ids[_END]], unknown

    def speaker(self, given: str | None) -> int | None:
        """Number of a speaker that was given by name or number; `None` for a voice of one.

        Raises
        ------
        OptionError
            There is no such speaker.
        """
        if self.count <= 1:
            if given is not None:
                raise OptionError("this voice has one speaker", hint="Leave 'speaker' out.")
            return None
        if given is None:
            return 0
        if given in self.speakers:
            return self.speakers[given]
        if given.isdecimal() and int(given) < self.count:
            return int(given)
        names = ", ".join(list(self.speakers)[:8]) or "no names"
        raise OptionError(f"there is no speaker '{given}'; there are 0 to {self.count - 1}: {names}")


def read_voice(assets: Path) -> Voice:
    """The voice that lies beside the graph.

    Raises
    ------
    InferenceError
        There is none, or it cannot be read.
    """
    files = sorted(assets.rglob("*.onnx.json"))
    if len(files) != 1:
        raise InferenceError(f"{len(files)} voices lie in {assets}; one file like NAME.onnx.json is needed")
    try:
        return _voice(json.loads(files[0].read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InferenceError(f"{files[0]} is not a Piper voice: {type(error).__name__}: {error}") from error


def _voice(content: Mapping[str, Any]) -> Voice:  # Any: JSON, whose shape a KeyError or TypeError tells
    reads = str(content.get("phoneme_type") or _KINDS[0])
    if reads not in _KINDS:
        raise ValueError(f"it takes '{reads}' phonemes, and {' and '.join(_KINDS)} are known")
    espeak = str(content["espeak"]["voice"])
    own = content.get("inference") or {}
    ids = {str(name): _ids(value) for name, value in content["phoneme_id_map"].items()}
    lacking = [mark for mark in (_BEGIN, _PAD, _END) if mark not in ids]
    if lacking:
        raise ValueError(f"its phonemes lack {' '.join(lacking)}")
    return Voice(
        rate=int(content["audio"]["sample_rate"]),
        language=str((content.get("language") or {}).get("code") or espeak),
        espeak=espeak,
        reads=reads,
        ids=ids,
        speakers={str(name): int(number) for name, number in (content.get("speaker_id_map") or {}).items()},
        count=int(content.get("num_speakers") or 1),
        length_scale=float(own.get("length_scale", 1.0)),
        noise_scale=float(own.get("noise_scale", 0.667)),
        noise_w=float(own.get("noise_w", 0.8)),
    )


def _ids(value: Sequence[int] | int) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(int(each) for each in value)
