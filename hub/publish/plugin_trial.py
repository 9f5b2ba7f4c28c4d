"""Installs a listed plugin into an environment of its own, and compares what it gives with what the entry says.

This runs a stranger's code: without the person's secrets, and meant for a machine that is thrown away afterwards.
Knows nothing of git.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from hub import __version__
from hub.errors import HubError
from hub.plugin.discovery import canonical
from hub.publish.confined import without_secrets
from hub.registry.differences import PluginChange
from hub.registry.finding import Finding, Level
from hub.registry.schema import Plugin

__all__ = ["failures", "try_plugin"]

_SECONDS = 1800.0


def try_plugin(change: PluginChange, *, python: Path | None = None) -> Iterator[Finding]:
    """Install and examine a plugin that a change lists.

    Parameters
    ----------
    python
        Of an environment that has `hub` and is made for this; a fresh one by default.
    """
    plugin = change.after
    if plugin is None or plugin.yanked or plugin == change.before:
        return
    path = f"$.plugins[{change.index}]"
    with tempfile.TemporaryDirectory(prefix="hub-check-", ignore_cleanup_errors=True) as folder:
        trial = _Trial(plugin, Path(folder))
        try:
            trial.prepare(python)
            found = [trial.install(), *trial.compare(), *trial.conform()]
        except HubError as error:
            said = "; ".join([error.message, *error.details])
            found = [*trial.done, Finding(check="plugin", level="fault", entry=plugin.package, message=said)]
    for finding in found:
        yield Finding(check=finding.check, level=finding.level, entry=finding.entry, message=finding.message, path=path)


class _Trial:
    """One plugin, and the environment that it is tried in."""

    def __init__(self, plugin: Plugin, folder: Path) -> None:
        self.plugin = plugin
        self.folder = folder
        self.done: list[Finding] = []
        self.python = Path(sys.executable)

    def prepare(self, python: Path | None) -> None:
        """The environment, with this version of `hub` in it."""
        if python is not None:
            self.python = python
            return
        place = self.folder / "environment"
        venv.create(place, with_pip=True, symlinks=True)
        self.python = place / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", _core()]
        self._run(command, "hub cannot be installed")

    def install(self) -> Finding:
        """Through pip, at the versions that the entry names."""
        wanted = f"{self.plugin.package}{self.plugin.version}"
        command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--", wanted]
        self._run(command, f"{wanted} cannot be installed")
        return self._told("ok", f"{wanted} is installed")

    def compare(self) -> Iterator[Finding]:
        """State and specs of the plugin, as the host sees them, and what the entry says of them."""
        listed = json.loads(self._run(["-m", "hub", "plugin", "list", "--json"], "the host cannot list plugins"))
        ours = [each for each in listed["plugins"] if canonical(each["package"]) == canonical(self.plugin.package)]
        if not ours:
            raise HubError(f"{self.plugin.package} has no entry point of hub")
        for record in ours:
            if record["state"] != "ok":
                raise HubError(f"{record['name']} is {record['state']}", details=_faults(record))
        gives: dict[str, set[str]] = {}
        for record in ours:
            for kind, ids in record["gives"].items():
                gives.setdefault(kind, set()).update(ids)
        said = {kind: set(ids) for kind, ids in self.plugin.gives.items()}
        gives = {kind: ids for kind, ids in gives.items() if ids}
        if said != gives:
            yield self._told("fault", f"it gives {_shown(gives)}, and the entry says {_shown(said)}")
        else:
            yield self._told("ok", f"gives {_shown(gives)}, as the entry says")

    def conform(self) -> Iterator[Finding]:
        """What `hub plugin check` says of it."""
        command = [str(self.python), "-m", "hub", "plugin", "check", self.plugin.package, "--json"]
        done = self._process(command)
        if done.returncode == 0:
            yield self._told("ok", "passes hub plugin check", check="conformance")
            return
        lines = list(failures(done.stdout)) or done.stderr.strip().splitlines()[-3:]
        for line in lines or [f"hub plugin check ends with {done.returncode}"]:
            yield self._told("fault", line, check="conformance")

    def _run(self, arguments: Sequence[str], failure: str) -> str:
        done = self._process([str(self.python), *arguments])
        if done.returncode:
            raise HubError(failure, details=done.stderr.strip().splitlines()[-3:])
        return done.stdout

    def _process(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command,
                env=without_secrets(self.folder),
                cwd=self.folder,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise HubError(f"{' '.join(command[2:5])} does not end within {_SECONDS / 60:g} minutes") from error

    def _told(self, level: Level, message: str, *, check: str = "plugin") -> Finding:
        finding = Finding(check=check, level=level, entry=self.plugin.package, message=message)
        self.done.append(finding)
        return finding


def _core() -> str:
    """The `hub` that runs, as pip takes it: the folder that it was installed from, or its release."""
    told = distribution("openmodelhub").read_text("direct_url.json")
    url = json.loads(told).get("url", "") if told else ""
    if url.startswith("file://") and Path(unquote(urlsplit(url).path)).exists():
        return f"openmodelhub[check] @ {url}"
    return f"openmodelhub[check]=={__version__}"


def _faults(record: dict[str, Any]) -> list[str]:  # Any: JSON of `hub plugin list`
    return [str(fault.get("reason", fault) if isinstance(fault, dict) else fault) for fault in record["faults"]]


def failures(text: str) -> Iterator[str]:
    """Each check that failed, of the report of `hub plugin check --json`."""
    try:
        plugins = json.loads(text)["plugins"]
    except (ValueError, KeyError, TypeError):
        return
    for plugin in plugins:
        for check in plugin["checks"]:
            if check["outcome"] == "failed":
                reason = " ".join(str(check.get("reason", "")).split())
                yield f"{check['part']}: {check['check']}: {reason}"[:400]


def _shown(gives: dict[str, set[str]]) -> str:
    return "; ".join(f"{kind} {', '.join(sorted(ids))}" for kind, ids in sorted(gives.items())) or "nothing"
