"""From the probability of speech in each frame to the times at which somebody speaks, frame by frame as they come.

The rules are those of Silero VAD (`get_speech_timestamps`). Knows nothing of models and of sound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Rules", "Segmenter"]

Span = tuple[int, int]
"""First sample, and the one after the last."""

_HYSTERESIS = 0.15  # speech ends this far below the threshold at which it begins
_LEAST_EXIT = 0.01
_LEAST_PAUSE = 0.098  # seconds; where speech is too long it is cut at the longest pause of more than this


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """When speech begins and ends.

    Parameters
    ----------
    rate, frame
        Samples in a second, and in a frame.
    threshold
        Probability from which a frame is speech.
    min_speech, min_silence, padding, max_speech
        Seconds: shorter speech is dropped, shorter silence does not end speech, speech is widened on both sides, and
        longer speech is cut.
    """

    rate: int
    frame: int
    threshold: float = 0.5
    min_speech: float = 0.25
    min_silence: float = 0.1
    padding: float = 0.03
    max_speech: float | None = None


class Segmenter:
    """Takes probabilities and gives spans as soon as nothing that follows can change them."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._exit = max(rules.threshold - _HYSTERESIS, _LEAST_EXIT)
        self._min_speech = rules.rate * rules.min_speech
        self._min_silence = rules.rate * rules.min_silence
        self._padding = int(rules.rate * rules.padding)
        most = rules.max_speech
        self._most = float("inf") if most is None else rules.rate * most - rules.frame - 2 * self._padding
        self._at = 0  # first sample of the next frame
        self._start: int | None = None
        self._silent_from: int | None = None
        self._pauses: list[Span] = []
        self._held: Span | None = None  # its start is padded, its end is not: that depends on what follows

    @property
    def speaking_since(self) -> int | None:
        """First sample of the speech that goes on, padded; `None` in silence."""
        if self._start is None:
            return None
        after = self._held[1] if self._held else 0
        return max(after, self._start - self._padding)

    def feed(self, probabilities: Iterable[float]) -> list[Span]:
        """Take the next frames; give the spans that are certain."""
        found: list[Span] = []
        for probability in probabilities:
            self._step(probability, found)
            self._at += self._rules.frame
        if self._held and (self._at if self._start is None else self._start) - self._held[1] >= 2 * self._padding:
            self._release(self._held[1] + self._padding, found)
        return found

    def finish(self, length: int) -> list[Span]:
        """End of the sound, which has `length` samples in all: give what is left."""
        found: list[Span] = []
        if self._start is not None and length - self._start > self._min_speech:
            self._accept((self._start, length), found)
        if self._held:
            self._release(min(length, self._held[1] + self._padding), found)
        self._start = None
        return found

    def _step(self, probability: float, found: list[Span]) -> None:
        speech = probability >= self._rules.threshold
        if speech and self._silent_from is not None:
            if self._at - self._silent_from > self._rules.rate * _LEAST_PAUSE:
                self._pauses.append((self._silent_from, self._at))
            self._silent_from = None
        if self._start is None:
            if speech:
                self._start = self._at
            return
        if self._at - self._start > self._most and self._cut(found):
            return
        if probability < self._exit:
            self._wait_for_silence(found)

    def _cut(self, found: list[Span]) -> bool:
        """Cut speech that is too long, at its longest pause or here; whether here."""
        assert self._start is not None
        pauses, self._pauses, self._silent_from = self._pauses, [], None
        if pauses:
            first, after = max(pauses, key=lambda pause: pause[1] - pause[0])
            self._accept((self._start, first), found)
            self._start = after
            return False
        self._accept((self._start, self._at), found)
        self._start = None
        return True

    def _wait_for_silence(self, found: list[Span]) -> None:
        assert self._start is not None
        if self._silent_from is None:
            self._silent_from = self._at
        if self._at - self._silent_from < self._min_silence:
            return
        if self._silent_from - self._start > self._min_speech:
            self._accept((self._start, self._silent_from), found)
        self._start, self._silent_from, self._pauses = None, None, []

    def _accept(self, span: Span, found: list[Span]) -> None:
        """Hold a span until what follows is known; neighbours that are close share the silence between them."""
        start, end = span
        if self._held:
            silence = start - self._held[1]
            share = silence // 2 if silence < 2 * self._padding else self._padding
            self._release(self._held[1] + share, found)
            start -= share
        else:
            start -= self._padding
        self._held = (max(0, start), end)

    def _release(self, end: int, found: list[Span]) -> None:
        assert self._held is not None
        found.append((self._held[0], end))
        self._held = None
