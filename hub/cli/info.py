"""`hub info`: everything that is known of a model before it is downloaded. Loads no plugin for a listed model."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from importlib import metadata

import click
import msgspec

from hub.cli.completion import complete_model
from hub.cli.lineage import FIGURES, STEPS, derived, figure_rows, step_rows
from hub.cli.output import human_size, note, print_json, print_table, printable
from hub.cli.search import human_count
from hub.registry.schema import Model, Variant
from hub.registry.search import expected_memory
from hub.runtime.references.resolve import resolve
from hub.runtime.references.target import Target
from hub.store.store import Store
from hub.types import JSON

__all__ = ["command"]


@click.command("info")
@click.argument("model", metavar="MODEL[:VARIANT]", shell_complete=complete_model)
@click.option("--files", is_flag=True, help="List each file with its sha256 and sources.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(model: str, files: bool, as_json: bool) -> None:
    """Show everything known about MODEL: variants, licence, sources, what it needs, and how to call it.

    What was made of it here by hub compress is shown with its steps, and with what was measured.
    """
    target = resolve(model)
    store = Store()
    if target.notice:
        note(printable(target.notice))
    if as_json:
        print_json(_as_json(target, store))
        return
    print_table(("what", "value"), _facts(target))
    click.echo()
    print_table(
        ("variant", "format", "precision", "size", "memory", "here", "needs"),
        [_variant_row(target, variant, store) for variant in target.variants()],
    )
    if files:
        click.echo()
        print_table(("variant", "file", "size", "sha256", "sources"), list(_file_rows(target)))
    made = derived(target, store)
    for headers, rows in ((STEPS, step_rows(made)), (FIGURES, figure_rows(made))):
        if rows:
            click.echo()
            print_table(headers, rows)
    missing = [package for package in _requires(target) if not _installed(package)]
    if missing:
        note(f"\nInstall what is missing: hub plugin install {' '.join(missing)}")
    note(f"\nTry it: {_call(target)}")


def _facts(target: Target) -> list[list[str]]:
    model = target.model
    rows = [
        ["id", model.id],
        ["aliases", ", ".join(model.aliases)],
        ["summary", " ".join(model.summary.split())],
        ["task", model.task or "unknown: no installed plugin claims it"],
        ["licence", model.license or "unknown: see the repository"],
        ["parameters", human_count(model.parameters) if model.parameters else ""],
        ["context", f"{model.context_length} tokens" if model.context_length else ""],
        ["family", model.family],
        ["tags", ", ".join(model.tags)],
        ["listed by", target.origin],
        ["owned by", ", ".join(model.owners)],
        ["pinned to", target.revision],
        ["folder", str(target.root or "")],
        *([name, link] for name, link in sorted(model.links.items())),
    ]
    return [row for row in rows if row[1]]


def _variant_row(target: Target, variant: Variant, store: Store) -> list[str]:
    needs = [name if _installed(name) else f"{name} (not installed)" for name in variant.requires]
    return [
        variant.name,
        variant.format,
        variant.precision or "?",
        human_size(variant.size),
        f"~{human_size(expected_memory(target.model, variant))}",
        "yes" if _is_here(target, variant, store) else "no",
        ", ".join(needs) or "-",
    ]


def _file_rows(target: Target) -> Iterator[list[str]]:
    for variant in target.variants():
        for file in variant.files:
            yield [variant.name, file.path, str(file.size), file.sha256 or "?", " ".join(file.sources)]


def _is_here(target: Target, variant: Variant, store: Store) -> bool:
    return target.root is not None or store.find(variant.weights()) is not None


def _requires(target: Target) -> list[str]:
    """Packages that the shown variants need, each once."""
    return list(dict.fromkeys(package for variant in target.variants() for package in variant.requires))


def _installed(package: str) -> str:
    """Installed version of a package; empty where it is not there."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


_FILES = dict.fromkeys(("text-to-speech", "text-to-audio", "audio-to-audio"), ".wav") | dict.fromkeys(
    ("text-to-image", "image-to-image", "depth-estimation"), ".png"
)
"""Tasks of the Hugging Face Hub whose answers are files; plugins, which know it, are not loaded to show a model."""
_UNSAFE = "pickle"


def _call(target: Target) -> str:
    """The command that runs it, with the entry's own example as input: quoted, since a stranger wrote it."""
    name = target.reference
    if not (target.root or target.revision):
        name = target.model.name + (f":{target.variant}" if target.variant else "")
    example = " ".join(printable(target.model.example).split())
    words = ["hub run", shlex.quote(name), *([shlex.quote(example)] if example else [])]
    words += ["-o", f"answer{_FILES[target.model.task]}"] if target.model.task in _FILES else []
    words += ["--allow-pickle"] if all(variant.format == _UNSAFE for variant in target.variants()) else []
    return " ".join(words)


def _as_json(target: Target, store: Store) -> JSON:
    model: Model = target.model
    value = msgspec.to_builtins(model)
    assert isinstance(value, dict)
    return {
        "name": model.name,
        "origin": target.origin,
        "notice": target.notice,
        "revision": target.revision,
        "root": None if target.root is None else str(target.root),
        **{field: value.get(field, _EMPTY[field]) for field in _EMPTY},
        "made_here": [dict(each) for each in derived(target, store)],
        "variants": [_variant_json(target, variant, store) for variant in target.variants()],
        "requires": [{"package": package, "installed": _installed(package) or None} for package in _requires(target)],
        "example": _call(target),
    }


_EMPTY: dict[str, JSON] = {
    "id": "",
    "aliases": [],
    "task": "",
    "license": "",
    "summary": "",
    "tags": [],
    "family": "",
    "parameters": None,
    "context_length": None,
    "config": {},
    "links": {},
    "owners": [],
}


def _variant_json(target: Target, variant: Variant, store: Store) -> JSON:
    return {
        "name": variant.name,
        "format": variant.format,
        "precision": variant.precision,
        "steps": list(variant.steps),
        "summary": variant.summary,
        "size": variant.size,
        "memory": expected_memory(target.model, variant),
        "installed": _is_here(target, variant, store),
        "requires": list(variant.requires),
        "files": [
            {
                "path": file.path,
                "size": file.size,
                "sha256": file.sha256 or None,
                "sources": list(file.sources),
                "part": file.part,
            }
            for file in variant.files
        ],
    }
