"""Answers `text-to-speech` with Piper voices (VITS: Kim, Kong and Son, 2021). Knows no file format."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hub.errors import InputError
from hub.runtime.protocols import Delta, Emit, Model, Session
from hub.types import Facts, OptionValue
from hub_audio.speech.phonemes import letters, phonemes
from hub_audio.speech.scripts import foreign_words
from hub_audio.speech.voice import read_voice

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["PiperVoice"]

Sound = tuple["Array", int]
"""Samples, float32 (frames,), and their rate in Hz."""

_log = logging.getLogger("hub_audio")
_SILENT = 1e-8


class PiperVoice(Model):
    """A voice: sentence by sentence, joined with silence."""

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._session = parts[""]
        self._voice = read_voice(assets)

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Sound]:
        """Sound of each text, in order; each sentence is emitted as it is done.

        Raises
        ------
        InputError
            An input is no text, has nothing to say, or is written in letters that the voice does not read.
        OptionError
            There is no such speaker.
        """
        sentences = [self._sentences(given) for given in inputs]
        return [self._speak(index, ids, options, emit) for index, ids in enumerate(sentences)]

    def evaluate(self, inputs: Sequence[Any], options: Mapping[str, OptionValue]) -> list[Sound]:
        """The same without noise, so that two models say a text alike."""
        return self.infer(inputs, {**options, "noise": 0.0, "noise_w": 0.0}, lambda _: False)

    def _speak(self, index: int, sentences: list[list[int]], options: Mapping[str, OptionValue], emit: Emit) -> Sound:
        rate = self._voice.rate
        pause = np.zeros(round(rate * cast("float", options["silence"])), np.float32)
        scales, speaker = self._scales(options), self._voice.speaker(cast("str | None", options["speaker"]))
        spoken: list[Array] = []
        for ids in sentences:
            samples = self._sentence(ids, scales, speaker) * np.float32(cast("float", options["volume"]))
            spoken += [pause, samples] if spoken else [samples]
            if emit(Delta(index=index, value=(samples, rate))):
                break
        return np.concatenate(spoken), rate

    def _sentence(self, ids: list[int], scales: Array, speaker: int | None) -> Array:
        """Samples of a sentence, float32 (frames,), the loudest at full scale."""
        feeds: dict[str, Array] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": scales,
        }
        if speaker is not None:
            feeds["sid"] = np.array([speaker], np.int64)
        samples: Array = self._session.run(feeds)["output"].reshape(-1)
        loudest = float(np.abs(samples).max(initial=0.0))
        return (samples / loudest if loudest > _SILENT else samples).astype(np.float32, copy=False)

    def _scales(self, options: Mapping[str, OptionValue]) -> Array:
        voice = self._voice
        noise, noise_w = options["noise"], options["noise_w"]
        length = voice.length_scale / cast("float", options["speed"])
        return np.array(
            [voice.noise_scale if noise is None else noise, length, voice.noise_w if noise_w is None else noise_w],
            np.float32,
        )

    def _sentences(self, given: object) -> list[list[int]]:
        if not isinstance(given, str):
            raise InputError(f"text-to-speech takes a text, not {type(given).__name__}")
        if not given.strip():
            raise InputError("the text is empty: there is nothing to say")
        voice = self._voice
        foreign = foreign_words(given, voice.espeak) if voice.reads == "espeak" else {}
        if foreign:
            shown = ", ".join(f"{script.title()} ('{word}')" for script, word in foreign.items())
            raise InputError(
                f"this voice reads '{voice.language}', and the text has words in another script: {shown}",
                hint="Use a voice of that language. See: hub search --task text-to-speech",
            )
        read = letters(given) if voice.reads == "text" else phonemes(given, voice.espeak)
        spelled = [voice.spell(sentence) for sentence in read]
        unknown = set[str]().union(*(left_out for _, left_out in spelled))
        if not any(len(ids) > 4 for ids, _ in spelled):
            raise InputError("there is nothing in the text that this voice can say")
        if unknown:
            _log.warning("the voice has no sound for %s", " ".join(sorted(unknown)))
        return [ids for ids, _ in spelled]
