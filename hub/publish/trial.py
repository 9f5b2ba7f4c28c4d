"""Fetches an entry from each of its sources and has it answer, as a process: `python -m hub.publish.trial`.

Reads a `Job` as JSON from stdin and writes a `Finding` a line to stdout, each as soon as it is known. It is started
without the person's secrets and with a home of its own. Knows nothing of git or of the rest of the registry.
"""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hub import config
from hub.errors import HubError, PlanError, PluginError, PluginMissing, PolicyError
from hub.publish.contents import content_fault
from hub.registry.finding import Finding, Level
from hub.registry.schema import File, Model, Variant
from hub.runtime.references.sources import find_source
from hub.runtime.references.target import Target
from hub.store.store import Store
from hub.texts import one_line
from hub.types import JSON, Artifact

if TYPE_CHECKING:
    from hub.runtime.model import LoadedModel

__all__ = ["Job", "answer_of", "example_for", "main", "why_empty"]

_SHOWN = 80
_WRITTEN = {"text", "messages", "json"}


class Job(msgspec.Struct, kw_only=True):
    """An entry, the places of the variants that are tried, and the part of the work that is wanted."""

    model: Model
    index: int
    variants: tuple[int, ...]
    smoke: bool = True


def main() -> None:
    """Do the job that stands on stdin."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    out = sys.stdout.buffer
    for finding in _findings(job):
        out.write(msgspec.json.encode(finding) + b"\n")
        out.flush()


def _findings(job: Job) -> Iterator[Finding]:
    for number in job.variants:
        variant = job.model.variants[number]
        entry, path = f"{job.model.id}:{variant.name}", f"$.models[{job.index}].variants[{number}]"
        found = list(_sources(variant, entry, path))
        yield from found
        try:
            artifact = _pull(Store(), variant.files, entry)
        except HubError as error:
            if not found:
                yield _failed(error, entry, path)
            yield Finding(check="answer", level="skipped", entry=entry, message="its files cannot be had", path=path)
            continue
        yield from _contents(artifact, variant, entry, path)
        if job.smoke:
            yield _answer(job.model, variant, entry, path)


def _sources(variant: Variant, entry: str, path: str) -> Iterator[Finding]:
    """Each source for itself: the files that it is to serve, fetched anew and hashed."""
    main = Store()
    for number, (origin, files) in enumerate(_groups(variant).items()):
        weights = [file.weight() for file in files]
        fresh = len(main.missing(weights)) == len({file.sha256 for file in files})
        store = main if fresh else Store(config.home() / f"again-{number}")
        try:
            _pull(store, files, entry)
        except HubError:
            yield from _one_by_one(store, files, entry, path)
        else:
            count = "1 file" if len(files) == 1 else f"{len(files)} files"
            message = f"{origin} serves {count}, as promised"
            yield Finding(check="sources", level="ok", entry=entry, message=message, path=path)
        if store is not main:
            shutil.rmtree(store.layout.root, ignore_errors=True)


def _groups(variant: Variant) -> dict[str, list[File]]:
    """Files by who is to serve them: a wheel, a repository at a commit, a server."""
    groups: dict[str, list[File]] = {}
    for file in variant.files:
        for source in file.sources:
            only = msgspec.structs.replace(file, sources=(source,))
            groups.setdefault(_origin(source), []).append(only)
    return groups


def _origin(source: str) -> str:
    scheme, _, rest = source.partition(":")
    if scheme in {"https", "http"}:
        return f"{scheme}://{rest.lstrip('/').partition('/')[0]}"
    parts = 2 if "/" in rest.partition("@")[0] and scheme != "pypi" else 1
    return f"{scheme}:{'/'.join(rest.split('/')[:parts])}" if scheme != "file" else "file:"


def _pull(store: Store, files: Sequence[File], entry: str) -> Artifact:
    return store.pull([file.weight() for file in files], label=entry, sources=find_source)


def _one_by_one(store: Store, files: Sequence[File], entry: str, path: str) -> Iterator[Finding]:
    for file in files:
        try:
            _pull(store, [file], entry)
        except HubError as error:
            yield _failed(error, entry, path)


def _failed(error: HubError, entry: str, path: str) -> Finding:
    said = "; ".join([error.message, *error.details])
    return Finding(check="sources", level="fault", entry=entry, message=said, path=path)


def _contents(artifact: Artifact, variant: Variant, entry: str, path: str) -> Iterator[Finding]:
    faults = 0
    for index, file in enumerate(variant.files):
        why = content_fault(artifact.path / file.path, file.path)
        if why and variant.format != "pickle":
            faults += 1
            place = f"{path}.files[{index}]"
            yield Finding(check="contents", level="fault", entry=entry, message=f"{file.path} {why}", path=place)
    if not faults:
        yield Finding(check="contents", level="ok", entry=entry, message="files are what they are called", path=path)


def _answer(model: Model, variant: Variant, entry: str, path: str) -> Finding:
    level: Level = "ok"
    try:
        text = _ask(model, variant)
    except PluginMissing as error:
        level, text = "skipped", f"{error.message}. {error.hint}"
    except (PlanError, PluginError, PolicyError) as error:
        level, text = "review", "; ".join([error.message, *error.details[:3]])
    except HubError as error:
        level, text = "fault", error.message
    return Finding(check="answer", level=level, entry=entry, message=text, path=path)


def _ask(model: Model, variant: Variant) -> str:
    """Answer of the entry's example, or of the first sample of its task."""
    from hub.runtime.api import load_target

    target = Target(reference=model.id, model=model, variant=variant.name, origin="")
    with load_target(
        target,
        backend=None,
        device="cpu",
        compress="",
        task=None,
        worker=False,
        allow_pickle=None,
        progress=None,
        options={},
    ) as loaded:
        given = example_for(model.task, model.example)
        if given is None:
            raise PolicyError("it opens; neither the entry nor the task has an example to ask it")
        text, answers = answer_of(loaded, given)
    if not answers:
        raise HubError(text)
    return text


def answer_of(loaded: LoadedModel, given: object) -> tuple[str, bool]:
    """What a model says to this, in one short line, and whether that is an answer."""
    limit = {"max_tokens": 16} if "max_tokens" in loaded.options else {}
    answer = loaded.infer(given, **limit)
    if why := why_empty(answer):
        return f"it {why}", False
    return f"answers with {loaded.plan.backend}: {_shown(answer)}", True


def example_for(task: str, example: str) -> object:
    """What to ask: the example where the task takes texts, as a picture's name says nothing; else the task's sample."""
    from hub.plugin.host import get_host

    provided = get_host().tasks.get(task)
    texts = provided is None or provided.spec.inputs[0] in _WRITTEN
    return example if example and texts else _sample(task)


def _sample(task: str) -> object:
    from hub.plugin.host import get_host
    from hub.runtime.asking import ask

    provided = get_host().tasks.get(task)
    if provided is None or provided.spec.samples is None:
        return None
    samples = ask(get_host(), provided, provided.spec.samples)
    return next(iter(samples), None) if isinstance(samples, list | tuple) else None


def why_empty(answer: object) -> str:
    """Why an answer is none; empty where it is one. No boxes and no segments are an answer."""
    if isinstance(answer, dict):
        texts = [value for name, value in answer.items() if name in {"generated_text", "text"}]
        return "answers with an empty text" if texts and not any(str(text).strip() for text in texts) else ""
    flat: Any = getattr(answer, "ravel", None)  # Any: an array of numpy, which is not imported for this
    if flat is not None:
        numbers = [float(number) for number in flat().tolist()]
        if not numbers or not all(math.isfinite(number) for number in numbers):
            return "answers with numbers that are not finite"
        return "answers with zeros alone" if not any(numbers) else ""
    return "" if answer is not None else "answers with nothing"


def _shown(answer: object) -> str:
    """An answer in one short line."""
    value: JSON = answer["generated_text"] if isinstance(answer, dict) and "generated_text" in answer else None
    text = one_line(str(value) if value is not None else _plain(answer))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _plain(answer: object) -> str:
    shape = getattr(answer, "shape", None)
    if shape is not None:
        return f"a vector of {shape[0]} numbers" if len(shape) == 1 else f"an array {tuple(shape)}"
    return str(Path(answer).name if isinstance(answer, Path) else answer)


if __name__ == "__main__":
    main()
