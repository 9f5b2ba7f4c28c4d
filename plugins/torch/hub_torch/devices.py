"""Devices of this machine that torch computes on, and the dtypes that each of them takes.

Knows nothing of models, but for the dtype that their weights are stored in.
"""

from __future__ import annotations

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import torch

from hub.errors import InferenceError, OptionError
from hub.runtime.protocols import Probe, usable_cpus
from hub_torch.processor import fast_bfloat16, fast_float16

__all__ = ["choose_dtype", "free_bytes", "probe", "refuse_missing", "usable_dtypes"]

_HALF = (torch.float16, torch.bfloat16)


def probe() -> Probe:
    """Devices that really compute something, best first, with the free memory of each GPU and of all together."""
    devices = tuple(name for name in ("cuda", "mps", "cpu") if _present(name) and _computes(name, torch.float32))
    memory: dict[str, int] = {}
    detail = [f"{usable_cpus()} CPUs, {torch.backends.cpu.get_cpu_capability()}"]
    if "cuda" in devices:
        for index in range(torch.cuda.device_count()):
            memory[f"cuda:{index}"] = torch.cuda.mem_get_info(index)[0]
            detail.append(f"cuda:{index} {torch.cuda.get_device_name(index)}")
        memory["cuda"] = sum(memory.values())
    if "mps" in devices:
        memory["mps"] = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        detail.append(f"mps {platform.machine()}")
    versions = {name: version(name) for name in ("torch", "transformers", "accelerate", "safetensors")}
    with suppress(PackageNotFoundError):  # an extra
        versions["torchao"] = version("torchao")
    return Probe(devices=devices, versions=versions, detail=", ".join(detail), memory=memory)


def refuse_missing(device: str) -> None:
    """Refuse a device that is not there, and a GPU of a number that is not there.

    Raises
    ------
    InferenceError
        With the devices that are.
    """
    base, _, index = device.partition(":")
    if _present(base) and (base != "cuda" or not index or int(index) < torch.cuda.device_count()):
        return
    found = [name for name in ("cuda", "mps", "cpu") if _present(name)]
    raise InferenceError(
        f"torch {torch.__version__} finds no '{device}' here, only {', '.join(found)}",
        hint="Run on the CPU with --device cpu, or see: hub doctor",
    )


def choose_dtype(asked: str, stored: torch.dtype, device: str) -> torch.dtype:
    """What to compute in.

    `auto` never drops bits that the weights have: float32 stays float32, and 16-bit weights stay as they are on a
    device that is fast at them. On a processor that is not, they are computed in float32; on a GPU without bfloat16, in
    float16.

    Raises
    ------
    OptionError
        The device does not take the dtype that was asked for; named with those that it takes.
    """
    usable = usable_dtypes(device)
    if asked != "auto":
        if asked not in usable:
            raise OptionError(
                f"dtype {asked} does not work on {device} here: {_why(device)}",
                hint=f"It takes {', '.join(usable)}",
            )
        return _dtype(asked)
    if stored not in _HALF or (device.partition(":")[0] == "cpu" and not _fast_on_cpu(stored)):
        return torch.float32
    if _name(stored) in usable:
        return stored
    return torch.float16 if "float16" in usable else torch.float32


def usable_dtypes(device: str) -> tuple[str, ...]:
    """Names of the dtypes that a device computes in, float32 first."""
    base = device.partition(":")[0]
    usable = ["float32"]
    if base == "cpu":
        usable += ["bfloat16"] + ["float16"] * fast_float16()
    elif base == "cuda":
        usable += ["bfloat16"] * torch.cuda.is_bf16_supported(including_emulation=False) + ["float16"]
    else:
        usable += [name for name in ("bfloat16", "float16") if _computes(device, _dtype(name))]
    return tuple(usable)


def free_bytes(device: torch.device) -> int | None:
    """Bytes that are free on a device; `None` where nobody tells."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:  # noqa: PTH123 - no path of anybody's
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None


def _present(base: str) -> bool:
    if base == "cuda":
        return bool(torch.cuda.is_available())
    return base == "cpu" or (base == "mps" and torch.backends.mps.is_available())


def _computes(device: str, dtype: torch.dtype) -> bool:
    """Whether a product and a softmax work there; a GPU may be listed that this build has no code for."""
    try:
        square = torch.ones(8, 8, dtype=dtype, device=device)
        return bool((square @ square).softmax(dim=-1).sum().item() == 8)
    except (RuntimeError, TypeError, AssertionError):
        return False


def _fast_on_cpu(dtype: torch.dtype) -> bool:
    return fast_bfloat16() if dtype == torch.bfloat16 else fast_float16()


def _why(device: str) -> str:
    if device == "cpu":
        return "this processor has no instructions for it, and emulating it takes several times as long as float32"
    return "the hardware has no instructions for it"


def _dtype(name: str) -> torch.dtype:
    found: torch.dtype = getattr(torch, name)
    return found


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
