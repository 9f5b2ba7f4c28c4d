"""Whether a weight file is what its name says, by its first bytes: pickles and programs under a safe name are found.

Reads headers alone and opens no runtime. Knows nothing of registries.
"""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["content_fault"]

_HEAD = 1 << 20
_PROGRAMS = (b"\x7fELF", b"MZ", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"#!")
_LARGEST_HEADER = 100_000_000
_TEXTS = (".json", ".txt", ".jinja", ".yaml", ".yml", ".md")


def content_fault(path: Path, name: str) -> str:
    """Why the file is not what `name` says; empty where nothing speaks against it."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    lowered = name.lower()
    if head.startswith(_PROGRAMS):
        return "is a program"
    why = _safetensors(head, path.stat().st_size) if lowered.endswith(".safetensors") else None
    if why == "":
        return ""  # the length of a header, such as 640, has the first two bytes of a pickle
    if _is_pickle(head) and not lowered.endswith((".pt", ".pth", ".pkl", ".ckpt")):
        return "is a pickle under another name"
    if why:
        return why
    if lowered.endswith(".gguf") and not head.startswith(b"GGUF"):
        return "is no GGUF file: it does not begin with GGUF"
    if lowered.endswith(".onnx") and head[:1] not in {b"\x08", b"\x12", b"\x0a", b"\x1a", b"\x3a", b"\x42"}:
        return "is no ONNX model: it begins with no field of one"
    if lowered.endswith(".json"):
        return _json(path)
    if lowered.endswith(_TEXTS) and b"\0" in head:
        return "is no text: it holds zero bytes"
    return ""


def _is_pickle(head: bytes) -> bool:
    """Protocols 2 to 5, or the zip that torch writes around one."""
    return (head[:1] == b"\x80" and head[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"} and b"." in head) or (
        head.startswith(b"PK\x03\x04") and b"data.pkl" in head[:4096]
    )


def _safetensors(head: bytes, size: int) -> str:
    length = int.from_bytes(head[:8], "little")
    if size < 8 or length > min(size - 8, _LARGEST_HEADER) or head[8:9] != b"{":
        return "is no safetensors file: its header is not one"
    if 8 + length <= len(head):
        try:
            json.loads(head[8 : 8 + length])
        except ValueError:
            return "is no safetensors file: its header is no JSON"
    return ""


def _json(path: Path) -> str:
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return "is no JSON"
    return ""
