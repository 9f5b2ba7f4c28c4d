"""What JSON says of the kind `audio`."""

from __future__ import annotations

from hub.types import JSON, Audio

__all__ = ["describe"]


def describe(value: Audio) -> dict[str, JSON]:
    """Duration in seconds, sample rate in Hz, channels."""
    return {"duration": round(value.duration, 3), "sampling_rate": value.rate, "channels": value.channels}
