"""`hub registry add`, `edit`, `yank` and `format`: changes to a registry file, shown as they are written.

Knows nothing of how a change is proposed or checked.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hub.cli.output import is_terminal, note, printable
from hub.cli.progress import terminal_progress
from hub.errors import UsageError

__all__ = ["add_command", "edit_command", "format_command", "yank_command"]

_registry = click.option(
    "--registry",
    "path",
    type=click.Path(path_type=Path),
    default=Path("registry.json"),
    show_default=True,
    help="The file to change.",
)
_dry = click.option("--dry-run", is_flag=True, help="Show the change, and write nothing.")


@click.command("add")
@click.argument("reference", metavar="REFERENCE|FILE")
@click.option("--id", metavar="PUBLISHER/NAME", help="By default the repository's own name.")
@click.option("--alias", "aliases", multiple=True, help="What people type; the first is shown.")
@click.option("--task", help="Hugging Face task name; the card's by default.")
@click.option("--license", metavar="SPDX", help="The card's by default.")
@click.option("--summary", help="One line; the card's first sentence by default.")
@click.option("--tag", "tags", multiple=True, help="A word to be found by.")
@click.option("--example", help="An input to try it with.")
@click.option("--owner", "owners", multiple=True, metavar="LOGIN", help="Who may change the entry.")
@click.option("--requires", multiple=True, metavar="PACKAGE", help="A plugin that can run it.")
@click.option("--variant", help="Name of the one variant.")
@click.option("--precision", help="fp32, int8, q4_1, …")
@click.option("--step", "steps", multiple=True, help="A step of a recipe that its maker already did.")
@click.option("--plugin", is_flag=True, help="REFERENCE is the package of an installed plugin.")
@_registry
@_dry
def add_command(reference: str, path: Path, plugin: bool, dry_run: bool, **given: Any) -> None:  # Any: as declared
    """List a model, new variants of a listed one, or a plugin.

    REFERENCE is a repository (hf:org/name[@revision][:VARIANT]), which is pinned to its commit and hashed, or a FILE
    with an entry as JSON. Task, licence and summary come from its card where you do not say them. Bytes that are listed
    already keep their name; others of the same name get its next version, such as int8-v2.
    """
    from hub.registry.editing import Editor

    editor = Editor(path)
    if plugin:
        from hub.publish.plugin_entry import plugin_entry

        entry = plugin_entry(reference, owners=given["owners"])
        added = [entry["package"]] if editor.add_plugin(entry) else []
    else:
        added = editor.add_model(_entry(reference, given))
    _finish(
        editor, dry_run=dry_run, said=f"Listed: {', '.join(added)}" if added else "Everything of it is listed already."
    )


@click.command("edit")
@click.argument("name")
@click.argument("changes", nargs=-1, required=True, metavar="FIELD=VALUE...")
@_registry
@_dry
def edit_command(name: str, changes: tuple[str, ...], path: Path, dry_run: bool) -> None:
    """Change fields of an entry: summary="One line.", tags+=german, tags-=small, example= (takes it away).

    NAME is a model's id or alias, or a plugin's package. A value is text, or JSON where it reads as such. Weights are
    not edited: new ones are added, old ones yanked.
    """
    from hub.registry.editing import Editor

    editor = Editor(path)
    entry = editor.find(name)
    editor.set_fields(name, dict(_change(text, entry) for text in changes))
    _finish(editor, dry_run=dry_run, said=f"Changed: {name}")


@click.command("yank")
@click.argument("name", metavar="MODEL[:VARIANT]|PACKAGE")
@click.option("--reason", default="", help="Why; people see it.")
@click.option("--undo", is_flag=True, help="Take it back.")
@_registry
@_dry
def yank_command(name: str, reason: str, undo: bool, path: Path, dry_run: bool) -> None:
    """Withdraw a variant, a whole model or a plugin: it stays listed with the reason, and is no longer chosen.

    Who names a yanked variant in full still gets it, with a warning, so that nothing that is pinned breaks.
    """
    from hub.registry.editing import Editor

    if undo == bool(reason.strip()):
        raise UsageError("say why, or take it back", hint=f'hub registry yank {name} --reason "…", or --undo')
    editor = Editor(path)
    gone = editor.yank(name, "" if undo else reason.strip())
    _finish(editor, dry_run=dry_run, said=f"{'Listed again' if undo else 'Yanked'}: {', '.join(gone)}")


@click.command("format")
@click.argument("path", type=click.Path(path_type=Path), default=Path("registry.json"), required=False)
@click.option("--check", is_flag=True, help="Change nothing; end with 1 where it is not in form.")
def format_command(path: Path, check: bool) -> None:
    """Write a registry in its one form, so that changes show what they change and nothing else."""
    from hub.registry.editing import Editor

    editor = Editor(path)
    if check:
        fresh = editor.text().encode() == editor.content
        note(f"{path} is {'in form' if fresh else 'not in form. Mend it: hub registry format'}")
        raise click.exceptions.Exit(0 if fresh else 1)
    note(f"{path} {'is written anew' if editor.save() else 'was in form already'}")


def _entry(reference: str, given: dict[str, Any]) -> dict[str, Any]:  # Any: options as declared, JSON
    if reference.endswith(".json") and Path(reference).is_file():
        from hub.registry.decode import decode, parse

        wrapped = b'{"schema": 1, "name": "one", "models": [' + Path(reference).read_bytes() + b"]}"
        decode(wrapped, name=reference)
        entry: dict[str, Any] = parse(wrapped, name=reference)["models"][0]
        return entry
    from hub.publish.entry import Given, make_entry
    from hub.publish.listing import card_of, files_of
    from hub.runtime.references.resolve import resolve
    from hub.store.store import Store

    target = resolve(reference, task=given["task"])
    if not target.revision and target.root is None:
        raise UsageError(f"'{reference}' is listed by {target.origin} already", hint="Name a repository: hf:org/name")
    with terminal_progress() as progress:
        files = files_of(target, store=Store(), progress=progress)
    return make_entry(
        target, files, card_of(target), Given(**{name: value or _EMPTY[name] for name, value in given.items()})
    )


_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("id", "task", "license", "summary", "example", "variant", "precision"), ""),
    **dict.fromkeys(("aliases", "tags", "owners", "requires", "steps"), ()),
}


def _change(text: str, entry: dict[str, Any]) -> tuple[str, Any]:  # Any: JSON
    from hub.registry.editing import value_of

    field, equals, value = text.partition("=")
    sign = field[-1:] if field[-1:] in {"+", "-"} else ""
    name = field.rstrip("+-")
    if not equals or not name:
        raise UsageError(f"'{text}' is no FIELD=VALUE", hint='Write: summary="One line.", tags+=german, example=')
    if not sign:
        return name, value_of(value) if value else None
    listed = entry.get(name, [])
    if not isinstance(listed, list):
        raise UsageError(f"'{name}' is no list", hint=f"Write: {name}=VALUE")
    left = [each for each in listed if each != value]
    return name, [*left, value] if sign == "+" else left


def _finish(editor: Any, *, dry_run: bool, said: str) -> None:  # Any: an Editor, which is imported when it is used
    before, after = editor.content.decode(), editor.text()
    for line in _diff(before, after, str(editor.path)):
        click.echo(_coloured(printable(line)))
    if dry_run:
        note(f"{said} Nothing is written.")
        return
    editor.save()
    note(f"{said} Check it: hub registry check {editor.path} --base HEAD")


def _diff(before: str, after: str, name: str) -> Sequence[str]:
    return list(difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=2))


def _coloured(line: str) -> str:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return click.style(line, fg=colours[line[0]]) if is_terminal() and line[:1] in colours else line
