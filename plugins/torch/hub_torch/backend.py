"""The backend's target: loads a part and gives the session for its verb.

Knows facts and files; what is computed is in the sessions.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from hub.errors import InferenceError, UsageError
from hub.runtime.protocols import OpenRequest, Session, usable_cpus
from hub_torch.allocation import keep_freed
from hub_torch.devices import probe, refuse_missing
from hub_torch.facts import dtype_asked, memory
from hub_torch.generating import GenerateSession
from hub_torch.loading import Loaded, load
from hub_torch.modules import open_module
from hub_torch.running import RunSession
from hub_torch.steps import QUANTIZED
from hub_torch.tasks import KINDS

__all__ = ["open_model"]

_LOG = logging.getLogger(__name__)
_BATCHES = (5, 23)
"""The transformers whose continuous batching takes a choice of tokens for each request."""
_SHARE = 0.9
"""Of a GPU's free memory, what weights and cache may take before the model is spread over all of them."""


def open_model(request: OpenRequest) -> Session:
    """Load the weights of a part on a device.

    Raises
    ------
    InferenceError
        The weights are damaged or lack something, the device is not there, or memory ran out.
    OptionError
        The device does not take the dtype, or nothing puts weights into so few bits on it.
    PolicyError
        The model would need code of its own.
    """
    refuse_missing(request.device)
    if request.device == "cpu":
        keep_freed()
    kind = KINDS.get((request.facts.task, request.verb))
    weights = request.files
    if kind is None or not weights:
        what = f"task {request.facts.task!r} with '{request.verb}'" if kind is None else "a part without weights"
        raise InferenceError(f"torch cannot open {what}", hint="See: hub plan")
    if request.architecture is not None:
        return open_module(request, kind)
    options = request.options
    threads = options.get("threads")
    spread = _spread(request)
    step = _quantization(request, spread=spread)
    loaded = load(
        weights[0].parent,
        weights,
        kind,
        dtype=dtype_asked(options, request.load_steps),
        device=request.device,
        spread=spread,
    )
    count = threads if isinstance(threads, int) else usable_cpus()
    if step is not None:
        from hub_torch.quantizing import quantize

        layers = quantize(loaded, step, request.load_steps[step])
        loaded = replace(loaded, quantized=f"{step} in {layers} layers")
    if request.verb == "run":
        return RunSession(loaded, kind, count)
    given, slots = options.get("context_length"), options.get("parallel")
    context = given if isinstance(given, int) else None
    if isinstance(slots, int) and slots > 1 and request.facts.task == "text-generation":
        batched = _batched(loaded, count, context, slots, spread=spread)
        if batched is not None:
            return batched
    return GenerateSession(loaded, count, context)


def _batched(loaded: Loaded, threads: int, context: int | None, slots: int, *, spread: bool) -> Session | None:
    """Several calls in one batch, where that can be had; else the log says why calls take turns."""
    try:
        if spread:
            raise InferenceError("the model is spread over several devices")
        if tuple(int(part) for part in version("transformers").split(".")[:2]) < _BATCHES:
            raise InferenceError(f"transformers {'.'.join(map(str, _BATCHES))} is needed for it")
        from hub_torch.batching import BatchedSession  # not in every version that does the rest

        return BatchedSession(loaded, threads, context, slots)
    except (ImportError, InferenceError) as error:
        _LOG.warning("calls are answered one after the other, not %d at once: %s", slots, error)
        return None


def _quantization(request: OpenRequest, *, spread: bool) -> str | None:
    """The step that puts weights into fewer bits, if one was asked for; refused where it cannot be done."""
    steps = [step for step in request.load_steps if step in QUANTIZED]
    if len(steps) > 1:
        raise UsageError(f"weights are put into fewer bits once, not by '{steps[0]}' and '{steps[1]}'")
    if steps and spread:
        raise InferenceError(
            f"'{steps[0]}' is done on one device, and the weights as they are do not fit on {request.device}",
            hint="Try it on the CPU: --device cpu",
        )
    return steps[0] if steps else None


def _spread(request: OpenRequest) -> bool:
    """Whether the model is larger than the one GPU that it would go to."""
    if request.device != "cuda":
        return False
    free = probe().memory.get("cuda:0", 0)
    steps: dict[str, Any] = {step: dict(options) for step, options in request.load_steps.items()}  # Any: their values
    return memory(request.facts, {**request.options, **steps}).total > _SHARE * free
