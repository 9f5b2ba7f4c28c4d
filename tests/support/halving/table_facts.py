"""What can be said of weights before they are read."""

from collections.abc import Mapping

from hub.plugin import JSON


def claims(files: tuple[str, ...], config: Mapping[str, JSON]) -> bool:
    """Whether a folder or repository that no registry lists is for this model plugin."""
    return config.get("model_type") == "halve"
