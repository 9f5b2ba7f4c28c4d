"""Opens weights in a process of its own, for those that may end it: damaged ones.

`python -m hub.testing.apart FILE` is that process. Knows nothing of what is damaged.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

from hub.errors import HubError, InferenceError, WorkerDied
from hub.plugin.host import get_host
from hub.runtime.planning.plan import Plan
from hub.runtime.sessions.load import open_part
from hub.types import Artifact

__all__ = ["open_apart"]

_SECONDS = 120


def open_apart(plan: Plan, artifact: Artifact, scratch: Path) -> HubError | None:
    """Open the first part in another process and close it; what it raised.

    A process that ends before it has answered is a `WorkerDied`.
    """
    given, told = scratch / "given.pickle", scratch / "told.pickle"
    given.write_bytes(pickle.dumps((plan, artifact, told)))
    command = [sys.executable, "-m", __name__, str(given)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return WorkerDied(f"it took longer than {_SECONDS} seconds")
    if not told.exists():
        return WorkerDied(f"the process ended with {done.returncode}", details=done.stderr.splitlines()[-20:])
    error: HubError | None = pickle.loads(told.read_bytes())  # noqa: S301 - written by our own process
    return error


def main(path: Path) -> None:
    """Open what the file says, and write what came of it."""
    plan, artifact, told = pickle.loads(path.read_bytes())  # noqa: S301 - written by our own process
    error: HubError | None = None
    try:
        open_part(plan, artifact, get_host(), next(iter(plan.facts.parts))).close()
    except HubError as raised:
        error = raised
    except Exception as raised:  # the guard lets none through; if it does, that is the fault
        error = InferenceError(f"{type(raised).__name__}: {raised}")
    told.write_bytes(pickle.dumps(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
