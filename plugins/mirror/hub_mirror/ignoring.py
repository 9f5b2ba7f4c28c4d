"""Which files a commit leaves out (`.gitignore`), and which git would keep as pointers (`.gitattributes`)."""

from __future__ import annotations

from collections.abc import Callable

import pathspec

__all__ = ["ignored", "large_files"]

_LARGEST = 100_000


def ignored(text: str) -> Callable[[str], bool]:
    """Whether a path is ignored by a `.gitignore`."""
    return _matcher(text[:_LARGEST].splitlines())


def large_files(text: str) -> Callable[[str], bool]:
    """Whether a path is kept as a pointer by a `.gitattributes`."""
    patterns = []
    for line in text[:_LARGEST].splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if "filter=lfs" in words:
            patterns.append(words[0])
        elif {"-filter", "!filter", "filter="} & set(words):
            patterns.append(f"!{words[0]}")
    return _matcher(patterns)


def _matcher(lines: list[str]) -> Callable[[str], bool]:
    try:
        spec = pathspec.GitIgnoreSpec.from_lines(lines)
    except (ValueError, TypeError):  # patterns that git would not take
        return lambda _: False
    return spec.match_file
