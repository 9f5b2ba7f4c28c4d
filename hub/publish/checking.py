"""The whole check of a change to a registry: what stands in it, what its sources serve, what its plugins do.

Joins the parts, each of which knows nothing of the next. Knows nothing of terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.errors import SchemaError
from hub.publish.plugin_trial import try_plugin
from hub.publish.trying import MINUTES, try_model
from hub.registry.decode import decode
from hub.registry.differences import Differences, compare
from hub.registry.finding import Finding
from hub.registry.review import review
from hub.registry.rules import SCHEMES
from hub.registry.schema import Registry
from hub.registry.validate import validate
from hub.registry.writing import in_form

__all__ = ["Checked", "Extent", "check"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Extent:
    """How far a check goes.

    Parameters
    ----------
    author
        Account that asks for the change.
    sources, smoke, plugins
        Whether files are fetched and hashed; whether models are asked something; whether plugins are installed.
    python
        Environment that plugins are tried in; a fresh one by default.
    local
        Whether `file:` sources may be named.
    """

    author: str = ""
    sources: bool = True
    smoke: bool = True
    plugins: bool = True
    python: Path | None = None
    local: bool = False
    minutes: float = MINUTES


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What differs, and everything that was found."""

    changes: Differences
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> int:
        """How many findings keep the change out."""
        return sum(finding.level == "fault" for finding in self.findings)

    @property
    def reviews(self) -> int:
        """How many are left to a maintainer."""
        return sum(finding.level == "review" for finding in self.findings)


def check(
    before: bytes | None,
    after: bytes,
    *,
    name: str,
    extent: Extent,
    heard: Callable[[str], None] = lambda _: None,
) -> Checked:
    """Check what `after` changes of `before`; without a `before`, all of it.

    Parameters
    ----------
    name
        What messages call the registry.
    heard
        Told which entry is being fetched or installed.
    """
    base = None if before is None else decode(before, name=f"{name} (before)")
    try:
        registry = validate(after, name=name, schemes=_schemes(base), local=extent.local)
    except SchemaError as error:
        faults = tuple(_of_schema(line) for line in error.details or [error.message])
        return Checked(changes=Differences(), findings=faults)
    changes = compare(base, registry)
    found = [Finding(check="schema", level="ok", entry=registry.name, message="no fault of schema or rules")]
    found += _format(before, after, registry)
    found += review(base, registry, changes, author=extent.author)
    found += _outside(changes, extent, heard)
    return Checked(changes=changes, findings=tuple(found))


def _schemes(base: Registry | None) -> tuple[str, ...]:
    """Schemes that are known: a new one comes with a plugin that is listed before it is used."""
    given = () if base is None else (each for plugin in base.plugins for each in plugin.gives.get("sources", ()))
    return (*SCHEMES, *given)


def _of_schema(line: str) -> Finding:
    path, colon, message = line.partition(": ")
    if not (colon and path.startswith("$")):
        path, message = "", line
    return Finding(check="schema", level="fault", entry="", message=message, path=path)


def _format(before: bytes | None, after: bytes, registry: Registry) -> Iterator[Finding]:
    """A registry that is kept in form stays so; one that never was is left alone."""
    if in_form(after) or (before is not None and not in_form(before)):
        return
    message = "not in form: hub registry format"
    yield Finding(check="form", level="fault", entry=registry.name, message=message)


def _outside(changes: Differences, extent: Extent, heard: Callable[[str], None]) -> Iterator[Finding]:
    for model in changes.models:
        if not model.fetched():
            continue
        if extent.sources:
            heard(f"{model.entry}: fetching it from every source")
            yield from try_model(model, smoke=extent.smoke, minutes=extent.minutes)
        else:
            yield Finding(check="sources", level="skipped", entry=model.entry, message="not asked for")
    for plugin in changes.plugins:
        if plugin.after is None or plugin.after.yanked:
            continue
        if extent.plugins:
            heard(f"{plugin.entry}: installing it into an environment of its own")
            yield from try_plugin(plugin, python=extent.python)
        else:
            yield Finding(check="plugin", level="skipped", entry=plugin.entry, message="not asked for")
