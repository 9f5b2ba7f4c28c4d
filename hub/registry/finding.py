"""What a check of a registry found: where, about which entry, how bad, and what to do.

Knows nothing of what is checked or of how it is shown.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Finding", "Level"]

Level = Literal["ok", "skipped", "review", "fault"]
"""`fault` keeps a change out; `review` leaves it to a maintainer; `skipped` was not looked at, and says why."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a report.

    `check` names the rule (`names`, `licence`, `sources`, …), `entry` the model, variant or plugin, `path` the JSON
    path in the registry where there is one.
    """

    check: str
    level: Level
    entry: str
    message: str
    path: str = ""
