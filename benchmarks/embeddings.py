"""Embeddings through `hub.load(...).infer` against bare onnxruntime and tokenizers, with the same batches.

The sentences are the docstrings of Python's own standard library, cut into sentences of 3 to 60 words: text that is on
every machine. Both sides tokenize, sort by length, run batches of 32, pool and normalise; they take turns, the ratio
of each pair is taken, and the median of the ratios is the figure. Vectors of both must be equal. Needs the weights
once: `hub pull all-minilm-l6-v2:onnx`. `python benchmarks/embeddings.py [--rounds N] [--sentences N] [--least RATIO]`;
fails below RATIO. The last line is JSON.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import statistics
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import hub
from hub.cpus import allowed_cpus

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.runtime.model import LoadedModel

MODEL = "all-minilm-l6-v2:onnx"
BATCH = 32
CALL = 64  # sentences in one call: short turns, so that what else the machine does falls on both sides


def sentences(count: int) -> list[str]:
    """The first sentences of the docstrings of the standard library, in the order of its files."""
    found: dict[str, None] = {}
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                for part in re.split(r"(?<=[.!?])\s+", " ".join((ast.get_docstring(node) or "").split())):
                    if 3 <= len(part.split()) <= 60 and len(part) <= 400:
                        found[part] = None
        if len(found) >= count:
            break
    return list(found)[:count]


def bare(folder: Path, threads: int) -> Callable[[list[str]], Any]:  # Any: a numpy array
    """What a person writes with onnxruntime and tokenizers alone."""
    import onnxruntime  # type: ignore[import-untyped]

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(next(folder.rglob("*.onnx")), settings, providers=["CPUExecutionProvider"])
    return embedder(folder, lambda feeds: session.run(["last_hidden_state"], feeds)[0])


def embedder(folder: Path, run: Callable[[dict[str, Any]], Any]) -> Callable[[list[str]], Any]:  # Any: numpy arrays
    """The rest of it, around a runtime that makes hidden states of feeds."""
    from tokenizers import Tokenizer

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
            ids = np.zeros((len(chosen), width), np.int64)
            mask = np.zeros_like(ids)
            for row, index in enumerate(chosen):
                ids[row, : len(encoded[index].ids)] = encoded[index].ids
                mask[row, : len(encoded[index].ids)] = 1
            feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            hidden = run(feeds)
            weights = mask[:, :, None].astype(np.float32)
            pooled = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
            vectors[chosen] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return vectors

    return embed


def seconds(call: Callable[[list[str]], Any], texts: list[str]) -> float:
    """Wall-clock time of one call."""
    began = time.perf_counter()
    call(texts)
    return time.perf_counter() - began


def turns(
    model: LoadedModel, plain: Callable[[list[str]], Any], texts: list[str], rounds: int
) -> tuple[list[tuple[float, float]], float]:  # Any: a numpy array
    """Seconds of the two sides for each call, ours first, and the largest difference of their vectors."""

    def through(chosen: list[str]) -> Any:  # Any: as above
        return model.infer(chosen, batch_size=BATCH)

    apart = float(np.abs(through(texts) - plain(texts)).max())
    pairs = []
    for turn in range(rounds):
        for start in range(0, len(texts), CALL):
            chosen = texts[start : start + CALL]
            sides = (through, plain) if (turn + start // CALL) % 2 else (plain, through)
            times = {side: seconds(side, chosen) for side in sides}
            pairs.append((times[through], times[plain]))
    return pairs, apart


def main() -> int:
    """Measure, print, and fail if the figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=512)
    parser.add_argument("--least", type=float, default=0.97, help="lowest ratio that passes")
    given = parser.parse_args()
    texts = sentences(given.sentences)
    threads = len(allowed_cpus())
    plain = bare(hub.pull(MODEL).path, threads)
    with hub.load(MODEL, threads=threads) as model:
        pairs, apart = turns(model, plain, texts, given.rounds)
    ratio = statistics.median(theirs / ours for ours, theirs in pairs)
    for name, spent in (
        ("bare onnxruntime", [theirs for _, theirs in pairs]),
        ("hub.load", [ours for ours, _ in pairs]),
    ):
        print(f"{name:<17} {CALL / statistics.median(spent):7.1f} sentences/s")
    print(f"ratio             {ratio:7.3f} x   largest difference {apart:.1e}")
    print(json.dumps({"ratio": round(ratio, 4), "sentences": len(texts), "rounds": given.rounds, "difference": apart}))
    return 0 if ratio >= given.least and apart < 1e-4 else 1


if __name__ == "__main__":
    sys.exit(main())
