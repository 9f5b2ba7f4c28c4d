"""Parts of an upload that comes in several, until they are put together.

A part is a file of its own, so an upload that was cut loses the part that was on its way and no other. Knows nothing
of HTTP.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from hub_mirror.blobs import Blobs, Incoming
from hub_mirror.receiving import receive
from hub_mirror.refusals import Refusal, invalid

__all__ = ["Parts"]

_PIECE = 2**22


class Parts:
    """Parts of one content, by the repository and hash that it is for."""

    def __init__(self, blobs: Blobs, repo: int, sha256: str) -> None:
        self._blobs = blobs
        self.folder = blobs.places.parts / f"{repo}-{sha256}"

    async def put(self, number: int, chunks: AsyncIterator[bytes], size: int) -> str:
        """Take a part of a known size; its tag.

        Raises
        ------
        Refusal
            400 or 413 where it has another size.
        """
        incoming = self._blobs.incoming(limit=size)
        with incoming:
            await receive(chunks, incoming.write)
            if incoming.size != size:
                raise invalid(f"Part {number} has {incoming.size} bytes instead of {size}")
            await run_in_threadpool(self._keep, incoming, number)
            return incoming.sha256

    def assemble(self, tags: list[tuple[int, str]], sha256: str, size: int) -> None:
        """Put the parts together, check them, and publish the content; the parts are gone then.

        Raises
        ------
        Refusal
            400 where a part is missing or the hash is another.
        """
        with self._blobs.incoming(limit=size) as whole:
            for number, tag in tags:
                self._append(whole, number, tag)
            if whole.sha256 != sha256 or whole.size != size:
                raise invalid(f"What came is not the content {sha256} of {size} bytes")
            whole.settle()
            self._blobs.keep([whole])
        self.remove()

    def remove(self) -> None:
        """Forget the parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _append(self, whole: Incoming, number: int, tag: str) -> None:
        digest = hashlib.sha256()
        try:
            with self._path(number).open("rb") as part:
                while piece := part.read(_PIECE):
                    digest.update(piece)
                    whole.write(piece)
        except FileNotFoundError as error:
            raise Refusal(400, f"Part {number} was not uploaded") from error
        if digest.hexdigest() != tag:
            raise invalid(f"Part {number} is another than the one that was confirmed")

    def _keep(self, incoming: Incoming, number: int) -> None:
        incoming.settle()
        self.folder.mkdir(mode=0o750, exist_ok=True)
        os.replace(incoming.path, self._path(number))

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}"
