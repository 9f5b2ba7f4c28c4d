"""Names of a new plugin: which ones will do, and what its package, module and class are called.

Knows nothing of what is installed.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass

from hub.errors import UsageError

__all__ = ["Names", "names_of"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TAKEN = {"hub", "all", "stand-in", "plugin", "plugins"}
_LONGEST = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What a plugin `my-runtime` is called: package `hub-my-runtime`, module `hub_my_runtime`, classes `MyRuntime…`."""

    name: str

    @property
    def package(self) -> str:
        """Name of the distribution."""
        return f"hub-{self.name}"

    @property
    def module(self) -> str:
        """Name of the importable package."""
        return self.package.replace("-", "_")

    @property
    def title(self) -> str:
        """As classes begin."""
        return "".join(word.capitalize() for word in self.name.split("-"))

    @property
    def variable(self) -> str:
        """As an environment variable for an address."""
        return f"{self.module.upper()}_URL"


def names_of(text: str) -> Names:
    """Check a name.

    Raises
    ------
    UsageError
        It is no name for a plugin.
    """
    name = text.strip().lower().replace("_", "-").removeprefix("hub-").removeprefix("openmodelhub-")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or not text.isascii():
        raise UsageError(
            f"'{text}' is no name for a plugin: letters, digits and single hyphens, beginning with a letter",
            hint="Try: hub plugin new my-runtime --kind backend",
        )
    if name in _TAKEN or keyword.iskeyword(name):
        raise UsageError(f"the name '{name}' is not free", hint=f"Try: hub plugin new my-{name}")
    return Names(name=name)
