"""`hub doctor`: looks at everything that `hub` needs on this machine, and says what to mend and how.

Loads every plugin and probes every backend, so it may take seconds. Each check stands alone: one that fails hides no
other. What is looked at lives in `hub.cli.checks`.
"""

from __future__ import annotations

import click

from hub.cli.checks import Check, all_checks
from hub.cli.output import is_terminal, note, print_json, printable, styled

__all__ = ["command"]

_STATE, _NAME = 9, 20  # widths of the columns
_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check this installation and say what to mend.

    Exit code 0 if all is well (warnings included), 1 if something needs mending.
    """
    checks = []
    for check in all_checks():
        checks.append(check)
        if not as_json:
            _print(check)
    problems = sum(check.state == "problem" for check in checks)
    if as_json:
        print_json({"healthy": not problems, "checks": [check.as_json() for check in checks]})
    else:
        _conclude(checks, problems)
    ctx.exit(1 if problems else 0)


def _print(check: Check) -> None:
    if not is_terminal():
        click.echo("\t".join((check.state, check.name, check.found, check.fix)).rstrip("\t"))
        return
    state = click.style(check.state, fg=_COLOURS[check.state]) if styled() else check.state
    pad = " " * (_STATE - len(check.state))
    click.echo(f"{state}{pad}{check.name:<{_NAME}}{_in_place(check.found)}")
    if check.fix:
        click.echo(" " * (_STATE + _NAME) + _in_place(f"-> {check.fix}"))


def _in_place(text: str) -> str:
    """Text wrapped in the last column."""
    import shutil
    from textwrap import wrap

    indent = _STATE + _NAME
    room = max(shutil.get_terminal_size().columns - indent, 20)
    return ("\n" + " " * indent).join(wrap(printable(text), room, break_long_words=False, break_on_hyphens=False))


def _conclude(checks: list[Check], problems: int) -> None:
    warnings = sum(check.state == "warning" for check in checks)
    if problems:
        note(f"{problems} to mend, {warnings} to know about.")
    else:
        note("All is well." if not warnings else f"Nothing to mend; {warnings} to know about.")
