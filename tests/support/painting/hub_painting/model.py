"""Models over grids: how bright they are, in the form of each task."""

from pathlib import Path

import numpy as np

from hub.errors import InputError
from hub.runtime.protocols import Delta, Model, Stream

BATCHES = []


def brush(facts, part):
    return 0.5


class Ink(Model):
    def brightness(self, grid):
        if not isinstance(grid, np.ndarray):
            raise TypeError(f"a grid came as {type(grid).__name__}")
        if not grid.size:
            raise InputError("the grid is empty")
        return float(self.parts[""].run({"x": grid.astype(np.float32)})["y"].mean() / 255)


class Labels(Ink):
    def infer(self, inputs, options, emit):
        BATCHES.append(len(inputs))
        return [[{"label": "bright", "score": self.brightness(each)}] for each in inputs]


class Texts(Ink):
    def infer(self, inputs, options, emit):
        found = []
        for index, each in enumerate(inputs):
            words = ["brightness", f"{self.brightness(each):.2f}"]
            for word in words:
                emit(Delta(index=index, text=word + " "))
            found.append({"text": " ".join(words), "places": []})
        return found


class Grids(Ink):
    """As many rows as words, as wide as the longest; `wrong` gives what is no grid."""

    def infer(self, inputs, options, emit):
        if options["wrong"]:
            return [b"" for _ in inputs]
        return [self.drawn(text.split()) for text in inputs]

    def drawn(self, words):
        width = max(map(len, words))
        return [[ord(letter) for letter in word.ljust(width)] for word in words]


class Activity(Ink):
    def infer(self, inputs, options, emit):
        return [[{"start": 0.0, "end": 1.5, "score": self.brightness(each)}] for each in inputs]

    def stream(self, options):
        return Bursts(self, options["threshold"])


class Bursts(Stream):
    """A segment for each run of bright chunks, given when it has ended."""

    def __init__(self, model, threshold):
        self.model, self.threshold = model, threshold
        self.place, self.start = 0, None

    def push(self, chunk):
        bright = self.model.brightness(chunk) > self.threshold
        ended = self._end() if self.start is not None and not bright else []
        if bright and self.start is None:
            self.start = self.place
        self.place += 1
        return ended

    def finish(self):
        return self._end() if self.start is not None else []

    def _end(self):
        segment, self.start = {"start": float(self.start), "end": float(self.place)}, None
        return [segment]


class Sizes(Model):
    def infer(self, inputs, options, emit):
        sizes = (len(each) if isinstance(each, bytes) else Path(each).stat().st_size for each in inputs)
        return [[{"label": "bytes", "score": float(size)}] for size in sizes]
