"""How much memory this process may take, and how much the keys and values of a model's layers take.

Reads `/proc`, cgroups and `vm_stat`. Knows nothing of plans; the memory of an accelerator is told by its backend.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from hub.cgroups import groups
from hub.types import JSON

__all__ = ["DEFAULT_CONTEXT", "free_memory", "kv_cache", "total_memory"]

DEFAULT_CONTEXT = 4096
_FILES = {
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: ("memory.max", "memory.current", "inactive_file"),
}


def kv_cache(config: Mapping[str, JSON], context: int, element_bytes: int = 2) -> int:
    """Bytes of keys and values of every layer for `context` tokens; 0 where the config lacks the numbers."""
    heads = _number(config.get("num_attention_heads"))
    pairs = _number(config.get("num_key_value_heads")) or heads
    width = _number(config.get("head_dim"))
    if not width and heads:
        width = _number(config.get("hidden_size")) // heads
    return 2 * _number(config.get("num_hidden_layers")) * pairs * width * context * element_bytes


def total_memory() -> int | None:
    """Bytes of memory that this process may use at most: the machine's, or its cgroup's limit."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None
    return min([machine, *(limit for limit, _ in cgroup_limits(Path("/")))])


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes that this process may still take without swapping; `None` where the system does not tell.

    Parameters
    ----------
    root
        Root of the tree that holds `proc` and `sys`.
    """
    if sys.platform == "darwin":
        return parse_vm_stat(_run_vm_stat())
    try:
        text = (root / "proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    match = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    if match is None:
        return None
    return max(0, min([int(match[1]) * 1024, *(limit - used for limit, used in cgroup_limits(root))]))


def cgroup_limits(root: Path) -> list[tuple[int, int]]:
    """(limit, used) of each memory cgroup above this process that has a limit; page cache that can go is not used."""
    limits = (_limit(folder, *_FILES[version]) for version, folder in groups(root, "memory"))
    return [limit for limit in limits if limit is not None]


def parse_vm_stat(text: str) -> int | None:
    """Free, inactive, speculative and purgeable pages of macOS' `vm_stat`, in bytes."""
    size = re.search(r"page size of (\d+) bytes", text)
    if size is None:
        return None
    pages = re.findall(r"^Pages (?:free|inactive|speculative|purgeable):\s+(\d+)", text, re.MULTILINE)
    return int(size[1]) * sum(map(int, pages))


def _limit(folder: Path, limit: str, usage: str, inactive: str) -> tuple[int, int] | None:
    try:
        most = int((folder / limit).read_text(encoding="ascii"))
        used = int((folder / usage).read_text(encoding="ascii"))
        stat = (folder / "memory.stat").read_text(encoding="ascii")
    except (OSError, ValueError):  # no such file, or "max"
        return None
    match = re.search(rf"^{inactive} (\d+)$", stat, re.MULTILINE)
    return most, used - int(match[1]) if match else used


def _run_vm_stat() -> str:
    import subprocess

    try:
        return subprocess.run(["/usr/bin/vm_stat"], capture_output=True, text=True, check=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0
