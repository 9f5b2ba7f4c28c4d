"""The store: weights on this disk, each file verified by its sha256, whoever served it.

Knows nothing of registries, plans or plugins: it is told files, and how to make the source of a scheme.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from hub import config
from hub.errors import StorageError
from hub.store.artifacts import Artifacts
from hub.store.blobs import Blobs
from hub.store.garbage import Garbage, discard, find_garbage
from hub.store.layout import Layout
from hub.store.names import check_files, digest_of_files
from hub.store.parallel import run_jobs
from hub.store.pool import SourcePool, Sources
from hub.store.progress import Progress, Silent
from hub.store.records import Record, Records, Told, make_record
from hub.store.session import Session, store_lock
from hub.store.space import check_space, needed_space
from hub.store.transfer import Transfer, key_of
from hub.store.verify import verify_blobs
from hub.types import Artifact, WeightFile

__all__ = ["Store"]

_WORKERS = 3


class Store:
    """Verified weights below one folder.

    Parameters
    ----------
    root
        The folder; `store` in the home folder by default. Nothing is created before the first pull.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.layout = Layout((config.home() / "store" if root is None else root).absolute())
        self._blobs = Blobs(self.layout)
        self._artifacts = Artifacts(self.layout, self._blobs)
        self._records = Records(self.layout)

    def find(self, files: Sequence[WeightFile]) -> Artifact | None:
        """The artifact of these files, if all of them are here and verified; no network, and a read-only home will do.

        A file is hashed only where its size, mtime or inode is not what it was when it was last hashed.
        """
        return self._artifacts.find(check_files(files))

    def missing(self, files: Sequence[WeightFile]) -> tuple[WeightFile, ...]:
        """Those of the files, each content once, that a pull would have to fetch."""
        return tuple(
            file for file in _contents(files) if file.sha256 is None or self._blobs.state(file.sha256) != "intact"
        )

    def download_size(self, files: Sequence[WeightFile]) -> int:
        """Bytes that a pull of these files would still receive; what an interrupted one left counts."""
        return needed_space(self.layout, self.missing(files))

    def pull(
        self,
        files: Sequence[WeightFile],
        *,
        label: str,
        sources: Sources,
        model: str = "",
        variant: str = "",
        format: str = "",  # noqa: A002 - the word of the registry
        reference: str = "",
        revision: str = "",
        progress: Progress | None = None,
        verify: bool = False,
        offline: bool = False,
    ) -> Artifact:
        """Fetch what is missing of these files, verify it, and give the folder that holds them all.

        Parameters
        ----------
        label
            What a person calls this, for messages.
        sources
            Gives the factory of a scheme's source; raises `HubError` where nothing provides the scheme.
        model, variant, format, reference, revision
            What the record of this pull says. Without a model there is no record, and `hub gc` may remove it.
        verify
            Hash all files, also those that look unchanged; damaged ones are removed, named and fetched again.
        offline
            Tell the sources not to use the network.

        Raises
        ------
        VerificationError
            A source gave other bytes than promised, and none gave the right ones.
        SourceError
            A file could not be had; `details` says why, for each source.
        StorageError
            The disk is full or read-only.
        PolicyError
            A path would leave the artifact's folder.
        """
        checked = check_files(files)
        told = Told(model=model, variant=variant, format=format, reference=reference, revision=revision)
        found = None if verify else self._artifacts.find(checked)
        if found is not None and self._is_recorded(found, told):
            return found
        try:
            self.layout.prepare()
        except StorageError:
            if found is None:
                raise
            return found  # A home that is read-only serves what it has.
        with Session(self.layout, self._claims(checked)) as session:
            if verify:
                verify_blobs(self.layout, self._blobs, _contents(checked), progress or Silent())
            missing = self.missing(checked)
            check_space(self.layout, missing, label)
            fetched = self._fetch(missing, session, sources, progress or Silent(), offline=offline)
            artifact = self._artifacts.build([_completed(file, fetched) for file in checked], session)
            self._remember(artifact, told)
        return artifact

    def records(self) -> list[Record]:
        """What the person pulled, sorted by name."""
        return self._records.all()

    def size_on_disk(self, record: Record) -> int:
        """Bytes that the files of a record take; 0 for those that lie in a shared cache on another disk."""
        blobs = {file.sha256: self.layout.blob(file.sha256) for file in record.files}
        return sum(path.lstat().st_size for path in blobs.values() if path.is_file() and not path.is_symlink())

    def remove(self, records: Collection[Record], *, dry_run: bool = False) -> list[Garbage]:
        """Remove records and what nothing else refers to then; tells what went, or what would go."""
        gone = {(record.model, record.variant) for record in records}
        self.layout.prepare()
        with store_lock(self.layout):
            everything = self._records.all()
            left = [record for record in everything if (record.model, record.variant) not in gone]
            before = {item.path for item in find_garbage(self.layout, everything)}
            items = [item for item in find_garbage(self.layout, left) if item.path not in before]
            if not dry_run:
                for record in records:
                    self._records.remove(record)
                discard(self.layout, items)
        return items

    def garbage(self, kept: Collection[str] = ()) -> list[Garbage]:
        """What neither a record nor a running pull refers to, but for the files whose hashes are `kept`."""
        return find_garbage(self.layout, self._records.all(), kept)

    def collect(self, kept: Collection[str] = ()) -> list[Garbage]:
        """Remove what `garbage` finds now, and tell what went."""
        self.layout.prepare()
        with store_lock(self.layout):
            items = self.garbage(kept)
            discard(self.layout, items)
        return items

    def _fetch(
        self, files: Sequence[WeightFile], session: Session, sources: Sources, progress: Progress, *, offline: bool
    ) -> dict[str, WeightFile]:
        """Fetch files, a few at once; by key, with size and hash filled in."""
        stop = threading.Event()
        pool = SourcePool(sources, session, offline=offline)
        transfer = Transfer(self.layout, self._blobs, session, pool, progress, stop)
        try:
            held = run_jobs([partial(transfer.get, file) for file in files], workers=_WORKERS, stop=stop)
        finally:
            pool.close()
        return {key_of(file): done for file, done in zip(files, held, strict=True)}

    def _claims(self, files: Sequence[WeightFile]) -> set[str]:
        """Names of the blobs, partial files and the artifact that a pull of these files needs."""
        claims = {key_of(file) for file in files}
        if (digest := digest_of_files(files)) is not None:
            claims.add(self.layout.artifact(digest).name)
        return claims

    def _is_recorded(self, artifact: Artifact, told: Told) -> bool:
        if not told.model:
            return True
        record = self._records.get(told.model, told.variant)
        return record is not None and record.digest == artifact.digest

    def _remember(self, artifact: Artifact, told: Told) -> None:
        if not self._is_recorded(artifact, told):
            self._records.put(make_record(artifact, self._blobs, told))


def _contents(files: Sequence[WeightFile]) -> list[WeightFile]:
    """Each content once: files with the same hash are one blob, and have the sources of both."""
    contents: dict[str, WeightFile] = {}
    for file in files:
        key = key_of(file)
        if key in contents:
            more = tuple(source for source in file.sources if source not in contents[key].sources)
            contents[key] = replace(contents[key], sources=contents[key].sources + more)
        else:
            contents[key] = file
    return list(contents.values())


def _completed(file: WeightFile, fetched: dict[str, WeightFile]) -> WeightFile:
    """The file with the size and hash that were found where none was promised."""
    held = fetched.get(key_of(file), file)
    return replace(file, size=held.size, sha256=held.sha256)
