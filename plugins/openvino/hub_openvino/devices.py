"""Which devices OpenVINO can use on this machine, and what they compute in.

Knows nothing of the models that run on them.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import openvino as ov  # type: ignore[import-untyped]
from openvino import opset13 as ops

from hub.errors import InferenceError, OptionError
from hub.runtime.protocols import Probe
from hub_openvino.settings import DEVICES

_PLACE = re.compile(r"^(\[[\d:]+\] )?\S+\.(?:cc|cpp|hpp|h):\d+:")

__all__ = ["check_precision", "get_core", "name_of", "probe", "reason"]


@cache
def get_core() -> ov.Core:
    """The one core of this process, which is never closed.

    OpenVINO's CPU plugin gives the thread that loads it another stack for signals, and takes it away with the core: if
    another thread lets go of that, the next Ctrl-C of the first is a segmentation fault (openvino 2026.4.1).
    """
    return ov.Core()


def probe() -> Probe:
    """Devices on which OpenVINO really runs a graph on this machine."""
    core = get_core()
    found = [device for device in DEVICES if _available(core, device) and _runs(core, device)]
    memory = {device: _memory(core, device) for device in found if device == "gpu"}
    return Probe(
        devices=tuple(sorted(found, key=["gpu", "npu", "cpu"].index)),
        versions={"openvino": ov.__version__.partition("-")[0]},
        detail="; ".join(f"{_full_name(core, device)}, best in {_best(core, device)}" for device in found),
        memory={device: size for device, size in memory.items() if size},
    )


def name_of(core: ov.Core, device: str) -> str:
    """OpenVINO's name of a device.

    Raises
    ------
    InferenceError
        It is not there.
    """
    if not _available(core, device):
        raise InferenceError(
            f"openvino cannot use '{device}' here", hint="Run on the CPU with --device cpu, or see: hub doctor"
        )
    return DEVICES[device]


def check_precision(core: ov.Core, device: str, wanted: str) -> str:
    """What the device computes in when `wanted` is asked for.

    Raises
    ------
    OptionError
        It would compute in something else, which OpenVINO does without a word.
    """
    found = _computes_in(core, device, wanted)
    if wanted not in ("auto", found):
        raise OptionError(
            f"precision '{wanted}' is not what {DEVICES[device]} can do here: it would compute in {found}",
            hint="Leave precision out, or ask for auto",
        )
    return found


def reason(error: Exception) -> str:
    """The runtime's own words, without the places in its sources where they come from."""
    if isinstance(error, IndexError):  # which says nothing but `unordered_map::at`
        return "a tensor, or a value of its header, is missing"
    lines = [_PLACE.sub("", line).strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith(("Exception from", "Check '"))]
    return " ".join(told) or str(error).strip()


def _available(core: ov.Core, device: str) -> bool:
    name = DEVICES[device]
    return any(found.partition(".")[0] == name for found in core.available_devices)


def _runs(core: ov.Core, device: str) -> bool:
    try:
        compiled = core.compile_model(_small(), DEVICES[device])
        found = compiled(np.ones((2, 4), np.float32))[0]
    except Exception:  # whatever it is, the device is not usable
        return False
    return bool(np.allclose(found, 4.0))


def _best(core: ov.Core, device: str) -> str:
    return _computes_in(core, device, "auto")


def _computes_in(core: ov.Core, device: str, wanted: str) -> str:
    settings = {} if wanted == "auto" else {"INFERENCE_PRECISION_HINT": wanted}
    try:
        compiled = core.compile_model(_small(), DEVICES[device], settings)
        return str(compiled.get_property("INFERENCE_PRECISION_HINT").to_string())
    except RuntimeError:  # the device has no such property, or refuses it
        return "auto"


def _small() -> ov.Model:
    """A product of matrices: what a device must be able to run to count as usable. The batch is fixed for NPUs."""
    x = ops.parameter([2, 4], np.float32, "x")
    return ov.Model([ops.matmul(x, ops.constant(np.ones((4, 4), np.float32)), False, False)], [x], "small")


def _full_name(core: ov.Core, device: str) -> str:
    return str(core.get_property(DEVICES[device], "FULL_DEVICE_NAME"))


def _memory(core: ov.Core, device: str) -> int:
    try:
        return int(core.get_property(DEVICES[device], "GPU_DEVICE_TOTAL_MEM_SIZE"))
    except RuntimeError:
        return 0
