"""Answers `automatic-speech-recognition` with encoders that give a letter for each frame: Wav2Vec2, HuBERT, WavLM.

Sound of any length, in windows that overlap, so that each frame hears what is around it. Knows no file format.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hub.errors import InferenceError
from hub.runtime.protocols import Delta, Emit, Model, Session
from hub.types import JSON, Audio, Facts, OptionValue
from hub_audio.inputs import sounds
from hub_audio.recognition.letters import Word, Writer, read_alphabet
from hub_audio.recognition.settings import read_json
from hub_audio.recognition.tape import Tape

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["SpeechCtc"]

_STRIDES = (5, 2, 2, 2, 2, 2, 2)  # of Wav2Vec2 and those that followed it
_SHORTEST = 1600  # samples that the convolutions need
_OVERLAP = 6  # a sixth of the window on each side is heard and not written


class SpeechCtc(Model):
    """A recogniser with CTC behind any runtime that answers `run` with `logits`."""

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._session = parts[""]
        [self._input] = [tensor.name for tensor in self._session.inputs if tensor.name != "attention_mask"]
        if self._input != "input_values":
            raise InferenceError(f"the model takes '{self._input}', and recognisers with CTC take 'input_values'")
        config, form = read_json(assets / "config.json"), read_json(assets / "preprocessor_config.json")
        try:
            self._alphabet = read_alphabet(
                read_json(assets / "vocab.json"), read_json(assets / "tokenizer_config.json"), config
            )
        except ValueError as error:
            raise InferenceError(f"{assets}: {error}") from error
        strides = config.get("conv_stride")
        self._ratio = math.prod(cast("list[int]", strides) if isinstance(strides, list) else _STRIDES)
        self._rate = int(cast("int", form.get("sampling_rate") or 16_000))
        self._normalize = form.get("do_normalize") is not False

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[dict[str, JSON]]:
        """Text of each sound, in order; words are emitted as they end.

        Returns
        -------
        `text`; and `chunks`, a word each, with `timestamp` (start and end in seconds), unless `timestamps` is off.

        Raises
        ------
        InputError
            An input is no sound.
        """
        return [self._listen(index, sound, options, emit) for index, sound in enumerate(sounds(inputs))]

    def _listen(self, index: int, sound: Audio, options: Mapping[str, OptionValue], emit: Emit) -> dict[str, JSON]:
        writer, text, chunks = Writer(self._alphabet), "", list[JSON]()
        window = cast("float", options["window"])
        for ids in (*self._ids(sound, window), None):
            for word in writer.finish() if ids is None else writer.feed(ids.tolist()):
                said = f" {word.text}" if text else word.text
                text += said
                chunk = self._chunk(word)
                chunks.append(chunk)
                if emit(Delta(index=index, text=said, value=chunk)):
                    return {"text": text, **({"chunks": chunks} if options["timestamps"] else {})}
        return {"text": text, **({"chunks": chunks} if options["timestamps"] else {})}

    def _chunk(self, word: Word) -> dict[str, JSON]:
        times: list[JSON] = [round(frame * self._ratio / self._rate, 2) for frame in (word.start, word.end)]
        return {"timestamp": times, "text": word.text}

    def _ids(self, sound: Audio, seconds: float) -> Iterator[Array]:
        """Likeliest id of each frame, in windows: int64 (frames,)."""
        frames = max(_OVERLAP, round(seconds * self._rate / self._ratio))
        side = frames // _OVERLAP
        step, size = frames - 2 * side, frames * self._ratio
        tape, start = Tape(sound, self._rate, size), 0
        while True:
            samples = tape.window(start * self._ratio)
            ids = self._hear(samples)
            last = len(samples) < size
            yield ids[side if start else 0 : None if last else side + step]
            if last:
                return
            start += step

    def _hear(self, samples: Array) -> Array:
        given = samples if len(samples) >= _SHORTEST else np.pad(samples, (0, _SHORTEST - len(samples)))
        if self._normalize:
            given = (given - given.mean()) / np.sqrt(given.var() + 1e-7)
        feeds: dict[str, Array] = {self._input: given[None].astype(np.float32)}
        if any(tensor.name == "attention_mask" for tensor in self._session.inputs):
            feeds["attention_mask"] = np.ones((1, len(given)), np.int64)
        found: Array = self._session.run(feeds, ["logits"])["logits"][0].argmax(axis=-1)
        return found
