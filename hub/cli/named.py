"""Collects what `hub run` gives a task that takes files: paths, folders, patterns, addresses, stdin.

Opens nothing but stdin and the addresses that were allowed. Knows nothing of models.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.cli.inputs import is_piped
from hub.cli.output import note
from hub.cli.piped import Piped
from hub.errors import InputError
from hub.plugin.specs import KindSpec
from hub.runtime.kinds.addresses import fetch_input, is_address

__all__ = ["Named", "gather_named"]

_MAGIC = frozenset("*?[")


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """An input and how the person named it; what comes on stdin may still be on its way."""

    name: str
    value: object

    def arrived(self) -> Named:
        """The input once all of it is here.

        Raises
        ------
        InputError
            Stdin is empty.
        """
        return Named(name=self.name, value=self.value.content()) if isinstance(self.value, Piped) else self


def gather_named(words: Sequence[str], kind: KindSpec, *, allow_url: bool) -> list[Named]:
    """Inputs in the order in which they were named; the files of a folder or pattern sorted.

    Parameters
    ----------
    kind
        Of a folder, files whose names end as the kind's do are taken; all where it has no form of its own.

    Raises
    ------
    InputError
        An address that was not allowed, a folder or pattern without files, stdin twice.
    """
    if not words and is_piped():
        return [Named(name="-", value=Piped(kind.id, asked=False))]
    if list(words).count("-") > 1:
        raise InputError("stdin is named twice, and can be read once")
    return [named for word in words for named in _of_word(word, kind, allow_url=allow_url)]


def _of_word(word: str, kind: KindSpec, *, allow_url: bool) -> Iterator[Named]:
    if word == "-":
        yield Named(name="-", value=Piped(kind.id, asked=True))
    elif is_address(word):
        if not allow_url:
            raise InputError(f"{word} is an address, and nothing is fetched unasked", hint="Allow it: --allow-url")
        yield Named(name=word, value=fetch_input(word))
    elif (path := Path(word).expanduser()).is_dir():
        yield from _files_in(path, kind)
    elif _MAGIC & set(word) and not path.exists():
        matching = glob.glob(str(path), recursive=True)  # noqa: PTH207 - a pattern may be absolute
        found = sorted(file for file in map(Path, matching) if _is_file(file))
        if not found:
            raise InputError(f"nothing matches {word}")
        yield from (Named(name=str(file), value=file) for file in found)
    else:
        yield Named(name=word, value=path)


def _files_in(folder: Path, kind: KindSpec) -> Iterator[Named]:
    """Files in a folder and those below it, hidden ones left out."""
    inside = sorted(file for file in folder.rglob("*") if _is_file(file) and not _hidden(file.relative_to(folder)))
    taken = [file for file in inside if kind.write is None or file.name.lower().endswith(kind.suffixes)]
    if not taken:
        kinds = "" if kind.write is None else f" that end like {kind.id} ({', '.join(kind.suffixes)})"
        raise InputError(f"{folder} holds no files{kinds}")
    if len(taken) < len(inside):
        left = len(inside) - len(taken)
        note(f"{folder}: {left} of {len(inside)} files do not end like {kind.id} and are left out")
    yield from (Named(name=str(file), value=file) for file in taken)


def _is_file(path: Path) -> bool:
    """Whether it is a file, or a link that leads nowhere: who names a folder is to hear of that one."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
