"""Inputs that the tasks can be tried on. Knows nothing of any model."""

from __future__ import annotations

__all__ = ["files", "texts"]

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


def files() -> list[bytes]:
    """Contents of a program, a page, a table, a note, and of nothing at all."""
    return [_PYTHON, _HTML, _CSV, b"note", b""]


def texts() -> list[str]:
    """A sentence in each of six languages and four scripts."""
    return [
        "The committee will meet again on Thursday to discuss the report.",
        "Le comité se réunira de nouveau jeudi pour discuter du rapport.",
        "Der Ausschuss tritt am Donnerstag erneut zusammen, um den Bericht zu beraten.",
        "委員会は木曜日に再び集まり、報告書について話し合う。",
        "Комитет снова соберётся в четверг, чтобы обсудить доклад.",
        "ستجتمع اللجنة مرة أخرى يوم الخميس لمناقشة التقرير.",
    ]
