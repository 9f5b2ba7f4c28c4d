"""New plugins of every kind, as `hub plugin new` writes them, built and installed by pip into a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hub.plugin.discovery import installed
from hub.scaffold.naming import names_of
from hub.scaffold.package import KINDS, write_package
from tests.support.venv import ROOT

PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-compile"]


def write(folder: Path, kind: str) -> Path:
    """The package of a new plugin `new-KIND`."""
    names = names_of(f"new-{kind}")
    write_package(names, kind, folder / names.package, author="Ada Example", licence="Apache-2.0")
    return folder / names.package


def build(folder: Path) -> Path:
    """All kinds, installed into `folder/site`, which is given."""
    sources = [str(write(folder, kind)) for kind in KINDS]
    subprocess.run([*PIP, "--target", str(folder / "site"), *sources], check=True, timeout=240)
    return folder / "site"


def environment(site: Path, **more: str) -> dict[str, str]:
    """Variables of a process that has what is in the folder installed, and no other plugin."""
    others = ",".join(sorted({entry.distribution for entry in installed()}))
    path = os.pathsep.join([str(site), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, "HUB_DISABLE_PLUGINS": others, **more}
