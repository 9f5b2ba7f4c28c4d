"""Files that appear under their name when all of them is written, and never hold half of it.

Knows nothing of what is written.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from hub.errors import StorageError, UsageError

__all__ = ["appearing", "refuse_there"]

_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})


def refuse_there(target: Path, *, force: bool) -> None:
    """Refuse to overwrite, before anything is computed.

    Raises
    ------
    UsageError
        The file is there, and `force` was not given.
    """
    if target.exists() and not force:
        raise UsageError(f"{target} is already there", hint="Overwrite it with --force, or name another file.")


@contextmanager
def appearing(target: Path) -> Iterator[BinaryIO]:
    """Open a file for writing.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror or error}") from error
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(temporary).chmod(0o666 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise StorageError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
