"""Generation through `hub.load` against bare xllamacpp, and the time to the first token of `hub run`.

Both sides load the same file with the same threads and context and answer the same prompts greedily, in turn, in one
process; the ratio of each pair is taken, and the median of the ratios is the figure. Needs the weights once:
`hub pull smollm2-135m`. `python benchmarks/generation.py [--rounds N] [--least RATIO] [--most SECONDS]`; fails below
RATIO or above SECONDS. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hub

if TYPE_CHECKING:
    from hub.runtime.model import LoadedModel

MODEL = "smollm2-135m"
TOKENS = 128
CONTEXT = 2048
THREADS = 2
PROMPTS = (
    "Tell a long story about a ship that crosses the ocean.",
    "Explain how a bicycle works, part by part.",
    "Describe a day in the life of a baker.",
)


def bare_server(path: str) -> Any:  # Any: xllamacpp has no types
    """The library as its own README uses it, with the settings that matter for speed the same as ours."""
    import xllamacpp  # type: ignore[import-untyped]

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = CONTEXT
    params.n_ubatch = params.n_batch = 512
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
    params.fit_params = False
    params.verbosity = -1
    return xllamacpp.Server(params)


def bare_speed(server: Any, prompt: str) -> float:  # Any: as above
    """Tokens a second of one answer, from the call to its end."""
    counted: dict[str, int] = {}

    def take(chunk: dict[str, Any]) -> None:
        counted.update(chunk.get("usage") or {})

    body = {
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0,
        "max_tokens": TOKENS,
        "cache_prompt": False,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    began = time.perf_counter()
    server.handle_chat_completions(body, take)
    return counted["completion_tokens"] / (time.perf_counter() - began)


def hub_speed(model: LoadedModel, prompt: str) -> float:
    """The same through `stream`."""
    began = time.perf_counter()
    pieces = model.stream(prompt, max_tokens=TOKENS)
    for _ in pieces:
        pass
    assert pieces.result is not None
    return float(pieces.result["generated_tokens"] / (time.perf_counter() - began))


def first_token() -> float:
    """Seconds from the start of `hub run` to the first byte of its answer."""
    command = [str(Path(sys.executable).with_name("hub")), "run", MODEL, "--max-tokens", "8", "What is 2+2?"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        taken = time.perf_counter() - began
        process.stdout.read()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    return taken


def main() -> int:
    """Measure, print, and fail if a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--least", type=float, default=0.98, help="lowest ratio that passes")
    parser.add_argument("--most", type=float, default=1.0, help="most seconds to the first token")
    given = parser.parse_args()
    artifact = hub.pull(MODEL)
    weights = next(str(artifact.path / file.path) for file in artifact.files if file.path.endswith(".gguf"))
    firsts = [first_token() for _ in range(given.rounds + 1)][1:]
    ratios, ours, theirs = [], [], []
    with hub.load(MODEL, threads=THREADS, context_length=CONTEXT) as model:
        server = bare_server(weights)
        for turn in range(given.rounds + 1):
            for prompt in PROMPTS:
                if turn % 2:
                    through, bare = hub_speed(model, prompt), bare_speed(server, prompt)
                else:
                    bare, through = bare_speed(server, prompt), hub_speed(model, prompt)
                if turn:  # the first round warms both
                    ratios.append(through / bare)
                    ours.append(through)
                    theirs.append(bare)
        del server
    ratio, first = statistics.median(ratios), statistics.median(firsts)
    print(f"bare xllamacpp   {statistics.median(theirs):6.1f} tokens/s")
    print(f"hub.load         {statistics.median(ours):6.1f} tokens/s   {ratio:.3f} x")
    print(f"hub run          {first:6.2f} s to the first token (best {min(firsts):.2f})")
    print(json.dumps({"ratio": round(ratio, 4), "first_token_s": round(first, 3), "rounds": given.rounds}))
    return 0 if ratio >= given.least and first <= given.most else 1


if __name__ == "__main__":
    sys.exit(main())
