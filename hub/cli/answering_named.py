"""Has a loaded model answer inputs that have names, such as files: one that cannot be answered does not end the others.

Answers that are files of their own go to an outlet, all others are written like those to texts. Knows kinds, not tasks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

import click

from hub.cli.answering import document, heading, tell_cut
from hub.cli.answers import describe, to_json, write_answer
from hub.cli.counting import counted
from hub.cli.named import Named
from hub.cli.output import json_text
from hub.cli.wrapping import show
from hub.errors import ContextOverflow, HubError, InputError
from hub.runtime.kinds.answered import Answered
from hub.runtime.kinds.codecs import Codecs
from hub.types import JSON

if TYPE_CHECKING:
    from hub.cli.outlets import Outlet
    from hub.plugin.specs import TaskSpec
    from hub.runtime.model import LoadedModel

__all__ = ["Answering"]


@dataclass(kw_only=True)
class Answering:
    """Answers inputs of a task, and keeps which could not be.

    Parameters
    ----------
    outlet
        Where answers go that are files of their own; `None` where they are text, or only described.
    saved
        Where the inputs go with the answers drawn on them.
    """

    model: LoadedModel
    task: TaskSpec
    codecs: Codecs
    out: TextIO
    as_json: bool
    stream: bool
    outlet: Outlet | None = None
    saved: Outlet | None = None
    failures: list[str] = field(default_factory=list)
    _headed: int = 0

    def answer(self, items: Sequence[Named], call: Mapping[str, object]) -> None:
        """Answer every input and write the answers.

        Raises
        ------
        InputError, ContextOverflow
            The only input there is cannot be answered; of several, `finish` tells.
        """
        for outlet in (self.outlet, self.saved):
            if outlet is not None:
                outlet.expect(len(items))
        if self.task.outputs[0] == "text" and self.stream and not self.as_json and self.saved is None:
            self._stream_each(items, call)
            return
        results: list[JSON] = []
        answered = self.model.each([item.value for item in items], **call)
        shown = self.outlet is None and not self.as_json and self.out.isatty()
        pairs = zip(items, answered, strict=True)
        for item, each in counted(pairs, len(items), shown=shown):
            if each.error is not None:
                self._failed(item, each.error, alone=len(items) == 1)
                results.append({"input": item.name, "error": each.error.message})
                continue
            results.append(self._written(item, each, len(items), call))
        if self.as_json:
            click.echo(json_text(document(self.model, results), self.out, indent=2), file=self.out)

    def finish(self, count: int) -> None:
        """Raise what names the inputs that were not answered, where there are any."""
        if self.failures:
            raise HubError(f"{len(self.failures)} of {count} inputs were not answered", details=self.failures)

    def _stream_each(self, items: Sequence[Named], call: Mapping[str, object]) -> None:
        for item in items:
            try:
                with self.model.stream(item.value, **call) as pieces:
                    show(self._under_heading(pieces, item.name, len(items)), self.out)
                    tell_cut(pieces.result, call)
            except (InputError, ContextOverflow) as error:
                self._failed(item, error, alone=len(items) == 1)

    def _under_heading(self, pieces: Iterable[str], name: str, count: int) -> Iterator[str]:
        """The pieces, behind a heading that is written when there is something to head."""
        headed = False
        for piece in pieces:
            if not headed:
                self._heading(name, count)
            headed = True
            yield piece
        if not headed:
            self._heading(name, count)

    def _heading(self, name: str, count: int) -> None:
        heading(name, self._headed, count, self.out)
        self._headed += 1

    def _written(self, item: Named, each: Answered, count: int, call: Mapping[str, object]) -> JSON:
        """Write an answer; what JSON says of it."""
        kind = self.task.outputs[0]
        where: dict[str, JSON] = {}
        if self.saved is not None:
            where["saved"] = self.saved.put(item.name, self.codecs.draw(self.task, each.value, each.result))
        if self.codecs.writes(kind):
            if self.outlet is not None:
                where["output"] = self.outlet.put(item.name, each.result)
            return {"input": item.name, kind: self.codecs.describe(kind, each.result), **where}
        if not self.as_json:
            self._shown(kind, item.name, each.result, count)
            if kind == "text":
                tell_cut(each.result, call)
        return {**describe(kind, item.name, each.result), **where}

    def _shown(self, kind: str, name: str, result: object, count: int) -> None:
        if kind == "text" or self.out.isatty():
            self._heading(name, count)
        elif count > 1:
            value = to_json(result)
            click.echo(json_text({"input": name, kind: value}, self.out), file=self.out)
            return
        write_answer(kind, result, self.out)

    def _failed(self, item: Named, error: HubError, *, alone: bool) -> None:
        if alone:
            raise error
        said = error.message if item.name in error.message else f"{item.name}: {error.message}"
        self.failures.append(said)
