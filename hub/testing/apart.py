"""Opens weights in a process of its own, for those that may end it: damaged ones.

`python -m hub.testing.apart FILE` is that process. Knows nothing of what is damaged.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hub.errors import HubError, InferenceError, WorkerDied
from hub.plugin.host import get_host
from hub.runtime.planning.plan import Plan
from hub.runtime.sessions.load import open_part
from hub.types import Artifact

__all__ = ["open_apart"]

_SECONDS = 120


def open_apart(plan: Plan, artifacts: Sequence[Artifact], scratch: Path) -> list[HubError | None]:
    """Open the first part of each artifact in another process and close it; what each raised.

    One process opens them all, as far as it lives: an artifact that ends it is a `WorkerDied`, and those after it get
    another one.
    """
    found: list[HubError | None] = []
    while len(found) < len(artifacts):
        found += _tried(plan, artifacts[len(found) :], scratch)
    return found


def _tried(plan: Plan, artifacts: Sequence[Artifact], scratch: Path) -> list[HubError | None]:
    given, told = scratch / "given.pickle", scratch / "told.pickle"
    given.write_bytes(pickle.dumps((plan, artifacts, told)))
    told.write_bytes(pickle.dumps([]))
    command = [sys.executable, "-m", __name__, str(given)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        died = WorkerDied(f"the process ended with {done.returncode}", details=done.stderr.splitlines()[-20:])
    except subprocess.TimeoutExpired:
        died = WorkerDied(f"it took longer than {_SECONDS} seconds")
    found: list[HubError | None] = pickle.loads(told.read_bytes())  # noqa: S301 - written by our own process
    return found if len(found) == len(artifacts) else [*found, died]


def main(path: Path) -> None:
    """Open what the file says one after the other, and write what came of it after each."""
    plan, artifacts, told = pickle.loads(path.read_bytes())  # noqa: S301 - written by our own process
    found: list[HubError | None] = []
    for artifact in artifacts:
        found.append(_opened(plan, artifact))
        told.write_bytes(pickle.dumps(found))


def _opened(plan: Plan, artifact: Artifact) -> HubError | None:
    try:
        open_part(plan, artifact, get_host(), next(iter(plan.facts.parts))).close()
    except HubError as raised:
        return raised
    except Exception as raised:  # the guard lets none through; if it does, that is the fault
        return InferenceError(f"{type(raised).__name__}: {raised}")
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
