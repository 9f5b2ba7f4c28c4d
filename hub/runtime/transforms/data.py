"""What transforms calibrate on and measures are taken on: the person's file, the task's data set, or its samples.

Files of a task's data set are pulled and verified like weights. Knows nothing of what is done with the inputs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub import config
from hub.errors import PluginBroken, PluginMissing, SourceError, UsageError
from hub.plugin.specs import TaskSpec
from hub.runtime.asking import ask
from hub.store.blobs import hash_file
from hub.types import JSON, Option, OptionValue

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided
    from hub.store.progress import Progress
    from hub.store.store import Store

__all__ = ["DATA", "Measured", "content_of", "data_files", "measuring_data", "read_lines", "task_inputs"]

DATA = "data"
"""Name of the option that the core reads for a transform."""

_SHAPE = (
    "Data is a text file, an input on each line; JSON lines (.jsonl) with text or file, and label where it is known; "
    "or, where the task takes files, one of them or a folder of them."
)
_JSON_LINES = ".jsonl"
_TEXTUAL = ("text", "messages", "json")
"""First inputs of tasks whose data is text, which is told before anything is downloaded."""

_HELD_OUT = 4
"""One of so many inputs of a task's own data, at its end, is kept from transforms and left for measures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What a measure is taken on: inputs, the right answers where the data says them, and the hashes of the files."""

    inputs: Sequence[Any]  # Any: of the kinds that the task takes
    labels: Sequence[str] = ()
    content: Sequence[str] = ()


def task_inputs(
    task: str, path: Path | None, *, host: Host, store: Store, progress: Progress | None = None, default: bool = True
) -> list[Any]:  # Any: of the kinds that the task takes
    """Inputs of a task that a transform may learn from.

    Parameters
    ----------
    path
        The person's file; without it the first three quarters of the task's own data set if `default`, else its
        samples.

    Raises
    ------
    UsageError
        The file is missing, empty or no text, or the task has neither data nor samples.
    SourceError
        The task's data set could not be had.
    """
    provided = _task(task, host)
    if path is None and default and provided.spec.data:
        found = _read(provided, data_files(provided.spec, store=store, progress=progress), host)[0]
        return found[: len(found) - len(found) // _HELD_OUT]
    if path is not None:
        return _read(provided, (path,), host)[0]
    return _samples(provided, host)


def measuring_data(
    task: str, path: Path | None, *, host: Host, store: Store, progress: Progress | None = None
) -> Measured:
    """What to measure models of a task on.

    The person's file, else the task's inputs with right answers, else what `task_inputs` leaves of the task's data.

    Raises
    ------
    UsageError, SourceError
        As for `task_inputs`.
    """
    provided = _task(task, host)
    if path is not None:
        inputs, labels = _read(provided, (path,), host)
        return Measured(inputs=inputs, labels=labels, content=(f"sha256:{_hash(path)}",))
    if provided.spec.labelled is not None:
        target = provided.spec.labelled
        if not signature(host.resolve(provided, target)).parameters:  # it brings all that it needs
            return _labelled(provided, target, (), (), host)
        files = data_files(provided.spec, store=store, progress=progress) if provided.spec.data else ()
        return _labelled(provided, target, (files,), _hashes(provided.spec), host)
    if provided.spec.data:
        inputs, labels = _read(provided, data_files(provided.spec, store=store, progress=progress), host)
        left = len(inputs) - len(inputs) // _HELD_OUT
        return Measured(inputs=inputs[left:] or inputs, labels=labels[left:] or labels, content=_hashes(provided.spec))
    return Measured(inputs=_samples(provided, host))


def data_files(spec: TaskSpec, *, store: Store, progress: Progress | None = None) -> tuple[Path, ...]:
    """The files of a task's data set, pulled and verified.

    Raises
    ------
    SourceError
        They could not be had.
    """
    from hub.runtime.references.sources import find_source

    try:
        artifact = store.pull(
            spec.data,
            label=f"data for {spec.id}",
            sources=find_source,
            progress=progress,
            offline=bool(config.get("offline")),
        )
    except SourceError as error:
        raise SourceError(
            f"the data set of task '{spec.id}' could not be had: {error.message}",
            hint="Measure on a file of yours: data=FILE in a recipe, --data FILE on the command line",
            details=error.details,
        ) from error
    return tuple(artifact.path / file.path for file in spec.data)


def content_of(options: Sequence[Option], values: Mapping[str, OptionValue], spec: TaskSpec | None) -> dict[str, JSON]:
    """What the files of a step's options hold, for its key: option to `sha256:…`; the task's own data where it counts.

    Raises
    ------
    UsageError
        A file cannot be read.
    """
    found: dict[str, JSON] = {}
    for option in options:
        value = values.get(option.name)
        if isinstance(value, Path):
            if option.name == DATA and (spec is None or spec.inputs[0] in _TEXTUAL):
                _text(value)
            found[option.name] = f"sha256:{_hash(value)}"
        elif option.name == DATA and option.type is Path and spec is not None and spec.data:
            found[DATA] = [file.sha256 or "" for file in spec.data]
    return found


def read_lines(paths: tuple[Path, ...]) -> list[str]:
    """Each line that is not blank, of text files in UTF-8."""
    return [line.strip() for path in paths for line in _text(path).splitlines() if line.strip()]


def _task(task: str, host: Host) -> Provided[TaskSpec]:
    try:
        return host.tasks[task]
    except KeyError:
        raise PluginMissing(f"nothing installed knows the task '{task}'", hint="See: hub plugin list") from None


def _samples(provided: Provided[TaskSpec], host: Host) -> list[Any]:  # Any: as above
    if provided.spec.samples is None:
        raise UsageError(f"task '{provided.spec.id}' has no data of its own", hint="Name a file of yours: data=FILE")
    return list(ask(host, provided, provided.spec.samples, answer=list))


def _labelled(
    provided: Provided[TaskSpec], target: str, given: tuple[object, ...], content: tuple[str, ...], host: Host
) -> Measured:
    pairs = list(ask(host, provided, target, *given, answer=list))
    if not pairs or not all(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], str) for pair in pairs):
        what = "nothing" if not pairs else "what is no list of (input, text)"
        raise PluginBroken(f"'{target}' of plugin '{provided.plugin}' gave {what} for task '{provided.spec.id}'")
    inputs, labels = zip(*pairs, strict=True)
    return Measured(inputs=inputs, labels=labels, content=content)


def _hashes(spec: TaskSpec) -> tuple[str, ...]:
    return tuple(f"sha256:{file.sha256}" for file in spec.data)


def _read(
    provided: Provided[TaskSpec], paths: tuple[Path, ...], host: Host
) -> tuple[list[Any], list[str]]:  # Any: as above
    """Inputs, and as many labels or none. What a task reads by itself need not be text, and may be a folder's files."""
    labels: list[str] = []
    if all(path.suffix == _JSON_LINES for path in paths):
        inputs, labels = _read_json_lines(paths)
    elif provided.spec.read is None:
        inputs = read_lines(paths)
    else:
        inputs = list(ask(host, provided, provided.spec.read, _files(paths), answer=list))
    if not inputs:
        raise UsageError(f"{_named(paths)} holds nothing to work on: each line of text is an input")
    return inputs, labels


def _read_json_lines(paths: tuple[Path, ...]) -> tuple[list[Any], list[str]]:
    """What each object holds beside `label`, plain where that is `text` alone; labels where each object has one."""
    inputs: list[Any] = []
    labels: list[str] = []
    for path in paths:
        for number, line in enumerate(_text(path).splitlines(), start=1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{path} cannot be read: line {number} is no JSON: {error}", hint=_SHAPE) from error
            if not isinstance(entry, dict):
                raise UsageError(f"{path} cannot be read: line {number} is no JSON object", hint=_SHAPE)
            labels += [str(entry.pop("label"))] if "label" in entry else []
            inputs.append(_input(entry, path.parent))
    return inputs, labels if len(labels) == len(inputs) else []


def _input(entry: dict[str, Any], folder: Path) -> Any:  # Any: JSON in, an input of the task out
    """A text or a file that stands alone, else the whole object."""
    if set(entry) == {"text"}:
        return entry["text"]
    if set(entry) == {"file"} and isinstance(entry["file"], str):
        return folder / entry["file"]
    return entry


def _files(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Those files, and of folders what lies in them."""
    inside = (sorted(path.rglob("[!.]*")) if path.is_dir() else [path] for path in paths)
    return tuple(each for several in inside for each in several if not each.is_dir())


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is no text in UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise UsageError(f"{path} cannot be read: {reason}", hint=_SHAPE) from error
    if not text.strip():
        raise UsageError(f"{path} is empty", hint=_SHAPE)
    if "\0" in text:
        raise UsageError(f"{path} cannot be read: it is no text", hint=_SHAPE)
    return text


def _hash(path: Path) -> str:
    """Sha256 of a file; of a folder that an option names, such as a teacher, that of the hashes of its files."""
    try:
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.is_file())
            listing = [[file.relative_to(path).as_posix(), hash_file(file)[0]] for file in files]
            return hashlib.sha256(json.dumps(listing).encode("utf-8", "surrogatepass")).hexdigest()
        return hash_file(path)[0]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _named(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths))
