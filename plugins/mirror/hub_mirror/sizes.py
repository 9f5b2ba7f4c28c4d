"""Sizes as people write and read them. Knows nothing of what has them."""

from __future__ import annotations

__all__ = ["readable"]


def readable(size: int) -> str:
    """Bytes as people say them: `12 B`, `3.4 MB`."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
