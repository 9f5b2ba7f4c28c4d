"""What it takes to join: `hub plugin check` of a new plugin of every kind, as its author and a registry's CI run it.

Each kind is written by `hub plugin new`, and its folder is checked: built, laid aside, tried in a process of its own.
The table says how long that takes, how many checks that is, and how many times longer than starting pytest with
nothing to do in the same run. `python benchmarks/ecosystem.py [--rounds N] [--most SECONDS]`; fails if a check takes
longer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hub.scaffold.package import KINDS

BARE = [sys.executable, "-m", "pytest", "--version"]


def timed(command: list[str]) -> tuple[float, str]:
    """Seconds of a command from start to end, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return seconds, done.stdout


def measure(rounds: int) -> dict[str, tuple[list[float], int]]:
    """Seconds of each round and the number of checks, by kind; `pytest` is the bare start."""
    found: dict[str, tuple[list[float], int]] = {"pytest": ([], 0), **{kind: ([], 0) for kind in KINDS}}
    hub = [sys.executable, "-m", "hub", "plugin"]
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as scratch:
        for kind in KINDS:
            folder = Path(scratch, kind)
            timed([*hub, "new", f"bench-{kind}", "--kind", kind, "--into", str(folder), "--author", "bench"])
        for _ in range(rounds):
            found["pytest"][0].append(timed(BARE)[0])
            for kind in KINDS:
                seconds, printed = timed([*hub, "check", str(Path(scratch, kind)), "--strict", "--json"])
                [report] = json.loads(printed)["plugins"]
                found[kind] = ([*found[kind][0], seconds], report["passed"])
    return found


def main() -> None:
    """Measure, print, and fail where it takes too long."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=float, default=20.0, help="Seconds that a check may take.")
    given = parser.parse_args()
    found = measure(given.rounds)
    bare = statistics.median(found["pytest"][0])
    print(f"{'kind':12} {'checks':>6} {'median s':>9} {'least':>7} {'most':>7} {'x pytest --version':>19}")
    for kind in KINDS:
        seconds, checks = found[kind]
        median = statistics.median(seconds)
        print(f"{kind:12} {checks:6} {median:9.2f} {min(seconds):7.2f} {max(seconds):7.2f} {median / bare:19.1f}")
    slow = [kind for kind in KINDS if statistics.median(found[kind][0]) > given.most]
    if slow:
        sys.exit(f"longer than {given.most:g} s: {', '.join(slow)}")


if __name__ == "__main__":
    main()
