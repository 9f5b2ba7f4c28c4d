"""`hub search`: finds models in every registry and named hub. Loads no plugin; asks the network only for addresses."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

import click
import msgspec

from hub import config
from hub.cli.output import human_size, is_terminal, note, print_json, print_table, printable
from hub.registry.catalogue import BUNDLED, load_catalogue
from hub.registry.search import Hit, search

if TYPE_CHECKING:
    from hub.registry.schema import Variant

__all__ = ["command", "human_count"]


@click.command("search")
@click.argument("query", nargs=-1)
@click.option("--task", help="Hugging Face task name, such as text-generation.")
@click.option("--license", "licenses", multiple=True, metavar="SPDX", help="Licence; repeat it to allow several.")
@click.option("--format", "format_", metavar="FORMAT", help="Format of the weights, such as gguf.")
@click.option("--max-size", metavar="SIZE", help="Largest download, such as 200MB.")
@click.option("--max-memory", metavar="SIZE", help="Most memory that it may be expected to take.")
@click.option("--fits", is_flag=True, help="Only what is expected to fit into the memory that is free now.")
@click.option("--installed", is_flag=True, help="Only what is on this machine.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    query: tuple[str, ...],
    task: str | None,
    licenses: tuple[str, ...],
    format_: str | None,
    max_size: str | None,
    max_memory: str | None,
    fits: bool,
    installed: bool,
    as_json: bool,
) -> None:
    """Find models by words of their name, tags, task or summary; without QUERY, all of them.

    Sizes are those of the variant that comes first of those that pass the filters. Finding nothing is not an error.
    """
    words = " ".join(query)
    catalogue = load_catalogue()
    for text in catalogue.notices:
        note(f"Warning: {printable(text)}")
    hits = search(
        words,
        task=task,
        license=licenses,
        format=format_,
        max_size=max_size,
        max_memory=max_memory,
        fits=fits,
        installed=_is_here() if installed else None,
        catalogue=catalogue,
    )
    if config.get("hubs") and not (licenses or format_ or max_size or max_memory or fits or installed):
        from hub.runtime.references.hubs import search_hubs

        found, silent = search_hubs(words, task=task)
        hits = [*(hit for hit in hits if not (found and hit.near)), *found]
        for text in silent:
            note(f"Warning: {printable(text)}")
    if as_json:
        print_json([msgspec.to_builtins(hit) for hit in hits])
    elif hits:
        _print(hits, {origin.name for origin in catalogue.origins if origin.location == str(BUNDLED)})
    _advise(words, hits)


def _print(hits: list[Hit], own: set[str]) -> None:
    """A table; on a terminal it says who lists each model, where that is not the registry of `hub` alone."""
    headers = ["name", "task", "parameters", "size", "licence", "summary"]
    rows = [_row(hit) for hit in hits]
    if is_terminal() and {hit.registry for hit in hits} != own:
        headers.insert(-1, "listed by")
        for row, hit in zip(rows, hits, strict=True):
            row.insert(-1, hit.registry)
    print_table(headers, rows)


def human_count(count: int | None) -> str:
    """Parameters as people say them: `135M`, `7.2B`."""
    if count is None:
        return "?"
    for unit, size in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            value = count / size
            return f"{value:.0f}{unit}" if value >= 100 else f"{value:.1f}".removesuffix(".0") + unit
    return str(count)


def _is_here() -> Callable[[Variant], bool]:
    from hub.store.store import Store

    store = Store()
    return lambda variant: store.find(variant.weights()) is not None


def _row(hit: Hit) -> list[str]:
    summary = " ".join(hit.summary.split())
    return [hit.name, hit.task, human_count(hit.parameters), human_size(hit.size), hit.license, summary]


def _advise(words: str, hits: list[Hit]) -> None:
    if not hits:
        note("Nothing found. See all: hub search")
    elif hits[0].near:
        note(f"Nothing is called '{printable(words)}'; this comes near.")
    elif is_terminal():
        note(f"\nMore about one of them: hub info {shlex.quote(hits[0].name)}")
