"""What was found to be the best way to run a model here: one small file for each model, in the home folder.

A record says what to ask for, what it was measured on, and what it won against. Knows nothing of plans.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hub import config
from hub.runtime.references.target import record_name
from hub.store.blobs import write_json
from hub.store.layout import storage_errors
from hub.types import JSON

if TYPE_CHECKING:
    from hub.runtime.references.target import Target

__all__ = ["Winner", "forget_winner", "keep_winner", "read_winner"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Winner:
    """The best way that was found.

    Parameters
    ----------
    variant, recipe, backend, device
        What to ask for to get it; no variant where the plan chooses one.
    goal
        What it is best for: `latency`, `throughput` or `memory`.
    gain
        How many times better it is than what is taken without it.
    made
        ISO 8601 time in UTC.
    digest
        Of the model's files; see `hub.runtime.tuning.fingerprint`.
    machine, libraries
        What it was measured on.
    measured
        Every way that was measured: `variant`, `recipe`, `backend`, `device`, `verb`, `gain` and `loss`.
    """

    model: str
    task: str
    variant: str | None
    recipe: str
    backend: str
    device: str
    goal: str
    max_loss: float | None
    gain: float
    made: str
    digest: str
    machine: Mapping[str, JSON]
    libraries: Mapping[str, str]
    measured: tuple[Mapping[str, JSON], ...] = field(default=())


def keep_winner(target: Target, winner: Winner) -> Path:
    """Remember it, in place of an earlier one.

    Raises
    ------
    StorageError
        The home folder cannot be written.
    """
    path = _path(target, winner.task)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, asdict(winner))
    return path


def read_winner(target: Target, task: str) -> Winner | None:
    """What is remembered; `None` where nothing is, or the file cannot be read."""
    try:
        content = json.loads(_path(target, task).read_text(encoding="utf-8"))
        known = {name: content[name] for name in Winner.__dataclass_fields__}
        winner = Winner(**{**known, "measured": tuple(dict(each) for each in known["measured"])})
        sound = all(isinstance(text, str) for text in (winner.recipe, winner.backend, winner.device, winner.made))
        return winner if sound and isinstance(winner.gain, int | float) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget_winner(target: Target, task: str) -> bool:
    """Remove what is remembered; tells whether there was anything."""
    path = _path(target, task)
    with storage_errors(path):
        there = path.exists()
        path.unlink(missing_ok=True)
    return there


def _path(target: Target, task: str) -> Path:
    """One file for a model, the variant that was asked for, and the task; named by a hash, since ids are free text."""
    which = json.dumps([record_name(target), str(target.root or ""), target.variant, task])
    return config.home() / "tuned" / f"{hashlib.sha256(which.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.json"
