"""Runs the contracts of a plugin without a test of its own: `python -m hub.testing.check PLUGIN REPORT [REFERENCE]`.

Writes what came of each check into the file REPORT, a line of JSON as soon as it is known, and before each check which
one begins: whoever reads it knows where a plugin ended the process. Prints nothing on stdout.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, TextIO

import pytest

from hub.testing.fixes import AFTERWARDS, fix_for

__all__ = ["main"]

_MODULE = """
from hub.testing.plugin import PluginContract

class TestPlugin(PluginContract, plugin={plugin!r}, on={on!r}):
    pass
"""
_OPTIONS = ("--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:terminal", "-c", os.devnull)
_LINES = 6


class Reporter:
    """A plugin of pytest that writes a line for each check."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._told: Any = None  # pytest's report on the phase that decides what came of the check that runs

    def write(self, **line: object) -> None:
        """Keep a line, whatever becomes of this process."""
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Say how many there are."""
        self.write(event="found", checks=len(items))

    def pytest_collectreport(self, report: Any) -> None:
        """Contracts that cannot even be made: the plugin is not there, or its fixtures raise."""
        if report.failed:
            self.write(event="error", reason=_reason(report))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say what begins."""
        self.write(event="begin", node=nodeid)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        """Keep what came of the check; once it is torn down, say it: a failure in any phase, else the call."""
        outcome = yield
        report = outcome.get_result()
        if report.when != "teardown" or (report.failed and not self._told.failed):
            self._told = report
        if report.when == "teardown":
            self._end(item, self._told)

    def _end(self, item: Any, report: Any) -> None:
        fix = AFTERWARDS if report.when == "teardown" else fix_for(item.originalname)
        self.write(
            event="end",
            node=item.nodeid,
            part=getattr(item.cls, "part", ""),
            check=_title(item.name),
            about=" ".join((item.function.__doc__ or "").split()),
            outcome=report.outcome,
            reason=_reason(report) if report.outcome != "passed" else "",
            fix=fix if report.failed else "",
            seconds=round(report.duration, 3),
        )


def main(plugin: str, report: Path, on: str = "") -> int:
    """Run every check of a plugin.

    Returns
    -------
    int
        What pytest ends with: 0 where all is well, 1 where a check failed.
    """
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):  # meant for the person's own tests
        os.environ.pop(name, None)
    with report.open("a", encoding="utf-8") as out, tempfile.TemporaryDirectory(prefix="hub-check-") as folder:
        reporter = Reporter(out)
        path = Path(folder, "test_conformance.py")
        path.write_text(_MODULE.format(plugin=plugin, on=on), encoding="utf-8")
        base = f"--basetemp={folder}/made"
        return int(pytest.main([*_OPTIONS, f"--rootdir={folder}", base, str(path)], plugins=[reporter]))


def _title(name: str) -> str:
    """Name of a test as people read it: `a_bad_request[1]` is `a bad request (1)`."""
    title, _, case = name.removeprefix("test_").partition("[")
    return title.replace("_", " ") + (f" ({case.removesuffix(']')})" if case else "")


def _reason(report: Any) -> str:
    """What went wrong, in few lines: the assertion, or the exception."""
    told = report.longrepr
    if isinstance(told, tuple):  # a skip: file, line, reason
        return str(told[2]).removeprefix("Skipped: ")
    crash = getattr(told, "reprcrash", None)
    text = str(crash.message if crash is not None else told).strip().removeprefix("AssertionError: ")
    return "\n".join(text.splitlines()[:_LINES])


if __name__ == "__main__":
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
