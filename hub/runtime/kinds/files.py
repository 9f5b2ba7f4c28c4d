"""The kind `file`: any file, as its path or its bytes. Reads nothing of it."""

from __future__ import annotations

from pathlib import Path

from hub.errors import InputError

__all__ = ["read"]


def read(given: object) -> Path | bytes:
    """Path of a file that is there, or bytes.

    Raises
    ------
    InputError
        There is no such file, it is a folder, or what was given is neither path, bytes nor binary stream.
    """
    if isinstance(given, str | Path):
        path = Path(given).expanduser()
        if path.is_dir():
            raise InputError(f"{path} is a folder, not a file")
        if not path.exists():
            raise InputError(f"{path} cannot be read: there is no such file")
        return path
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given)
    content = given.read() if callable(getattr(given, "read", None)) else None  # type: ignore[attr-defined]
    if isinstance(content, bytes):
        return content
    raise InputError(f"a file is a path, bytes or a binary stream, not {type(given).__name__}")
