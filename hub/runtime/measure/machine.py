"""What machine this is, as far as figures depend on it. Knows nothing of models."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.cpus import allowed_cpus
from hub.memory import total_memory
from hub.types import JSON

__all__ = ["Machine", "this_machine"]

_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "asimddp", "sve", "i8mm")


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """System, processor, the cores that this process may use, bytes of memory, and what the processor can."""

    system: str
    processor: str
    cores: int
    memory: int | None
    features: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """16 hex digits that are others on another machine; memory counts in whole GiB."""
        plain = {**asdict(self), "memory": round((self.memory or 0) / 2**30)}
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, JSON]:
        """The same as JSON, with the fingerprint."""
        return {**asdict(self), "features": list(self.features), "fingerprint": self.fingerprint}


def this_machine() -> Machine:
    """What this process runs on."""
    info = _cpuinfo()
    flags = set((info.get("flags") or info.get("Features") or "").split())
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        processor=info.get("model name") or platform.processor() or platform.machine(),
        cores=len(allowed_cpus()),
        memory=total_memory(),
        features=tuple(name for name in _FEATURES if name in flags),
    )


def _cpuinfo() -> dict[str, str]:
    """What Linux says of the first processor; empty elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}
