"""`hub pull`: downloads and verifies weights. Results on stdout: what was pulled, and the folder that holds it."""

from __future__ import annotations

import click

from hub.cli.completion import complete_model
from hub.cli.output import human_size, note, print_json, print_table
from hub.cli.progress import terminal_progress
from hub.errors import UsageError
from hub.runtime.planning.variant import choose_variant
from hub.runtime.references.fetch import check_pin, fetch
from hub.runtime.references.resolve import resolve
from hub.runtime.references.target import Target, record_name, variant_of
from hub.store.progress import Progress
from hub.store.store import Store
from hub.types import JSON, Artifact

__all__ = ["command"]


@click.command("pull")
@click.argument("models", metavar="MODEL[:VARIANT]...", nargs=-1, required=True, shell_complete=complete_model)
@click.option("--variant", help="Variant to pull, for one model.")
@click.option("--all-variants", is_flag=True, help="Pull every variant, such as for a machine without a network.")
@click.option("--verify", is_flag=True, help="Hash all files again; damaged ones are fetched anew.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(models: tuple[str, ...], variant: str | None, all_variants: bool, verify: bool, as_json: bool) -> None:
    """Download and verify a model's weights.

    Without a variant, the one that would run on this machine is taken. Any source may serve a file and none is trusted:
    what does not have the size and sha256 of the registry is refused. An interrupted pull goes on where it ended.
    """
    if variant is not None and (all_variants or len(models) > 1):
        raise UsageError(
            "--variant is for one model, and not with --all-variants", hint="Write: hub pull MODEL:VARIANT"
        )
    store = Store()
    pulled: list[tuple[Target, str, Artifact]] = []
    for reference in models:
        target = resolve(reference)
        if target.notice:
            note(target.notice)
        check_pin(target)
        with terminal_progress() as progress:
            names = _names(target, variant, store, every=all_variants)
            pulled.extend((target, name, _pull(target, name, store, progress, verify=verify)) for name in names)
    if as_json:
        print_json([_as_json(*each) for each in pulled])
    else:
        print_table(("name", "size", "folder"), [_row(*each) for each in pulled])


def _names(target: Target, variant: str | None, store: Store, *, every: bool) -> list[str]:
    if every:
        return [each.name for each in target.model.variants]
    if variant is not None:
        if target.variant not in {None, variant}:
            raise UsageError(f"'{target.reference}' names a variant already, and --variant another one")
        return [variant_of(target, variant).name]
    name, why = choose_variant(target, store=store)
    if why:
        note(why)
    return [name]


def _pull(target: Target, name: str, store: Store, progress: Progress, *, verify: bool) -> Artifact:
    artifact = fetch(target, name, store=store, progress=progress, verify=verify)
    if verify:
        count = len(artifact.files)
        note(f"{_shown(target)}:{name}: {count} file{'s' if count != 1 else ''} hashed, all as promised")
    return artifact


def _shown(target: Target) -> str:
    return record_name(target) if target.revision else target.model.name


def _size(artifact: Artifact) -> int:
    return sum(file.size or 0 for file in artifact.files)


def _row(target: Target, name: str, artifact: Artifact) -> tuple[str, str, str]:
    return f"{_shown(target)}:{name}", human_size(_size(artifact)), str(artifact.path)


def _as_json(target: Target, name: str, artifact: Artifact) -> JSON:
    return {
        "model": record_name(target),
        "variant": name,
        "format": variant_of(target, name).format,
        "revision": target.revision,
        "digest": artifact.digest,
        "path": str(artifact.path),
        "size": _size(artifact),
        "files": [
            {"path": file.path, "size": file.size, "sha256": file.sha256, "part": file.part} for file in artifact.files
        ],
    }
