"""Vectors of texts: letters, words, vowels, each bent by the model."""

import numpy as np

from hub.runtime.protocols import Model


class Vectors(Model):
    def infer(self, inputs, options, emit):
        rows = [[len(text), len(text.split()), sum(letter in "aeiou" for letter in text)] for text in inputs]
        return list(self.parts[""].run({"x": np.array(rows, np.float32)})["y"])
