"""Multiplies three features by three numbers. `other` cannot open what `push:by=9` made."""

import json

import numpy as np

from hub.errors import InferenceError
from hub.runtime.protocols import Session, Tensor


class Bent(Session):
    inputs = (Tensor(name="x", dtype="float32", shape=("n", 3)),)
    outputs = (Tensor(name="y", dtype="float32", shape=("n", 3)),)

    def __init__(self, factors):
        self.factors = np.array(factors, np.float32)

    def run(self, feeds, wanted=None):
        return {"y": feeds["x"] * self.factors}


def bender(request):
    factors = json.loads(request.files[0].read_text())
    if "halved" in request.load_steps:
        factors[0] /= 2
    return Bent(factors)


def other(request):
    factors = json.loads(request.files[0].read_text())
    if factors[0] > 9:
        raise InferenceError("the first number is too large")
    return Bent(factors)
