"""How long the light commands take, as a ratio to bare `python -c "import click"` in the same run.

Each round runs every command once, in turn, so that a busy machine slows all of them alike; medians are compared.
`python benchmarks/startup.py [--rounds N] [--most RATIO]`; fails if a command takes more than RATIO times as long.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = "import click"
COMMANDS = {
    BARE: [sys.executable, "-c", "import click"],
    "hub --version": ["hub", "--version"],
    "hub --help": ["hub", "--help"],
    "hub search x": ["hub", "search", "x"],
}


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Wall-clock time of one run, from start to end of the process."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def measure(rounds: int) -> dict[str, float]:
    """Median seconds of each command."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HUB_HOME": home, "PATH": path}
        for turn in range(rounds + 1):
            for name, command in COMMANDS.items():
                taken = seconds(command, environment)
                if turn:  # the first round fills the file cache
                    times[name].append(taken)
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> int:
    """Measure, print, and fail if a command is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--most", type=float, default=3.0, help="highest ratio that passes")
    given = parser.parse_args()
    medians = measure(given.rounds)
    bare = medians[BARE]
    slow = False
    for name, median in medians.items():
        ratio = median / bare
        slow = slow or ratio > given.most
        print(f"{name:<15} {median * 1000:7.0f} ms   {ratio:4.2f} x")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
