"""Looks at the release of a plugin that people would install: that the index has it, and that it keeps the contract.

Knows nothing of registries beyond what a finding is.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hub.errors import PluginMissing
from hub.publish.plugin_trial import failures
from hub.registry.finding import Finding, Level

__all__ = ["inspect_release"]


def inspect_release(package: str) -> list[Finding]:
    """What speaks for and against listing the installed version of a package.

    Raises
    ------
    PluginMissing
        It is not installed here.
    """
    try:
        here = version(package)
    except PackageNotFoundError as error:
        hint = f"Install what people will: hub plugin install {package}"
        raise PluginMissing(f"the package '{package}' is not installed here", hint=hint) from error
    return [_on_index(package, here), *_conforms(package)]


def _on_index(package: str, here: str) -> Finding:
    with tempfile.TemporaryDirectory(prefix="hub-release-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        wanted = f"{package}=={here}"
        done = subprocess.run(
            [*command, "--dest", folder, "--", wanted],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        names = [path.name for path in Path(folder).iterdir()]
    if done.returncode or not names:
        said = (done.stderr.strip().splitlines() or ["pip found nothing"])[-1]
        return _told("fault", package, "index", f"the package index does not have {wanted}: {said}")
    level: Level = "ok" if names[0].endswith(".whl") else "review"
    return _told(level, package, "index", f"{names[0]} is on the package index")


def _conforms(package: str) -> list[Finding]:
    command = [sys.executable, "-m", "hub", "plugin", "check", package, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        passed = sum(int(plugin["passed"]) for plugin in json.loads(done.stdout)["plugins"])
        return [_told("ok", package, "conformance", f"passes {passed} checks of hub plugin check")]
    lines = list(failures(done.stdout)) or done.stderr.strip().splitlines()[-3:] or ["hub plugin check fails"]
    return [_told("fault", package, "conformance", line) for line in lines]


def _told(level: Level, package: str, check: str, message: str) -> Finding:
    return Finding(check=check, level=level, entry=package, message=message)
