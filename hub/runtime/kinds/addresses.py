"""Fetches an input from an https address into memory, by the same checked way as weights, up to a size.

Only for a person who asked for it: nothing else here opens an address. Knows nothing of kinds.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from hub import config
from hub.errors import InputError, SourceError
from hub.sources import SourceContext
from hub.types import WeightFile

__all__ = ["LARGEST", "fetch_input", "is_address"]

LARGEST = 256 << 20
"""Bytes of an input, at most."""
_SCHEMES = ("https://", "http://")


def is_address(text: str) -> bool:
    """Whether a text is the address of something on a web server."""
    return text.lower().startswith(_SCHEMES)


def fetch_input(address: str, *, largest: int = LARGEST) -> bytes:
    """Bytes at an https address.

    Raises
    ------
    InputError
        It is not https, is too large, or cannot be had.
    """
    from hub.store.sources.https import HttpsSource  # the client of the network, which a path does without

    class Encrypted(HttpsSource):
        schemes = frozenset({"https"})  # nothing else tells whether it is what its owner sent

    scheme, _, locator = address.partition(":")
    if scheme.lower() != "https":
        raise InputError(f"{address} is not encrypted: inputs are fetched over https alone")
    sink = _Memory(address, largest)
    try:
        with tempfile.TemporaryDirectory(prefix="hub-") as scratch:
            context = SourceContext(scratch=Path(scratch), offline=bool(config.get("offline")))
            with closing(Encrypted(context)) as source:
                source.fetch(locator, sink)
    except SourceError as error:
        raise InputError(f"{address} cannot be fetched: {error.message}", hint=error.hint) from error
    return bytes(sink.content)


class _Memory:
    """A sink that keeps what comes, up to a size that nobody promised."""

    def __init__(self, address: str, largest: int) -> None:
        self._file = WeightFile(path=address, size=None, sha256=None, sources=(address,))
        self._largest = largest
        self.content = bytearray()

    @property
    def file(self) -> WeightFile:
        return self._file

    @property
    def offset(self) -> int:
        return len(self.content)

    def restart(self) -> None:
        self.content.clear()

    def write(self, chunk: bytes) -> None:
        self.content += chunk
        if len(self.content) > self._largest:
            raise InputError(f"{self._file.path} is larger than {self._largest >> 20} MiB", hint="Download it first")

    def adopt(self, path: Path) -> None:
        self.restart()
        with path.open("rb") as stream:
            self.write(stream.read(self._largest + 1))

    def note(self, received: int) -> None:
        """Nothing is shown of an input."""
