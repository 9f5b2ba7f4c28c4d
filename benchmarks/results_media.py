"""What compression does to models of sound and pictures, on inputs whose right answers are known.

Writes `docs/results-media.md`, as `results.py` does for models of text: word error rate of Whisper on speech that a
voice made from known text, top-1 of EfficientNet-Lite0 on photos, character error rate of PP-OCR on pages that are set.
The inputs come with the plugins.
`python benchmarks/results_media.py [--repeat N] [--only MODEL] [--kept FOLDER]`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from results import KEPT, measured, section

from hub.sizes import human_size

PAGE = Path(__file__).parents[1] / "docs" / "results-media.md"
RECIPES: Mapping[str, tuple[str, ...]] = {
    "whisper-tiny.en": ("int8",),
    "efficientnet-lite0": ("fp16", "bf16", "int8-static"),
    "ppocr": ("fp16", "int8-static"),
}
MORE: Mapping[str, tuple[str, ...]] = {"whisper-tiny.en": ("--backend", "ctranslate2"), "ppocr": ("--backend", "onnx")}
"""Speech and pages take long: one runtime tells what a compression does to them."""
HEAD = """# What compression does to sound and pictures
Measured by one command on one machine, and written by it: `python benchmarks/results_media.py`. Elsewhere the order
differs, so measure where it counts: `hub bench MODEL`. How each figure is taken is said in [bench.md](bench.md).

The inputs come with the plugins, and what is right is known: sixteen Harvard sentences (IEEE, 1969) that a Piper voice
says at three speeds (**word error rate** of Whisper), photos of scikit-image in eight views each (**accuracy**: top-1
of EfficientNet-Lite0), and two texts that are set in six ways (**character error rate** of PP-OCR). **Loss** is the
share of answers (words, labels, characters) that differ from those of the model as it is. `*` marks the Pareto front:
nothing else is smaller, faster and closer at once.

Speeds of this page were taken in one round while the machine did other things too: they are rough, and times of loading
more so. Error rates, losses and sizes do not depend on that.
"""


def main() -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=RECIPES, help="measure this one; the page is not written")
    parser.add_argument("--kept", type=Path, default=KEPT)
    given = parser.parse_args()
    reports = [
        measured(model, recipes, given.repeat, given.kept, "--allow-pickle", "--batch", "1", *MORE.get(model, ()))
        for model, recipes in RECIPES.items()
        if given.only in (None, model)
    ]
    if given.only:
        return 0
    machine = reports[0]["machine"]
    about = f"Machine: {machine['processor']}, {machine['cores']} cores, {human_size(machine['memory'])}."
    lines = [HEAD, f"{about} Instruction sets: {', '.join(machine['features'])}.", ""]
    for report in reports:
        lines += section(report)
    PAGE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
