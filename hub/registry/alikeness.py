"""Names that could be taken for others: look-alikes of known names, and words that mean something to `hub` itself.

Ids are ASCII by the schema, so what confuses is what ASCII offers: `rn` for `m`, `1` for `l`, `0` for `o`, a letter
more or less. The skeleton follows the idea of Unicode TR 39 (https://www.unicode.org/reports/tr39/#Confusable_Detection).
Knows nothing of registries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hub.registry.names import key

__all__ = ["RESERVED", "lookalike", "one_edit_apart", "reserved", "skeleton"]

RESERVED = frozenset(
    [
        "all",
        "api",
        "admin",
        "builtin",
        "core",
        "default",
        "file",
        "files",
        "http",
        "https",
        "hub",
        "huggingface",
        "hf",
        "index",
        "latest",
        "local",
        "main",
        "model",
        "models",
        "none",
        "null",
        "official",
        "openmodelhub",
        "path",
        "plugin",
        "plugins",
        "pypi",
        "registry",
        "registries",
        "root",
        "search",
        "source",
        "system",
        "tap",
        "taps",
        "test",
        "undefined",
        "unlisted",
        "variant",
        "variants",
    ]
)
"""Words that commands, references and files use for themselves."""

_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_CONFUSED = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_LETTERS = str.maketrans({"0": "o", "1": "l", "i": "l", "j": "l", "5": "s", "2": "z", "8": "b", "q": "g", "9": "g"})
_SHORTEST = 5


def reserved(name: str) -> str:
    """Why a name may not be taken by anybody; empty where it may."""
    folded = key(name)
    if folded in RESERVED:
        return f"'{name}' is a word that hub uses for itself"
    if _DEVICES.fullmatch(folded):
        return f"'{name}' is the name of a device on Windows"
    if folded.endswith((".json", ".git", ".")):
        return f"'{name}' ends like a file or folder of another kind"
    return ""


def skeleton(name: str) -> str:
    """Form under which names that look the same are equal: separators and look-alikes are folded."""
    folded = re.sub(r"(?<!\d)[-._]+|[-._]+(?!\d)", "", key(name))  # 1.1 is not 11
    for pair, single in _CONFUSED:
        folded = folded.replace(pair, single)
    return folded.translate(_LETTERS)


def lookalike(name: str, known: Iterable[str]) -> tuple[str, bool]:
    """The known name that a person could take this one for, and whether they look the same (else: a letter apart).

    Empty where there is none. The same name is none, and numbers that differ are versions and sizes, not typing errors.
    """
    own, shape = key(name), skeleton(name)
    apart = ""
    for other in sorted(known):
        folded = key(other)
        if folded == own:
            continue
        if skeleton(other) == shape:
            return other, True
        if not apart and _typed_alike(own, folded):
            apart = other
    return apart, False


def _typed_alike(one: str, other: str) -> bool:
    return min(len(one), len(other)) >= _SHORTEST and _numbers(one) == _numbers(other) and one_edit_apart(one, other)


def one_edit_apart(one: str, other: str) -> bool:
    """Whether one letter that is changed, missing, added, or swapped with its neighbour makes the other name."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    swapped = left[1:2] + left[:1] + left[2:]
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or swapped == right


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)*", text)
