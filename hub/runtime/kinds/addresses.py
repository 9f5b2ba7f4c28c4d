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
from hub.store.memory_sink import MemorySink
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
    file = WeightFile(path=address, size=None, sha256=None, sources=(address,))
    too_large = f"{address} is larger than {largest >> 20} MiB"
    sink = MemorySink(file, largest, lambda: InputError(too_large, hint="Download it first"))
    try:
        with tempfile.TemporaryDirectory(prefix="hub-") as scratch:
            context = SourceContext(scratch=Path(scratch), offline=bool(config.get("offline")))
            with closing(Encrypted(context)) as source:
                source.fetch(locator, sink)
    except SourceError as error:
        raise InputError(f"{address} cannot be fetched: {error.message}", hint=error.hint) from error
    return bytes(sink.content)
