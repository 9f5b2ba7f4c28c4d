"""Times as the Hub writes them: UTC, milliseconds, `Z` at the end."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["now", "written"]


def written(moment: datetime) -> str:
    """A time as text that sorts."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def now() -> str:
    """The time now."""
    return written(datetime.now(UTC))
