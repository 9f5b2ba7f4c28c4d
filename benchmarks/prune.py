"""What pruning does to all-MiniLM-L6-v2, on news that it was not calibrated on, and how much faster it gets.

Documents of gensim's `lee_background.cor` (a file inside its wheel, which is read and never imported) are cut into
sentences; every other document is for calibration, the others are for measuring. The cosine is between the vectors of
the pruned model and of the origin, sentence by sentence. Speed is that of both models in turns, by batches of 32 sorted
by length, each pair a ratio, the median of which is the figure: in torch, or in ONNX Runtime where heads are gone.
Needs the weights once (`hub pull all-minilm-l6-v2:safetensors`) and the wheel:
`python -m pip download --no-deps gensim==4.4.0 -d DIR`, then
`python benchmarks/prune.py DIR/gensim-*.whl [--rounds N] [--only ffn,heads]`. Fails below the limits in `CASES`.
The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from hub_prune.calibration import Batch
from hub_prune.exporting import export
from hub_prune.library import auto, quiet
from hub_prune.plugin import OPTIONS
from hub_prune.pruning import prune, prune_to_onnx
from tokenizers import Tokenizer

import hub
from hub.runtime.protocols import TransformRequest
from hub.types import Facts

Feeds = dict[str, Any]  # Any: numpy arrays
Run = Callable[[Feeds], Any]  # Any: as above

TEXT = "gensim/test/test_data/lee_background.cor"
BATCH = 32
LONGEST = 256


@dataclass(frozen=True)
class Case:
    """Something to prune, and what must be left of the cosine."""

    asked: dict[str, Any]  # Any: option values
    least: float = 0.0
    onnx: bool = False
    timed: bool = True
    figures: dict[str, float] = field(default_factory=dict)


CASES = {
    "ffn": Case({"ffn": 0.25}, least=0.97),
    "ffn, not reconstructed": Case({"ffn": 0.25, "reconstruct": False}, timed=False),
    "heads": Case({"heads": 0.25}, least=0.96, onnx=True),
    "heads, not reconstructed": Case({"heads": 0.25, "reconstruct": False}, onnx=True, timed=False),
    "heads and ffn": Case({"heads": 0.25, "ffn": 0.25}, onnx=True),
    "size": Case({"size": 0.8}),
    "layers": Case({"layers": 2}),
    "wanda": Case({"sparsity": 0.5, "method": "wanda"}, timed=False),
    "magnitude": Case({"sparsity": 0.5, "method": "magnitude"}, timed=False),
    "wanda 2:4": Case({"sparsity": 0.5, "method": "wanda", "pattern": "2:4"}, timed=False),
}


def sentences(wheel: Path) -> tuple[list[str], list[str]]:
    """Sentences to calibrate on, and sentences to measure on."""
    documents = zipfile.ZipFile(wheel).read(TEXT).decode("utf-8").splitlines()
    halves: tuple[list[str], list[str]] = ([], [])
    for number, document in enumerate(line for line in documents if line.strip()):
        halves[number % 2].extend(part for part in re.split(r"(?<=[.!?])\s+", document) if len(part.split()) > 3)
    return halves


def batches(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Feeds]:
    """What the model is fed for texts, sorted by length."""
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding()
    ordered = sorted(texts, key=len)
    made = []
    for start in range(0, len(ordered), BATCH):
        rows = tokenizer.encode_batch(ordered[start : start + BATCH])
        ids = np.array([row.ids for row in rows], np.int64)
        mask = np.array([row.attention_mask for row in rows], np.int64)
        made.append({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
    return made


def in_torch(folder: Path) -> Run:
    """A model as plain transformers loads it."""
    with quiet():
        model = auto("AutoModel").from_pretrained(folder, dtype=torch.float32).eval()

    def run(feeds: Feeds) -> Any:
        with torch.inference_mode():
            return model(**{name: torch.from_numpy(value) for name, value in feeds.items()}).last_hidden_state.numpy()

    return run


def in_onnx(graph: Path, threads: int) -> Run:
    """A graph in ONNX Runtime."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(graph, settings, providers=["CPUExecutionProvider"])
    return lambda feeds: session.run(["last_hidden_state"], feeds)[0]


def vectors(run: Run, feeds: Sequence[Feeds]) -> Any:
    """Mean-pooled vectors of unit length."""
    found = []
    for each in feeds:
        mask = each["attention_mask"][..., None].astype(np.float32)
        mean = (run(each) * mask).sum(axis=1) / mask.sum(axis=1)
        found.append(mean / np.linalg.norm(mean, axis=-1, keepdims=True))
    return np.concatenate(found)


def faster(before: Run, after: Run, feeds: Sequence[Feeds], rounds: int) -> float:
    """Median ratio of the times of both, in turns."""
    ratios = []
    for turn in range(rounds):
        taken = {}
        for name, run in (("before", before), ("after", after))[:: -1 if turn % 2 else 1]:
            start = time.perf_counter()
            for each in feeds:
                run(each)
            taken[name] = time.perf_counter() - start
        ratios.append(taken["before"] / taken["after"])
    return statistics.median(ratios)


def pruned(case: Case, folder: Path, out: Path, calibrate: Sequence[str], tokenizer: Tokenizer) -> float:
    """Prune as the core would; seconds that it took."""
    weights = ("model.safetensors",)
    facts = Facts(
        task="feature-extraction",
        family="bert",
        format="safetensors",
        files=(),
        parts={"": weights},
        size=(folder / weights[0]).stat().st_size,
        config=json.loads((folder / "config.json").read_text()),
    )
    request = TransformRequest(
        path=folder,
        out=out,
        facts=facts,
        options={option.name: option.default for option in OPTIONS} | case.asked,
        inputs=calibrate,
        record=lambda inputs: batches(tokenizer, inputs),
    )
    start = time.perf_counter()
    (prune_to_onnx if case.onnx else prune)(request)
    return time.perf_counter() - start


def graph_of(folder: Path, out: Path, feeds: Feeds) -> Path:
    """The origin as a graph that was made the same way."""
    with quiet():
        model = auto("AutoModel").from_pretrained(folder, dtype=torch.float32).eval()
    tensors = {name: torch.from_numpy(value) for name, value in feeds.items()}
    export(model, Batch(tensors, tensors["attention_mask"].bool()), out / "origin.onnx")
    return out / "origin.onnx"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    folder = hub.pull("all-minilm-l6-v2:safetensors").path
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    calibrate, measure = sentences(given.wheel)
    feeds = batches(tokenizer, measure)
    timed = feeds[:: max(1, len(feeds) // 10)]
    origin = in_torch(folder)
    whole = vectors(origin, feeds)
    chosen = {name: case for name, case in CASES.items() if not given.only or name in given.only.split(",")}
    failed = []
    with tempfile.TemporaryDirectory() as scratch:
        graph: Run | None = None
        for number, (name, case) in enumerate(chosen.items()):
            out = Path(scratch) / str(number)
            out.mkdir()
            case.figures["seconds"] = pruned(case, folder, out, calibrate, tokenizer)
            file = out / ("model.onnx" if case.onnx else "model.safetensors")
            run = in_onnx(file, given.threads) if case.onnx else in_torch(out)
            cosines = (vectors(run, feeds) * whole).sum(axis=-1)
            case.figures.update({"cosine": float(cosines.mean()), "worst": float(cosines.min())})
            case.figures["size"] = file.stat().st_size / (folder / "model.safetensors").stat().st_size
            if case.timed:
                if case.onnx and graph is None:
                    graph = in_onnx(graph_of(folder, Path(scratch), feeds[0]), given.threads)
                case.figures["speed"] = faster(graph if case.onnx and graph else origin, run, timed, given.rounds)
            print(f"{name:26}", "  ".join(f"{key} {value:.3f}" for key, value in case.figures.items()), flush=True)
            if case.figures["cosine"] < case.least:
                failed.append(f"{name}: cosine {case.figures['cosine']:.4f}, and {case.least} is the least")
    print(
        json.dumps(
            {name: {key: round(value, 4) for key, value in case.figures.items()} for name, case in chosen.items()}
        )
    )
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
