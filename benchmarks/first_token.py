"""How long `hub run` takes from its start to the first letter of the answer, weights pulled.

The median of some runs, with the bare import of click beside each as a gauge of the machine.
`python benchmarks/first_token.py [--rounds N] [--most SECONDS]`; fails if the median is above SECONDS.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

MODEL = "smollm2-135m"
PROMPT = "Why is the sky blue?"


def first_letter(environment: dict[str, str]) -> float:
    """Seconds from the start of the command to the first byte on its stdout."""
    command = ["hub", "run", MODEL, "--max-tokens", "8", PROMPT]
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        found = process.stdout.read(1)
        taken = time.perf_counter() - began
        process.stdout.read()
        if not found:
            sys.exit(process.stderr.read().decode())
    return taken


def bare_import(environment: dict[str, str]) -> float:
    """Seconds of `python -c "import click"`."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import click"], env=environment, check=True)
    return time.perf_counter() - began


def main() -> int:
    """Pull if need be, measure, print, and fail if the first token comes too late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--most", type=float, default=1.0, help="highest median that passes, in seconds")
    given = parser.parse_args()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["hub", "pull", MODEL], env=environment, check=True, stdout=subprocess.DEVNULL)
    first_letter(environment)  # fills the file cache
    taken, bare = [], []
    for _ in range(given.rounds):
        taken.append(first_letter(environment))
        bare.append(bare_import(environment))
    median = statistics.median(taken)
    print(f"first token   {median * 1000:5.0f} ms  ({min(taken) * 1000:.0f} to {max(taken) * 1000:.0f})")
    print(f"import click  {statistics.median(bare) * 1000:5.0f} ms")
    return 1 if median > given.most else 0


if __name__ == "__main__":
    sys.exit(main())
