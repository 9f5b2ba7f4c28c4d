"""Names that come from strangers: paths of files in an artifact, hashes; and the digest over both.

Everything that becomes part of a path on this disk passes here. Knows nothing of what the files hold.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from hub.errors import PolicyError, UsageError
from hub.types import WeightFile

__all__ = ["check_files", "check_path", "digest_of", "digest_of_files"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


def check_path(path: str) -> None:
    r"""Refuse a path that could leave the artifact's folder, or that no file can have.

    Raises
    ------
    PolicyError
        Absolute, `..`, empty parts, a backslash, a drive, or control characters.
    """
    parts = path.split("/")
    bad = (
        not path
        or any(part in {"", ".", ".."} or len(part.encode("utf-8", "surrogatepass")) > 255 for part in parts)
        or "\\" in path
        or any(ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) <= 0xDFFF for char in path)
        or re.match(r"[A-Za-z]:", path) is not None
    )
    if bad:
        raise PolicyError(
            f"the path {path!r} is refused: files of a model stay inside its folder",
            hint="Report it to whoever keeps the registry entry.",
        )


def check_files(files: Sequence[WeightFile]) -> tuple[WeightFile, ...]:
    """Files in the order of their paths, each confined, each path once, none of them also a folder.

    Raises
    ------
    PolicyError
        A path or hash is refused.
    UsageError
        There are no files.
    """
    if not files:
        raise UsageError("a pull needs at least one file")
    seen: set[str] = set()
    for file in files:
        check_path(file.path)
        if file.sha256 is not None and not _SHA256.fullmatch(file.sha256):
            raise PolicyError(f"{file.path}: {file.sha256!r} is not a sha256 of 64 lower-case hex digits")
        if file.path in seen:
            raise PolicyError(f"two files would lie at the same place: {file.path}")
        seen.add(file.path)
    for path in sorted(seen):
        parents = path.split("/")[:-1]
        if any("/".join(parents[:depth]) in seen for depth in range(1, len(parents) + 1)):
            raise PolicyError(f"{path} lies below a path that is itself a file")
    return tuple(sorted(files, key=lambda file: file.path))


def digest_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Digest `sha256:<hex>` of (path, sha256) pairs.

    It is the sha256 of the text that `sha256sum` prints for the files, sorted by path: `<sha256>  <path>` a line.
    """
    text = "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(pairs))
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()


def digest_of_files(files: Iterable[WeightFile]) -> str | None:
    """Digest of these files; `None` while the hash of one of them is not known."""
    pairs: list[tuple[str, str]] = []
    for file in files:
        if file.sha256 is None:
            return None
        pairs.append((file.path, file.sha256))
    return digest_of(pairs)
