"""Fetch one file through a source in a process of its own, and print as JSON what its sink saw or why it failed.

`python -m tests.support.try_source hf LOCATOR [SHA256]`, and `python -m tests.support.try_source --list hf LOCATOR`.
A process, because the clients read their environment when they are imported.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import tempfile
import warnings
from pathlib import Path

from hub.errors import HubError, VerificationError
from hub.plugin.builtin import hub_sources
from hub.sources import Source, SourceContext
from hub.types import WeightFile


class MemorySink:
    """A sink that only hashes."""

    def __init__(self, file: WeightFile) -> None:
        self.file = file
        self.offset = 0
        self.hash = hashlib.sha256()
        self.size = 0
        self.adopted = ""
        self.noted = 0

    def restart(self) -> None:
        self.hash, self.size = hashlib.sha256(), 0

    def write(self, chunk: bytes) -> None:
        self.hash.update(chunk)
        self.size += len(chunk)
        if self.file.size is not None and self.size > self.file.size:
            raise VerificationError("more bytes than promised")

    def adopt(self, path: Path) -> None:
        self.adopted = str(path)
        self.write(path.read_bytes())
        if self.file.sha256 and self.hash.hexdigest() != self.file.sha256:
            raise VerificationError(f"'{self.file.path}' has another sha256 than promised")

    def note(self, received: int) -> None:
        self.noted += received


def source(scheme: str, context: SourceContext) -> Source:
    module, _, name = next(spec.target for spec in hub_sources() if spec.id == scheme).partition(":")
    made: Source = getattr(importlib.import_module(module), name)(context)
    return made


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scheme")
    parser.add_argument("locators", nargs="+")
    parser.add_argument("--sha256")
    parser.add_argument("--size", type=int)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--offline", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("error")
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        used = source(given.scheme, SourceContext(scratch=Path(scratch), offline=given.offline))
        for locator in given.locators:
            try:
                results.append(_list(used, locator) if given.list else _fetch(used, locator, given))
            except HubError as error:
                results.append(
                    {
                        "error": type(error).__name__,
                        "message": error.message,
                        "hint": error.hint,
                        "details": error.details,
                    }
                )
        used.close()
    print(json.dumps(results))


def _list(used: Source, locator: str) -> dict[str, object]:
    listing = used.listing(locator)
    return {
        "revision": listing.revision,
        "files": {file.path: [file.size, file.sha256, *file.sources] for file in listing.files},
    }


def _fetch(used: Source, locator: str, given: argparse.Namespace) -> dict[str, object]:
    sink = MemorySink(WeightFile(path=locator, size=given.size, sha256=given.sha256, sources=()))
    used.fetch(locator, sink)
    return {"sha256": sink.hash.hexdigest(), "size": sink.size, "adopted": sink.adopted, "noted": sink.noted}


if __name__ == "__main__":
    main()
