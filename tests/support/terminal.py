"""Runs the real command on a pseudo terminal, and reads what a person would see."""

from __future__ import annotations

import os
import re
import sys

import pexpect

__all__ = ["plain", "spawn"]

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


def spawn(*arguments: str, env: dict[str, str] | None = None, columns: int = 100, **options: object) -> pexpect.spawn:
    """Start `hub` on a terminal of 40 lines."""
    return pexpect.spawn(
        sys.executable,
        ["-m", "hub", *arguments],
        env={**os.environ, "TERM": "xterm-256color", **(env or {})},
        dimensions=(40, columns),
        encoding="utf-8",
        timeout=60,
        **options,
    )


def plain(text: str) -> str:
    """Text without escape sequences and carriage returns."""
    return _ESCAPES.sub("", text)
