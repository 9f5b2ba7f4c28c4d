"""The list of taps, and where what was pinned of each is kept: `taps.json` and the folder `taps` of the home.

Knows nothing of servers, or of what a registry holds.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from hub import config
from hub.atomic import write_atomically
from hub.errors import StorageError, UsageError
from hub.registry.completed import completed

__all__ = ["Tap", "folder_of", "read_taps", "write_taps"]


class Tap(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tap: where it is, and the sha256 of its registry or index as it was pinned.

    `first` puts it before the registry that comes with hub. `said` is what the last look at its server told, empty
    where all is well; `changed` that it holds something else now.
    """

    name: str
    address: str
    sha256: str
    pinned: float
    sparse: bool = False
    first: bool = False
    etag: str = ""
    checked: float = 0.0
    changed: bool = False
    said: str = ""

    @property
    def remote(self) -> bool:
        """Whether it is at an address, and not a path."""
        return "://" in self.address

    @property
    def day(self) -> str:
        """When it was pinned."""
        return time.strftime("%Y-%m-%d", time.localtime(self.pinned))


@completed
class _Taps(msgspec.Struct):
    taps: list[Tap]


def read_taps() -> list[Tap]:
    """All taps, in their order.

    Raises
    ------
    UsageError
        The file that lists them is damaged.
    """
    path = _list()
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Taps).taps
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint=f"Mend or delete {path}") from error


def folder_of(tap: Tap) -> Path:
    """Folder of what is kept of a tap."""
    return config.home() / "taps" / tap.name


def _list() -> Path:
    return config.home() / "taps.json"


def write_taps(taps: list[Tap]) -> None:
    """Keep the list.

    Raises
    ------
    StorageError
        The home cannot be written.
    """
    try:
        _list().parent.mkdir(parents=True, exist_ok=True)
        write_atomically(_list(), msgspec.json.format(msgspec.json.encode(_Taps(taps=taps)), indent=1) + b"\n")
    except OSError as error:
        raise StorageError(f"{_list()} cannot be written: {error.strerror or error}") from error
