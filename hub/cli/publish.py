"""`hub publish`: shows what would be published and what speaks against it, asks, uploads, and proposes the entry.

Knows nothing of how any of that is done.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from hub.cli.completion import complete_model
from hub.cli.output import human_size, note, print_json, printable
from hub.cli.progress import terminal_progress
from hub.cli.registry_report import faults_keep, print_findings
from hub.errors import HubError, PolicyError, UsageError
from hub.types import JSON

if TYPE_CHECKING:
    from hub.publish.proposal import Proposed
    from hub.publish.publishing import Ready
    from hub.publish.upload import Destination, Uploaded

__all__ = ["command"]

REGISTRY = "https://github.com/openmodelhub/openmodelhub"
Options = dict[str, Any]  # Any: as declared below
_MEND = "Mend what is told above, and run it again."


@click.command("publish")
@click.argument("what", metavar="PATH|MODEL|PLUGIN", shell_complete=complete_model)
@click.option("--to", "place", metavar="hf:ORG/NAME", help="Repository to upload to; made where it is not there.")
@click.option("--plugin", is_flag=True, help="List a plugin that is on the package index, by its package's name.")
@click.option("--compress", "recipe", default="", metavar="RECIPE", help="Publish what hub compress made of MODEL.")
@click.option(
    "--license", default="", metavar="SPDX", help="By default that of the card or of the model it was made of."
)
@click.option("--task", default="", help="By default what the card says or installed plugins claim.")
@click.option(
    "--base-model", default="", metavar="ORG/NAME", help="What it was made of; the lineage says it otherwise."
)
@click.option("--summary", default="", help="One line for the registry.")
@click.option("--alias", "aliases", multiple=True, help="What people type.")
@click.option("--tag", "tags", multiple=True, help="A word to be found by.")
@click.option("--example", default="", help="An input to try it with; it is tried with that here.")
@click.option("--owner", "owners", multiple=True, metavar="LOGIN", help="Who may change the entry.")
@click.option("--message", default="", help="Of the commit.")
@click.option("--private", is_flag=True, help="Make the repository private.")
@click.option("--create-pr", is_flag=True, help="Open a pull request on the hub instead of committing.")
@click.option("--no-answer", is_flag=True, help="Do not try it.")
@click.option(
    "--registry", default=REGISTRY, show_default=True, metavar="GIT|FILE", help="Where the entry is proposed."
)
@click.option("--registry-path", default="registry.json", show_default=True, help="The registry in that repository.")
@click.option("--fork", default="", metavar="GIT", help="Push the branch there, such as to your fork.")
@click.option("--no-registry", is_flag=True, help="Upload alone.")
@click.option("--dry-run", is_flag=True, help="Look at it and show what would happen; nothing leaves this machine.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
def command(what: str, plugin: bool, **options: Any) -> None:  # Any: as declared above
    """Publish a model, and propose it for a registry.

    Looks first: weights that load without running code, an answer from the model, licence, card with task and base
    model, lineage where it was compressed, secrets, sizes. Then shows what will happen, and asks. What was uploaded is
    read back and compared; the entry names its commit and every hash, and is proposed as a pull request: opened with
    GITHUB_TOKEN, else you get the commands and the address. Running it again goes on where it ended, and adds nothing
    that is there.

    With --plugin, looks at the release that people would install, and proposes its entry.
    """
    if plugin:
        _publish_plugin(what, options)
        return
    from hub.publish.upload import destination

    if not options["place"]:
        raise UsageError("where to?", hint="Write: --to hf:org/name")
    to = destination(options["place"])
    ready = _prepared(what, to, options)
    _show(ready, to, options)
    if ready.faults:
        raise PolicyError(f"{faults_keep(ready.faults)} {what} from being published", hint=_MEND)
    if options["dry_run"]:
        note("Nothing was uploaded.")
        _print(options, {"dry_run": True, **_entry_of(ready, to, None)})
        return
    _ask(options)
    from hub.publish.publishing import send

    message = options["message"] or f"Publish {to.repository.partition('/')[2]}"
    uploaded = send(ready, to, message=message, private=options["private"], pull_request=options["create_pr"])
    _tell_upload(uploaded, to)
    entry = _entry_of(ready, to, uploaded)["entry"]
    proposed = None if options["no_registry"] else _list(entry, f"Add {entry['id']}", options)
    _print(options, _as_json(uploaded, to, entry, proposed))


def _prepared(what: str, to: Destination, options: Options) -> Ready:
    from hub.publish.entry import Given
    from hub.publish.publishing import prepare

    names = ("license", "task", "summary", "aliases", "tags", "example", "owners")
    with terminal_progress() as progress:
        return prepare(
            what,
            to.repository,
            Given(**{name: options[name] for name in names}),
            recipe=options["recipe"],
            base=options["base_model"],
            answer=not options["no_answer"],
            progress=progress,
        )


def _show(ready: Ready, to: Destination, options: Options) -> None:
    """What was found, and what will happen."""
    if not options["as_json"]:
        print_findings(ready.findings)
    material = ready.material
    how = "a pull request in" if options["create_pr"] else ("a private repository," if options["private"] else "")
    note(
        f"\n{len(material.files) + 1} files, {human_size(material.size())}, go to {how} {to.address}".replace("  ", " ")
    )
    for name, path in sorted(material.files.items()):
        note(f"  {printable(name)}  {human_size(path.stat().st_size)}")
    note("  README.md, with the metadata:")
    for line in material.card.text().partition("\n---\n")[0].splitlines()[1:]:
        note(f"    {printable(line)}")
    if not options["no_registry"]:
        note(f"Then the entry is proposed to {printable(options['registry'])}.")


def _ask(options: Options) -> None:
    if not options["yes"] and sys.stdin.isatty():
        click.confirm("Go on?", default=True, abort=True, err=True)
    elif not options["yes"]:
        raise UsageError(
            "publishing is not done without being asked for", hint="Say so: --yes. To look first: --dry-run"
        )


def _entry_of(ready: Ready, to: Destination, uploaded: Uploaded | None) -> dict[str, Any]:  # Any: JSON
    from hub.publish.publishing import entry_for
    from hub.registry.schema import File
    from hub.store.blobs import hash_file

    if uploaded is not None:
        return {"entry": entry_for(ready, to.repository, {file.path: file for file in uploaded.files})}
    files = {}
    for name, path in ready.material.files.items():
        sha256, size = hash_file(path)
        source = f"{to.scheme}:{to.repository}@{'0' * 40}/{name}"
        files[name] = File(path=name, size=size, sha256=sha256, sources=(source,))
    return {"entry": entry_for(ready, to.repository, files)}


def _tell_upload(uploaded: Uploaded, to: Destination) -> None:
    if uploaded.pull_request:
        note(f"Pull request: {uploaded.pull_request}")
    elif not uploaded.changed:
        note(f"{to.address} holds all of it already, at {uploaded.commit[:12]}.")
    else:
        note(f"{to.address} is at {uploaded.commit[:12]}; every file was compared with what was sent.")


def _list(entry: dict[str, Any], title: str, options: Options) -> Proposed | None:  # Any: JSON
    """Into a file of a registry, or as a proposal to a repository of one."""
    from hub.publish.proposal import Proposal, github_token, propose
    from hub.registry.editing import Editor

    def edit(editor: Editor) -> bool:
        if "package" in entry:
            return editor.add_plugin(entry)
        before = json.dumps(editor.document)
        editor.add_model(json.loads(json.dumps(entry)))
        return json.dumps(editor.document) != before

    where = options["registry"]
    if Path(where).is_file():
        editor = Editor(Path(where))
        listed = edit(editor) and editor.save()
        note(f"The entry is in {where}." if listed else f"{where} lists all of it already.")
        return None
    name = str(entry.get("id") or entry["package"])
    proposal = Proposal(
        remote=where,
        path=options["registry_path"],
        title=title,
        body=f"{entry.get('summary', '')}\n\nLicence {entry.get('license', 'unknown')}. Written by hub publish.",
        slug=name,
        fork=options["fork"],
    )
    try:
        done = propose(proposal, edit, token=github_token(), push=_pushes(where, options))
    except HubError as error:
        hint = f"What was uploaded stays: the same command goes on. {error.hint}".strip()
        raise type(error)(error.message, hint=hint, details=error.details) from error
    _tell_proposal(done, where, entry)
    return done


def _pushes(where: str, options: Options) -> bool:
    """Whether there is a place that the branch may be pushed to: not the project of others, without a token."""
    from hub.publish.github import project_of
    from hub.publish.proposal import github_token

    return bool(options["fork"] or github_token() or project_of(where) is None)


def _tell_proposal(done: Proposed | None, where: str, entry: dict[str, Any]) -> None:  # Any: JSON
    if done is None:
        note(f"{where} lists all of it already.")
    elif done.url:
        note(f"Pull request: {done.url}" + ("" if done.new else " (it was open already)"))
    elif done.pushed:
        there = "is pushed" if done.new else "was there already"
        note(f"The branch {done.branch} {there}." + (f" Open the pull request: {done.compare}" if done.compare else ""))
    else:
        note("Without GITHUB_TOKEN the rest is yours. The entry:\n")
        note(printable(json.dumps(entry, indent=2, ensure_ascii=False)))
        note("\nFork the repository, and there:\n")
        for line in done.commands:
            note(f"  {line}")
        note(f"  # then open {done.compare}")


def _publish_plugin(package: str, options: Options) -> None:
    from hub.publish.plugin_entry import plugin_entry
    from hub.publish.plugin_release import inspect_release

    findings = inspect_release(package)
    if not options["as_json"]:
        print_findings(findings)
    faults = sum(finding.level == "fault" for finding in findings)
    if faults:
        raise PolicyError(f"{faults_keep(faults)} {package} from being listed", hint=_MEND)
    entry = plugin_entry(package, owners=options["owners"])
    note(f"\nThe entry that is proposed to {printable(options['registry'])}:")
    for name, value in entry.items():
        note(f"  {name}  {printable(json.dumps(value, ensure_ascii=False))}")
    if options["dry_run"]:
        note("Nothing was proposed.")
        return
    _ask(options)
    _print(options, {"entry": entry, "proposed": _proposed_json(_list(entry, f"Add {entry['package']}", options))})


def _as_json(uploaded: Uploaded, to: Destination, entry: JSON, proposed: Proposed | None) -> dict[str, JSON]:
    return {
        "repository": f"{to.scheme}:{to.repository}",
        "address": to.address,
        "commit": uploaded.commit,
        "changed": uploaded.changed,
        "pull_request": uploaded.pull_request,
        "files": [msgspec.to_builtins(file) for file in uploaded.files],
        "entry": entry,
        "proposed": _proposed_json(proposed),
    }


def _proposed_json(proposed: Proposed | None) -> JSON:
    if proposed is None:
        return None
    return {
        "branch": proposed.branch,
        "commit": proposed.commit,
        "pushed": proposed.pushed,
        "new": proposed.new,
        "url": proposed.url,
        "compare": proposed.compare,
    }


def _print(options: Options, document: dict[str, Any]) -> None:  # Any: JSON
    if options["as_json"]:
        print_json(document)
