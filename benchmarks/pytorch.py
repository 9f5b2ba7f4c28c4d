"""Embeddings and generation through `hub` on PyTorch, against bare transformers with the same settings.

Embeddings: all-MiniLM-L6-v2 in float32 through `hub.load(...).infer`, on the sentences of `benchmarks/embeddings.py`;
both sides tokenize, sort by length, run batches of 32, pool and normalise. Generation: SmolLM2-135M-Instruct, made from
its GGUF file by the plan, 48 greedy tokens for each prompt through `hub.load(...).stream`, against the model's own
`generate()` on the same conversation with a streamer that decodes. Both sides compute in float32 with as many threads.
They take turns, the ratio of each pair is taken, and the median of the ratios is the figure; vectors and answers
of both must be equal. The weights are pulled and converted before anything is timed.
`python benchmarks/pytorch.py [--rounds N] [--least RATIO] [--only embeddings|generation]`; fails below RATIO. The last
line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from embeddings import BATCH, CALL, sentences

import hub
from hub.cpus import allowed_cpus

EMBEDDER = "all-minilm-l6-v2:safetensors"
WRITER = "smollm2-135m"
TOKENS = 48
PROMPTS = ("Why is the sky blue?", "Tell a story about a lighthouse.", "List the planets.", "How do bees find flowers?")
Call = Callable[[Any], Any]  # Any: texts in, vectors or token ids out


def bare_embedder(folder: Path, threads: int) -> Call:
    """What a person writes with transformers and tokenizers alone."""
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModel

    torch.set_num_threads(threads)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)

    def embed(texts: list[str]) -> Any:  # Any: a numpy array
        encoded = tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda index: len(encoded[index].ids))
        vectors = np.empty((len(texts), 384), np.float32)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            width = max(len(encoded[index].ids) for index in chosen)
            ids = torch.zeros(len(chosen), width, dtype=torch.int64)
            mask = torch.zeros_like(ids)
            for row, index in enumerate(chosen):
                ids[row, : len(encoded[index].ids)] = torch.tensor(encoded[index].ids)
                mask[row, : len(encoded[index].ids)] = 1
            with torch.inference_mode():
                hidden = model(input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids))[0]
            weights = mask[:, :, None].float()
            pooled = (hidden * weights).sum(dim=1) / weights.sum(dim=1)
            vectors[chosen] = torch.nn.functional.normalize(pooled).numpy()
        return vectors

    return embed


def bare_writer(folder: Path, threads: int) -> Call:
    """What a person writes with transformers alone: template, `generate()` with a streamer, text."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, TextStreamer

    class Silent(TextStreamer):  # type: ignore[misc,no-untyped-call]
        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            """Decoded, and not printed."""

    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def write(prompt: str) -> str:
        messages = [{"role": "user", "content": prompt}]
        feeds = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        with torch.inference_mode():
            ids = model.generate(
                **feeds, max_new_tokens=TOKENS, do_sample=False, streamer=Silent(tokenizer, skip_prompt=True)
            )
        text: str = tokenizer.decode(ids[0, feeds["input_ids"].shape[1] :], skip_special_tokens=True)
        return text

    return write


def measure(through: Call, plain: Call, inputs: list[Any], rounds: int) -> list[tuple[float, float]]:
    """Seconds of each side for each input, the sides taking turns."""
    pairs = []
    for turn in range(rounds):
        for place, given in enumerate(inputs):
            sides = (through, plain) if (turn + place) % 2 else (plain, through)
            times = {}
            for side in sides:
                began = time.perf_counter()
                side(given)
                times[side] = time.perf_counter() - began
            pairs.append((times[through], times[plain]))
    return pairs


def report(name: str, unit: str, count: int, pairs: list[tuple[float, float]]) -> float:
    """Print a comparison; the median of the ratios."""
    ratio = statistics.median(theirs / ours for ours, theirs in pairs)
    ours, theirs = (count / statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"{name:<11} bare {theirs:7.1f} {unit}   hub {ours:7.1f} {unit}   ratio {ratio:.3f} x")
    return ratio


def embeddings(threads: int, rounds: int) -> float:
    texts = sentences(256)
    plain = bare_embedder(hub.pull(EMBEDDER).path, threads)
    with hub.load(EMBEDDER, backend="torch", threads=threads, dtype="float32") as model:

        def through(chosen: list[str]) -> Any:  # Any: a numpy array
            return model.infer(chosen, batch_size=BATCH)

        apart = float(np.abs(through(texts) - plain(texts)).max())
        if apart > 1e-5:
            sys.exit(f"the vectors differ by {apart:.1e}")
        chunks = [texts[start : start + CALL] for start in range(0, len(texts), CALL)]
        return report("embeddings", "sentences/s", CALL, measure(through, plain, chunks, rounds))


def generation(threads: int, rounds: int) -> float:
    with hub.load(WRITER, backend="torch", threads=threads, dtype="float32") as model:
        plain = bare_writer(_converted(), threads)

        def through(prompt: str) -> str:
            pieces = model.stream(prompt, max_tokens=TOKENS, temperature=0.0)
            return "".join(pieces)

        for prompt in PROMPTS:
            if through(prompt).strip() != plain(prompt).strip():
                sys.exit(f"the answers to {prompt!r} differ:\n{through(prompt)}\n{plain(prompt)}")
        return report("generation", "tokens/s", TOKENS, measure(through, plain, list(PROMPTS), rounds))


def _converted() -> Path:
    """Folder of the safetensors that the plan made of the GGUF file."""
    from hub.testing import Opening

    return Opening.of(WRITER, backend="torch").artifact.path


def main() -> int:
    """Measure, print, and fail if a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--least", type=float, default=0.97, help="lowest ratio that passes")
    parser.add_argument("--only", choices=("embeddings", "generation"))
    given = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    threads = len(allowed_cpus())
    parts = {"embeddings": embeddings, "generation": generation}
    ratios = {name: part(threads, given.rounds) for name, part in parts.items() if given.only in {None, name}}
    print(json.dumps({**{name: round(ratio, 4) for name, ratio in ratios.items()}, "rounds": given.rounds}))
    return 0 if min(ratios.values()) >= given.least else 1


if __name__ == "__main__":
    sys.exit(main())
