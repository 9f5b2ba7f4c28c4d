"""A badge: two words on grey and a colour, as an SVG that needs no font and no network.

Knows nothing of what they say.
"""

from __future__ import annotations

from html import escape

__all__ = ["badge"]

_COLOURS = {"good": "#2e7d32", "bad": "#b3261e", "fair": "#8a6d00"}
_LETTER, _PAD, _HEIGHT = 6.6, 8, 20


def badge(label: str, message: str, state: str) -> str:
    """An SVG of 20 pixels height.

    Parameters
    ----------
    state
        `good`, `fair` or `bad`: the colour behind the message.
    """
    left, right = (round(len(text) * _LETTER) + 2 * _PAD for text in (label, message))
    title = escape(f"{label}: {message}")
    style = 'fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" role="img" '
        f'aria-label="{title}">\n'
        f"<title>{title}</title>\n"
        f'<rect width="{left}" height="{_HEIGHT}" fill="#555"/>\n'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{_COLOURS[state]}"/>\n'
        f"<g {style}>\n"
        f'<text x="{left / 2:g}" y="14" textLength="{left - 2 * _PAD}">{escape(label)}</text>\n'
        f'<text x="{left + right / 2:g}" y="14" textLength="{right - 2 * _PAD}">{escape(message)}</text>\n'
        f"</g>\n</svg>\n"
    )
