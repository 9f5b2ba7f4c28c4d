"""What a change to a registry may do, judged from the registry alone: names, bytes that stay, owners, honest text.

Adds to `hub.registry.rules`, which every registry must keep: these rules are about the change and who makes it. A
maintainer of the registry may do what is left to review. Knows nothing of the network, of git, or of terminals.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import msgspec

from hub.registry.alikeness import lookalike, reserved
from hub.registry.differences import Differences, ModelChange, PluginChange, bytes_of
from hub.registry.finding import Finding, Level
from hub.registry.names import key
from hub.registry.schema import Model, Plugin, Registry

__all__ = ["review"]

_MARKUP = re.compile(
    r"</?(?:script|iframe|img|svg|object|embed|style|link|meta|form|input|body|html|base|a)\b[^>]*>?|<!--|"
    r"\bon[a-z]+\s*=\s*[\"']|javascript:|data:text/html|!!\w+[/:]|\$\{\{|(?m:^::[a-z-]+)",
    re.IGNORECASE,
)
"""What a page, a YAML reader or a workflow would act on. `<mask>` and `<s>` are tokens, and stay."""
_STEERING = {"Cc", "Cf", "Cs", "Co", "Cn"}
_JOINERS = "\u200c\u200d"
_UNSAFE_FORMATS = {"pickle"}
_CODE = (".py", ".pyc", ".so", ".dll", ".dylib", ".exe", ".sh", ".bat", ".ps1", ".jar", ".js", ".wasm", ".ipynb")
_PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz", ".mar", ".h5", ".keras")


def review(before: Registry | None, after: Registry, changes: Differences, *, author: str = "") -> list[Finding]:
    """Judge every entry that a change touches.

    Parameters
    ----------
    before
        The registry that the change is made to; `None` where there is none yet.
    author
        Account that asks for the change; empty where it is not known, and then ownership is skipped.
    """
    base = before or after
    found: list[Finding] = []
    if changes.head:
        found.append(_head(base, author))
    for model in changes.models:
        found += [*_model(model, base), _owner(model, base, author)]
    for plugin in changes.plugins:
        found += [*_plugin(plugin, base), _owner(plugin, base, author)]
    return found


def _head(base: Registry, author: str) -> Finding:
    level: Level = "ok" if _is_one_of(author, base.maintainers) else "review"
    return Finding(check="owners", level=level, entry=base.name, message="the registry's name or maintainers change")


def _model(change: ModelChange, base: Registry) -> Iterator[Finding]:
    if change.after is None:
        yield _fault(change, "versions", "an entry is never removed: hub registry yank " + change.entry)
        return
    path = f"$.models[{change.index}]"
    yield from _kept(change, path)
    yield from _told(_names(change, base, path), change, "names", "no other name looks like it")
    yield from _told(_texts(change.after, change.entry, path), change, "text", "plain text")
    yield from _told(_formats(change, path), change, "formats", "weights that load without running code")
    yield _licence(change.after.license, change.entry, f"{path}.license")


def _plugin(change: PluginChange, base: Registry) -> Iterator[Finding]:
    if change.after is None:
        yield _fault(change, "versions", "an entry is never removed: hub registry yank " + change.entry)
        return
    path = f"$.plugins[{change.index}]"
    found = list(_package_name(change, base, path)) if change.before is None else []
    yield from _told(iter(found), change, "names", "no other name looks like it")
    yield from _told(_texts(change.after, change.entry, path), change, "text", "plain text")
    if change.after.license:
        yield _licence(change.after.license, change.entry, f"{path}.license")


def _kept(change: ModelChange, path: str) -> Iterator[Finding]:
    """What was listed stays, bytes and all."""
    after = change.after
    assert after is not None
    now = {key(variant.name): (number, variant) for number, variant in enumerate(after.variants)}
    faults = []
    for old in change.before.variants if change.before else ():
        if key(old.name) not in now:
            faults.append(_fault(change, "versions", f"'{old.name}' is gone; yank it, with the reason", path))
            continue
        number, new = now[key(old.name)]
        if bytes_of(old) != bytes_of(new):
            text = f"'{old.name}' has other bytes than before; list them under a name of their own: {_next(old.name)}"
            faults.append(_fault(change, "versions", text, f"{path}.variants[{number}]"))
        elif old.yanked and not new.yanked:
            yield _review(change, "versions", f"'{old.name}' was yanked ({old.yanked})", f"{path}.variants[{number}]")
    yield from _told(iter(faults), change, "versions", "what was listed keeps its bytes")


def _next(name: str) -> str:
    found = re.fullmatch(r"(.*)-v(\d+)", name)
    return f"{found[1]}-v{int(found[2]) + 1}" if found else f"{name}-v2"


def _names(change: ModelChange, base: Registry, path: str) -> Iterator[Finding]:
    assert change.after is not None
    old = set() if change.before is None else {change.before.id, *change.before.aliases}
    publisher, _, own = change.after.id.partition("/")
    theirs = {model.id.partition("/")[0] for model in base.models}
    ends = {name for model in base.models if model.id != change.entry for name in _called(model)}
    own_models = (model for model in base.models if key(model.id.partition("/")[0]) == key(publisher))
    family = {name for model in own_models for name in _called(model)}
    given = [(name, f"{path}.aliases[{number}]", ends) for number, name in enumerate(change.after.aliases)]
    if change.before is None:
        given = [(publisher, f"{path}.id", theirs), (own, f"{path}.id", ends), *given]
    for name, place, known in given:
        if name in old:
            continue
        if why := reserved(name):
            yield _fault(change, "names", why, place)
        yield from _alike(change, name, known - family, place)


def _called(model: Model) -> tuple[str, ...]:
    return (*model.aliases, model.id.partition("/")[2])


def _package_name(change: PluginChange, base: Registry, path: str) -> Iterator[Finding]:
    if why := reserved(change.entry):
        yield _fault(change, "names", why, f"{path}.package")
    yield from _alike(change, change.entry, {plugin.package for plugin in base.plugins}, f"{path}.package")


def _alike(change: ModelChange | PluginChange, name: str, known: set[str], place: str) -> Iterator[Finding]:
    other, same = lookalike(name, known)
    if same:
        yield _fault(change, "names", f"'{name}' looks like '{other}', which is somebody else's", place)
    elif other:
        yield _review(change, "names", f"'{name}' is one letter from '{other}', which is somebody else's", place)


def _texts(entry: Model | Plugin, name: str, path: str) -> Iterator[Finding]:
    """Texts that would steer a terminal, run in a page, or mean something to a workflow."""
    for place, text in _strings(msgspec.to_builtins(entry), path):
        odd = next((c for c in text if unicodedata.category(c) in _STEERING and c not in _JOINERS), "")
        if odd:
            message = f"holds the character U+{ord(odd):04X}, which steers or hides"
            yield Finding(check="text", level="fault", entry=name, message=message, path=place)
        if markup := _MARKUP.search(text):
            message = f"holds markup or a command: {markup[0].strip()[:40]!r}"
            yield Finding(check="text", level="fault", entry=name, message=message, path=place)


def _strings(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _strings(str(name), path)
            yield from _strings(item, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _strings(item, f"{path}[{index}]")


def _formats(change: ModelChange, path: str) -> Iterator[Finding]:
    for number, variant in change.fetched():
        inside = f"{path}.variants[{number}]"
        if variant.format in _UNSAFE_FORMATS:
            text = f"'{variant.name}' is of the format {variant.format}, which can carry code"
            yield _review(change, "formats", text, f"{inside}.format")
        for index, file in enumerate(variant.files):
            lowered = file.path.lower()
            if lowered.endswith(_CODE) or (variant.format not in _UNSAFE_FORMATS and lowered.endswith(_PICKLES)):
                yield _fault(
                    change, "formats", f"{file.path} can run code when it is loaded", f"{inside}.files[{index}]"
                )


def _licence(text: str, entry: str, path: str) -> Finding:
    """Whether SPDX knows it was decided by the rules; a licence of somebody's own is for a person to read."""
    if "LicenseRef-" not in text:
        return Finding(check="licence", level="ok", entry=entry, message=text, path=path)
    message = f"{text}: not on the SPDX list; somebody has to read it"
    return Finding(check="licence", level="review", entry=entry, message=message, path=path)


def _owner(change: ModelChange | PluginChange, base: Registry, author: str) -> Finding:
    """Whether the author may change an entry: what the registry says from before the change decides."""
    owners = _owners(change, base)
    if not author:
        return Finding(check="owners", level="skipped", entry=change.entry, message="no author was named: --author")
    if _is_one_of(author, base.maintainers):
        return Finding(check="owners", level="ok", entry=change.entry, message=f"{author} maintains the registry")
    if _is_one_of(author, owners):
        return Finding(check="owners", level="ok", entry=change.entry, message=f"{author} owns it")
    if owners:
        text = f"it belongs to {', '.join(owners)}, and {author} is none of them"
        return _fault(change, "owners", text)
    if change.before is None:
        return _review(change, "owners", f"{author} lists it for the first time")
    return _review(change, "owners", f"nobody owns it, so a maintainer decides what {author} changes")


def _owners(change: ModelChange | PluginChange, base: Registry) -> tuple[str, ...]:
    """Of an entry, those that the registry names; of a new one, those of its publisher's other entries."""
    if change.before is not None:
        return change.before.owners
    if isinstance(change, PluginChange):
        return ()
    publisher = key(change.entry.partition("/")[0])
    of_publisher = (model for model in base.models if key(model.id.partition("/")[0]) == publisher)
    return tuple(dict.fromkeys(owner for model in of_publisher for owner in model.owners))


def _is_one_of(author: str, owners: tuple[str, ...]) -> bool:
    return author.casefold() in {owner.casefold() for owner in owners}


def _told(found: Iterator[Finding], change: ModelChange | PluginChange, check: str, right: str) -> Iterator[Finding]:
    """The findings, or that there are none."""
    listed = list(found)
    yield from listed or [Finding(check=check, level="ok", entry=change.entry, message=right)]


def _fault(change: ModelChange | PluginChange, check: str, message: str, path: str = "") -> Finding:
    return Finding(check=check, level="fault", entry=change.entry, message=message, path=path)


def _review(change: ModelChange | PluginChange, check: str, message: str, path: str = "") -> Finding:
    return Finding(check=check, level="review", entry=change.entry, message=message, path=path)
