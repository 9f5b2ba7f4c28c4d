"""What 8 and 4 bits do to all-MiniLM-L6-v2: size, closeness to the origin on news, Spearman on wordsim353, speed.

Documents of gensim's `lee_background.cor` (a file inside its wheel, which is read and never imported) are cut into
sentences; every other document is for calibration, the others are for measuring. The cosine is between the vectors of
the compressed model and of the origin, sentence by sentence; Spearman is between the cosine of two words and what
people said of them (`wordsim353.tsv`, in the same wheel). Speed is sentences a second in batches of 32 sorted by
length, in turns with the fp32 graph in bare ONNX Runtime, each pair a ratio, the median of which is the figure. Needs
the weights once (`hub pull all-minilm-l6-v2:onnx`) and the wheel: `python -m pip download --no-deps gensim==4.4.0 -d
DIR`, then `python benchmarks/quantize.py DIR/gensim-*.whl [--rounds N] [--sentences N] [--only RECIPE@BACKEND,...]`.
Fails where a case misses its limits in `CASES`. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from embeddings import BATCH, MODEL, bare, seconds

import hub
from hub.cpus import allowed_cpus

CALL = 256  # sentences in one call, as a collection is embedded: those of a batch are of about one length then
NEWS = "gensim/test/test_data/lee_background.cor"
PAIRS = "gensim/test/test_data/wordsim353.tsv"

Embed = Callable[[list[str]], Any]  # Any: a numpy array
Pairs = list[tuple[str, str, float]]


@dataclass(frozen=True)
class Case:
    """A way to compress and run the model, and what it must reach; zero asks for nothing."""

    recipe: str
    backend: str = "onnx"
    options: tuple[tuple[str, str], ...] = ()
    cosine: float = 0.0
    spearman: float = 1.0
    speed: float = 0.0
    size: float = 1.0

    @property
    def name(self) -> str:
        """How it is asked for."""
        return f"{self.recipe}@{self.backend}" + "".join(f",{key}={value}" for key, value in self.options)


BF16 = (("precision", "bf16"),)
CASES = (
    Case("int8-dynamic", cosine=0.99),
    Case("int8-static:data={data}", cosine=0.997, spearman=0.01, size=0.27),
    Case("int8", cosine=0.999, spearman=0.01, size=0.29),
    Case("int4", cosine=0.95),
    Case("fp16", cosine=0.9999),
    Case("int8-static:data={data}", "openvino", cosine=0.997, spearman=0.01, size=0.27),
    Case("int8-static:data={data}", "openvino", BF16, cosine=0.997),
    Case("openvino | int8-static:data={data}", "openvino", cosine=0.997, spearman=0.01, size=0.27, speed=3.0),
    Case("openvino | int8-static:data={data}", "openvino", BF16, cosine=0.997),
    Case("openvino | int8", "openvino", cosine=0.999),
    Case("openvino | int4", "openvino", cosine=0.95),
)


def read(wheel: Path) -> tuple[list[str], list[str], Pairs]:
    """Sentences to calibrate on, sentences to measure on, and pairs of words with what people said."""
    archive = zipfile.ZipFile(wheel)
    halves: tuple[list[str], list[str]] = ([], [])
    documents = [line for line in archive.read(NEWS).decode("utf-8").splitlines() if line.strip()]
    for number, document in enumerate(documents):
        halves[number % 2].extend(part for part in re.split(r"(?<=[.!?])\s+", document) if len(part.split()) > 3)
    rows = [line.split("\t") for line in archive.read(PAIRS).decode("utf-8").splitlines() if line[:1] not in {"", "#"}]
    return *halves, [(first, second, float(score)) for first, second, score in rows]


def spearman(embed: Embed, pairs: Pairs) -> float:
    """Rank correlation of cosines with what people said; equal values share their mean rank."""
    first, second = embed([pair[0] for pair in pairs]), embed([pair[1] for pair in pairs])
    ours, theirs = (first * second).sum(axis=1), np.array([pair[2] for pair in pairs])
    return float(np.corrcoef(_ranks(ours), _ranks(theirs))[0, 1])


def _ranks(values: Any) -> Any:  # Any: numpy arrays
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def compare(ours: Embed, theirs: Embed, texts: Sequence[str], rounds: int) -> float:
    """How many times as fast ours is."""
    ratios = []
    for turn in range(rounds):
        for start in range(0, len(texts), CALL):
            chosen = list(texts[start : start + CALL])
            sides = (ours, theirs) if (turn + start // CALL) % 2 else (theirs, ours)
            times = {side: seconds(side, chosen) for side in sides}
            ratios.append(times[theirs] / times[ours])
    return statistics.median(ratios)


def measure(case: Case, given: argparse.Namespace, data: Path, plain: Embed, texts: list[str], pairs: Pairs) -> Any:
    """Every figure of a case."""
    recipe = case.recipe.format(data=data)
    with hub.load(MODEL, backend=case.backend, compress=recipe, threads=given.threads, **dict(case.options)) as model:

        def through(chosen: list[str]) -> Any:  # Any: a numpy array
            return np.asarray(model.infer(chosen, batch_size=BATCH, truncate=True))

        cosines = (through(texts) * plain(texts)).sum(axis=1)
        before, after = spearman(plain, pairs), spearman(through, pairs)
        size, origin = weights(model.plan.facts), weights(model.plan.source)
        return {
            "case": case.name.replace(":data={data}", ""),
            "megabytes": round(size / 1e6, 1),
            "size": round(size / origin, 4),
            "cosine": round(float(cosines.mean()), 5),
            "least": round(float(cosines.min()), 4),
            "spearman": round(after, 4),
            "spearman_change": round(after / before - 1, 4),
            "speed": round(compare(through, plain, texts[: given.timed], given.rounds), 2),
        }


def weights(facts: Any) -> int:  # Any: hub.types.Facts
    """Bytes of the files that are weights."""
    named = {path for paths in facts.parts.values() for path in paths}
    return sum(file.size for file in facts.files if file.path in named)


def missed(case: Case, found: Any) -> list[str]:
    """Which limits a case misses."""
    told = []
    if found["cosine"] < case.cosine:
        told.append(f"cosine {found['cosine']} < {case.cosine}")
    if found["spearman_change"] < -case.spearman:
        told.append(f"spearman {found['spearman_change']:+.2%}")
    if found["speed"] < case.speed:
        told.append(f"speed {found['speed']} < {case.speed}")
    if found["size"] > case.size:
        told.append(f"size {found['size']} > {case.size}")
    return told


def main() -> int:
    """Measure, print, and fail if a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=512, help="sentences that closeness is measured on")
    parser.add_argument("--timed", type=int, default=512, help="sentences of a round of the speed")
    parser.add_argument("--only", default="", help="cases, by name, separated by ;")
    parser.add_argument("--threads", type=int, default=len(allowed_cpus()))
    given = parser.parse_args()
    learn, texts, pairs = read(given.wheel)
    texts = texts[:: max(1, len(texts) // given.sentences)][: given.sentences]
    plain, results, failed = bare(hub.pull(MODEL).path, given.threads), [], []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "news.txt"
        data.write_text("\n".join(learn), encoding="utf-8")
        print(f"{'case':<42}{'MB':>7}{'size':>7}{'cosine':>9}{'least':>8}{'spearman':>17}{'speed':>7}")
        for case in CASES:
            shown = case.name.replace(":data={data}", "")
            if given.only and shown not in given.only.split(";"):
                continue
            found = measure(case, given, data, plain, texts, pairs)
            results.append(found)
            failed += [f"{shown}: {reason}" for reason in missed(case, found)]
            print(
                f"{shown:<42}{found['megabytes']:>7.1f}{found['size']:>7.3f}{found['cosine']:>9.5f}"
                f"{found['least']:>8.4f}{found['spearman']:>9.4f} {found['spearman_change']:+7.2%}"
                f"{found['speed']:>6.2f}x",
                flush=True,
            )
    for line in failed:
        print(f"missed: {line}")
    print(json.dumps({"sentences": len(texts), "rounds": given.rounds, "cases": results, "missed": failed}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
