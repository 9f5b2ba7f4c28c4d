"""`bf16` and `fp16` of safetensors: float32 and float64 tensors cast, everything else as it is.

Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training (https://arxiv.org/abs/1905.12322); Micikevicius et al.,
Mixed Precision Training (https://arxiv.org/abs/1710.03740). The file layout is that of
https://github.com/huggingface/safetensors#format; one tensor at a time is in memory. Knows nothing of architectures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from hub.errors import InferenceError, NothingToDo
from hub.runtime.protocols import TransformRequest

__all__ = ["bf16", "fp16"]

_WIDE: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
_CASTS: dict[str, np.dtype[Any]] = {"BF16": np.dtype(ml_dtypes.bfloat16), "F16": np.dtype("<f2")}
_TORCH = {"BF16": "bfloat16", "F16": "float16"}
_ALIGNMENT = 8

Header = dict[str, dict[str, Any]]  # Any: JSON of the header: dtype, shape, data_offsets


def bf16(request: TransformRequest) -> None:
    """Write the weights in bfloat16: the range of float32, three digits."""
    _write(request, "BF16")


def fp16(request: TransformRequest) -> None:
    """Write the weights in float16: four digits, up to 65504."""
    _write(request, "F16")


def _write(request: TransformRequest, kind: str) -> None:
    done, total = 0, 0
    for path in request.files:
        if path.suffix == ".safetensors":
            count, size = _cast(path, request.out / path.relative_to(request.path), kind)
            done, total = done + count, total + size
    if not done:
        raise NothingToDo(f"no tensor is in float32 or float64, so {_TORCH[kind]} finds nothing to compress")
    for path in request.files:
        if path.name.endswith(".safetensors.index.json"):
            index = json.loads(path.read_text(encoding="utf-8"))
            index["metadata"] = {**index.get("metadata", {}), "total_size": total}
            _put_json(index, request.out / path.relative_to(request.path))
    for path in sorted(request.path.rglob("config.json")):
        config = json.loads(path.read_text(encoding="utf-8"))
        named = [name for name in ("torch_dtype", "dtype") if name in config]
        if path.parent == request.files[0].parent:
            _put_json(
                {**config, **dict.fromkeys(named or ["torch_dtype"], _TORCH[kind])},
                request.out / path.relative_to(request.path),
            )


def _cast(path: Path, target: Path, kind: str) -> tuple[int, int]:
    """Write a file with its wide tensors cast; how many there were, and the bytes of all tensors."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as source, target.open("wb") as out:
        header, start = _header(path, source.read(8), source)
        after, count = _after(header, kind)
        text = json.dumps(after, separators=(",", ":")).encode()
        text += b" " * (-len(text) % _ALIGNMENT)
        out.write(len(text).to_bytes(8, "little") + text)
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            first, last = entry["data_offsets"]
            source.seek(start + first)
            content = source.read(last - first)
            if len(content) < last - first:
                raise InferenceError(f"{path.name} is no safetensors file that can be read: it ends inside of '{name}'")
            if entry["dtype"] in _WIDE:
                content = _narrow(name, np.frombuffer(content, _WIDE[entry["dtype"]]), kind)
            out.write(content)
    return count, max((entry["data_offsets"][1] for name, entry in after.items() if name != "__metadata__"), default=0)


def _header(path: Path, prefix: bytes, source: Any) -> tuple[Header, int]:  # Any: a binary file
    length = int.from_bytes(prefix, "little")
    try:
        if len(prefix) < 8 or length > path.stat().st_size:
            raise ValueError("it is cut short")
        header: Header = json.loads(source.read(length))
        ordered = sorted(header.items(), key=lambda pair: pair[1].get("data_offsets", [-1])[0])
    except (ValueError, AttributeError) as error:
        raise InferenceError(f"{path.name} is no safetensors file that can be read: {error}") from error
    return dict(ordered), 8 + length


def _after(header: Header, kind: str) -> tuple[Header, int]:
    """The header of what is written, and how many tensors change."""
    found: Header = {}
    count, place = 0, 0
    for name, entry in header.items():
        if name == "__metadata__":
            found[name] = entry
            continue
        first, last = entry["data_offsets"]
        wide = entry["dtype"] in _WIDE
        size = (last - first) // _WIDE[entry["dtype"]].itemsize * 2 if wide else last - first
        found[name] = {**entry, "dtype": kind if wide else entry["dtype"], "data_offsets": [place, place + size]}
        count, place = count + wide, place + size
    return found, count


def _narrow(name: str, values: np.ndarray[Any, np.dtype[Any]], kind: str) -> bytes:
    with np.errstate(over="ignore"):
        cast = values.astype(_CASTS[kind])
    if not np.isfinite(values).all():
        raise InferenceError(f"weight '{name}' holds NaN or infinity, so it cannot be cast")
    if not np.isfinite(cast.astype(np.float32)).all():
        raise InferenceError(
            f"weight '{name}' holds {np.abs(values).max():.3g}, which {_TORCH[kind]} cannot hold",
            hint="bfloat16 holds every float32: take bf16" if kind == "F16" else "",
        )
    return cast.tobytes()


def _put_json(content: object, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
