"""Pages for people (to come)."""

from __future__ import annotations

__all__: list[str] = []
