"""Reads text on pictures over `run`: detection, direction and recognition are parts of one variant.

The way and its numbers are those of PP-OCR (Du et al., 2020, https://arxiv.org/abs/2009.09941) as RapidOCR runs it.
Knows nothing of how the graphs are run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import InferenceError
from hub.runtime.protocols import Delta, Emit, Model, Session
from hub.types import JSON, Facts, OptionValue
from hub_vision.ocr import detection
from hub_vision.ocr.alphabet import Alphabet
from hub_vision.ocr.order import Box, rows_of
from hub_vision.ocr.scaling import scaled
from hub_vision.ocr.strips import batches, cut_out, turned

if TYPE_CHECKING:
    from hub.runtime.protocols import Array

__all__ = ["TextReading"]

_DETECTION, _DIRECTION, _RECOGNITION = "det", "cls", "rec"
_TURNED = 0.9
"""A strip is turned upside down where the classifier is this sure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    text: str
    score: float
    corners: Array  # (4, 2), in the given picture

    @property
    def box(self) -> Box:
        left, top = self.corners.min(axis=0).tolist()
        right, bottom = self.corners.max(axis=0).tolist()
        return left, top, right, bottom


class TextReading(Model):
    """Text on pictures, with its places.

    Raises
    ------
    InferenceError
        A part is missing, or the recogniser does not say its characters.
    """

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        missing = [name for name in (_DETECTION, _RECOGNITION) if name not in parts]
        if missing:
            raise InferenceError(f"text is read in parts, and there is no part '{missing[0]}'")
        self._alphabet = Alphabet(parts[_RECOGNITION].metadata)

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Read each picture, uint8 (height, width, 3).

        Returns
        -------
        list of dict
            `generated_text`: lines in reading order, parted by line breaks; those that stand side by side by spaces.
            `boxes`: each line with `text`, `score`, `box` (`xmin`, `ymin`, `xmax`, `ymax`) and `polygon`, its corners
            [x, y] from the top left on, clockwise as the picture lies; in pixels, in reading order.
        """
        given: Mapping[str, Any] = options  # Any: resolved, so of the types that the options declare
        answers, stopped = [], False
        for index, picture in enumerate(inputs):
            answers.append(_answer(()) if stopped else self._page(picture, given))
            stopped = stopped or emit(Delta(index=index, text=str(answers[-1]["generated_text"])))
        return answers

    def _page(self, picture: Array, options: Mapping[str, Any]) -> dict[str, JSON]:
        work = scaled(picture, options["max_side"])
        boxes = self._found(work.picture, options)
        strips = [cut_out(work.picture, box.corners) for box in boxes]
        if options["direction"] and _DIRECTION in self.parts:
            strips = self._upright(strips, options["batch_size"])
        texts = self._texts(strips, options["batch_size"])
        lines = [
            _Line(text=text, score=score, corners=work.back(box.corners))
            for box, (text, score) in zip(boxes, texts, strict=True)
            if text.strip() and score >= options["min_score"]
        ]
        return _answer(lines)

    def _found(self, picture: Array, options: Mapping[str, Any]) -> list[detection.Found]:
        chances = _only(self.parts[_DETECTION], detection.feed(picture))
        return detection.boxes_of(
            chances[0, 0], picture.shape[:2], threshold=options["box_threshold"], growth=options["box_growth"]
        )

    def _upright(self, strips: Sequence[Array], size: int) -> list[Array]:
        """The strips, those that lie upside down turned."""
        found = list(strips)
        for numbers, batch in batches(strips, size, height=48, width=192, grow=False):
            for number, (_, upside_down) in zip(numbers, _only(self.parts[_DIRECTION], batch), strict=True):
                if upside_down > _TURNED:
                    found[number] = turned(found[number])
        return found

    def _texts(self, strips: Sequence[Array], size: int) -> list[tuple[str, float]]:
        """Text and score of each strip."""
        found: list[tuple[str, float]] = [("", 0.0)] * len(strips)
        for numbers, batch in batches(strips, size, height=48, width=320, grow=True):
            for number, line in zip(numbers, self._alphabet.read(_only(self.parts[_RECOGNITION], batch)), strict=True):
                found[number] = line
        return found


def _only(session: Session, feed: Array) -> Array:
    """The one output of a graph with one input."""
    [given], [*taken] = session.inputs, session.outputs
    return session.run({given.name: feed}, (taken[0].name,))[taken[0].name]


def _answer(lines: Sequence[_Line]) -> dict[str, JSON]:
    rows = rows_of([line.box for line in lines])
    text = "\n".join(" ".join(lines[number].text.strip() for number in row) for row in rows)
    return {"generated_text": text, "boxes": [_shown(lines[number]) for row in rows for number in row]}


def _shown(line: _Line) -> JSON:
    left, top, right, bottom = (round(place) for place in line.box)
    return {
        "text": line.text,
        "score": round(line.score, 5),
        "box": {"xmin": left, "ymin": top, "xmax": right, "ymax": bottom},
        "polygon": [[round(x), round(y)] for x, y in line.corners.tolist()],
    }
