"""Changes to a `registry.json` as it stands: entries added and edited, variants yanked. Listed bytes are never touched.

Works on JSON, so that fields of a later version stay. What comes out is checked whole before it is written. Knows
nothing of where an entry comes from.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from hub.atomic import write_atomically
from hub.errors import BadReference, RegistryError, StorageError, UsageError
from hub.registry.decode import parse
from hub.registry.names import key, near
from hub.registry.schema import SCHEMA
from hub.registry.validate import validate
from hub.registry.writing import text_of

__all__ = ["KEPT", "Editor", "builtin", "value_of"]

Entry = dict[str, Any]  # Any: JSON as it stands in the file

KEPT = frozenset({"id", "package", "variants"})
"""What `set_fields` does not change: who an entry is, and its weights."""


class Editor:
    """One registry file; `save` writes it whole, or not at all.

    Raises
    ------
    UsageError
        There is no such file.
    RegistryError
        It cannot be read as JSON of a known schema.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.content = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read: {error.strerror or error}",
                hint=f'Begin one: echo \'{{"schema": {SCHEMA}, "name": "team"}}\' > {path}',
            ) from error
        self.document = parse(self.content, name=str(path))

    def model(self, name: str) -> Entry:
        """Entry of an id or alias.

        Raises
        ------
        BadReference
            The file lists none; near names are in the hint.
        """
        entries = _entries(self.document, "models")
        for entry in entries:
            if key(name) in {key(str(each)) for each in (entry.get("id", ""), *entry.get("aliases", ()))}:
                return entry
        raise _unknown(self.path, "model", name, [str(entry.get("id")) for entry in entries])

    def plugin(self, package: str) -> Entry:
        """Entry of a package; raises as `model`."""
        entries = _entries(self.document, "plugins")
        for entry in entries:
            if key(str(entry.get("package", ""))) == key(package):
                return entry
        raise _unknown(self.path, "plugin", package, [str(entry.get("package")) for entry in entries])

    def find(self, name: str) -> Entry:
        """Entry of a model, or else of a plugin."""
        try:
            return self.model(name)
        except BadReference as error:
            try:
                return self.plugin(name)
            except BadReference:
                raise error from None

    def add_model(self, entry: Entry) -> list[str]:
        """List a model; of one that is listed, the variants that are new are added. Tells what was added.

        A variant whose name is taken by other bytes gets the name's next version: `int8`, then `int8-v2`.
        """
        try:
            listed = self.model(str(entry["id"]))
        except BadReference:
            self.document.setdefault("models", []).append(entry)
            return [str(entry["id"])]
        added = []
        for variant in entry["variants"]:
            name = _free_name(listed["variants"], variant)
            if name:
                listed["variants"].append({**variant, "name": name})
                added.append(f"{listed['id']}:{name}")
        return added

    def add_plugin(self, entry: Entry) -> bool:
        """List a plugin, or bring its entry up to date; tells whether that changes anything."""
        try:
            listed = self.plugin(str(entry["package"]))
        except BadReference:
            self.document.setdefault("plugins", []).append(entry)
            return True
        before = dict(listed)
        listed.update(entry)
        return before != listed

    def set_fields(self, name: str, changes: dict[str, Any]) -> Entry:  # Any: JSON
        """Change fields of an entry; `None` takes a field away.

        Raises
        ------
        UsageError
            The field says who the entry is or what its bytes are.
        """
        entry = self.find(name)
        for field, value in changes.items():
            if field in KEPT:
                raise UsageError(
                    f"'{field}' of {name} stays as it is",
                    hint=f"New weights: hub registry add. To withdraw one: hub registry yank {name}:VARIANT",
                )
            if value is None:
                entry.pop(field, None)
            else:
                entry[field] = value
        return entry

    def yank(self, name: str, reason: str) -> list[str]:
        """Withdraw a variant (`MODEL:VARIANT`), a whole model or a plugin; an empty reason takes that back."""
        model, _, variant = name.partition(":")
        entry = self.find(model)
        if "variants" not in entry:
            _mark(entry, reason)
            return [str(entry["package"])]
        chosen = [each for each in entry["variants"] if not variant or key(str(each.get("name"))) == key(variant)]
        if not chosen:
            names = [str(each.get("name")) for each in entry["variants"]]
            raise BadReference(f"'{model}' has no variant '{variant}'; it has {', '.join(names)}")
        for each in chosen:
            _mark(each, reason)
        return [f"{entry['id']}:{each['name']}" for each in chosen]

    def text(self) -> str:
        """The registry as it would be written.

        Raises
        ------
        SchemaError
            It has faults; `details` holds them all.
        """
        text = text_of(self.document)
        validate(text.encode(), name=str(self.path))
        return text

    def save(self) -> bool:
        """Write the file; tells whether that changes it. Raises as `text`, and StorageError."""
        content = self.text().encode()
        if content == self.content:
            return False
        real = self.path.resolve()
        try:
            write_atomically(real, content, mode=real.stat().st_mode & 0o777)
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {error.strerror or error}") from error
        self.content = content
        return True


def _free_name(listed: list[Entry], variant: Entry) -> str:
    """Name that a variant can have beside those that are listed; empty where its bytes are listed already."""
    taken = {key(str(each["name"])): each for each in listed}
    name, number = str(variant["name"]), 1
    while (other := taken.get(key(name))) is not None:
        if _bytes(other) == _bytes(variant):
            other["files"] = _with_sources(other["files"], variant["files"])
            return ""
        number += 1
        name = f"{variant['name']}-v{number}"
    return name


def _bytes(variant: Entry) -> tuple[object, ...]:
    """As `hub.registry.differences.bytes_of`, of an entry as it stands."""
    files = sorted((file["path"], file["size"], file["sha256"], file.get("part", "")) for file in variant["files"])
    return variant["format"], tuple(variant.get("steps", ())), tuple(files)


def _with_sources(listed: list[Entry], more: list[Entry]) -> list[Entry]:
    """Files of a variant with the sources of both."""
    by_path = {file["path"]: file["sources"] for file in more}
    return [
        {**file, "sources": list(dict.fromkeys([*file["sources"], *by_path.get(file["path"], ())]))} for file in listed
    ]


def _mark(entry: Entry, reason: str) -> None:
    if reason:
        entry["yanked"] = reason
    else:
        entry.pop("yanked", None)


def _entries(document: Entry, kind: str) -> list[Entry]:
    found = document.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise RegistryError(f"$.{kind} is no list of entries", hint="hub registry check")
    return found


def _unknown(path: Path, kind: str, name: str, known: list[str]) -> BadReference:
    close = near(name, known)
    return BadReference(f"{path} lists no {kind} '{name}'", hint=f"Did you mean {' or '.join(close)}?" if close else "")


def value_of(text: str) -> Any:  # Any: JSON
    """A value as written in the shell: JSON where it reads as a list, object, number or truth value, else text."""
    if text[:1] in "[{" or text in {"true", "false"} or text.isdecimal():
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def builtin(value: object) -> Entry:
    """A struct of the schema as JSON, without what is left at its default."""
    found: Entry = msgspec.to_builtins(value)
    return found
