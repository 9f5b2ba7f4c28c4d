"""Heads of GGUF files, made by hand, right and wrong."""

from __future__ import annotations

import struct


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def number(name: str, value: int) -> bytes:
    return text(name) + struct.pack("<II", 4, value)


def gguf(*items: bytes, version: int = 3, count: int | None = None) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(items) if count is None else count) + b"".join(items)


ARCHITECTURE = text("general.architecture") + struct.pack("<I", 8) + text("llama")
TAGS = text("general.tags") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
SIZES = text("llama.sizes") + struct.pack("<IIQ", 9, 4, 2) + struct.pack("<II", 1, 2)
TOKENS = text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2**40)
