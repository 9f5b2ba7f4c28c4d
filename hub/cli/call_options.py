"""Sorts what the shell gave `hub run` into options of loading and options of the call.

Which is which, and of what type, is what installed plugins declare; values stay text here and are read by
`hub.runtime.options`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hub.errors import OptionError
from hub.plugin.host import Host
from hub.runtime.options import resolve_options
from hub.types import Option

__all__ = ["Options", "given_options", "read_schema", "sort_options"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Options of loading and of each call, by name; only those that were given."""

    load: Mapping[str, Any]  # Any: texts and numbers that the plan reads
    call: Mapping[str, Any]  # Any: as above, and the schema


def sort_options(
    named: Mapping[str, object], pairs: Sequence[str], host: Host, backend: str | None, task: str | None = None
) -> Options:
    """Give each option to the backend if it declares it, to the call otherwise.

    Parameters
    ----------
    named
        From options of the command; `None` and `()` mean "not given".
    pairs
        `KEY=VALUE` texts. A key that comes twice makes a list.
    task
        What the model is for, where that is known: only what does it has options of the call.

    Raises
    ------
    OptionError
        A pair without `=`, a key that no installed plugin knows, or a value that it cannot have; said before anything
        is downloaded.
    """
    given = given_options(named, pairs)
    loading = _declared(p.spec.options for p in host.backends.values() if backend in {None, p.spec.id})
    able = [provided.spec for provided in host.models.values() if task in {None, provided.spec.task}]
    calling = _declared(spec.options for spec in able)
    if host.backends and able:  # without them, the plan says what to install
        _check(given, {**calling, **loading}, task)
    return Options(
        load={name: value for name, value in given.items() if name in loading},
        call={name: value for name, value in given.items() if name not in loading},
    )


def given_options(named: Mapping[str, object], pairs: Sequence[str]) -> dict[str, Any]:  # Any: as of `Options`
    """All options that were given, whoever takes them.

    Raises
    ------
    OptionError
        A pair without `=`.
    """
    given = {name: value for name, value in named.items() if value is not None and value != ()}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        name = key.strip().replace("-", "_")
        if not equals or not name:
            raise OptionError(f"'{pair}' is not KEY=VALUE", hint="Write it like: --option threads=4")
        given[name] = value if name not in given else [*_listed(given[name]), value]
    return given


def read_schema(text: str | None) -> object:
    """Read the JSON Schema of `--schema`: a JSON object, or the path of a file that holds one.

    Raises
    ------
    OptionError
        It is neither.
    """
    if text is None:
        return None
    try:
        content = text if text.lstrip().startswith("{") else Path(text).expanduser().read_text(encoding="utf-8")
        schema = json.loads(content)
    except OSError as error:
        raise OptionError(f"schema {text} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise OptionError(f"the schema is not JSON: {error}", hint="Give a JSON object, or the path of one.") from error
    if not isinstance(schema, dict):
        raise OptionError("the schema is not a JSON object")
    return schema


def _declared(groups: Iterable[Sequence[Option]]) -> dict[str, list[Option]]:
    declared: dict[str, list[Option]] = {}
    for option in (option for group in groups for option in group):
        if option not in declared.setdefault(option.name, []):
            declared[option.name].append(option)
    return declared


def _check(given: Mapping[str, object], declared: Mapping[str, list[Option]], task: str | None) -> None:
    """Refuse what no plugin could take; what two plugins declare differently is for the plan to judge."""
    unknown = [name for name in given if name not in declared]
    if unknown:
        near = get_close_matches(unknown[0], declared, n=2)
        raise OptionError(
            f"no installed plugin{f' for {task}' if task else ''} has an option '{unknown[0]}'"
            + (f"; did you mean {' or '.join(near)}?" if near else ""),
            hint=f"Options: {', '.join(sorted(declared))}",
        )
    certain = {name: found[0] for name, found in declared.items() if len(found) == 1}
    values = {name: value for name, value in given.items() if name in certain}
    resolve_options(list(certain.values()), values, "the installed plugins")


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]
