"""Reading and classifying through hub beside the bare libraries, on the same pictures with the same threads.

Text is set, so that what is right is known: character error rate of hub and of RapidOCR, which runs the same weights,
and how long each takes; then EfficientNet-Lite0 over torch and ONNX Runtime beside the bare runtime with the same
pre-processing in Pillow and numpy, and a folder of 1,000 pictures with the memory that it takes. Both sides take turns,
and medians are compared.

    python benchmarks/vision.py [--rapidocr PYTHON] [--busy] [--only PART]

`--rapidocr` names the Python of an environment with rapidocr 3.10 and onnxruntime; without it reading is measured
alone. `--busy` gives ratios that hold on a machine that does other things too. Weights are pulled if they are not here.
Photos come out of a wheel of scikit-image that is never installed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from hub_vision.fidelity import distance
from PIL import Image, ImageDraw, ImageFont

import hub
from hub.testing import Opening

BUSY = "--busy" in sys.argv
THREADS = 1 if BUSY else 2
PAUSE, CALLS = 0.3, 24  # seconds between the turns of the two sides, and calls of a turn
CLOCK = time.process_time if BUSY else time.perf_counter
ROUNDS = 7
PAGES = (
    "The committee met on Tuesday and heard two reports.\nThe first, on drainage, ran to forty pages.\n"
    "The second was short, and nobody disagreed with it.\nTotal cost: 12,480.50 EUR, due on 30 June 2026.",
    "Flour 500 g\nButter 250 g\nSugar 125 g\nEggs 3\nBake for 35 minutes at 180 degrees.",
    "Dear Ms Okafor,\nthank you for your letter of 14 March.\nWe will send the parts next week (order #88-1043).\n"
    "Yours sincerely,\nHelge Brandt",
)
LITE = {"chelsea.png": "Egyptian cat", "coffee.png": "espresso"}
RAPID = """
import json, sys, time, logging
from rapidocr import RapidOCR
logging.disable(logging.CRITICAL)
clock = time.%s
engine = RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": %d})
for line in sys.stdin:
    start = clock()
    found = engine(line.strip())
    print(json.dumps([clock() - start, list(found.txts or ())]), flush=True)
"""


def page(text: str, size: int) -> Image.Image:
    """Text, set in the font that comes with Pillow."""
    font = ImageFont.load_default(size)
    box = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((40, 40), text, font, spacing=size // 2)
    picture = Image.new("RGB", (int(box[2]) + 40, int(box[3]) + 40), "white")
    ImageDraw.Draw(picture).multiline_text((40, 40), text, "black", font, spacing=size // 2)
    return picture


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came back."""
    start = CLOCK()
    found = call()
    return CLOCK() - start, found


def reading(folder: Path, rapidocr: str | None) -> None:
    """Seconds for a page and characters that are wrong, beside RapidOCR."""
    files = []
    for number, text in enumerate(PAGES):
        for size in (16, 24, 40):
            path = folder / f"page-{number}-{size}.png"
            page(text, size).save(path)
            files.append((path, text))
    peer = _Peer(rapidocr) if rapidocr else None
    with hub.load("ppocr", backend="onnx", threads=THREADS) as model:
        ours: list[float] = []
        theirs: list[float] = []
        wrong, wrong_there, same, letters = 0, 0, 0, 0
        for path, text in files:
            read = _repeat(model, path, peer)
            ours.append(statistics.median(read[0]))
            wrong += distance(text, read[1])
            letters += len(text)
            if peer is not None:
                theirs.append(statistics.median(read[2]))
                wrong_there += distance(text, "\n".join(read[3]))
                same += sorted(read[1].split()) == sorted(" ".join(read[3]).split())
    print(f"reading: {statistics.mean(ours):.3f} s a page, character error rate {wrong / letters:.4f}")
    if peer is not None:
        ratios = [there / here for here, there in zip(ours, theirs, strict=True)]
        print(f"  rapidocr: {statistics.mean(theirs):.3f} s, character error rate {wrong_there / letters:.4f}")
        print(f"  speed ratio {statistics.median(ratios):.3f}; the same words on {same} of {len(files)} pages")
        peer.close()


def _repeat(model: hub.LoadedModel, path: Path, peer: _Peer | None) -> tuple[list[float], str, list[float], list[str]]:
    ours, theirs, text, lines = [], [], "", []
    for number in range(ROUNDS + 1):
        seconds, found = timed(lambda: model.infer(path))
        text = found["generated_text"]
        other, lines = peer.read(path) if peer else (0.0, [])
        if number:  # the first warms up
            ours.append(seconds)
            theirs.append(other)
    return ours, text, theirs, lines


class _Peer:
    """RapidOCR in an environment of its own."""

    def __init__(self, python: str) -> None:
        self.process = subprocess.Popen(
            [python, "-c", RAPID % (CLOCK.__name__, THREADS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def read(self, path: Path) -> tuple[float, list[str]]:
        """Seconds that it took there, and the lines."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        seconds, lines = json.loads(self.process.stdout.readline())
        return seconds, lines

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def bare(path: Path) -> np.ndarray[Any, Any]:
    """A photo as EfficientNet-Lite takes it, with Pillow and numpy alone."""
    photo = Image.open(path).convert("RGB")
    short = 224 / min(photo.size)
    photo = photo.resize((int(photo.width * short), int(photo.height * short)), Image.Resampling.BILINEAR)
    left, top = (photo.width - 224) // 2, (photo.height - 224) // 2
    values = np.asarray(photo.crop((left, top, left + 224, top + 224)), np.float32)
    return ((values - 127) / 128).transpose(2, 0, 1)[None]


def classifying(photos: Path) -> None:
    """Photos a second beside the bare runtimes, and the labels that come out."""
    names = list(LITE)
    for backend in ("torch", "onnx"):
        with hub.load("efficientnet-lite0", backend=backend, threads=THREADS, allow_pickle=True) as model:
            right = sum(model.infer(photos / name)[0]["label"] == LITE[name] for name in names)
            folder = Opening.of("efficientnet-lite0", backend=backend).artifact.path
            run = _bare_torch(folder) if backend == "torch" else _bare_onnx(folder)
            pairs = [_pair(model, run, photos / names[number % len(names)]) for number in range(3 * ROUNDS)]
        here, there = (statistics.median(side) for side in zip(*pairs[len(names) :], strict=True))
        print(
            f"classifying through {backend}: {1 / here:.0f} photos/s, speed ratio {there / here:.3f}, "
            f"{right} of {len(names)} right"
        )


def _pair(model: hub.LoadedModel, run: Callable[[np.ndarray[Any, Any]], Any], path: Path) -> tuple[float, float]:
    here = _alone(lambda: model.infer(path, top_k=1))
    return here, _alone(lambda: run(bare(path)).argmax())


def _alone(call: Callable[[], Any]) -> float:
    """Seconds of a call among its like, once the threads of the other side have stopped to spin."""
    time.sleep(PAUSE)
    return statistics.median(timed(call)[0] for _ in range(CALLS))


def _bare_onnx(folder: Path) -> Callable[[np.ndarray[Any, Any]], Any]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(next(folder.glob("*.onnx")), options, providers=["CPUExecutionProvider"])
    return lambda values: session.run(None, {"pixel_values": values})[0]


def _bare_torch(folder: Path) -> Callable[[np.ndarray[Any, Any]], Any]:
    import torch
    from hub_vision.efficientnet.architecture import EfficientNetLite
    from safetensors.torch import load_file

    torch.set_num_threads(THREADS)
    module = EfficientNetLite().eval()
    module.load_state_dict(load_file(next(folder.glob("*.safetensors"))))

    def run(values: np.ndarray[Any, Any]) -> Any:
        with torch.inference_mode():
            return module(torch.from_numpy(values)).logits.numpy()

    return run


def folder_of(photos: Path, into: Path, count: int) -> None:
    """Many pictures of different sizes."""
    sources = [Image.open(photos / name).convert("RGB") for name in LITE]
    for number in range(count):
        photo = sources[number % len(sources)]
        side = 200 + number % 400
        photo.resize((side, side * photo.height // photo.width)).save(into / f"{number:04}.jpg")


def many(photos: Path, count: int = 1000, first: int = 100) -> None:
    """A folder of pictures through the command: time, and how the peak of its memory grows behind the first ones."""
    with tempfile.TemporaryDirectory() as name:
        folder_of(photos, Path(name), count)
        command = [sys.executable, "-m", "hub", "run", "efficientnet-lite0", name, "--backend", "onnx"]
        start = time.perf_counter()
        with subprocess.Popen([*command, "--allow-pickle"], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            peaks, answers = [], 0
            for answers, _ in enumerate(process.stdout, start=1):
                if answers in (first, 9 * count // 10):
                    peaks.append(_peak(process.pid))
        seconds = time.perf_counter() - start
    print(f"a folder of {count} photos: {seconds:.1f} s, {answers} answers")
    print(f"  peak {peaks[0]:.0f} MiB at photo {first}, {peaks[-1] - peaks[0]:.1f} MiB more at {9 * count // 10}")


def _peak(process: int) -> float:
    """The most that a process was resident with, in MiB; Linux alone tells it."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def fetched(folder: Path) -> Iterator[Path]:
    """Photos out of a wheel."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), "scikit-image==0.26.0"],
        check=True,
    )
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in LITE:
            path = folder / name
            path.write_bytes(archive.read(f"skimage/data/{name}"))
            yield path


def main() -> None:
    """Print each figure on a line of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rapidocr", help="Python of an environment with rapidocr and onnxruntime")
    parser.add_argument("--busy", action="store_true", help="one thread, and seconds of the processor for the clock's")
    parser.add_argument("--only", choices=("reading", "classifying", "many"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        photos = Path(name)
        list(fetched(photos))
        if given.only in (None, "reading"):
            reading(photos, given.rapidocr)
        if given.only in (None, "classifying"):
            classifying(photos)
        if given.only in (None, "many"):
            many(photos)


if __name__ == "__main__":
    main()
