"""What compression does to models of sound and pictures, on inputs whose right answers are known.

Writes `docs/results-media.md`, as `results.py` does for models of text: word error rate of Whisper on speech that a
voice made from known text, top-1 of EfficientNet-Lite0 on photos, character error rate of PP-OCR on pages that are set.
The inputs come with the plugins.
`python benchmarks/results_media.py [--repeat N] [--only MODEL] [--kept FOLDER]`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from results import Asked, write_page

PAGE = Path(__file__).parents[1] / "docs" / "results-media.md"
ONE_BY_ONE = ("--allow-pickle", "--batch", "1")
ASKED: Mapping[str, Asked] = {  # speech and pages take long: one runtime tells what a compression does to them
    "whisper-tiny.en": (("int8",), (*ONE_BY_ONE, "--backend", "ctranslate2")),
    "efficientnet-lite0": (("fp16", "bf16", "int8-static"), ONE_BY_ONE),
    "ppocr": (("fp16", "int8-static"), (*ONE_BY_ONE, "--backend", "onnx")),
}
HEAD = """# What compression does to sound and pictures
Measured by one command on one machine, and written by it: `python benchmarks/results_media.py`. Elsewhere the order
differs, so measure where it counts: `hub bench MODEL`. How each figure is taken is said in [bench.md](bench.md).

The inputs come with the plugins, and what is right is known: sixteen Harvard sentences (IEEE, 1969) that a Piper voice
says at three speeds (**word error rate** of Whisper), photos of scikit-image in eight views each (**accuracy**: top-1
of EfficientNet-Lite0), and two texts that are set in six ways (**character error rate** of PP-OCR). **Loss** is the
share of answers (words, labels, characters) that differ from those of the model as it is. `*` marks the Pareto front:
nothing else is smaller, faster and closer at once.

Error rates, losses and sizes do not depend on what else the machine does. Speeds and times of loading do, and
those of this page are rough.
"""


if __name__ == "__main__":
    sys.exit(write_page(PAGE, HEAD, ASKED, __doc__))
