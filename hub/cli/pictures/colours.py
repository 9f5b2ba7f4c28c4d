"""Colours of styles, for light and dark backgrounds. The eight of backends can be told apart without red and green."""

from __future__ import annotations

__all__ = ["BACKENDS_DARK", "BACKENDS_LIGHT", "DARK", "LIGHT"]

LIGHT = {"background": "#ffffff", "text": "#1d2327", "muted": "#5c6670", "line": "#d9dee2", "panel": "#f6f8f9"}
DARK = {"background": "#14181b", "text": "#e8ecef", "muted": "#9aa5ae", "line": "#333b41", "panel": "#1c2226"}
BACKENDS_LIGHT = ("#0072b2", "#d55e00", "#00875f", "#aa3f85", "#8a6d00", "#3b5bdb", "#7a4a20", "#56606a")
BACKENDS_DARK = ("#56b4e9", "#ff8a3d", "#2fc796", "#e58cc4", "#e6c229", "#8ea2ff", "#c99a6b", "#aab4bd")
"""After Okabe and Ito (2008), darker or lighter where the contrast asks for it."""
