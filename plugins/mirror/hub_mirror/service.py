"""What the endpoints work with: the folders, the catalogue, the contents, and the settings.

One for each worker process. Knows nothing of HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from pathlib import Path

from hub_mirror.blobs import Blobs
from hub_mirror.database import Database
from hub_mirror.places import Places
from hub_mirror.snapshots import Snapshots

__all__ = ["Service", "Settings"]

GIB = 2**30


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What `hub mirror serve` was told.

    Parameters
    ----------
    url
        Address under which people reach it; taken from each request where it is empty.
    proxy
        Hub that missing repositories are fetched from; empty for none.
    fresh
        Seconds for which a branch of the upstream is not asked for again.
    login
        Whether nothing is shown without a token.
    largest
        Largest file in bytes.
    part
        Files larger than this many bytes come in parts.
    access_log
        Where requests are noted: `-` for stdout, empty for nowhere.
    """

    root: Path
    url: str = ""
    proxy: str = ""
    proxy_token: str = ""
    fresh: float = 60.0
    login: bool = False
    largest: int = 512 * GIB
    part: int = GIB
    access_log: str = ""


@dataclass(kw_only=True)
class Service:
    """The parts of a running mirror."""

    settings: Settings
    places: Places
    database: Database
    blobs: Blobs
    snapshots: Snapshots
    store: str = ""
    secret: bytes = field(default=b"", repr=False)

    @classmethod
    def open(cls, settings: Settings) -> Service:
        """Open the mirror below a root, making it where there is none.

        Raises
        ------
        StorageError
            It cannot be made or read.
        """
        places = Places(settings.root).make()
        database = Database(places.catalogue)
        database.migrate()
        service = cls(settings=settings, places=places, database=database, blobs=Blobs(places), snapshots=Snapshots())
        meta = dict(map(tuple, database.connection.execute("SELECT name, value FROM meta")))
        service.store, service.secret = meta["store"], bytes.fromhex(meta["secret"])
        return service

    def sign(self, *what: object, seconds: int = 6 * 3600) -> str:
        """A short text that proves that this hub allowed something, for some time."""
        expires = int(time.time()) + seconds
        return f"{expires}.{self._mac(expires, what)}"

    def signed(self, signature: str, *what: object) -> bool:
        """Whether `sign` gave that text for the same thing, not too long ago."""
        expires, _, mac = signature.partition(".")
        if not expires.isdigit() or int(expires) < time.time():
            return False
        return hmac.compare_digest(mac.encode(), self._mac(int(expires), what).encode())

    def _mac(self, expires: int, what: tuple[object, ...]) -> str:
        text = "\0".join(map(str, (expires, *what)))
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()
