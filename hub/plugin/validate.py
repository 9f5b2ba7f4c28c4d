"""Checks every field of every spec, since dataclasses do not, and says every fault at once.

Types come from the annotations of the spec, the rest (ids, targets, verbs, limits of options) from the rules below.
Knows nothing of who gave the spec.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

from hub.plugin.specs import (
    BackendSpec,
    FormatSpec,
    KindSpec,
    LoadStep,
    ModelSpec,
    SourceSpec,
    TaskSpec,
    TransformSpec,
)
from hub.types import Option

__all__ = ["VERBS", "validate"]

VERBS = ("run", "generate", "chat", "embed")
"""As in `hub.runtime.protocols`, which lies above this layer; a test holds them together."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SCHEME = re.compile(r"[a-z][a-z0-9+-]*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_SUFFIX = re.compile(r"(\.[a-z0-9]+)+")
_MEDIA = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")
_ASKED = "accepts claims describe draw fidelity labelled memory predict probe read samples write"
_TARGETS = frozenset(["target", *_ASKED.split()])
_FILLED = frozenset(
    ["inputs", "outputs", "match", "weights", "formats", "verbs", "devices", "families", "takes", "suffixes"]
)
_OPTION_TYPES: tuple[type, ...] = (str, int, float, bool, Path, dict)

Check = Callable[[str, object], Iterator[str]]


def validate(spec: object, expected: type) -> list[str]:
    """Faults of a spec, each with the field that it is in; empty if it is sound.

    Parameters
    ----------
    expected
        The spec class that the hook returns.
    """
    if not isinstance(spec, expected):
        return [f"is {_shown(spec)}, not a {expected.__name__}"]
    faults: list[str] = []
    for name, hint in _hints(expected).items():
        value = getattr(spec, name)
        wrong = _type_fault(value, hint)
        if wrong:
            faults.append(name + wrong)
        else:
            faults.extend(_field_faults(expected, name, value))
    if not faults:
        faults.extend(_pickle_faults(spec))
    return faults


@cache
def _hints(spec: type) -> dict[str, object]:
    resolved = get_type_hints(spec)
    return {field.name: resolved[field.name] for field in fields(spec)}


def _type_fault(value: object, hint: object) -> str:
    """Why the value is not of the annotated type, to follow the field's name; empty if it is."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _tuple_fault(value, arguments[0])
    if origin is Mapping:
        return _mapping_fault(value, arguments[1])
    if type(None) in arguments:
        if value is None:
            return ""
        hint = next(argument for argument in arguments if argument is not type(None))
    assert isinstance(hint, type)
    if _is_of(value, hint):
        return ""
    return f" is {_shown(value)}, not {_article(hint.__name__)}"


def _tuple_fault(value: object, item: type) -> str:
    if isinstance(value, item):
        return f" is {_shown(value)}, not a tuple: write ({value!r},)" if item is str else " is no tuple: write (…,)"
    if not isinstance(value, tuple):
        return f" is {_shown(value)}, not a tuple of {item.__name__}"
    wrong = [entry for entry in value if not isinstance(entry, item)]
    return f" holds {_shown(wrong[0])}, not only {item.__name__}" if wrong else ""


def _mapping_fault(value: object, item: object) -> str:
    if not isinstance(value, Mapping):
        return f" is {_shown(value)}, not a mapping"
    for key, entry in value.items():
        if not isinstance(key, str):
            return f" has the key {_shown(key)}, not a str"
        wrong = _type_fault(entry, item)
        if wrong:
            return f"[{key!r}]{wrong}"
    return ""


def _field_faults(expected: type, name: str, value: object) -> Iterator[str]:
    if name in _TARGETS and value is not None and not _TARGET.fullmatch(str(value)):
        yield f"{name} is {_shown(value)}, not 'module:attribute'"
    if name in _FILLED and not value and expected is not LoadStep:
        yield f"{name} is empty"
    if name in _FILLED and isinstance(value, tuple):
        yield from (f"{name} holds an empty text" for entry in value if not entry)
        yield from (f"{name} names {entry!r} twice" for entry in sorted({e for e in value if value.count(e) > 1}))
    for kind, field, check in _RULES:
        if expected in kind and name == field:
            yield from check(name, value)


def _spec_id(name: str, value: object) -> Iterator[str]:
    if not _ID.fullmatch(str(value)):
        yield f"{name} is {_shown(value)}: letters, digits, '.', '_' and '-' only"


def _scheme(name: str, value: object) -> Iterator[str]:
    if not _SCHEME.fullmatch(str(value)):
        yield f"{name} is {_shown(value)}, not a scheme: lower-case letters, digits, '+' and '-' only"


def _recipe_word(name: str, value: object) -> Iterator[str]:
    if not _ID.fullmatch(str(value)):
        yield f"{name} is {_shown(value)}: a word of a recipe has letters, digits, '.', '_' and '-' only"


def _verbs(name: str, value: object) -> Iterator[str]:
    assert isinstance(value, tuple | Mapping)
    for verb in value:
        if verb not in VERBS:
            yield f"{name} names {verb!r}, which is no verb ({', '.join(VERBS)})"


def _suffixes(name: str, value: object) -> Iterator[str]:
    assert isinstance(value, tuple)
    wrong = (each for each in value if not _SUFFIX.fullmatch(each))
    yield from (f"{name} holds {each!r}, which is no ending such as '.png'" for each in wrong)


def _media(name: str, value: object) -> Iterator[str]:
    if not _MEDIA.fullmatch(str(value)):
        yield f"{name} is {_shown(value)}, not a media type such as 'image/png'"


def _builders(name: str, value: object) -> Iterator[str]:
    assert isinstance(value, Mapping)
    for framework, target in value.items():
        if not _ID.fullmatch(framework):
            yield f"{name} names {framework!r}, which is no framework"
        if not _TARGET.fullmatch(target):
            yield f"{name}[{framework!r}] is {_shown(target)}, not 'module:attribute'"


def _environment(name: str, value: object) -> Iterator[str]:
    assert isinstance(value, Mapping)
    for variable in value:
        if not _ENV.fullmatch(variable):
            yield f"{name} names {variable!r}, which cannot be an environment variable"


def _revision(name: str, value: object) -> Iterator[str]:
    assert isinstance(value, int)
    if value < 1:
        yield f"{name} is {value}, and counts from 1"


def _share(name: str, value: object) -> Iterator[str]:
    assert isinstance(value, int | float)
    if not 0 <= value <= 1:
        yield f"{name} is {value}, not from 0 to 1"


def _options(name: str, value: object) -> Iterator[str]:
    assert isinstance(value, tuple)
    names = [option.name for option in value]
    for index, option in enumerate(value):
        where = f"{name}[{index}] ({option.name!r})"
        yield from (f"{where} {fault}" for fault in _option_faults(option))
        if option.name in names[:index]:
            yield f"{where} has the name of an earlier option"


def _load_steps(name: str, value: object) -> Iterator[str]:
    assert isinstance(value, tuple)
    for index, step in enumerate(value):
        where = f"{name}[{index}]"
        yield from (f"{where}.{fault}" for fault in validate(step, LoadStep))
        if step.step in [each.step for each in value[:index]]:
            yield f"{where} is the step {step.step!r} of an earlier one"


def _option_faults(option: Option) -> Iterator[str]:
    if not isinstance(option.name, str) or not _NAME.fullmatch(option.name):
        yield "name is no lower-case word with underscores"
    if option.type not in _OPTION_TYPES:
        yield f"type is {option.type!r}, not one of str, int, float, bool, Path, dict"
        return
    for field, kind in (("help", str), ("many", bool), ("choices", tuple)):
        if not isinstance(getattr(option, field), kind):
            yield f"{field} is {_shown(getattr(option, field))}, not {_article(kind.__name__)}"
            return
    yield from _limit_faults(option)
    if option.default is not None:
        yield from _default_faults(option)


def _limit_faults(option: Option) -> Iterator[str]:
    if option.choices and (option.type is not str or not all(isinstance(c, str) for c in option.choices)):
        yield "choices are for options of type str, and are str"
    limits = [limit for limit in (option.min, option.max) if limit is not None]
    if limits and option.type not in (int, float):
        yield "min and max are for options of type int or float"
    if not all(isinstance(limit, int | float) and not isinstance(limit, bool) for limit in limits):
        yield "min and max are numbers"
    elif option.min is not None and option.max is not None and option.min > option.max:
        yield f"min {option.min} is above max {option.max}"


def _default_faults(option: Option) -> Iterator[str]:
    values = option.default if option.many else [option.default]
    if not isinstance(values, list):
        yield f"default is {_shown(option.default)}, and many=True takes a list"
        return
    for value in values:
        if not _is_of(value, option.type):
            yield f"default is {_shown(value)}, not {_article(option.type.__name__)}"
        elif option.choices and value not in option.choices:
            yield f"default {value!r} is none of the choices"
        elif isinstance(value, int | float) and _outside(value, option):
            yield f"default {value!r} is outside of min and max"


def _is_of(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _outside(value: float, option: Option) -> bool:
    try:
        return (option.min is not None and value < option.min) or (option.max is not None and value > option.max)
    except TypeError:  # limits that are no numbers, which is said already
        return False


def _pickle_faults(spec: object) -> Iterator[str]:
    try:
        pickle.dumps(spec)
    except Exception as error:  # pickle raises whatever the value's own code raises
        yield f"cannot be sent to a worker process: {error}"


def _shown(value: object) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '…'} ({type(value).__name__})"


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


_RULES: tuple[tuple[tuple[type, ...], str, Check], ...] = (
    ((TaskSpec, FormatSpec, BackendSpec, TransformSpec, ModelSpec, KindSpec), "id", _spec_id),
    ((KindSpec,), "suffixes", _suffixes),
    ((KindSpec,), "media", _media),
    ((ModelSpec,), "architectures", _builders),
    ((SourceSpec,), "id", _scheme),
    ((ModelSpec,), "task", _spec_id),
    ((BackendSpec, ModelSpec, LoadStep), "verbs", _verbs),
    ((ModelSpec,), "needs", _verbs),
    ((BackendSpec,), "env", _environment),
    ((TransformSpec, LoadStep), "step", _recipe_word),
    ((BackendSpec,), "load_steps", _load_steps),
    ((TransformSpec,), "revision", _revision),
    ((TransformSpec,), "tolerance", _share),
    ((BackendSpec, ModelSpec, TransformSpec, LoadStep), "options", _options),
)
