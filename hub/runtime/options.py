"""Turns what was given for options into values of their declared type, and says everything that is wrong at once.

Texts are read where the type leaves no doubt, because the shell and HTTP give texts. Knows nothing of who declared
the options, or what they do.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import cast

from hub.errors import OptionError
from hub.types import JSON, Option, OptionValue

__all__ = ["resolve_options"]

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


def resolve_options(specs: Sequence[Option], given: Mapping[str, object], what: str) -> dict[str, OptionValue]:
    """Value of every option of `specs`: the given one, else its default.

    Parameters
    ----------
    given
        By name, with `_` or `-`. `None` means "not set". An option that may be given many times takes a list or a
        single value, and its value is always a list.
    what
        Whose options they are, for the message: `backend 'onnx'`.

    Raises
    ------
    OptionError
        Unknown names (with near ones), values of another type, out of range or not among the choices; all of them.
    """
    known = {spec.name: spec for spec in specs}
    values: dict[str, OptionValue] = {}
    faults: list[str] = []
    for key, value in given.items():
        name = key.replace("-", "_")
        if name not in known:
            faults.append(_unknown(key, known, what))
        elif value is not None:
            try:
                values[name] = _read(known[name], value)
            except ValueError as error:
                faults.append(f"option '{name}' {error}")
    if faults:
        names = ", ".join(sorted(known))
        raise OptionError(
            faults[0] if len(faults) == 1 else f"{len(faults)} options of {what} are wrong",
            hint=f"Options of {what}: {names}" if names else f"{what} takes no options",
            details=() if len(faults) == 1 else faults,
        )
    return {name: values.get(name, _default(spec)) for name, spec in known.items()}


def _default(spec: Option) -> OptionValue:
    return [] if spec.many and spec.default is None else deepcopy(spec.default)


def _unknown(key: str, known: Mapping[str, Option], what: str) -> str:
    near = get_close_matches(key.replace("-", "_"), known, n=2, cutoff=0.6)
    return f"{what} has no option '{key}'" + (f"; did you mean {' or '.join(map(repr, near))}?" if near else "")


def _read(spec: Option, value: object) -> OptionValue:
    if not spec.many:
        return cast("OptionValue", _checked(spec, value))
    parts = value if isinstance(value, list | tuple) else [value]
    return cast("OptionValue", [_checked(spec, part) for part in parts])


def _checked(spec: Option, value: object) -> object:
    read = READERS[spec.type](value)
    if spec.choices and str(read) not in spec.choices:
        raise ValueError(f"is one of {', '.join(spec.choices)}, not {value!r}")
    if isinstance(read, int | float):
        if spec.min is not None and read < spec.min:
            raise ValueError(f"is at least {spec.min:g}, not {value!r}")
        if spec.max is not None and read > spec.max:
            raise ValueError(f"is at most {spec.max:g}, not {value!r}")
    return read


def _read_str(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"is a text, not {_shown(value)}")


def _read_int(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            return int(value.strip())
        except ValueError:
            pass
    raise ValueError(f"is an integer, not {_shown(value)}")


def _read_float(value: object) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    raise ValueError(f"is a number, not {_shown(value)}")


def _read_bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in TRUE | FALSE:
        return value.strip().lower() in TRUE
    raise ValueError(f"is true or false, not {_shown(value)}")


def _read_path(value: object) -> Path:
    if isinstance(value, str | PathLike) and str(value):
        return Path(value).expanduser()
    raise ValueError(f"is a path, not {_shown(value)}")


def _read_dict(value: object) -> dict[str, JSON]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise ValueError(f"is a JSON object, and what was given is not JSON: {error}") from error
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return dict(value)
    raise ValueError(f"is a JSON object, not {_shown(value)}")


READERS: Mapping[type, Callable[[object], object]] = {
    str: _read_str,
    int: _read_int,
    float: _read_float,
    bool: _read_bool,
    Path: _read_path,
    dict: _read_dict,
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
