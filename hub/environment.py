"""What the environment has that this Python runs in."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

__all__ = ["has_pip"]


def has_pip() -> bool:
    """Whether pip is installed: asked of its metadata, because setuptools meddles with the import of pip to warn."""
    try:
        distribution("pip")
    except PackageNotFoundError:
        return False
    return True
