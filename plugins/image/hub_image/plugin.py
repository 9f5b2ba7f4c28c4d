"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import KindSpec, hookimpl

__all__ = ["SUFFIXES", "hub_kinds"]

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm")


@hookimpl
def hub_kinds() -> list[KindSpec]:
    """Give pictures: uint8 arrays (height, width, 3) in RGB, as the camera was held."""
    return [
        KindSpec(
            id="image",
            media="image/png",
            suffixes=SUFFIXES,
            read="hub_image.reading:read",
            write="hub_image.writing:write",
            describe="hub_image.writing:describe",
            summary="Pictures, through Pillow",
        )
    ]
