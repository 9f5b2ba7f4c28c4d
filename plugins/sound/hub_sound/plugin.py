"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import KindSpec, hookimpl

__all__ = ["hub_kinds"]


@hookimpl
def hub_kinds() -> list[KindSpec]:
    """Give the kind `audio`."""
    return [
        KindSpec(
            id="audio",
            media="audio/wav",
            suffixes=(".wav", ".flac", ".ogg", ".mp3", ".opus", ".oga", ".aiff", ".aif", ".au", ".w64", ".caf"),
            read="hub_sound.reading:read",
            write="hub_sound.writing:write",
            describe="hub_sound.describing:describe",
            summary="Sound, mono or mixed to it, at any sample rate",
        )
    ]
