"""Completes the types that JSON is read into, where they are defined. Knows none of them."""

from __future__ import annotations

from typing import TypeVar

import msgspec

__all__ = ["completed"]

S = TypeVar("S", bound=msgspec.Struct)


def completed(kind: type[S]) -> type[S]:
    """Have msgspec look up the fields of a type, and of the types in it, now.

    It does so at their first use otherwise, and crashes the process where two threads use a type at once for the first
    time, as the requests of a server do.
    """
    msgspec.json.Decoder(kind)
    return kind
