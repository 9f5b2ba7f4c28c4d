"""Has an entry tried in a process of its own: each source by itself, then an answer; without the person's secrets.

Knows nothing of what the process finds; it passes on the findings, and says where it ended without any.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hub.publish.confined import without_secrets
from hub.publish.trial import Job
from hub.registry.differences import ModelChange
from hub.registry.finding import Finding

__all__ = ["MINUTES", "try_model"]

MINUTES = 30.0


def try_model(change: ModelChange, *, smoke: bool, minutes: float = MINUTES) -> Iterator[Finding]:
    """Fetch what a change brings from every source that it names, and ask the model something."""
    fetched = change.fetched()
    if change.after is None or not fetched:
        return
    job = Job(model=change.after, index=change.index, variants=tuple(number for number, _ in fetched), smoke=smoke)
    with tempfile.TemporaryDirectory(prefix="hub-check-", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "hub.publish.trial"]
        env = without_secrets(Path(folder))
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
        ) as child:
            stopped = False
            try:
                out, said = child.communicate(msgspec.json.encode(job), timeout=minutes * 60)
            except subprocess.TimeoutExpired:
                child.kill()
                out, said = child.communicate()
                stopped = True
                yield _ended(change, f"was stopped after {minutes:g} minutes")
        for line in out.splitlines():
            yield msgspec.json.decode(line, type=Finding)
        if child.returncode > 0:
            last = said.decode(errors="replace").strip().splitlines()[-1:]
            yield _ended(change, f"ended with {child.returncode}: {''.join(last)}")
        elif child.returncode < 0 and not stopped:
            yield _ended(change, f"was ended by signal {-child.returncode}")


def _ended(change: ModelChange, how: str) -> Finding:
    message = f"the process that tries it {how}"
    return Finding(check="answer", level="fault", entry=change.entry, message=message, path=f"$.models[{change.index}]")
