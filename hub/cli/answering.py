"""Has a loaded model answer inputs, and writes the answers as they come. Knows kinds, not tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from hub.cli.answers import calls_of, describe, write_answer
from hub.cli.output import json_text, note, printable
from hub.cli.wrapping import show
from hub.errors import InputError
from hub.types import JSON

if TYPE_CHECKING:
    from hub.plugin.specs import TaskSpec
    from hub.runtime.model import LoadedModel
    from hub.runtime.sessions.stream import Pieces

__all__ = ["answer_all", "document", "heading", "read_inputs", "tell_cut"]

_AT_ONCE = 256
_HEADING = 60


def read_inputs(texts: Sequence[str], task: TaskSpec) -> list[object]:
    """Turn texts into inputs of the task: as they are where it takes text or messages, parsed where it takes JSON.

    Of a task that takes both, the kind that it names first decides: text is never parsed, and where JSON comes first a
    text that is no JSON object is left as it is.

    Raises
    ------
    InputError
        The task takes another kind, or a text is not JSON.
    """
    kinds = [kind for kind in task.inputs if kind in ("messages", "text", "json")]
    if not kinds:
        raise InputError(f"'{task.id}' takes {' or '.join(task.inputs)}, which the shell cannot give it")
    if kinds[0] != "json":
        return list(texts)
    plain = len(kinds) > 1
    try:
        return [text if plain and not text.lstrip().startswith("{") else json.loads(text) for text in texts]
    except ValueError as error:
        raise InputError(f"'{task.id}' takes JSON, and this is none: {error}") from error


def answer_all(
    model: LoadedModel,
    task: TaskSpec,
    texts: Sequence[str],
    call: Mapping[str, object],
    out: TextIO,
    *,
    as_json: bool,
    stream: bool,
) -> None:
    """Answer every text and write the answers: one after the other for text, in batches for all else."""
    kind = task.outputs[0]
    inputs = read_inputs(texts, task)
    results: list[JSON] = []
    for start in range(0, len(inputs), 1 if kind == "text" else _AT_ONCE):
        given, batch = texts[start:], inputs[start : start + (1 if kind == "text" else _AT_ONCE)]
        if kind == "text" and not as_json:
            heading(given[0], start, len(inputs), out)
            answer = _stream(model, batch[0], call, out) if stream else _whole(model, batch[0], call, out)
            tell_cut(answer, call)
            continue
        for position, (text, answer) in enumerate(zip(given, model.infer(batch, **call), strict=False), start):
            if as_json:
                results.append(describe(kind, text, answer))
                continue
            if kind == "labels" and out.isatty():
                heading(text, position, len(inputs), out)
            write_answer(kind, answer, out)
    if as_json:
        click.echo(json_text(document(model, results), out, indent=2), file=out)


def document(model: LoadedModel, results: list[JSON]) -> dict[str, JSON]:
    """What `--json` prints."""
    plan = model.plan
    return {
        "model": plan.model,
        "variant": plan.variant,
        "task": plan.task,
        "backend": plan.backend,
        "device": plan.device,
        "results": results,
    }


def heading(text: str, index: int, count: int, out: TextIO) -> None:
    """Between several answers: an empty line, and on a terminal the input that is answered."""
    if index:
        click.echo(file=out)
    if count > 1 and out.isatty():
        first = " ".join(printable(text).split())
        note(f"==> {first if len(first) <= _HEADING else first[: _HEADING - 1] + '…'}")


def _stream(model: LoadedModel, given: object, call: Mapping[str, object], out: TextIO) -> object:
    with model.stream(given, **call) as pieces:
        show(_told(pieces), out)
        return pieces.result


def _told(pieces: Pieces[Any]) -> Iterator[str]:  # Any: the task's answer
    """Pieces of text as they come, then what the model calls."""
    said = ""
    for piece in pieces:
        said = piece
        yield piece
    if calls := calls_of(pieces.result):
        yield f"\n{calls}" if said else calls


def _whole(model: LoadedModel, given: object, call: Mapping[str, object], out: TextIO) -> object:
    answer = model.infer(given, **call)
    write_answer("text", answer, out)
    return answer


def tell_cut(answer: object, call: Mapping[str, object]) -> None:
    """Say it where a text ends because it reached the longest that is allowed."""
    if isinstance(answer, Mapping) and answer.get("finish_reason") == "length" and "max_tokens" not in call:
        note("The answer was cut: it reached the longest that this model is allowed here. See: --max-tokens")
