"""Writes the package of a new plugin from the templates of its kind.

Templates are files as they will be, named with `.tmpl` behind, with `@name@` and its like where a name goes.
Knows nothing of what is installed, and installs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hub import __version__
from hub.errors import StorageError, UsageError
from hub.plugin.hooks import GROUP
from hub.scaffold.naming import Names
from hub.texts import one_line

__all__ = ["KINDS", "write_package"]

KINDS: Mapping[str, str] = {
    "backend": "A runtime for AI models.",
    "model": "Vectors of texts, for one family of models.",
    "compression": "Makes models half as large: float32 tensors in 16 bits.",
    "converter": "Writes weights in another format, with the same answers.",
    "source": "Fetches weights from a web server.",
    "task": "A task for AI models, with samples and a measure of what was lost.",
}
"""Kind to what its template says of itself."""

_MARK = re.compile(r"@(\w+)@")


def write_package(names: Names, kind: str, folder: Path, *, author: str, licence: str, summary: str = "") -> list[Path]:
    """Write a whole package that passes its own checks.

    Parameters
    ----------
    kind
        One of `KINDS`.
    folder
        A new folder, or an empty one.

    Returns
    -------
    list
        The files, below `folder`, sorted.

    Raises
    ------
    UsageError
        The folder holds something already.
    StorageError
        It cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already, and is not empty", hint="Name another one: --into FOLDER")
    words = _words(names, author=author, licence=licence, summary=summary or KINDS[kind])
    templates = files("hub.scaffold") / "templates"
    words["about"] = _filled((templates / kind / "about.md.tmpl").read_text(encoding="utf-8"), words).strip()
    written = []
    try:
        for root in (templates / "common", templates / kind):
            for relative, template in _walked(root):
                if relative == "about.md.tmpl":
                    continue
                path = folder / _filled(relative.removesuffix(".tmpl"), words)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(_filled(template.read_text(encoding="utf-8"), words), encoding="utf-8")
                written.append(path)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}") from error
    return sorted(written)


def _words(names: Names, *, author: str, licence: str, summary: str) -> dict[str, str]:
    major, minor = __version__.split(".")[:2]
    return {
        "name": names.name,
        "package": names.package,
        "module": names.module,
        "Class": names.title,
        "VARIABLE": names.variable,
        "group": GROUP,
        "core": f">={major}.{minor},<{major}.{int(minor) + 1}",
        "author": _quoted(author),
        "license": _quoted(licence),
        "summary": _quoted(summary),
    }


def _quoted(text: str) -> str:
    """A person's text as it may stand between quotation marks in TOML and Python."""
    return one_line(text).replace("\\", "\\\\").replace('"', "'")


def _filled(text: str, words: Mapping[str, str]) -> str:
    return _MARK.sub(lambda match: words.get(match[1], match[0]), text)


def _walked(root: Traversable, before: str = "") -> Iterator[tuple[str, Traversable]]:
    for each in root.iterdir():
        path = f"{before}{each.name}"
        if each.is_dir():
            if each.name != "__pycache__":
                yield from _walked(each, f"{path}/")
        else:
            yield path, each
