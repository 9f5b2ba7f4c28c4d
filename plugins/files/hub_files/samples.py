"""Inputs that the tasks can be tried on, and what is right to say of them. Knows nothing of any model."""

from __future__ import annotations

__all__ = ["files", "texts", "texts_in_languages", "typed_files"]

_PYTHON = b'''"""Counts words."""

import sys
from collections import Counter


def main() -> None:
    for word, count in Counter(sys.stdin.read().split()).most_common(10):
        print(f"{count:6} {word}")


if __name__ == "__main__":
    main()
'''
_HTML = b"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>A page</title></head>
<body><h1>A page</h1><p>With <a href="https://example.org">a link</a>.</p></body>
</html>
"""
_CSV = b"name,born,city\n" + b"".join(b"person %d,%d,city %d\n" % (i, 1950 + i, i % 7) for i in range(40))


_FILES = {"python": _PYTHON, "html": _HTML, "csv": _CSV, "txt": b"note", "empty": b""}
_TEXTS = {
    "en": "The committee will meet again on Thursday to discuss the report.",
    "fr": "Le comité se réunira de nouveau jeudi pour discuter du rapport.",
    "de": "Der Ausschuss tritt am Donnerstag erneut zusammen, um den Bericht zu beraten.",
    "ja": "委員会は木曜日に再び集まり、報告書について話し合う。",
    "ru": "Комитет снова соберётся в четверг, чтобы обсудить доклад.",
    "ar": "ستجتمع اللجنة مرة أخرى يوم الخميس لمناقشة التقرير.",
}


def files() -> list[bytes]:
    """Contents of a program, a page, a table, a note, and of nothing at all."""
    return list(_FILES.values())


def typed_files() -> list[tuple[bytes, str]]:
    """The same, each with its type."""
    return [(content, label) for label, content in _FILES.items()]


def texts() -> list[str]:
    """A sentence in each of six languages and four scripts."""
    return list(_TEXTS.values())


def texts_in_languages() -> list[tuple[str, str]]:
    """The same, each with its language."""
    return [(text, code) for code, text in _TEXTS.items()]
