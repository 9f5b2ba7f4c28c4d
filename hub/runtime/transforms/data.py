"""What transforms calibrate on and measures are taken on: the person's file, the task's data set, or its samples.

Files of a task's data set are pulled and verified like weights. Knows nothing of what is done with the inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import PluginMissing, SourceError, UsageError
from hub.plugin.specs import TaskSpec
from hub.runtime.asking import ask
from hub.store.blobs import hash_file
from hub.types import JSON, Option, OptionValue

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided
    from hub.store.progress import Progress
    from hub.store.store import Store

__all__ = ["DATA", "content_of", "data_files", "read_lines", "task_inputs"]

DATA = "data"
"""Name of the option that the core reads for a transform."""

_SHAPE = "Data is a text file, an input on each line."


def task_inputs(
    task: str, path: Path | None, *, host: Host, store: Store, progress: Progress | None = None, default: bool = True
) -> list[Any]:  # Any: of the kinds that the task takes
    """Inputs of a task.

    Parameters
    ----------
    path
        The person's file; without it the task's own data set if `default`, else its samples.

    Raises
    ------
    UsageError
        The file is missing, empty or no text, or the task has neither data nor samples.
    SourceError
        The task's data set could not be had.
    """
    provided = _task(task, host)
    spec = provided.spec
    if path is not None:
        return _read(provided, (path,), host)
    if default and spec.data:
        return _read(provided, data_files(spec, store=store, progress=progress), host)
    if spec.samples is None:
        raise UsageError(f"task '{task}' has no data of its own", hint="Name a file of yours: data=FILE")
    return list(ask(host, provided, spec.samples, answer=list))


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
            if option.name == DATA:
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


def _read(provided: Provided[TaskSpec], paths: tuple[Path, ...], host: Host) -> list[Any]:  # Any: as above
    for path in paths:
        _text(path)
    read: Callable[..., list[Any]] = read_lines
    inputs = read(paths) if provided.spec.read is None else ask(host, provided, provided.spec.read, paths, answer=list)
    if not inputs:
        raise UsageError(f"{_named(paths)} holds nothing to work on: each line of text is an input")
    return list(inputs)


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
    try:
        return hash_file(path)[0]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _named(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths))
