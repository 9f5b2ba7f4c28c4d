"""Source `file:`: a path on this machine, copied, because its owner may change it.

Knows nothing of models. `file:/abs/path` is taken as it stands; `file:///abs/path` is a URL, with its `%20` decoded.
"""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG
from urllib.parse import unquote

from hub.errors import AccessDenied, NotFound, SourceError
from hub.sources import Listing, Sink, SourceContext

__all__ = ["FileSource"]

_CHUNK = 1 << 20


class FileSource:
    """Pushes a file of this machine."""

    def __init__(self, context: SourceContext) -> None:
        self._context = context

    def fetch(self, locator: str, sink: Sink) -> None:
        """Push the file; goes on where an interrupted copy ended."""
        path = _path(locator)
        try:
            with path.open("rb") as stream:
                size = path.stat().st_size
                if sink.offset > size:
                    sink.restart()
                stream.seek(sink.offset)
                while chunk := stream.read(_CHUNK):
                    sink.write(chunk)
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or error}") from error

    def listing(self, locator: str) -> Listing:
        """Refuse: a path is named file by file."""
        raise SourceError(f"'file:{locator}' has no listing: name each file, or give the path itself as the model")

    def close(self) -> None:
        """Hold nothing."""


def _path(locator: str) -> Path:
    """Absolute path of a plain file."""
    text = locator
    if locator.startswith("//"):
        host, slash, rest = locator[2:].partition("/")
        if host not in {"", "localhost"}:
            raise SourceError(f"'file:{locator}' names the machine '{host}': write file:///path")
        text = unquote(slash + rest)
    path = Path(text)
    if not path.is_absolute():
        raise SourceError(f"'file:{locator}' is not an absolute path")
    try:
        plain = S_ISREG(path.stat().st_mode)
    except PermissionError as error:
        raise AccessDenied(f"{path} may not be read by this user") from error
    except (OSError, ValueError) as error:
        raise NotFound(f"{path} does not exist") from error
    if not plain:
        raise SourceError(f"{path} is not a plain file")
    return path
