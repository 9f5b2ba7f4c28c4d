"""Keeps NNCF from writing on the terminal, and from reporting usage over the network, which it does by itself."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import nncf  # type: ignore[import-untyped]
from nncf.telemetry import wrapper  # type: ignore[import-untyped]

__all__ = ["silent"]


@contextmanager
def silent() -> Iterator[None]:
    """Without bars, notes and reports; errors are raised all the same."""
    level, sender = logging.getLogger("nncf").level, getattr(wrapper.telemetry, "_impl", None)
    nncf.set_log_level(logging.ERROR)
    wrapper.telemetry._impl = None  # every module of NNCF holds this one object, which skips what it cannot send
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        wrapper.telemetry._impl = sender
        nncf.set_log_level(level)
