"""How many inputs are answered, on stderr: a bar for a person who sees nothing else move. Knows nothing of models."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["counted"]

T = TypeVar("T")


def counted(items: Iterable[T], total: int, *, shown: bool) -> Iterator[T]:
    """Pass items on; where there are several and stderr is a terminal, with a bar.

    Parameters
    ----------
    shown
        Whether the items themselves are written to the terminal, so that no bar is needed.
    """
    if shown or total < 2 or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield from items
        return
    from hub.cli.bars import make_counter

    with make_counter() as display:
        task = display.add_task("answered", total=total)
        for item in items:
            yield item
            display.advance(task)
