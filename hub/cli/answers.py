"""Shows the answers of a task by their kind: text as it is, vectors and labels in short on a terminal, else as JSON.

Knows kinds, not tasks. Where answers go (stdout or a file that appears when it is complete) is decided here too.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

import click

from hub.cli.appearing import appearing, refuse_there
from hub.cli.output import json_text, printable
from hub.errors import UsageError
from hub.types import JSON

__all__ = ["calls_of", "describe", "destination", "text_of", "to_json", "write_answer"]

_NUMBERS_SHOWN = 6


@contextmanager
def destination(path: str | None, *, force: bool) -> Iterator[TextIO]:
    """Stdout, or a file that appears under its name when all of it is written.

    Raises
    ------
    UsageError
        The file is there, and `force` was not given.
    StorageError
        It cannot be written.
    """
    if path is None or path == "-":
        yield sys.stdout
        return
    target = Path(path).expanduser()
    if target.is_dir():
        raise UsageError(f"{target} is a folder", hint="Name a file in it with --output.")
    refuse_there(target, force=force)
    with appearing(target) as binary, io.TextIOWrapper(binary, encoding="utf-8") as stream:
        yield stream


def write_answer(kind: str, answer: object, out: TextIO) -> None:
    """Write one answer: for a person on a terminal, else text as it is and one line of JSON for every other kind."""
    person = out.isatty()
    if kind == "text":
        text = text_of(answer)
        click.echo(printable(text) if person else text, file=out)
    elif person and kind == "vector":
        click.echo(_short_vector(answer), file=out)
    elif person and kind in {"labels", "boxes"}:
        click.echo("\n".join(_label_lines(answer)) or "(nothing found)", file=out)
    elif person and kind == "segments":
        click.echo("\n".join(map(_segment_line, answer)) or "(nothing found)", file=out)  # type: ignore[call-overload]
    else:
        click.echo(json_text(to_json(answer), out), file=out)


def text_of(answer: object) -> str:
    """Text of an answer whose kind is text: itself, or its field `text` or `…_text` (`generated_text`)."""
    if not isinstance(answer, Mapping):
        return str(answer)
    names = [name for name in answer if name == "text" or str(name).endswith("_text")]
    if not names:
        return str(dict(answer))
    return "\n".join(filter(None, (str(answer[names[0]]), calls_of(answer))))


def calls_of(answer: object) -> str:
    """The functions that a model calls, a line of JSON for each."""
    calls = answer.get("tool_calls") if isinstance(answer, Mapping) else None
    return "\n".join(json.dumps(call["function"], ensure_ascii=False) for call in calls or ())


def describe(kind: str, given: str, answer: object) -> dict[str, JSON]:
    """One entry of `results` in the JSON document: the input, and the fields of the answer or the answer by kind."""
    value = to_json(answer)
    return {"input": given, **(value if isinstance(value, dict) else {kind: value})}


def to_json(value: object) -> JSON:
    """Turn an answer into JSON; float32 numbers keep the digits that tell them apart, and no more."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if hasattr(value, "dtype"):
        return _numbers(value)
    return str(value)


def _numbers(value: Any) -> JSON:  # Any: a numpy array or number, and numpy is not imported here
    if value.ndim:
        return [_numbers(item) for item in value]
    return float(str(value)) if value.dtype.kind == "f" else cast("JSON", value.item())


def _label_lines(rows: Any) -> list[str]:  # Any: a list of labels, or one for each place that they are for
    """A line for each label: its score, then its other fields; numbers with their names."""
    if rows and all(isinstance(row, Sequence) for row in rows):
        return [line for place, part in enumerate(rows) for line in (*([""] if place else []), *_label_lines(part))]
    return [_label_line(row) for row in rows]


def _label_line(row: Mapping[str, Any]) -> str:  # Any: a label's fields are the task's own
    score = [f"{row['score']:.4f}"] if "score" in row else []
    rest = {name: to_json(value) for name, value in row.items() if name != "score"}
    return "  ".join([*score, *(_field(name, value) for name, value in rest.items())])


def _field(name: str, value: JSON) -> str:
    """A text as it is, corners of a box as two points, all else with its name."""
    if isinstance(value, str):
        return _one_line(value)
    if isinstance(value, dict) and {"xmin", "ymin", "xmax", "ymax"} <= set(value):
        return f"({value['xmin']}, {value['ymin']}) – ({value['xmax']}, {value['ymax']})"
    return f"{name}={value}"


def _segment_line(row: Mapping[str, Any]) -> str:  # Any: a segment's other fields are the task's own
    """From when to when, in seconds, then the other fields as of a label."""
    rest = {name: value for name, value in row.items() if name not in {"start", "end"}}
    return f"{row['start']:8.2f} – {row['end']:8.2f} s  {_label_line(rest)}".rstrip()


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _short_vector(vector: Any) -> str:  # Any: a numpy array, and numpy is not imported here
    shown = ", ".join(f"{number:.4f}" for number in vector[:_NUMBERS_SHOWN])
    more = ", …" if len(vector) > _NUMBERS_SHOWN else ""
    length = sum(float(number) ** 2 for number in vector) ** 0.5
    return f"[{shown}{more}]  {len(vector)} numbers, length {length:.4f}"
