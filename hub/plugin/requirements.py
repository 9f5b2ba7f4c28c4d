"""Which of a distribution's declared dependencies are not met in this environment, from metadata alone.

Imports none of them, and asks no package index.
"""

from __future__ import annotations

import shlex
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["pip_command", "unmet"]


def unmet(distribution: str) -> list[str]:
    """Requirements that are missing or of a version that it does not accept, as pip takes them."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        declared = requires(distribution) or []
    except PackageNotFoundError:
        return []
    missing: list[str] = []
    for text in declared:
        try:
            requirement = Requirement(text)
            wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        except InvalidRequirement:
            continue
        if wanted and not _is_met(requirement):
            missing.append(f"{requirement.name}{requirement.specifier}")
    return missing


def pip_command(*requirements: str) -> str:
    """The command that installs them into this environment."""
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


def _is_met(requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(version(requirement.name), prereleases=True)
    except PackageNotFoundError:
        return False
