"""What every command prints with: results to stdout, everything else to stderr; colour and tables on a terminal alone.

Knows nothing of models.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

import click

from hub.types import JSON

__all__ = ["human_size", "is_terminal", "note", "parse_size", "print_json", "print_table", "styled"]

_UNITS = ("B", "kB", "MB", "GB", "TB")


def is_terminal() -> bool:
    """Whether stdout is a person's terminal."""
    return sys.stdout.isatty()


def styled() -> bool:
    """Whether colour may be used: a terminal, and neither NO_COLOR nor TERM=dumb."""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def note(text: str) -> None:
    """Say something to the person, on stderr."""
    click.echo(text, err=True)


def print_json(value: JSON | Sequence[JSON]) -> None:
    """Print one JSON document to stdout, with non-ASCII characters as they are."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table for people on a terminal, tab-separated rows without a header otherwise."""
    if not is_terminal():
        for row in rows:
            click.echo("\t".join(row))
        return
    widths = [max(len(row[i]) for row in (headers, *rows)) for i in range(len(headers))]
    header = "  ".join(text.upper().ljust(width) for text, width in zip(headers, widths, strict=True)).rstrip()
    click.echo(click.style(header, bold=True) if styled() else header)
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


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
    import re

    from hub.errors import UsageError

    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([kmgt]?)(i?)b?\s*", text, re.IGNORECASE)
    if match is None:
        raise UsageError(f"'{text}' is not a size", hint="Write it like 200MB, 1.5GB or 4GiB.")
    power = " kmgt".index(match[2].lower() or " ")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** power)
