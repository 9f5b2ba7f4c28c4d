"""`python -m hub_distill.process JOB`: one of several processes that learn together.

What it has to say goes to stdout as lines of JSON. It ends when its stdin does. Knows nothing of who started it.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import sys
import threading
import warnings
from pathlib import Path

from hub.errors import HubError
from hub_distill.fleet import Several
from hub_distill.learning import Run, learn

__all__: list[str] = []


def main(job: str) -> int:
    """Do the run of a file."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warnings.filterwarnings("ignore", module=r"torch\.distributed")
    run: Run = pickle.loads(Path(job).read_bytes())  # noqa: S301 - written by the process that started this one
    try:
        learn(run, Several(run.device), lambda text: _say("tell", text))
    except HubError as error:
        _say("error", base64.b64encode(pickle.dumps(error)).decode("ascii"))
        return 1
    return 0


def _say(what: str, text: str) -> None:
    sys.stdout.write(json.dumps({what: text}) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stdout.flush()
    os._exit(status)  # without waiting for processes that failed
