"""Half of the layers of all-MiniLM-L6-v2, dropped and distilled on news within ten minutes of processor time.

Trains on the sentences of the first 250 of the 300 news documents of gensim's test data (`lee_background.cor`), and
measures on those of the other 50: the mean cosine between the vectors of the student and of the whole model, both
through `hub.load`, before and after. Processor time is that of this process, all threads together, with everything that
the step does in it: loading, tokens, the teacher, validations; the clock's is told beside it. One thread: two that wait
for each other on a busy machine spend time in which nothing is learnt. Needs the plugins torch, text, distill, prune,
and once `pip download --no-deps gensim==4.4.0` for the data, which is read from the wheel and never imported.
`python benchmarks/distill.py FILE [--steps N] [--prune]`; fails below 0.94 or past 600 s. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

import hub

Array = np.ndarray[Any, np.dtype[Any]]

MODEL = "all-minilm-l6-v2:safetensors"
DATA = "gensim/test/test_data/lee_background.cor"
LEARNT = 250  # documents; the others are measured on
SECONDS = 600  # of processor time
LEAST = 0.94


def sentences(documents: list[str]) -> list[str]:
    """Different sentences of 3 to 60 words, in order."""
    found = (part for text in documents for part in re.split(r"(?<=[.!?])\s+", text))
    return list(dict.fromkeys(part for part in found if 3 <= len(part.split()) <= 60))


def vectors(model_path: Path, texts: list[str], recipe: str) -> Array:
    """Unit vectors through the torch backend in float32."""
    with hub.load(str(model_path), backend="torch", dtype="float32", compress=recipe) as model:
        return np.stack(model.infer(texts, truncate=True))


def main() -> int:
    """Measure, print, and fail if a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path, help="the wheel of gensim 4.4.0")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--augment", type=int, default=5, help="altered copies of each sentence")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--prune", action="store_true", help="drop the layers with prune:layers=3")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    documents = zipfile.ZipFile(given.wheel).read(DATA).decode("utf-8").splitlines()
    learnt = sentences(documents[:LEARNT])
    held = [text for text in sentences(documents[LEARNT:]) if text not in set(learnt)]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "news.txt"
        path = hub.pull(MODEL).path
        os.environ["HUB_HOME"] = folder  # where nothing was distilled before
        data.write_text("\n".join(learnt), encoding="utf-8")
        how = (
            f"data={data},augment={given.augment},batch_size={given.batch_size},learning_rate={given.learning_rate},"
            "validation=0.05,device=cpu"
        )
        first = "prune:layers=3 | " if given.prune else ""
        made = "" if given.prune else "keep_layers=3,"
        whole = vectors(path, held, "")
        untaught = f"{first}distill:{made}data={data},augment=0,learning_rate=0,steps=1,device=cpu"
        before = vectors(path, held, untaught)
        began = time.perf_counter(), time.process_time()
        after = vectors(path, held, f"{first}distill:{made}{how},steps={given.steps}")
        spent, busy = time.perf_counter() - began[0], time.process_time() - began[1]
    cosines = {name: float((each * whole).sum(axis=1).mean()) for name, each in (("before", before), ("after", after))}
    print(f"{len(learnt)} sentences learnt from, {len(held)} held out")
    print(f"cosine to the whole: {cosines['before']:.4f} -> {cosines['after']:.4f} in {busy:.0f} s of processor time")
    options = {name: value for name, value in vars(given).items() if name != "wheel"}
    print(json.dumps({**cosines, "processor": round(busy, 1), "clock": round(spent, 1), **options}))
    return 0 if cosines["after"] >= LEAST and busy <= SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
