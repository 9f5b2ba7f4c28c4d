"""Keeps NNCF from writing on the terminal: its progress bars and its notes are not the person's. Imports it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import nncf  # type: ignore[import-untyped]

__all__ = ["silent"]


@contextmanager
def silent() -> Iterator[None]:
    """Without bars and notes; errors are raised all the same."""
    before = logging.getLogger("nncf").level
    nncf.set_log_level(logging.ERROR)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        nncf.set_log_level(before)
