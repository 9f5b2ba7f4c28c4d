"""Shows what a check of a registry found: a table, JSON, or annotations and a summary for a pull request on GitHub.

What strangers wrote is told as text: nothing in it steers a terminal or a workflow. Knows nothing of how it was found.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from hub.cli.output import note, print_table, printable
from hub.types import JSON

if TYPE_CHECKING:
    from hub.publish.checking import Checked
    from hub.registry.finding import Finding

__all__ = ["faults_keep", "print_annotations", "print_findings", "print_report", "report_json"]

_ANNOTATION = {"fault": "error", "review": "warning"}
_SIGN = {"ok": "✅", "skipped": "➖", "review": "👀", "fault": "❌"}


def faults_keep(count: int) -> str:
    """How many findings keep something out, as the beginning of a sentence."""
    return "1 fault keeps" if count == 1 else f"{count} faults keep"


def report_json(checked: Checked) -> JSON:
    """A check as JSON; the names are part of the interface."""
    changes = checked.changes
    return {
        "changed": {
            "models": [change.entry for change in changes.models],
            "plugins": [change.entry for change in changes.plugins],
        },
        "faults": checked.faults,
        "reviews": checked.reviews,
        "findings": [msgspec.to_builtins(finding) for finding in checked.findings],
    }


def print_report(checked: Checked) -> None:
    """Every finding in a table, and what that comes to."""
    print_findings(checked.findings)
    note(_sum(checked))


def print_findings(findings: Sequence[Finding]) -> None:
    """Findings in a table, faults last, where a person looks; what holds for many entries is one row."""
    order = {"ok": 0, "skipped": 1, "review": 2, "fault": 3}
    together: dict[tuple[str, str, str], list[str]] = {}
    for finding in sorted(findings, key=lambda finding: order[finding.level]):
        together.setdefault((finding.level, finding.check, _message(finding)), []).append(finding.entry or "-")
    rows = [(level, check, _entries(names), text) for (level, check, text), names in together.items()]
    if not any(finding.entry for finding in findings):
        print_table(("result", "check", "what"), [(level, check, text) for level, check, _, text in rows])
        return
    print_table(("result", "check", "entry", "what"), rows)


def _entries(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} entries"


def print_annotations(checked: Checked, path: Path, text: str) -> None:
    """Annotations for the lines of a pull request, and a summary where GitHub takes one.

    Everything between is printed with workflow commands switched off, by a word that nobody can guess.
    """
    from hub.publish.lines import line_of

    for finding in checked.findings:
        kind = _ANNOTATION.get(finding.level)
        if kind:
            place = f"file={_property(str(path))},line={line_of(text, finding.path)}"
            title = _property(f"{finding.check}: {finding.entry or path.name}")
            click.echo(f"::{kind} {place},title={title}::{_data(printable(finding.message))}")
    word = secrets.token_hex(16)
    click.echo(f"::stop-commands::{word}")
    print_report(checked)
    click.echo(f"::{word}::")
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as stream:
            stream.write(_markdown(checked))


def _sum(checked: Checked) -> str:
    changes = checked.changes
    touched = len(changes.models) + len(changes.plugins)
    entries = "1 entry differs" if touched == 1 else f"{touched} entries differ"
    faults = "no fault" if not checked.faults else f"{checked.faults} fault{'s' if checked.faults > 1 else ''}"
    left = f", {checked.reviews} for a maintainer to decide" if checked.reviews else ""
    return f"{entries}: {faults}{left}."


def _message(finding: Finding) -> str:
    return f"{finding.message} ({finding.path})" if finding.path and finding.level != "ok" else finding.message


def _markdown(checked: Checked) -> str:
    lines = ["### Registry", "", "| | check | entry | what |", "|---|---|---|---|"]
    for finding in checked.findings:
        result = f"{_SIGN[finding.level]} {finding.level}"
        lines.append(f"| {result} | {finding.check} | {_cell(finding.entry)} | {_cell(_message(finding))} |")
    return "\n".join([*lines, "", _sum(checked), ""])


def _cell(text: str) -> str:
    """Text that is neither markup nor a mention in a table of Markdown."""
    plain = " ".join(printable(text).replace("`", "'").replace("|", "¦").split())
    return f"`{plain}`" if plain else ""


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
