"""Texts of strangers, made fit to be shown: of a registry, a package index, a model."""

from __future__ import annotations

__all__ = ["one_line"]


def one_line(text: str) -> str:
    """The text in one line, without what would steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
