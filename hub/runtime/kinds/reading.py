"""Reads inputs of a task by the first of its kinds that takes each, and answers by the kind that comes out.

Knows nothing of models: what is read goes to whoever asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hub.errors import InputError, PluginBroken
from hub.plugin.specs import TaskSpec

if TYPE_CHECKING:
    from hub.runtime.kinds.codecs import Codecs

__all__ = ["Reader"]

_AT_ONCE = 32
_BYTES_AT_ONCE = 256 << 20
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "messages": (list, tuple),
    "json": (dict, list, tuple, str, int, float, bool),
}


class Reader:
    """Reads for one task.

    Parameters
    ----------
    codecs
        The kinds that are installed; without them every input is taken as it is.

    Attributes
    ----------
    media
        Whether the first kind of the task is read by a codec: its inputs are files, arrays or bytes.
    """

    def __init__(self, task: TaskSpec, codecs: Codecs | None = None) -> None:
        self._task = task
        self._codecs = codecs
        self.media = codecs is not None and codecs.reads(task.inputs[0])
        self._reads = codecs is not None and any(codecs.reads(kind) for kind in task.inputs)
        self._reads_answers = codecs is not None and codecs.reads(task.outputs[0])

    def read(self, given: object) -> Any:  # Any: the Python type of the kind that took it
        """One input as the model plugin gets it.

        Raises
        ------
        InputError
            No kind of the task takes it; the reason is that of the first.
        """
        codecs = self._codecs
        if codecs is None or not self._reads:
            return given
        first: InputError | None = None
        for kind in self._task.inputs:
            if not codecs.reads(kind):
                if isinstance(given, _PLAIN.get(kind, (object,))):
                    return given
                continue
            try:
                return codecs.read(kind, given)
            except InputError as error:
                first = first or error
        raise first or InputError(
            f"'{self._task.id}' takes {' or '.join(self._task.inputs)}, not {type(given).__name__}"
        )

    def answer(self, result: object) -> Any:  # Any: the Python type of the task's first output
        """One result as the caller gets it: a model plugin may give whatever the kind's codec reads.

        Raises
        ------
        PluginBroken
            The model plugin gave something else.
        """
        kind = self._task.outputs[0]
        if self._codecs is None or not self._reads_answers:
            return result
        try:
            return self._codecs.read(kind, result)
        except InputError as error:
            raise PluginBroken(f"the model plugin for '{self._task.id}' gave no {kind}: {error.message}") from error

    def batches(self, inputs: Iterable[object]) -> Iterator[list[Any]]:  # Any: as of `read`
        """Inputs, read, as many at once as memory takes well; all in one batch where nothing is decoded."""
        if not self.media:
            yield [self.read(given) for given in inputs]
            return
        batch: list[Any] = []
        held = 0
        for given in inputs:
            value = self.read(given)
            batch.append(value)
            held += self.weigh(value)
            if self.enough(len(batch), held):
                yield batch
                batch, held = [], 0
        if batch:
            yield batch

    @staticmethod
    def enough(count: int, held: int) -> bool:
        """Whether so many inputs, of so many bytes together, make a batch."""
        return count >= _AT_ONCE or held >= _BYTES_AT_ONCE

    @staticmethod
    def weigh(value: object) -> int:
        """Bytes that an input holds in memory, as far as it says."""
        size = getattr(value, "nbytes", 0)
        return size if isinstance(size, int) else 0
