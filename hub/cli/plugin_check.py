"""`hub plugin check`: the conformance kit on an installed plugin, a folder or a wheel, without writing a test.

The kit runs in a process of its own, so a plugin that ends or hangs it is a result like any other. Knows nothing of
what is checked.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hub.cli.badge import badge
from hub.cli.output import note, print_json, print_table
from hub.cli.plugin_checking import Report, run_checks
from hub.cli.plugin_commands import command_origins
from hub.cli.plugin_laid import laid
from hub.errors import HubError, UsageError
from hub.plugin.discovery import installed, matches
from hub.plugin.hooks import CONTRACT
from hub.types import JSON

__all__ = ["check_command"]


@click.command("check")
@click.argument("target", metavar="NAME|PATH")
@click.option("--on", metavar="MODEL", default="", help="Try backends and model plugins on this model too.")
@click.option("--all", "every", is_flag=True, help="Print a row for every check, not only for every part.")
@click.option("--json", "as_json", is_flag=True, help="Print every check as JSON.")
@click.option("--badge", "badge_file", type=click.Path(path_type=Path), help="Write an SVG with the result.")
@click.option("--strict", is_flag=True, help="Fail where a part has no fixture to be tried on.")
@click.option("--timeout", default=600.0, show_default=True, help="Seconds after which a plugin hangs.")
def check_command(
    target: str, on: str, every: bool, as_json: bool, badge_file: Path | None, strict: bool, timeout: float
) -> None:
    """Check that a plugin keeps the contract: all that it gives, on the fixtures that its package brings.

    NAME is an installed plugin or its package; PATH is a folder with a pyproject.toml, or a wheel, which is looked at
    without being installed. It runs the plugin's code. Needs pytest. Ends with 1 where a check fails.
    """
    _need_pytest()
    path, names = Path(target), _names(target)
    if path.exists() and (path.is_file() or "/" in target or not names):
        with laid(path) as (found, folder):
            reports = [_checked(name, folder, on, timeout) for name in found]
    elif names:
        reports = [_checked(name, None, on, timeout) for name in names]
    else:
        raise _unknown(target)
    if as_json:
        documents: list[JSON] = [report.as_json() for report in reports]
        print_json({"contract": CONTRACT, "plugins": documents})
    else:
        for report in reports:
            _show(report, every)
    if badge_file is not None:
        _write_badge(badge_file, reports)
    if any(report.failed or (strict and report.untried) for report in reports):
        sys.exit(1)


def _checked(name: str, folder: Path | None, on: str, timeout: float) -> Report:
    if sys.stderr.isatty():
        note(f"Checking '{name}' …")
    return run_checks(name, folder=folder, on=on, timeout=timeout)


def _names(target: str) -> list[str]:
    entries = installed()
    named = [each.name for each in entries if each.name == target]
    return named or sorted({each.name for each in entries if matches(each, target)})


def _unknown(target: str) -> UsageError:
    """Why there is nothing of that name to check."""
    from hub.cli.plugin import unknown

    for command, origin in command_origins().items():
        if target in {command, origin.partition(" ")[0]}:
            return UsageError(
                f"{origin} brings the command 'hub {command}' and no plugin, so there is nothing to check",
                hint=f"See: hub {command} --help",
            )
    return unknown(target)


def _show(report: Report, every: bool) -> None:
    if every:
        rows = [(each.part, each.check, each.state) for each in report.checks]
        print_table(("part", "check", "result"), rows)
    else:
        print_table(("part", "passed", "failed", "do not apply"), [_row(report, part) for part in report.parts])
    for check in report.failed:
        note(f"\n{check.part}: {check.check}")
        for line in check.reason.splitlines():
            note(f"  {line}")
        if check.fix:
            note(f"  To mend it: {check.fix}")
    note("")
    for part in report.untried:
        note(f"{part} was not tried: no fixture of it is brought. See docs/plugins.md, or give --on MODEL")
    note(f"{report.plugin} ({report.package} {report.version}), contract {CONTRACT}: {report.summary}")


def _row(report: Report, part: str) -> tuple[str, str, str, str]:
    if part in report.untried:
        return part, "not tried", "", ""
    states = [each.outcome for each in report.checks if each.part == part]
    return part, str(states.count("passed")), str(states.count("failed") or ""), str(states.count("skipped") or "")


def _write_badge(path: Path, reports: list[Report]) -> None:
    failed, passed = (sum(len(getattr(report, name)) for report in reports) for name in ("failed", "passed"))
    untried = sum(len(report.untried) for report in reports)
    if failed:
        message, state = f"{failed} of {failed + passed} checks fail", "bad"
    else:
        message, state = f"{passed} checks pass", "fair" if untried else "good"
    try:
        path.write_text(badge(f"hub contract {CONTRACT}", message, state), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the badge cannot be written: {path}: {error.strerror}") from error


def _need_pytest() -> None:
    from importlib.util import find_spec

    if find_spec("pytest") is None:
        raise HubError(
            "the checks are tests, and pytest is not installed",
            hint=f"{sys.executable} -m pip install 'openmodelhub[check]'",
        )
