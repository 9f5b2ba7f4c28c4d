"""A plugin's folder or wheel, laid out as if it were installed, without being installed.

A folder is built, which runs its build code. Knows nothing of what is done with it.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from hub.cli.plugin_versions import plugins_in
from hub.errors import UsageError
from hub.plugin import pip
from hub.plugin.hooks import GROUP

__all__ = ["laid"]


@contextmanager
def laid(path: Path) -> Iterator[tuple[list[str], Path]]:
    """Names of the plugins in a package, and the folder that holds it alone; gone when the block ends.

    Raises
    ------
    UsageError
        There is no package, or no plugin in it.
    HubError
        There is no pip, or it cannot build the package.
    """
    if path.is_dir() and not (path / "pyproject.toml").is_file():
        raise UsageError(f"{path} has no pyproject.toml", hint="Name the folder of a package, or a wheel")
    with tempfile.TemporaryDirectory(prefix="hub-laid-") as scratch:
        folder = Path(scratch, "site")
        pip.lay(path, folder, isolated=not (path.is_dir() and _builds_here(path)))
        names = sorted({entry.name for entry in plugins_in(folder)})
        if not names:
            raise UsageError(
                f"{path} brings no plugin of hub: its package has no entry point in the group {GROUP}",
                hint="See docs/plugins.md, or begin with: hub plugin new NAME --kind KIND",
            )
        yield names, folder


def _builds_here(path: Path) -> bool:
    """Whether what builds the package is installed here, so that pip need not fetch it."""
    try:
        system = tomllib.loads((path / "pyproject.toml").read_text(encoding="utf-8")).get("build-system", {})
    except (OSError, ValueError):
        return False
    backend = str(system.get("build-backend", "setuptools.build_meta")).partition(":")[0].partition(".")[0]
    return find_spec(backend) is not None
