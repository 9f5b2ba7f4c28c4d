"""The look of a progress bar. The only module that imports `rich.progress`; `hub.cli.progress` decides when."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

__all__ = ["make_counter", "make_display"]


def make_display() -> Progress:
    """Name, bar, bytes of bytes, rate, time left; on stderr, gone when it stops. NO_COLOR is obeyed by rich."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    )


def make_counter() -> Progress:
    """Name, bar, how many of how many, time left; on stderr, gone when it stops."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    )
