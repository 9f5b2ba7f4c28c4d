"""What a measure depends on: the machine, its accelerators, the libraries of the backend, and the model's files.

Read from the system and from package metadata: no library is imported. Knows nothing of plans or figures.
"""

from __future__ import annotations

import hashlib
import json
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from hub.runtime.measure.machine import this_machine
from hub.types import JSON, WeightFile

if TYPE_CHECKING:
    from hub.plugin.host import Host
    from hub.runtime.references.target import Target

__all__ = ["accelerators", "libraries", "machine_now", "model_digest"]

_DEVICES = Path("/sys/bus/pci/devices")
_CLASSES = ("0x03", "0x12")
"""PCI classes of displays, which GPUs are, and of processing accelerators."""


def machine_now() -> dict[str, JSON]:
    """Processor, cores, what it can, memory in whole GiB, system and accelerators."""
    plain = this_machine().as_json()
    memory = plain["memory"]
    return {
        **{name: value for name, value in plain.items() if name != "fingerprint"},
        "memory": f"{round(memory / 2**30)} GiB" if isinstance(memory, int) else None,
        "accelerators": list(accelerators()),
    }


def accelerators(devices: Path = _DEVICES) -> tuple[str, ...]:
    """`vendor:device` of each GPU and accelerator on the PCI bus of Linux; empty elsewhere."""
    found: list[str] = []
    for folder in sorted(devices.glob("*")) if devices.is_dir() else ():
        try:
            if (folder / "class").read_text(encoding="ascii").startswith(_CLASSES):
                ids = [(folder / name).read_text(encoding="ascii").strip() for name in ("vendor", "device")]
                found.append(":".join(text.removeprefix("0x") for text in ids))
        except OSError:
            continue
    return tuple(found)


def libraries(backend: str, host: Host) -> dict[str, str]:
    """Versions of a backend's plugin and of what that package requires, by package."""
    provided = host.backends[backend]
    try:
        required = metadata.requires(provided.distribution) or []
    except metadata.PackageNotFoundError:
        required = []
    names = [re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0] for text in required if "extra ==" not in text]
    found = {provided.distribution: provided.version}
    for name in sorted(names):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def model_digest(target: Target) -> str:
    """64 hex digits that are others where the entry has other variants or files; the same for each variant of it.

    Files of a repository are known by its commit, since their hashes are learnt as they are pulled; files of a path by
    when they were last written; all others by their hashes.
    """
    files: list[JSON] = [
        [variant.name, file.path, file.size, _content(target, file)]
        for variant in target.model.variants
        for file in variant.weights()
    ]
    return hashlib.sha256(json.dumps(sorted(files, key=str)).encode("utf-8", "surrogatepass")).hexdigest()


def _content(target: Target, file: WeightFile) -> JSON:
    if target.revision:
        return target.revision
    if target.root is None:
        return file.sha256
    try:
        return (target.root / file.path).stat().st_mtime_ns
    except OSError:
        return None
