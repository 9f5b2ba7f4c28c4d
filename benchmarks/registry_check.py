"""How long `hub registry check` takes for one new entry of a large registry, pull and conformance aside.

    python benchmarks/registry_check.py [--models N] [--rounds N]

A registry of N entries in a git repository, to which one is added; the command is run as a person runs it,
in a process of its own, in turn with `python -c "import hub.cli.main"`, which is what starting costs. The limit is 2
seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hub.registry.writing import formatted

LIMIT = 2.0
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        registry(folder, given.models)
        check = [sys.executable, "-m", "hub", "registry", "check", str(folder / "registry.json")]
        check += ["--base", "HEAD", "--author", "ada", "--no-sources", "--no-plugins", "--json"]
        start = [sys.executable, "-c", "import hub.cli.main"]
        taken: dict[str, list[tuple[float, float]]] = {"check": [], "start": []}
        for _ in range(given.rounds):
            for label, command in (("check", check), ("start", start)):
                began, used = time.perf_counter(), cpu()
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                taken[label].append((time.perf_counter() - began, cpu() - used))
                assert done.returncode == 0, done.stdout + done.stderr
    seconds, used = (statistics.median(values) for values in zip(*taken["check"], strict=True))
    bare = statistics.median(clock for clock, _ in taken["start"])
    told = f"{seconds:.2f} s by the clock, {used:.2f} s of one CPU, {bare:.2f} s by the clock to start alone"
    print(f"{given.models} entries, one added, median of {given.rounds}: {told}")
    if seconds > LIMIT:
        sys.exit(f"more than {LIMIT} s")


def cpu() -> float:
    """CPU seconds of the processes that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def registry(folder: Path, count: int) -> None:
    """A registry in a git repository, and a change of it in the working tree."""
    document: dict[str, Any] = {
        "schema": 1,
        "name": "bench",
        "maintainers": ["ada"],
        "models": [entry(number) for number in range(count)],
    }
    path = folder / "registry.json"
    path.write_bytes(formatted(json.dumps(document).encode()))
    for command in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "Begin")):
        subprocess.run([*GIT, "-C", str(folder), *command], check=True)
    fresh = {**entry(count), "id": f"publisher-{count % 97}/fresh-model", "aliases": ["fresh"]}
    document["models"].insert(count // 2, fresh)
    path.write_bytes(formatted(json.dumps(document).encode()))


def entry(number: int) -> dict[str, Any]:
    return {
        "id": f"publisher-{number % 97}/model-{number}",
        "aliases": [f"m{number}-{number * 7919 % 10007}"],
        "task": "text-generation",
        "license": "Apache-2.0",
        "summary": f"Model number {number}, of one size or another.",
        "tags": ["chat", "english"],
        "variants": [variant("fp32", number)],
    }


def variant(name: str, number: int) -> dict[str, Any]:
    files = [
        {
            "path": f"{part}.safetensors",
            "size": number + 1,
            "sha256": f"{number * 10 + place:064x}",
            "sources": [f"https://example.org/{number}/{name}/{part}.safetensors"],
        }
        for place, part in enumerate(("model-1", "model-2", "model-3"))
    ]
    return {"name": name, "format": "safetensors", "files": files}


if __name__ == "__main__":
    main()
