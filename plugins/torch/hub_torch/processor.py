"""What the processor computes fast, from the flags that the Linux kernel shows. Needs no torch.

Elsewhere than on Linux nothing is known, and nothing beyond float32 is taken to be fast.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["fast_bfloat16", "fast_float16"]

_CPUINFO = Path("/proc/cpuinfo")
_BFLOAT16 = {"amx_bf16", "avx512_bf16", "bf16"}
_FLOAT16 = {"amx_fp16", "avx512_fp16", "asimdhp"}


def fast_bfloat16(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether there are instructions for bfloat16: AMX or AVX512-BF16 on x86, BF16 on ARM."""
    return bool(_flags(cpuinfo) & _BFLOAT16)


def fast_float16(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether there are instructions that compute in float16."""
    return bool(_flags(cpuinfo) & _FLOAT16)


@cache
def _flags(cpuinfo: Path) -> frozenset[str]:
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    wanted = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(wanted, "").split())
