"""What a commit holds, as an immutable sorted list of entries that shares its pages with other commits.

Entries are sorted by path and cut into pages at paths whose hash says so. The cuts depend on the paths alone, so a
change rewrites the pages that it touches and a list of pages; equal content gives equal pages, whatever the history
was. A repository of 100,000 files takes one page more for each commit, and not 100,000 rows. Knows nothing of
commits, branches or contents.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import zlib
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

__all__ = ["EMPTY", "Change", "Entry", "Snapshot", "Snapshots"]

EMPTY = ""
"""Name of the snapshot without entries."""

_CUT = 96  # a page has this many entries on average
_KEPT = 1024
_AFTER = "\U0010ffff"

T = TypeVar("T")


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A file.

    Parameters
    ----------
    sha256
        Empty while an upstream has it and names it by its git object id alone.
    oid
        Git object id; of the pointer, for a large file.
    lfs
        Whether git would hold a pointer to it.
    seq
        Number of the commit that changed it last.
    """

    path: str
    size: int
    sha256: str
    oid: str
    lfs: bool
    seq: int

    def same(self, other: Entry | None) -> bool:
        """Whether the content is the same; the commit that brought it does not matter."""
        return other is not None and self.oid == other.oid and self.lfs == other.lfs


class _Page(msgspec.Struct, frozen=True, array_like=True):
    first: str
    hash: str
    count: int
    size: int


class Change(msgspec.Struct, frozen=True):
    """A path that differs between two snapshots."""

    path: str
    old: Entry | None
    new: Entry | None


for _kind in (list[Entry], list[_Page]):  # threads that complete a type at once, at its first use, crash msgspec
    msgspec.msgpack.Decoder(_kind)


class Snapshots:
    """All snapshots of a catalogue."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, object] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, connection: sqlite3.Connection, name: str) -> Snapshot:
        """Snapshot of that name."""
        pages = self._load(connection, name, list[_Page]) if name else []
        return Snapshot(self, connection, name, pages)

    def _load(self, connection: sqlite3.Connection, name: str, kind: type[T]) -> T:
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
                return found  # type: ignore[return-value]  # a name is a hash of one kind
        row = connection.execute("SELECT data FROM pages WHERE hash = ?", (name,)).fetchone()
        if row is None:
            raise sqlite3.DatabaseError(f"page {name} of the catalogue is missing")
        value = msgspec.msgpack.decode(zlib.decompress(row[0]), type=kind)
        self._keep(name, value)
        return value

    def _store(self, connection: sqlite3.Connection, value: list[Entry] | list[_Page]) -> str:
        data = msgspec.msgpack.encode(value)
        name = hashlib.sha256(data).hexdigest()
        connection.execute("INSERT OR IGNORE INTO pages VALUES (?, ?)", (name, zlib.compress(data, 1)))
        return name

    def _keep(self, name: str, value: object) -> None:
        with self._lock:
            self._kept[name] = value
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


class Snapshot:
    """One snapshot, seen through a connection."""

    def __init__(self, all_: Snapshots, connection: sqlite3.Connection, name: str, pages: list[_Page]) -> None:
        self._all = all_
        self._connection = connection
        self.name = name
        self._pages = pages
        self._firsts = [page.first for page in pages]

    @property
    def count(self) -> int:
        """Files."""
        return sum(page.count for page in self._pages)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(page.size for page in self._pages)

    def page_names(self) -> list[str]:
        """Names of all pages, its own among them."""
        return [self.name, *(page.hash for page in self._pages)] if self.name else []

    def entries_of_new_pages(self, seen: set[str]) -> Iterator[Entry]:
        """Entries of pages that are not among those seen, which they are from then on."""
        for index, page in enumerate(self._pages):
            if page.hash not in seen:
                seen.add(page.hash)
                yield from self._entries(index)

    def get(self, path: str) -> Entry | None:
        """Entry of a file."""
        index = bisect_right(self._firsts, path) - 1
        if index < 0:
            return None
        entries = self._entries(index)
        place = bisect_left(entries, path, key=lambda entry: entry.path)
        return entries[place] if place < len(entries) and entries[place].path == path else None

    def has_folder(self, path: str) -> bool:
        """Whether there is a file below a folder; the root is always there."""
        return not path or next(self.scan(f"{path}/", f"{path}/{_AFTER}"), None) is not None

    def scan(self, start: str = "", stop: str = _AFTER) -> Iterator[Entry]:
        """Entries with `start <= path < stop`, in order."""
        index = max(bisect_right(self._firsts, start) - 1, 0)
        while index < len(self._pages) and self._firsts[index] < stop:
            for entry in self._entries(index):
                if entry.path >= stop:
                    return
                if entry.path >= start:
                    yield entry
            index += 1

    def folder(self, path: str, after: str = "") -> Iterator[tuple[str, Entry | None]]:
        """What lies directly in a folder, in order: name of a file with its entry, name of a folder with none.

        Parameters
        ----------
        after
            Path that the caller has seen already.
        """
        prefix = f"{path}/" if path else ""
        start = prefix
        if after:
            start = after + "\0" if self.get(after) else f"{after}/{_AFTER}"
        while (entry := next(self.scan(start, prefix + _AFTER), None)) is not None:
            name, slash, _ = entry.path[len(prefix) :].partition("/")
            yield prefix + name, None if slash else entry
            start = f"{prefix}{name}/{_AFTER}" if slash else entry.path + "\0"

    def folder_oid(self, path: str) -> str:
        """Id of what a folder holds: equal for equal content."""
        start, stop = f"{path}/", f"{path}/{_AFTER}"
        digest = hashlib.sha1(usedforsecurity=False)
        first = max(bisect_right(self._firsts, start) - 1, 0)
        last = bisect_left(self._firsts, stop)
        for index in range(first, last):
            if first < index < last - 1:
                digest.update(self._pages[index].hash.encode())
            else:
                for entry in self._entries(index):
                    if start <= entry.path < stop:
                        digest.update(f"{entry.path[len(start) :]}\0{entry.oid}\0".encode())
        return digest.hexdigest()

    def changed(self, edits: Mapping[str, Entry | None]) -> str:
        """Write the snapshot with some entries replaced (`None` removes); its name."""
        if not edits:
            return self.name
        groups: dict[int, list[str]] = {}
        for path in edits:
            groups.setdefault(max(bisect_right(self._firsts, path) - 1, 0), []).append(path)
        pages: list[_Page] = []
        rest: list[Entry] = []  # entries that no page has closed yet
        for index in range(max(len(self._pages), 1)):
            if not rest and index not in groups and self._pages:
                pages.append(self._pages[index])
                continue
            entries = {entry.path: entry for entry in self._entries(index)} if self._pages else {}
            for path in groups.get(index, ()):
                new = edits[path]
                if new is None:
                    entries.pop(path, None)
                else:
                    entries[path] = new
            rest = self._close([*rest, *(entries[path] for path in sorted(entries))], pages)
        if rest:
            pages.append(self._page(rest))
        if not pages:
            return EMPTY
        return self._all._store(self._connection, pages)

    def differences(self, other: Snapshot) -> Iterator[Change]:
        """Paths whose content is another in `other`, in order; pages that are shared are not read."""
        theirs = {page.hash for page in other._pages}
        ours = {page.hash for page in self._pages}
        old = {
            entry.path: entry
            for i, page in enumerate(self._pages)
            if page.hash not in theirs
            for entry in self._entries(i)
        }
        new = {
            entry.path: entry
            for i, page in enumerate(other._pages)
            if page.hash not in ours
            for entry in other._entries(i)
        }
        for path in sorted(old.keys() | new.keys()):
            before, after = old.get(path), new.get(path)
            if before is None or not before.same(after):
                yield Change(path, before, after)

    def _entries(self, index: int) -> list[Entry]:
        return self._all._load(self._connection, self._pages[index].hash, list[Entry])

    def _close(self, entries: list[Entry], pages: list[_Page]) -> list[Entry]:
        start = 0
        for index, entry in enumerate(entries):
            if zlib.crc32(entry.path.encode("utf-8", "surrogatepass")) % _CUT == 0:
                pages.append(self._page(entries[start : index + 1]))
                start = index + 1
        return entries[start:]

    def _page(self, entries: list[Entry]) -> _Page:
        name = self._all._store(self._connection, entries)
        return _Page(entries[0].path, name, len(entries), sum(entry.size for entry in entries))
