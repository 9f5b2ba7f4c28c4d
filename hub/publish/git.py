"""Asks git, as a program: what a file held at a revision, and the few steps that propose a change.

No prompt is ever shown, and no hook of a clone runs. Knows nothing of registries.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hub.errors import HubError, NotFound, UsageError

__all__ = ["Git", "file_at"]

_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "LC_ALL": "C"}


class Git:
    """Commands in one folder."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._env = {**os.environ, **_QUIET, **(env or {})}

    def run(self, *arguments: str) -> str:
        """What git prints.

        Raises
        ------
        HubError
            git is not here, or it failed: `details` holds what it says.
        """
        return self.read(*arguments).decode(errors="replace").strip()

    def succeeds(self, *arguments: str) -> bool:
        """Whether git ends with 0."""
        return self._run(*arguments).returncode == 0

    def read(self, *arguments: str) -> bytes:
        """What git prints, byte for byte; raises as `run`."""
        done = self._run(*arguments)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise HubError(f"git {arguments[0]} failed in {self.folder}", details=said[-8:])
        return done.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(self.folder), *arguments]
        try:
            return subprocess.run(command, env=self._env, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        except FileNotFoundError as error:
            raise HubError("git is not installed", hint="Install git: https://git-scm.com/downloads") from error


def file_at(path: Path, revision: str) -> bytes | None:
    """What a file held at a revision of the repository that it is in; `None` where it was not there.

    Raises
    ------
    UsageError
        The file is in no repository, or there is no such revision.
    NotFound
        The revision is not in this clone.
    """
    if revision.startswith("-"):
        raise UsageError(f"'{revision}' is no revision")
    git = Git(path.absolute().parent)
    if not git.succeeds("rev-parse", "--git-dir"):
        raise UsageError(f"{path} is in no git repository", hint="Without --base, every entry is checked.")
    if not git.succeeds("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"):
        raise NotFound(f"there is no revision '{revision}' here", hint="git fetch origin, or name one that is here")
    name = f"{revision}:./{path.name}"
    return git.read("show", name) if git.succeeds("cat-file", "-e", name) else None
