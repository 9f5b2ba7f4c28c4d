"""Answers `voice-activity-detection`: whole sounds, and sounds that come in pieces. Knows no file format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hub.errors import InferenceError, InputError
from hub.runtime.protocols import Delta, Emit, Model, Session, Stream
from hub.types import JSON, Audio, Facts, OptionValue
from hub_audio.detection.frames import AT_ONCE, FRAME, RATE, Frames, graph_fault
from hub_audio.detection.segmenter import Rules, Segmenter
from hub_audio.inputs import sounds

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["VoiceActivity"]

Segment = dict[str, JSON]

_BLOCK = AT_ONCE * FRAME / RATE


class VoiceActivity(Model):
    """Silero VAD: where somebody speaks, in seconds."""

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._session = parts[""]
        fault = graph_fault(self._session)
        if fault:
            raise InferenceError(fault)

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[list[Segment]]:
        """Segments of each sound, in order: `start` and `end` in seconds. Takes memory for 16 s at a time.

        Raises
        ------
        InputError
            An input is no sound.
        """
        return [self._listen(index, sound, options, emit) for index, sound in enumerate(sounds(inputs))]

    def stream(self, options: Mapping[str, OptionValue]) -> VoiceStream:
        """Open a stream of sound."""
        return VoiceStream(self._session, options)

    def _listen(self, index: int, sound: Audio, options: Mapping[str, OptionValue], emit: Emit) -> list[Segment]:
        stream = VoiceStream(self._session, {**options, "partial": False})
        found: list[Segment] = []
        for block in sound.blocks(_BLOCK, RATE):
            for segment in stream.push(block):
                found.append(segment)
                if emit(Delta(index=index, value=segment)):
                    return found
        return found + stream.finish()


class VoiceStream(Stream):
    """Sound as it comes, in pieces of any length: mono at 16 kHz, or an `Audio` each, which is resampled alone."""

    def __init__(self, session: Session, options: Mapping[str, OptionValue]) -> None:
        numbers = {name: cast("float", options[name]) for name in ("threshold", "min_speech", "min_silence", "padding")}
        most = cast("float | None", options["max_speech"])
        self._segmenter = Segmenter(Rules(rate=RATE, frame=FRAME, max_speech=most, **numbers))
        self._frames = Frames(session)
        self._partial = bool(options["partial"])
        self._told: int | None = None
        self._left = np.empty(0, np.float32)
        self._heard = 0

    def push(self, chunk: Any) -> list[Segment]:  # Any: `Audio`, or an array
        """Take a piece; return the segments that ended, and with `partial` the one that began, whose end is `None`.

        Raises
        ------
        InputError
            It is no sound.
        """
        samples = _samples(chunk)
        self._heard += len(samples)
        held = np.concatenate([self._left, samples]) if len(self._left) else samples
        whole = len(held) // FRAME * FRAME
        self._left = held[whole:].copy()
        return self._tell(self._segmenter.feed(self._frames.hear(held[:whole]).tolist())) if whole else []

    def finish(self) -> list[Segment]:
        """End of the sound: what is left is padded to a frame."""
        found: list[tuple[int, int]] = []
        if len(self._left):
            last = np.pad(self._left, (0, FRAME - len(self._left)))
            found = self._segmenter.feed(self._frames.hear(last).tolist())
            self._left = self._left[:0]
        return self._tell(found + self._segmenter.finish(self._heard))

    def _tell(self, spans: list[tuple[int, int]]) -> list[Segment]:
        found: list[Segment] = [
            {"start": _seconds(start), "end": _seconds(min(end, self._heard))} for start, end in spans
        ]
        since = self._segmenter.speaking_since
        if self._partial and since is not None and since != self._told:
            found.append({"start": _seconds(since), "end": None})
        self._told = since
        return found


def _samples(chunk: object) -> Array:
    if isinstance(chunk, Audio):
        samples: Array = chunk.samples(RATE)
        return samples
    if isinstance(chunk, np.ndarray) and chunk.ndim == 1 and chunk.dtype.kind == "f":
        return chunk.astype(np.float32, copy=False)
    raise InputError("a piece of sound is a floating-point array (frames,) at 16 kHz, or a sound with its own rate")


def _seconds(sample: int) -> float:
    return round(sample / RATE, 3)
