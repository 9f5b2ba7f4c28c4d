"""Checks arrays against declared tensors, before they go into a runtime and when they come out.

OpenVINO silently reuses the tensor of the last call where a feed is missing, and some exports take feeds that they do
not know; here both are refused, with what was expected. Knows nothing of any runtime.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from hub.errors import InferenceError, InputError, PluginBroken
from hub.runtime.protocols import Score, Scored, Tensor

if TYPE_CHECKING:
    from hub.runtime.protocols import Array, Feeds, Outputs

__all__ = ["check_feeds", "check_outputs", "check_scored", "check_vectors", "check_wanted"]


def check_feeds(feeds: Feeds, inputs: Sequence[Tensor], what: str) -> dict[str, Array]:
    """Feeds as C-contiguous arrays in the order of `inputs`; every fault in one error.

    A symbolic dimension has one size in all feeds of a call; one without a name (`""`) may have any.

    Raises
    ------
    InputError
        A feed is missing, unknown, not an array, or of another dtype, rank or size.
    """
    if not _is_mapping(feeds):
        raise InputError(f"{what} takes a mapping of name to array, not {type(feeds).__name__}")
    if _all_fit(feeds, inputs):
        return {tensor.name: np.asarray(feeds[tensor.name], order="C") for tensor in inputs}
    known = {tensor.name: tensor for tensor in inputs}
    faults = [f"{name}: missing; expected {describe(tensor)}" for name, tensor in known.items() if name not in feeds]
    faults += [f"{name}: not an input of this model" for name in feeds if name not in known]
    sizes: dict[str, tuple[int, str]] = {}
    for name, tensor in known.items():
        if name in feeds:
            faults += _feed_faults(feeds[name], tensor, sizes)
    if faults:
        raise InputError(
            f"the feeds do not fit {what}" if len(faults) > 1 else f"the feeds do not fit {what}: {faults[0]}",
            hint="It takes: " + (", ".join(map(describe, inputs)) or "no tensor"),
            details=faults if len(faults) > 1 else (),
        )
    return {name: np.asarray(feeds[name], order="C") for name in known}


def check_wanted(wanted: Sequence[str] | None, outputs: Sequence[Tensor], what: str) -> tuple[str, ...] | None:
    """Names of the outputs that are wanted, each once; `None` for all."""
    if wanted is None:
        return None
    names = [tensor.name for tensor in outputs]
    hint = f"Outputs: {', '.join(names)}"
    if isinstance(wanted, str) or not isinstance(wanted, Sequence) or not wanted:
        raise InputError(f"wanted is a list of output names, or None for all, not {wanted!r}", hint=hint)
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise InputError(f"{what} has no output {', '.join(map(repr, unknown))}", hint=hint)
    return tuple(dict.fromkeys(wanted))


def check_outputs(found: Outputs, outputs: Sequence[Tensor], wanted: tuple[str, ...] | None, what: str) -> Outputs:
    """Outputs that were wanted, in order, as declared and without NaN.

    Minus infinity passes, because it is the logarithm of 0 and masks logits; NaN and plus infinity are named.

    Raises
    ------
    PluginBroken
        The backend gave other outputs than it declares.
    InferenceError
        An output holds NaN or plus infinity.
    """
    declared = {tensor.name: tensor for tensor in outputs}
    names = tuple(declared) if wanted is None else wanted
    if not _is_mapping(found):
        raise PluginBroken(f"{what} gave {type(found).__name__} and not a mapping of name to array")
    missing = [name for name in names if name not in found]
    if missing:
        raise PluginBroken(f"{what} did not give {', '.join(map(repr, missing))}; it gave {', '.join(found) or 'none'}")
    with np.errstate(invalid="ignore"):
        for name in names:
            _check_output(found[name], declared[name], what)
    return {name: found[name] for name in names}


def check_vectors(vectors: Array, count: int, what: str) -> Array:
    """Vectors as float32 (count, dim), all finite."""
    if not isinstance(vectors, np.ndarray):
        raise PluginBroken(f"{what} gave {type(vectors).__name__} and not an array of vectors")
    if vectors.dtype != np.float32 or vectors.ndim != 2 or vectors.shape[0] != count or not vectors.shape[1]:
        raise PluginBroken(f"{what} gave {_name(vectors)}{list(vectors.shape)}; expected float32[{count}, dim]")
    for index, row in enumerate(vectors):
        if not np.isfinite(row).all():
            raise InferenceError(f"{what} gave NaN or infinity in the vector of text {index}")
    return vectors


def check_scored(found: object, request: Score, what: str) -> list[Scored]:
    """One `Scored` for each sequence, its rows float32 (tokens - 1, vocabulary) and without NaN."""
    asked = request.prompts or request.texts
    if not isinstance(found, list) or len(found) != len(asked) or not all(isinstance(each, Scored) for each in found):
        raise PluginBroken(f"{what} did not give one Scored for each of {len(asked)} sequences")
    for index, each in enumerate(found):
        rows = each.logprobs
        if request.prompts and tuple(each.ids) != tuple(request.prompts[index]):
            raise PluginBroken(f"{what} scored other tokens than those of sequence {index}")
        if not isinstance(rows, np.ndarray) or rows.dtype != np.float32 or rows.ndim != 2:
            raise PluginBroken(f"{what} gave no float32 (tokens - 1, vocabulary) for sequence {index}")
        if len(rows) != max(0, len(each.ids) - 1):
            raise PluginBroken(f"{what} gave {len(rows)} rows for the {len(each.ids)} tokens of sequence {index}")
        if np.isnan(rows).any():
            raise InferenceError(f"{what} gave NaN for sequence {index}")
    return found


def describe(tensor: Tensor) -> str:
    """`input_ids int64[batch, sequence]`."""
    return f"{tensor.name} {tensor.dtype}[{', '.join(str(dim) or '?' for dim in tensor.shape)}]"


def _is_mapping(value: object) -> bool:
    return type(value) is dict or isinstance(value, Mapping)


def _all_fit(feeds: Feeds, inputs: Sequence[Tensor]) -> bool:
    """Whether there is no fault to tell: the short way, since a small graph takes no longer than the long one."""
    sizes: dict[str, int] = {}
    for tensor in inputs:
        feed = feeds.get(tensor.name)
        if not isinstance(feed, np.ndarray) or _dtype_name(feed.dtype) != tensor.dtype or not feed.dtype.isnative:
            return False
        if feed.ndim != len(tensor.shape):
            return False
        for size, dim in zip(feed.shape, tensor.shape, strict=True):
            if size != dim and dim != "" and (isinstance(dim, int) or sizes.setdefault(dim, size) != size):
                return False
    return len(feeds) == len(inputs)


def _feed_faults(feed: object, tensor: Tensor, sizes: dict[str, tuple[int, str]]) -> list[str]:
    if not isinstance(feed, np.ndarray):
        return [f"{tensor.name}: {type(feed).__name__} is not an array; expected {describe(tensor)}"]
    faults = []
    if _name(feed) != tensor.dtype or not feed.dtype.isnative:
        faults.append(f"{tensor.name}: dtype {feed.dtype if not feed.dtype.isnative else _name(feed)}")
    if feed.ndim != len(tensor.shape):
        faults.append(f"{tensor.name}: {feed.ndim} dimensions, {list(feed.shape)}")
    else:
        faults += _size_faults(feed.shape, tensor, sizes)
    return [f"{fault}; expected {describe(tensor)}" for fault in faults]


def _size_faults(shape: Sequence[int], tensor: Tensor, sizes: dict[str, tuple[int, str]]) -> list[str]:
    faults = []
    for axis, (size, dim) in enumerate(zip(shape, tensor.shape, strict=True)):
        if isinstance(dim, int):
            if size != dim:
                faults.append(f"{tensor.name}: {size} at axis {axis}")
        elif dim:
            first, where = sizes.setdefault(dim, (size, tensor.name))
            if size != first:
                faults.append(f"{tensor.name}: '{dim}' is {size}, but {first} in {where}")
    return faults


def _check_output(array: object, tensor: Tensor, what: str) -> None:
    if not isinstance(array, np.ndarray) or _name(array) != tensor.dtype:
        given = _name(array) if isinstance(array, np.ndarray) else type(array).__name__
        raise PluginBroken(f"{what} gave output '{tensor.name}' as {given}; it declares {describe(tensor)}")
    if array.dtype.kind not in "fc" or not array.size:
        return
    peak = array.max()  # NaN wins, and nothing is copied
    if array.dtype.kind == "f" and peak < np.inf:
        return
    if np.isnan(peak) or peak == np.inf:
        bad = int(array.size - np.count_nonzero(array < np.inf))
        raise InferenceError(
            f"{what} gave {'NaN' if np.isnan(peak) else 'infinity'} in output '{tensor.name}' "
            f"({bad} of {array.size} values)"
        )


def _name(array: Array) -> str:
    return _dtype_name(array.dtype)


@cache
def _dtype_name(dtype: np.dtype[Any]) -> str:  # Any: of any elements
    """Numpy makes the name anew each time, which takes as long as a small graph."""
    return "str" if dtype.kind in "UO" else dtype.name
