"""Answers `automatic-speech-recognition` with Whisper (Radford et al., 2022): sound of any length, window by window.

Knows no file format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hub.errors import InferenceError
from hub.runtime.protocols import Delta, Emit, Generate, Model, Sampling, Session
from hub.types import JSON, Audio, Facts, OptionValue
from hub_audio.inputs import sounds
from hub_audio.recognition.attempts import heard_nothing, write
from hub_audio.recognition.segments import Piece, cut
from hub_audio.recognition.settings import read_settings
from hub_audio.recognition.tape import Tape, is_silent
from hub_audio.recognition.tokens import WhisperTokens
from hub_audio.spectra import LogMel

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["Whisper"]

_INPUT = "input_features"
_CONTEXT = 448
_SHORTEST = 0.1  # seconds; what is shorter holds no word


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ear:
    """What hears any sound: the session, and what the files say of it."""

    session: Session
    tokens: WhisperTokens
    features: LogMel
    context: int
    suppress: tuple[int, ...]


class Whisper(Model):
    """A Whisper behind any runtime that answers `generate` with its features as feeds."""

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        session, settings = parts[""], read_settings(assets)
        shape = next((tensor.shape for tensor in session.inputs if tensor.name == _INPUT), ())
        if len(shape) != 3 or not isinstance(shape[1], int) or not isinstance(shape[2], int):
            raise InferenceError(f"the model takes no '{_INPUT}' of a size that is known: it is no Whisper")
        form = {"rate": settings.rate, "hop": settings.hop, "points": settings.points}
        context = session.metadata.get("context_length")
        self._ear = _Ear(
            session=session,
            tokens=WhisperTokens(assets / "tokenizer.json"),
            features=LogMel(bins=shape[1], frames=shape[2], **form),
            context=context if isinstance(context, int) else _CONTEXT,
            suppress=settings.suppress,
        )

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[dict[str, JSON]]:
        """Text of each sound, in order; each piece of it is emitted as it is done.

        Returns
        -------
        `text`; `chunks`, each with `text` and `timestamp` (start and end in seconds), unless `timestamps` is off; and
        the `language`.

        Raises
        ------
        InputError
            An input is no sound.
        OptionError
            The model does not know the language.
        """
        return [_Listener(self._ear, options, index, emit).listen(sound) for index, sound in enumerate(sounds(inputs))]


class _Listener:
    """Hears one sound."""

    def __init__(self, ear: _Ear, options: Mapping[str, OptionValue], index: int, emit: Emit) -> None:
        self._session, self._tokens, self._features = ear.session, ear.tokens, ear.features
        self._context, self._suppress = ear.context, ear.suppress
        self._options, self._index, self._emit = options, index, emit
        given = cast("str | None", options["language"])
        self._language = self._tokens.check_language(given) if given else None if self._tokens.languages else "en"
        self._prompt = self._tokens.encode(str(options["prompt"])) if options["prompt"] else []
        self._said: list[int] = []
        self._stopped = False

    def listen(self, sound: Audio) -> dict[str, JSON]:
        text, chunks = "", list[JSON]()
        times = bool(self._options["timestamps"])
        whole = sound.duration * self._features.rate > self._features.samples
        for start, piece in self._pieces(sound, times=times or whole):
            said = self._tokens.decode(piece.ids).rstrip()
            said = said if text else said.lstrip()
            if not said:
                continue
            text += said
            moment: list[JSON] = [round(start + piece.start, 2), round(start + piece.end, 2)]
            chunk: dict[str, JSON] = {"timestamp": moment, "text": said.strip()}
            chunks.append(chunk)
            self._stopped |= self._emit(Delta(index=self._index, text=said, value=chunk))
        found: dict[str, JSON] = {"text": text, "language": self._language}
        return {**found, "chunks": chunks} if times else found

    def _pieces(self, sound: Audio, *, times: bool) -> Iterator[tuple[float, Piece]]:
        """What is said in each window, with the second at which the window begins."""
        rate, size = self._features.rate, self._features.samples
        tape, start = Tape(sound, rate, size), 0
        while not self._stopped:
            window = tape.window(start)
            if len(window) < (rate * _SHORTEST if start else 1):
                return
            heard = len(window) / rate
            if is_silent(window):
                start += len(window)
                continue
            pieces, go_on = self._hear(window, heard, times=times)
            for piece in pieces:
                yield start / rate, piece
            start += round(go_on * rate) if go_on >= _SHORTEST else len(window)

    def _hear(self, window: Array, heard: float, *, times: bool) -> tuple[list[Piece], float]:
        features = self._features(window)[None]
        if self._language is None:
            self._language = self._hear_language(features)
        tokens = self._tokens
        prompt = tokens.prompt(
            self._language, translate=bool(self._options["translate"]), times=times, before=self._before()
        )
        request = self._request(prompt, features, self._most(), self._suppress + ((tokens.timeless,) if times else ()))
        found = write(self._session, request, tokens.decode, self._silently, again=bool(self._options["fallback"]))
        if heard_nothing(found):
            return [], heard
        pieces, go_on = cut(found.ids, tokens, heard)
        self._said += [token for piece in pieces for token in piece.ids]
        return pieces, go_on

    def _hear_language(self, features: Array) -> str:
        """The model writes the language first."""
        others = set(range(self._tokens.last + 1)) - set(self._tokens.languages.values())
        request = self._request((self._tokens.start,), features, 1, tuple(sorted(others)))
        ids = self._session.generate(request, self._silently)[0].ids
        return (self._tokens.language_of(ids[0]) if ids else None) or "en"

    def _request(self, prompt: tuple[int, ...], features: Array, most: int, suppress: tuple[int, ...]) -> Generate:
        sampling = Sampling(
            max_tokens=most,
            temperature=cast("float", self._options["temperature"]),
            seed=cast("int | None", self._options["seed"]),
        )
        return Generate(
            prompts=(prompt,), feeds={_INPUT: features}, sampling=sampling, eos=(self._tokens.end,), suppress=suppress
        )

    def _before(self) -> list[int]:
        """What came before, as much as half the context holds: the end of it counts most."""
        said = self._said if self._options["condition"] else []
        before = [*self._prompt, *said]
        return before[-(self._context // 2 - 1) :] if before else []

    def _most(self) -> int:
        asked = cast("int | None", self._options["max_tokens"])
        room = self._context - len(self._before()) - 5
        return min(room, asked or self._context // 2)

    def _silently(self, _: Delta) -> bool:
        return self._stopped
