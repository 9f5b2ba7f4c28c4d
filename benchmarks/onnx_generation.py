"""Generation through `hub.load` on ONNX Runtime GenAI against bare onnxruntime-genai, with the same settings.

Both sides open the same folder, which the plan makes from SmolLM2's GGUF file, with the same threads, and answer the
same prompts greedily: template, tokens, a loop that decodes each token to text. They take turns in one process, the
ratio of each pair is taken, and the median of the ratios is the figure; answers of both must be equal. Needs the
weights once: `hub pull smollm2-135m`. `python benchmarks/onnx_generation.py [--rounds N] [--least RATIO]`; fails below
RATIO. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from generation import PROMPTS

import hub
from hub.cpus import allowed_cpus
from hub.testing import Opening

MODEL = "smollm2-135m"
RECIPE = "safetensors | onnx"
TOKENS = 64
HOW: dict[str, Any] = {"backend": "onnx", "compress": RECIPE}


class Bare:
    """The library as its own examples use it."""

    def __init__(self, folder: Path, threads: int) -> None:
        import onnxruntime_genai as genai  # type: ignore[import-untyped]

        self._genai = genai
        config = genai.Config(str(folder))
        options = {"intra_op_num_threads": threads, "log_severity_level": 4}
        config.overlay(json.dumps({"model": {"decoder": {"session_options": options}}}))
        self._model = genai.Model(config)
        self._tokenizer = genai.Tokenizer(self._model)

    def write(self, prompt: str) -> str:
        """The answer, and a decoded piece for each token on the way."""
        messages = json.dumps([{"role": "user", "content": prompt}])
        text = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True)
        ids = np.asarray(self._tokenizer.encode(text), dtype=np.int32)
        params = self._genai.GeneratorParams(self._model)
        params.set_search_options(do_sample=False, max_length=len(ids) + TOKENS)
        generator = self._genai.Generator(self._model, params)
        generator.append_tokens(ids)
        stream = self._tokenizer.create_stream()
        pieces = []
        while not generator.is_done():
            generator.generate_next_token()
            pieces.append(stream.decode(generator.get_next_tokens()[0]))
        return "".join(pieces)


def main() -> int:
    """Measure, print, and fail if the figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--least", type=float, default=0.97)
    given = parser.parse_args()
    threads = len(allowed_cpus())
    ratios, speeds = [], []
    with hub.load(MODEL, threads=threads, **HOW) as model:
        bare = Bare(Opening.of(MODEL, **HOW).artifact.path, threads)

        def through(prompt: str) -> str:
            return "".join(model.stream(prompt, max_tokens=TOKENS))

        for prompt in PROMPTS:
            if through(prompt).strip() != bare.write(prompt).strip():
                sys.exit(f"the answers to {prompt!r} differ:\n{through(prompt)}\n{bare.write(prompt)}")
        for turn in range(given.rounds):
            for place, prompt in enumerate(PROMPTS):
                times = {}
                for side in (through, bare.write) if (turn + place) % 2 else (bare.write, through):
                    began = time.perf_counter()
                    side(prompt)
                    times[side] = time.perf_counter() - began
                ratios.append(times[bare.write] / times[through])
                speeds.append(TOKENS / times[through])
    ratio = statistics.median(ratios)
    print(f"generation  hub {statistics.median(speeds):6.1f} tokens/s   ratio {ratio:.3f} x of bare onnxruntime-genai")
    print(json.dumps({"ratio": round(ratio, 4), "rounds": given.rounds}))
    return 0 if ratio >= given.least else 1


if __name__ == "__main__":
    sys.exit(main())
