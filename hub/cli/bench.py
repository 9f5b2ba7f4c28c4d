"""`hub bench`: measures every way to run a model on this machine, and shows which are worth it.

Reads the command line and prints; finding ways and measuring is done in `hub.runtime.tuning`, drawing in
`hub.cli.pictures`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hub.cli.completion import complete_model
from hub.cli.output import json_text, note, print_json, print_table
from hub.cli.progress import terminal_progress
from hub.cli.trials import announce, keep, options_of_ways, prepare
from hub.errors import InferenceError, PluginMissing, UsageError

__all__ = ["command"]

Report = Mapping[str, Any]  # Any: JSON
Write = Callable[[Report, Path], None]

_INSTALL = "pip install 'openmodelhub[plot]'"


@click.command("bench")
@click.argument("model", shell_complete=complete_model)
@options_of_ways
@click.option(
    "--plot",
    "plots",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Draw a picture: FILE.html or FILE.png; repeatable.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write bench.json, .html and .png there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(model: str, plots: tuple[Path, ...], out: Path | None, as_json: bool, **options: Any) -> None:
    """Measure every way to run MODEL on this machine.

    That is each usable backend and device, with the model as it is, its published variants, and the compressions that
    are sensible without options; or with each RECIPE that is named, such as int8 or "prune:ffn=0.25 | onnx".

    For each way: size on disk, load time, peak memory, speed, and how far its answers are from those of the model as
    it is. * marks the Pareto front: nothing else is smaller, faster and closer at once.
    """
    from hub.runtime.tuning.report import report
    from hub.runtime.tuning.trial import try_ways

    writes = _writers(plots, out)
    with terminal_progress() as progress:
        trial = prepare(model, options, progress)
        announce(trial, compare=True)
        results = try_ways(
            trial.target,
            trial.ways,
            trial.data,
            host=trial.host,
            store=trial.store,
            effort=trial.effort,
            progress=progress,
        )
    found = report(trial.target, results, trial.ways.skipped, trial.data, trial.effort.rounds)
    keep(found, "bench")
    for path, write in writes:
        write(found, path)
    if as_json:
        print_json(found)
    else:
        _show(found)
    for path, _ in writes:
        note(f"Written: {path}")
    if all(result.figures is None for result in results):
        raise InferenceError(
            f"no way to run '{model}' could be measured", details=[r.error for r in results if r.error]
        )


def _show(report: Report) -> None:
    from hub.cli.pictures.rows import grouped, headers, rows

    print_table(headers(report), rows(report))
    if report["compared_with"]:
        note(f"\nLoss is against {report['compared_with']}; p50 and p95 are of calls with the smallest batch.")
    for reason in dict.fromkeys(
        way["not_compared"] for way in report["ways"] if way["not_compared"] and way["figures"]
    ):
        note(f"Not compared: {reason}")
    skipped = grouped(report)
    if skipped:
        click.echo("\nNot measured:")
        print_table(("what", "why"), [list(each) for each in skipped])


def _writers(plots: Sequence[Path], out: Path | None) -> list[tuple[Path, Write]]:
    """What to write where; what cannot be is said before hours are spent on measuring."""
    writes: list[tuple[Path, Write]] = []
    for path in plots:
        if path.suffix.lower() not in {".html", ".png"}:
            raise UsageError(f"a picture is FILE.html or FILE.png, not '{path}'")
        writes.append((path, _png_writer() if path.suffix.lower() == ".png" else _write_page))
    if out is not None:
        writes += [(out / "bench.json", _write_json), (out / "bench.html", _write_page)]
        try:
            writes.append((out / "bench.png", _png_writer()))
        except PluginMissing as error:
            note(f"No bench.png: {error.message}. {error.hint}")
    for path, _ in writes:
        if path.is_dir():
            raise UsageError(f"{path} is a folder, and a file is to be written there")
        _make_folder(path.parent)
    return writes


def _make_folder(folder: Path) -> None:
    from hub.store.layout import storage_errors

    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)


def _png_writer() -> Write:
    try:
        from hub.cli.pictures.png import write_png
    except ImportError as error:
        raise PluginMissing(
            f"PNG pictures are drawn by matplotlib, which cannot be imported: {error}", hint=f"Install it: {_INSTALL}"
        ) from error

    def write(report: Report, path: Path) -> None:
        from hub.cli.pictures.scatter import scenes

        with _written(path):
            write_png(scenes(report), path)

    return write


def _write_page(report: Report, path: Path) -> None:
    from hub.cli.pictures.page import page

    with _written(path):
        path.write_text(page(report), encoding="utf-8")


def _write_json(report: Report, path: Path) -> None:
    with _written(path), path.open("w", encoding="utf-8") as stream:
        stream.write(json_text(dict(report), stream, indent=2) + "\n")


def _written(path: Path) -> Any:  # Any: the context manager of the store's disk
    from hub.store.layout import storage_errors

    return storage_errors(path)
