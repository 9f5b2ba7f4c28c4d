"""Where answers go that are files of their own, such as sound and pictures: a file, a folder, or a pipe.

Decides before anything is computed whether they can go there. Knows kinds, not tasks.
"""

from __future__ import annotations

import sys
from pathlib import Path, PurePath

from hub.cli.appearing import appearing, refuse_there
from hub.errors import StorageError, UsageError
from hub.plugin.specs import KindSpec
from hub.runtime.kinds.codecs import Codecs

__all__ = ["Outlet"]

_NAME = 60


class Outlet:
    """A place for values of one kind.

    Parameters
    ----------
    path
        A file, whose ending says the form; a folder (it is there, or the name ends with `/`); `None` or `-`: stdout.
    option
        How the person names it, for messages.

    Raises
    ------
    UsageError
        Stdout is a terminal, the ending is none of the kind's, or the file is there and `force` was not given.
    """

    def __init__(self, path: str | None, kind: KindSpec, codecs: Codecs, *, force: bool, option: str) -> None:
        self._kind = kind
        self._codecs = codecs
        self._force = force
        self._option = option
        self._taken: set[str] = set()
        self._target = None if path in {None, "-"} else Path(path or "").expanduser()
        self._folder = self._target is not None and (self._target.is_dir() or str(path).endswith("/"))
        example = f"{option} answer{kind.suffixes[0]}"
        if self._target is None:
            if sys.stdout.isatty():
                raise UsageError(f"{kind.id} is not for a terminal", hint=f"Write it to a file: {example}; or pipe it.")
        elif not self._folder:
            if self._target.suffix.lower() not in kind.suffixes:
                raise UsageError(
                    f"{self._target} does not end like {kind.id}", hint=f"Endings: {', '.join(kind.suffixes)}"
                )
            refuse_there(self._target, force=force)

    def expect(self, count: int) -> None:
        """Say how many values will come.

        Raises
        ------
        UsageError
            There is room for one alone.
        """
        if count > 1 and not self._folder:
            where = "stdout" if self._target is None else str(self._target)
            raise UsageError(
                f"{count} answers do not go into one {self._kind.id}: {where}",
                hint=f"Name a folder, with / at its end: {self._option} answers/",
            )

    def put(self, name: str, value: object) -> str:
        """Write a value; in a folder, under the name of its input. Gives where it went, `-` for stdout.

        Raises
        ------
        UsageError
            A file of this name is in the folder already, and `force` was not given.
        StorageError
            It cannot be written.
        """
        if self._target is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(self._codecs.write(self._kind.id, value))
            sys.stdout.buffer.flush()
            return "-"
        target = self._target / self._name_in_folder(name) if self._folder else self._target
        refuse_there(target, force=self._force)
        data = self._codecs.write(self._kind.id, value, target.suffix)
        try:
            target.parent.mkdir(parents=self._folder, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{target.parent} cannot be made: {error.strerror or error}") from error
        with appearing(target) as stream:
            stream.write(data)
        return str(target)

    def _name_in_folder(self, name: str) -> str:
        """Stem of the input's file, or its first words, with a number where it was taken before."""
        words = "-".join("".join(char if char.isalnum() else " " for char in PurePath(name).stem).split())
        stem, number = words[:_NAME] or "stdin", 1
        found = stem
        while found in self._taken:
            number += 1
            found = f"{stem}-{number}"
        self._taken.add(found)
        return found + self._kind.suffixes[0]
