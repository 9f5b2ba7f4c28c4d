"""Half of the layers of all-MiniLM-L6-v2, dropped and distilled on news within ten minutes of processor time.

Trains on the first 250 of the 300 news documents of gensim's test data (`lee_background.cor`), a sentence or half of
one on each line, and measures on the sentences of the other 50: the mean cosine between the vectors of the student and
of the whole model, both through `hub.load`, before and after. Processor time is that of this process, all threads
together, with everything that the step does in it: loading, tokens, the teacher, validations. One thread: two that wait
for each other on a busy machine spend time in which nothing is learnt. Needs the plugins
torch, text, distill and prune, and once
`pip download --no-deps gensim==4.4.0` for the data, which is read from the wheel and never imported.
`python benchmarks/distill.py FILE [--steps N] [--prune]`; fails below 0.94 or past 600 s. The last line is JSON.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import re
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import hub

Array = np.ndarray[Any, np.dtype[Any]]

MODEL = "all-minilm-l6-v2:safetensors"
DATA = "gensim/test/test_data/lee_background.cor"
LEARNT = 250  # documents; the others are measured on
SECONDS = 600
LEAST = 0.94


def sentences(documents: list[str]) -> list[str]:
    """Different sentences of 3 to 60 words, in order."""
    found = (part for text in documents for part in re.split(r"(?<=[.!?])\s+", text))
    return list(dict.fromkeys(part for part in found if 3 <= len(part.split()) <= 60))


def spans(texts: list[str]) -> list[str]:
    """The first, the middle and the last half of each text: the same words with other neighbours."""
    found = []
    for words in map(str.split, texts):
        quarter = len(words) // 4
        if quarter > 1:
            parts = words[: 2 * quarter], words[quarter : 3 * quarter], words[-2 * quarter :]
            found += [" ".join(part) for part in parts]
    return found


def vectors(model_path: Path, texts: list[str], recipe: str) -> Array:
    """Unit vectors through the torch backend in float32."""
    with hub.load(str(model_path), backend="torch", dtype="float32", compress=recipe) as model:
        return np.stack(model.infer(texts, truncate=True))


def main() -> int:
    """Measure, print, and fail if a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path, help="the wheel of gensim 4.4.0")
    parser.add_argument("--steps", type=int, default=3700)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--prune", action="store_true", help="drop the layers with prune:layers=3")
    given = parser.parse_args()
    documents = zipfile.ZipFile(given.wheel).read(DATA).decode("utf-8").splitlines()
    learnt = sentences(documents[:LEARNT])
    held = [text for text in sentences(documents[LEARNT:]) if text not in set(learnt)]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "news.txt"
        path = hub.pull(MODEL).path
        os.environ["HUB_HOME"] = folder  # where nothing was distilled before
        data.write_text("\n".join(learnt + spans(learnt)), encoding="utf-8")
        how = (
            f"data={data},batch_size={given.batch_size},learning_rate={given.learning_rate},validation=0.05,device=cpu"
        )
        first = "prune:layers=3 | " if given.prune else ""
        made = "" if given.prune else "keep_layers=3,"
        whole = vectors(path, held, "")
        untaught = f"{first}distill:{made}{how},steps=1".replace(str(given.learning_rate), "0")
        before = vectors(path, held, untaught)
        began = time.process_time()
        after = vectors(path, held, f"{first}distill:{made}{how},steps={given.steps}")
        spent = time.process_time() - began
    cosines = {name: float((each * whole).sum(axis=1).mean()) for name, each in (("before", before), ("after", after))}
    print(f"{len(learnt)} sentences learnt from, {len(held)} held out")
    print(f"cosine to the whole: {cosines['before']:.4f} -> {cosines['after']:.4f} in {spent:.0f} s of processor time")
    print(json.dumps({**cosines, "seconds": round(spent, 1), "steps": given.steps, "batch_size": given.batch_size}))
    return 0 if cosines["after"] >= LEAST and spent <= SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
