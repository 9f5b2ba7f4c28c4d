"""Sizes as people write and read them: `200MB`, `98.4 MB`. Powers of ten, or of two where the unit says so (`4GiB`)."""

from __future__ import annotations

import re

from hub.errors import UsageError

__all__ = ["human_size", "parse_size"]

_UNITS = ("B", "kB", "MB", "GB", "TB")


def human_size(count: int | float | None) -> str:
    """Bytes in powers of ten, as disks and the Hugging Face Hub count: `98.4 MB`."""
    if count is None:
        return "?"
    value = float(count)
    for unit in _UNITS:
        if abs(value) < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def parse_size(text: str) -> int:
    """Read `200MB`, `1.5 GB` or `4GiB` as bytes.

    Raises
    ------
    UsageError
        The text is not a size.
    """
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([kmgt]?)(i?)b?\s*", text, re.IGNORECASE)
    if match is None:
        raise UsageError(f"'{text}' is not a size", hint="Write it like 200MB, 1.5GB or 4GiB.")
    power = " kmgt".index(match[2].lower() or " ")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** power)
