"""Reads the inputs of labelling tasks: a text, or an object with named fields. Knows nothing of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.errors import InputError

__all__ = ["fields_of", "filled", "texts_of"]


def fields_of(item: object, index: int, *, allowed: Sequence[str], text: str, takes: str) -> dict[str, object]:
    """Fields of an input; a plain text becomes the field `text`.

    Parameters
    ----------
    takes
        What is taken, for the message.

    Raises
    ------
    InputError
        It is neither a text nor an object, or has fields that nobody reads.
    """
    if isinstance(item, str):
        return {text: item}
    if not isinstance(item, Mapping):
        raise InputError(f"input {index} is {type(item).__name__}; taken is {takes}")
    unknown = [str(key) for key in item if key not in allowed]
    if unknown:
        raise InputError(f"input {index} has the field '{unknown[0]}', which is not known; taken is {takes}")
    return {str(key): value for key, value in item.items()}


def filled(value: object, name: str, index: int) -> str:
    """A field that must be a text with something in it."""
    if not isinstance(value, str):
        raise InputError(f"input {index} has no {name}" if value is None else f"{name} of input {index} is no text")
    if not value.strip():
        raise InputError(f"{name} of input {index} is empty")
    return value


def texts_of(value: object, name: str, index: int) -> list[str]:
    """A field that must be a list of texts; also `{"text": …}` as documents are often written."""
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    found = [item.get("text") if isinstance(item, Mapping) else item for item in items]
    wrong = next((place for place, text in enumerate(found) if not isinstance(text, str)), None)
    if value is None or not found:
        raise InputError(f"input {index} has no {name}")
    if wrong is not None:
        raise InputError(f"{name}[{wrong}] of input {index} is no text")
    return [str(text) for text in found]
