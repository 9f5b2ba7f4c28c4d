"""Where the database lies when nobody says otherwise. Reads no setting but the home folder."""

from __future__ import annotations

from hub import config

__all__ = ["database_address"]


def database_address() -> str:
    """Address of the SQLite file in the home folder."""
    return f"sqlite:///{config.home() / 'server' / 'hub.sqlite'}"
