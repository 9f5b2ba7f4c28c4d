"""What every command prints with: results to stdout, everything else to stderr; colour and tables on a terminal alone.

Knows nothing of models.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from typing import TextIO

import click

from hub.sizes import human_size, parse_size
from hub.types import JSON

__all__ = [
    "human_size",
    "is_terminal",
    "json_text",
    "note",
    "parse_size",
    "print_json",
    "print_table",
    "printable",
    "styled",
]

_LEAST_COLUMN = 20
_STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # some scripts and emoji are not written without them


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
    click.echo(json_text(value, sys.stdout, indent=2))


def json_text(value: JSON | Sequence[JSON], out: TextIO, indent: int | None = None) -> str:
    """JSON for a stream: letters of every language as they are, escaped where the stream cannot hold them."""
    unicode = (getattr(out, "encoding", None) or "utf-8").lower().startswith("utf")
    return json.dumps(value, indent=indent, ensure_ascii=not unicode)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table for people on a terminal, tab-separated rows without a header otherwise.

    On a terminal, a last column that is too wide is wrapped in its place; without rows there is no header either.
    """
    rows = [[printable(text) for text in row] for row in rows]
    if not is_terminal():
        for row in rows:
            click.echo("\t".join(" ".join(text.split()) for text in row))
        return
    if not rows:
        return
    import shutil

    widths = [max(len(row[i]) for row in (headers, *rows)) for i in range(len(headers))]
    before = sum(width + 2 for width in widths[:-1])
    room = shutil.get_terminal_size().columns - before
    widths[-1] = min(widths[-1], room) if room >= _LEAST_COLUMN else widths[-1]
    header = _row([text.upper() for text in headers], widths)
    click.echo(click.style(header, bold=True) if styled() else header)
    for row in rows:
        click.echo(_row(row, widths))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    from textwrap import wrap

    start = "".join(f"{text:<{width}}  " for text, width in zip(cells[:-1], widths, strict=False))
    lines = wrap(cells[-1], widths[-1] or 1, break_long_words=False, break_on_hyphens=False) or [""]
    return ("\n" + " " * len(start)).join((start + lines[0], *lines[1:])).rstrip()


def printable(text: str) -> str:
    """Text of a stranger (a registry, a model) for a terminal: without the characters that would steer or hide."""
    if text.isprintable():
        return text
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in _STEERING or char in _JOINERS
    )
