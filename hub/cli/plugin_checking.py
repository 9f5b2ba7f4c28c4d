"""Runs the conformance kit in a process of its own and reads what it reports.

Knows nothing of how results are shown.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hub.cli.plugin_versions import version_in
from hub.types import JSON

__all__ = ["Check", "Report", "run_checks"]

_STATES = {"passed": "ok", "failed": "failed", "skipped": "does not apply"}
_UNTRIED = "it is tried"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What came of one check. `outcome` is `passed`, `failed` or `skipped`; `fix` is what to do about a failure."""

    part: str
    check: str
    outcome: str
    about: str = ""
    reason: str = ""
    fix: str = ""
    seconds: float = 0.0

    @property
    def state(self) -> str:
        """As people read it."""
        return "not tried" if self.check == _UNTRIED else _STATES[self.outcome]


@dataclass(kw_only=True, slots=True)
class Report:
    """All checks of one plugin."""

    plugin: str
    package: str
    version: str
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> list[Check]:
        """Those that are well."""
        return [each for each in self.checks if each.outcome == "passed"]

    @property
    def failed(self) -> list[Check]:
        """Those that are not."""
        return [each for each in self.checks if each.outcome == "failed"]

    @property
    def untried(self) -> list[str]:
        """Parts without a fixture."""
        return [each.part for each in self.checks if each.check == _UNTRIED]

    @property
    def parts(self) -> list[str]:
        """Each once, as they come."""
        return list(dict.fromkeys(each.part for each in self.checks))

    @property
    def summary(self) -> str:
        """The result in one line."""
        skipped = len(self.checks) - len(self.passed) - len(self.failed) - len(self.untried)
        told = [f"{len(self.passed)} passed", f"{len(self.failed)} failed" if self.failed else ""]
        told += [f"{skipped} do not apply" if skipped else "", f"{len(self.untried)} not tried" if self.untried else ""]
        return f"{', '.join(filter(None, told))}, in {self.seconds:.1f} s"

    def as_json(self) -> JSON:
        """The document of `--json`."""
        checks: list[JSON] = [asdict(each) for each in self.checks]
        return {
            "plugin": self.plugin,
            "package": self.package,
            "version": self.version,
            "conformant": not self.failed,
            "passed": len(self.passed),
            "failed": len(self.failed),
            "untried": [*self.untried],
            "seconds": round(self.seconds, 2),
            "checks": checks,
        }


def run_checks(plugin: str, *, folder: Path | None, on: str, timeout: float) -> Report:
    """Check a plugin.

    Parameters
    ----------
    folder
        What counts as installed before all else; for a plugin that is not installed here.
    timeout
        Seconds after which the process is ended, and the check that it was in has failed.
    """
    package, version = version_in(plugin, folder)
    report = Report(plugin=plugin, package=package, version=version)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hub-check-") as scratch:
        told, said = Path(scratch, "report.jsonl"), Path(scratch, "said.txt")
        command = [sys.executable, "-m", "hub.testing.check", plugin, str(told), *([on] if on else [])]
        with said.open("wb") as out:
            ended = _run(command, folder, out, timeout)
        lines = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()] if told.exists() else []
        report.checks = list(map(_check, (line for line in lines if line["event"] == "end")))
        report.checks += _ends(lines, ended, said.read_text(encoding="utf-8", errors="replace"))
    report.seconds = time.monotonic() - started
    return report


def _run(command: list[str], folder: Path | None, out: Any, timeout: float) -> str:  # Any: a binary file
    """Run the kit; how it ended, in words, or nothing where it ended as it should."""
    env = dict(os.environ)
    if folder is not None:
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), env.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        return f"it did not end within {timeout:g} seconds"
    finally:
        _end(process)
    return "" if code in {0, 1} else f"the process ended with {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _check(line: dict[str, Any]) -> Check:  # Any: JSON
    return Check(**{name: line[name] for name in Check.__dataclass_fields__})


def _ends(lines: list[dict[str, Any]], ended: str, said: str) -> list[Check]:  # Any: JSON
    """What no check could report: contracts that cannot be made, a process that ended in the middle of one."""
    found = [_failure("the plugin can be looked at", each["reason"]) for each in lines if each["event"] == "error"]
    done = {line["node"] for line in lines if line["event"] == "end"}
    begun = [line["node"] for line in lines if line["event"] == "begin" and line["node"] not in done]
    missing = sum(line["checks"] for line in lines if line["event"] == "found") - len(done)
    if missing > 0 and not ended:  # a plugin can end the process as if all were well
        ended = "the process ended before all checks were done"
    if ended and begun:
        *_, contract, test = begun[-1].split("::")
        fix = "Let no target end the process or wait for ever: raise an error of hub.errors."
        check = test.removeprefix("test_").replace("_", " ")
        found.append(_failure(check, f"{ended}\n{_tail(said)}".strip(), part=contract.removeprefix("Test"), fix=fix))
    elif (ended and not found) or not lines:
        found.append(_failure("the checks can be run", f"{ended}\n{_tail(said)}".strip()))
    return found


def _failure(check: str, reason: str, *, part: str = "package", fix: str = "") -> Check:
    return Check(part=part, check=check, outcome="failed", reason=reason, fix=fix or "See: hub plugin list")


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-8:])
