"""Hashes blobs that are here, whatever their seals say; the damaged ones are removed and named.

Knows nothing of how they are fetched again.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from filelock import FileLock

from hub.store.blobs import Blobs
from hub.store.layout import Layout, storage_errors
from hub.store.progress import Progress
from hub.types import WeightFile

__all__ = ["verify_blobs"]


def verify_blobs(layout: Layout, blobs: Blobs, files: Iterable[WeightFile], progress: Progress) -> None:
    """Hash the blob of each file. One that is damaged goes, so that the pull fetches it again."""
    for file in files:
        if file.sha256 is None or not layout.blob(file.sha256).exists():
            continue
        with storage_errors(layout.root), FileLock(layout.lock(file.sha256), thread_local=False):
            progress.begin(file.path, file.size)
            state = blobs.state(file.sha256, rehash=True, advance=partial(progress.advance, file.path))
            progress.end(file.path)
            if state == "damaged":
                blobs.remove(file.sha256)
                progress.say(f"{file.path}: damaged on the disk, not sha256 {file.sha256} any more; removed")
