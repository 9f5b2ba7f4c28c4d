"""What the commands share: the folder of the mirror, opened, and sizes as people write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hub.errors import NotFound
from hub_mirror.places import Places
from hub_mirror.service import Service, Settings

__all__ = ["SIZE", "opened", "root_option"]

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def root_option(function: F) -> F:
    """Give a command `--root`."""
    return click.option(
        "--root",
        envvar="HUB_MIRROR_ROOT",
        required=True,
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the mirror; HUB_MIRROR_ROOT names it too.",
    )(function)


def opened(root: Path, *, make: bool = False) -> Service:
    """The mirror below a folder.

    Parameters
    ----------
    make
        Whether to begin one where there is none; else a wrong `--root` would pass for an empty mirror.

    Raises
    ------
    NotFound
        There is none.
    """
    if not make and not Places(root).catalogue.exists():
        raise NotFound(f"there is no mirror in {root}", hint=f"Begin one: hub mirror user add NAME --root {root}")
    return Service.open(Settings(root=root))


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes of `500MB`, `2GiB`, `100`."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", str(value).lower())
        if not found:
            self.fail(f"'{value}' is no size such as 500MB or 2GiB", param, ctx)
        return int(float(found[1]) * _UNITS[found[2] or ""])


SIZE = _Size()
