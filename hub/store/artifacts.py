"""Artifacts: folders of links to blobs, built aside and put in place by one rename, never changed afterwards.

Knows nothing of where the blobs came from.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from hub.store.blobs import Blobs
from hub.store.layout import Layout, storage_errors, sync_folder
from hub.store.names import digest_of_files
from hub.store.session import Session
from hub.types import Artifact, WeightFile

__all__ = ["Artifacts"]


class Artifacts:
    """The artifacts of one store."""

    def __init__(self, layout: Layout, blobs: Blobs) -> None:
        self._layout = layout
        self._blobs = blobs

    def find(self, files: Sequence[WeightFile]) -> Artifact | None:
        """The artifact of these files where it is complete and every file is verified. Writes nothing but seals."""
        artifact = self._named(files)
        if artifact is None:
            return None
        for file in files:
            assert file.sha256 is not None
            path = artifact.path / file.path
            if not self._confined(artifact.path, path) or self._blobs.state(file.sha256, path) != "intact":
                return None
        return artifact

    def build(self, files: Sequence[WeightFile], session: Session) -> Artifact:
        """Link the blobs of these files into a folder; all of them are here and verified."""
        artifact = self._named(files)
        assert artifact is not None
        final = artifact.path
        with storage_errors(final), FileLock(self._layout.lock(f"artifact-{final.name}"), thread_local=False):
            if self._linked(artifact):
                return artifact
            aside = session.folder / f"artifact-{uuid.uuid4().hex[:8]}"
            for file in files:
                target = aside / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(self._blob(file), target)
            if os.path.lexists(final):
                final.rename(session.folder / f"old-{uuid.uuid4().hex[:8]}")
            aside.rename(final)
            sync_folder(final.parent)
        return artifact

    def _named(self, files: Sequence[WeightFile]) -> Artifact | None:
        digest = digest_of_files(files)
        if digest is None:
            return None
        return Artifact(digest=digest, path=self._layout.artifact(digest), files=tuple(files))

    def _linked(self, artifact: Artifact) -> bool:
        """Whether each file of the folder is the very blob."""
        try:
            return all((artifact.path / file.path).samefile(self._blob(file)) for file in artifact.files)
        except OSError:
            return False

    def _blob(self, file: WeightFile) -> Path:
        assert file.sha256 is not None
        return self._layout.blob(file.sha256)

    @staticmethod
    def _confined(folder: Path, path: Path) -> bool:
        """Whether no folder on the way is a link that leads out."""
        return not folder.is_symlink() and path.parent.resolve() == folder.resolve() / path.parent.relative_to(folder)


def _link(blob: Path, target: Path) -> None:
    """Hard link; a symlink where the blob is one (to a shared cache) or the disk knows no hard links."""
    if blob.is_symlink():
        target.symlink_to(blob.readlink())
        return
    try:
        os.link(blob, target)
    except OSError:
        target.symlink_to(blob)
