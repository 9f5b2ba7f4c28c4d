"""The probability of speech in each frame, through a Silero VAD graph.

Two forms of the graph are known: one that takes a frame and its state in each call, and one that takes many frames at
once. Both give the same numbers. Knows nothing of what becomes of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hub.errors import InferenceError
from hub.runtime.protocols import Session

if TYPE_CHECKING:
    from hub.runtime.protocols import Array, Feeds

__all__ = ["AT_ONCE", "FRAME", "RATE", "Frames", "graph_fault"]

RATE = 16_000
FRAME = 512
AT_ONCE = 512
"""Frames that a call takes, where the graph takes several."""

_CONTEXT = 64  # samples of the frame before that a frame is heard with
_HIDDEN = 128
_WHOLE = {"input", "h", "c"}
_SINGLE = {"input", "state"}


def graph_fault(session: Session) -> str:
    """Why a graph is no Silero VAD; empty where it is one."""
    names = {tensor.name for tensor in session.inputs}
    if names == _WHOLE or names - {"sr"} == _SINGLE:
        return ""
    return f"the graph takes {', '.join(sorted(names))}, and Silero VAD takes input and state"


class Frames:
    """Hears a sound in order; keeps what the model remembers of it.

    Parameters
    ----------
    session
        Opened for `run`, and shared: what belongs to this sound is kept here.
    """

    def __init__(self, session: Session) -> None:
        fault = graph_fault(session)
        if fault:
            raise InferenceError(fault)
        names = {tensor.name for tensor in session.inputs}
        self._session = session
        self._whole = names == _WHOLE
        self._rate = {"sr": np.array(RATE, np.int64)} if "sr" in names else {}
        self._outputs = [tensor.name for tensor in session.outputs]
        self._context = np.zeros(_CONTEXT, np.float32)
        self._hidden = np.zeros((1, 1, _HIDDEN), np.float32)
        self._cell = np.zeros((1, 1, _HIDDEN), np.float32)
        self._state = np.zeros((2, 1, _HIDDEN), np.float32)

    def hear(self, samples: Array) -> Array:
        """Probability of speech in each frame: float32 (frames,).

        Parameters
        ----------
        samples
            float32 (frames x 512,) at 16 kHz.
        """
        frames = samples.reshape(-1, FRAME)
        contexts = np.concatenate([self._context[None], frames[:-1, -_CONTEXT:]])
        self._context = frames[-1, -_CONTEXT:].copy()
        rows = np.concatenate([contexts, frames], axis=1)
        if self._whole:
            return np.concatenate([self._block(rows[at : at + AT_ONCE]) for at in range(0, len(rows), AT_ONCE)])
        return np.array([self._single(row[None]) for row in rows], np.float32)

    def _block(self, rows: Array) -> Array:
        found = self._session.run({"input": rows, "h": self._hidden, "c": self._cell})
        self._hidden, self._cell = found["hn"], found["cn"]
        return found["speech_probs"].reshape(-1)

    def _single(self, row: Array) -> float:
        feeds: Feeds = {"input": row, "state": self._state, **self._rate}
        found = self._session.run(feeds)
        self._state = found["stateN"]
        return float(found["output"][0, 0])
