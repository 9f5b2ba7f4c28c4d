"""What compression does to the models that can be had anywhere, on real data: writes `docs/results.md`.

Each model goes through `hub bench MODEL --recipe …` with the recipes of `RECIPES`: every way is opened in a process of
its own, ways take turns, and answers are held against those of the model as it is, on news that no recipe has learnt
from. Nothing is left out: what loses, fails or is slower than the model as it is stands in the table with the rest.
`python benchmarks/results.py [--repeat N] [--only MODEL] [--kept FOLDER]`; the measurements are kept in FOLDER as JSON,
and a model whose measurement lies there is not measured again. Takes about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.cli.pictures.rows import grouped, headers, rows
from hub.sizes import human_size

PAGE = Path(__file__).parents[1] / "docs" / "results.md"
KEPT = Path(__file__).parents[1] / ".cache" / "results"
RECIPES: Mapping[str, tuple[str, ...]] = {
    "all-minilm-l6-v2": (
        "bf16",
        "fp16",
        "int8",
        "int8-dynamic",
        "int8-static",
        "int4",
        "prune:ffn=0.25",
        "prune:heads=0.25",
        "prune:layers=3",
        "prune:ffn=0.25 | int8-static",
        "distill:keep_layers=3,steps=600",
        "distill:keep_layers=3,steps=600 | onnx | int8-static",
    ),
    "smollm2-135m": (
        "safetensors",
        "safetensors | bf16",
        "safetensors | onnx",
        "safetensors | onnx | int8",
        "safetensors | onnx | int4",
        "safetensors | prune:ffn=0.1",
    ),
}
Asked = tuple[tuple[str, ...], tuple[str, ...]]
_SAME = 0.97
"""Of a speed: less is slower, and not the noise of a machine."""
HEAD = """# What compression does
Measured by one command on one machine, and written by it: `python benchmarks/results.py`. Elsewhere the order differs,
so measure where it counts: `hub bench MODEL`. How each figure is taken is said in [bench.md](bench.md).

The inputs are news (Lee, Pincombe and Welsh, 2005; a file inside the wheel of gensim 4.4.0) that no recipe has learnt
from. **Loss** is against the model as it is: one minus the mean cosine for embeddings, the mean divergence of the
distributions of the next token (nats) for language models. `*` marks the Pareto front: nothing else is smaller, faster
and closer at once.
"""


def measured(model: str, recipes: tuple[str, ...], repeat: int, kept: Path, *more: str) -> Any:  # Any: JSON
    """The document of `hub bench --json`, made now or before."""
    path = kept / f"{model}.json"
    if not path.exists():
        asked = [word for recipe in recipes for word in ("--recipe", recipe)]
        command = [sys.executable, "-m", "hub", "bench", model, "--repeat", str(repeat), "--json", *asked, *more]
        print(" ".join(command), file=sys.stderr)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        kept.mkdir(parents=True, exist_ok=True)
        path.write_text(done.stdout, encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def section(report: Mapping[str, Any]) -> list[str]:  # Any: JSON
    """What is told of one model."""
    names, body = headers(report), rows(report)
    lines = [
        f"## {report['model']}",
        f"Compared with: {report['compared_with']} · {report['data']['compared']} inputs · {report['rounds']} rounds · "
        f"hub {report['hub']} · {report['measured'][:10]}",
        "",
        table(names, body),
        "",
    ]
    lines += [*told(report), ""]
    used = {way["backend"] for way in report["ways"] if way["figures"]}
    here = [each for each in report["skipped"] if each["backend"] in used and each["recipe"]]
    if skipped := grouped({**report, "skipped": here}):
        lines += ["What could not be measured here:", "", table(["what", "why"], [list(each) for each in skipped]), ""]
    return lines


def told(report: Mapping[str, Any]) -> list[str]:  # Any: JSON
    """What the figures say, the losses first."""
    ways = [way for way in report["ways"] if way["figures"]]
    base = next((way for way in ways if way["base"]), None)
    if base is None:
        return []
    lossy = [way for way in ways if way["fidelity"] is not None and not way["base"]]
    lines = []
    if lossy:
        worst = max(lossy, key=lambda way: way["loss"])
        lines.append(f"- Loses most: {worst['name']}, {worst['loss']:.4f}.")
    slower = [way["name"] for way in ways if way["lossy"] and way is not base and speed(way) < _SAME * speed(base)]
    if slower:
        lines.append(f"- Lossy, and slower than the model as it is: {'; '.join(slower)}.")
    streams = any(each["first_token"] is not None for way in ways for each in way["figures"]["speeds"])
    silent = [way["name"] for way in ways if streams and way["figures"]["speeds"][0]["first_token"] is None]
    if silent:
        lines.append(f"- End their answers at once, so that their speed says nothing: {'; '.join(silent)}.")
    fastest = max(ways, key=speed)
    smallest = min(ways, key=lambda way: way["figures"]["size"])
    lines.append(f"- Fastest: {fastest['name']}, {speed(fastest) / speed(base):.2f} times the model as it is.")
    share = smallest["figures"]["size"] / base["figures"]["size"]
    lines.append(f"- Smallest: {smallest['name']}, {human_size(smallest['figures']['size'])} ({share:.0%}).")
    return lines


def speed(way: Mapping[str, Any]) -> float:  # Any: JSON
    """Units a second with the best batch."""
    return max(float(each["per_second"]) for each in way["figures"]["speeds"])


def table(names: list[str], body: list[list[str]]) -> str:
    """As Markdown."""
    lines = [names, ["---"] * len(names), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def write_page(page: Path, head: str, asked: Mapping[str, Asked], about: str | None) -> int:
    """Measure what the command line asks for, and write the page.

    Parameters
    ----------
    asked
        Recipes of each model, and words that `hub bench` gets beside them.
    about
        What the command does.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=asked, help="measure this one; the page is not written")
    parser.add_argument("--kept", type=Path, default=KEPT)
    given = parser.parse_args()
    reports = [
        measured(model, recipes, given.repeat, given.kept, *more)
        for model, (recipes, more) in asked.items()
        if given.only in (None, model)
    ]
    if given.only:
        return 0
    machine = reports[0]["machine"]
    told_of = f"Machine: {machine['processor']}, {machine['cores']} cores, {human_size(machine['memory'])}."
    lines = [head, f"{told_of} Instruction sets: {', '.join(machine['features'])}.", ""]
    for report in reports:
        lines += section(report)
    page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(write_page(PAGE, HEAD, {model: (recipes, ()) for model, recipes in RECIPES.items()}, __doc__))
