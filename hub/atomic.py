"""Writes small files so that a reader sees the old one or the new one, never half of it.

For what is made again if the machine goes down in the middle: nothing is synced to the disk.
"""

from __future__ import annotations

import contextlib
import os
from functools import partial
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file whole, or leave what was there.

    Parameters
    ----------
    path
        In a folder that exists.
    mode
        Permissions, such as `0o600`; without it those that a new file gets: who may read the folder may read it.

    Raises
    ------
    OSError
        It cannot be written; nothing is left beside it.
    """
    temporary = path.with_name(f".new-{os.urandom(8).hex()}")
    try:
        # with these permissions from the start: who opened it before they were set could read what comes
        with open(temporary, "xb", opener=partial(os.open, mode=0o666 if mode is None else mode)) as stream:
            if mode is not None:
                temporary.chmod(mode)
            stream.write(content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
