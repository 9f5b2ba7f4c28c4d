"""File types and languages through `hub.load(...).infer` against the bare packages, on the same inputs.

Files are those of Python's own standard library with its tests and extensions, up to `--files`; texts are its
docstrings, sentence by sentence and joined by tens, since a sentence takes the library some microseconds. `magika`
and `fasttext-predict-v2` are what is compared with: the latter comes with the plugin, the former is looked for in
`--peer DIR` too (`python -m pip install --no-deps --target DIR magika==1.0.3`). Both sides take turns, the ratio of
each pair is taken, and the median of the ratios is the figure; labels must be equal, and scores to 0.005. Needs the
weights once: `hub pull magika`, `hub pull lid176`. `python benchmarks/files.py [--peer DIR] [--rounds N] [--files N]
[--sentences N] [--busy] [--least RATIO]`; fails below RATIO. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from embeddings import sentences

import hub

Labelled = list[tuple[str, float]]
Side = Callable[[Sequence[Any]], Labelled]
CLOCK = time.process_time if "--busy" in sys.argv else time.perf_counter
SAME = 5e-3  # of scores: ONNX Runtime rounds a file alone otherwise than several
CALL = 100  # inputs of a call: short turns, so that what else the machine does falls on both sides


def bare_magika(peer: Path | None) -> Side:
    """What a person writes with the package alone."""
    if peer is not None:
        sys.path.insert(0, str(peer))
    from magika import Magika  # type: ignore[import-untyped,import-not-found]

    own = Magika()
    return lambda files: [(str(each.output.label), float(each.score)) for each in own.identify_paths(files)]


def bare_fasttext() -> Side:
    """What a person writes with the library alone."""
    import fasttext  # type: ignore[import-untyped]

    model = fasttext.load_model(str(hub.pull("lid176").path / "lid.176.ftz"))

    def label(texts: Sequence[str]) -> Labelled:
        found = [model.predict(text, k=1) for text in texts]
        return [(labels[0].removeprefix("__label__"), min(1.0, scores[0])) for labels, scores in found]

    return label


def through(model: hub.LoadedModel, **options: object) -> Side:
    """The first label of each answer."""
    return lambda inputs: [(each[0]["label"], each[0]["score"]) for each in model.infer(list(inputs), **options)]


def compare(ours: Side, theirs: Side, inputs: Sequence[Any], rounds: int) -> dict[str, Any]:
    """Ratio of speeds, above 1 where ours is faster, and how many inputs a second."""
    for one, other in zip(ours(inputs), theirs(inputs), strict=True):
        assert one[0] == other[0], (one, other)
        assert abs(one[1] - other[1]) < SAME, (one, other)
    ratios, taken = [], []
    for turn in range(rounds):
        for start in range(0, len(inputs), CALL):
            chosen = inputs[start : start + CALL]
            sides = (ours, theirs) if (turn + start // CALL) % 2 else (theirs, ours)
            times = {}
            for side in sides:
                begin = CLOCK()
                side(chosen)
                times[side] = CLOCK() - begin
            ratios.append(times[theirs] / times[ours])
            taken.append(times[ours] / len(chosen))
    return {
        "inputs": len(inputs),
        "ratio": round(statistics.median(ratios), 3),
        "per_second": round(1 / statistics.median(taken)),
    }


def main() -> int:
    """Measure, print, and fail if a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="folder that magika is installed in")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--sentences", type=int, default=2000)
    parser.add_argument("--busy", action="store_true", help="seconds of the processor in place of the clock's")
    parser.add_argument("--least", type=float, default=0.95)
    given = parser.parse_args()
    folder = Path(sysconfig.get_paths()["stdlib"])
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "site-packages" not in path.parts]
    files = files[:: max(1, len(files) // given.files)][: given.files]
    found: dict[str, Any] = {}
    try:
        theirs = bare_magika(given.peer)
    except ImportError:
        print("magika is not installed: name the folder that it is in with --peer")
    else:
        with hub.load("magika") as model:
            found["magika"] = compare(through(model), theirs, files, given.rounds)
    with hub.load("lid176") as model:
        lines = sentences(given.sentences)
        texts = [" ".join(lines[start : start + 10]) for start in range(0, len(lines), 10)]
        ours, bare = through(model, top_k=1), bare_fasttext()
        found["sentences"] = compare(ours, bare, lines, given.rounds)
        found["lid176"] = compare(ours, bare, texts, given.rounds)
    for name, figures in found.items():
        print(
            f"{name:<10} {figures['inputs']} inputs, {figures['per_second']} a second, {figures['ratio']} of the bare"
        )
    missed = [name for name, figures in found.items() if figures["ratio"] < given.least and name != "sentences"]
    print(json.dumps({**found, "missed": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
