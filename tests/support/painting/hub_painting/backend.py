"""Multiplies by the number that the weights hold; keeps what it was opened with."""

import json

import numpy as np

from hub.runtime.protocols import Session, Tensor

OPENED = []


class Ink(Session):
    inputs = (Tensor(name="x", dtype="float32", shape=("h", "w")),)
    outputs = (Tensor(name="y", dtype="float32", shape=("h", "w")),)

    def __init__(self, factor):
        self.factor = np.float32(factor)

    def run(self, feeds, wanted=None):
        return {"y": feeds["x"] * self.factor}


def open_ink(request):
    OPENED.append(request)
    if request.architecture is not None and request.facts.format == "pickle":
        return Ink(request.architecture(request.facts, request.part))
    return Ink(json.loads(request.files[0].read_text()))
