"""Transforms that do what their names say to three numbers."""

import json
import os
import random
import time
from pathlib import Path


def _factors(request):
    return json.loads(request.files[0].read_text())


def _write(request, factors):
    if "BENDING_COUNT" in os.environ:
        with Path(os.environ["BENDING_COUNT"]).open("a") as stream:
            stream.write("x")
    (request.out / "model.bend").write_text(json.dumps(factors))


def push(request):
    first, *rest = _factors(request)
    _write(request, [first + request.options["by"], *rest])


def same(request):
    _write(request, [float(factor) for factor in _factors(request)])


def spoil(request):
    _write(request, [float("nan")] * 3)


def vary(request):
    first, *rest = _factors(request)
    _write(request, [first + random.random() / 100, *rest])


def learn(request):
    first, *rest = _factors(request)
    _write(request, [first + len(request.inputs) / 1000, *rest])


def stall(request):
    _write(request, _factors(request))
    Path(os.environ["BENDING_STARTED"]).touch()
    time.sleep(600)
