"""Writes a scene as SVG whose colours are those of the page's style sheet. Knows nothing of what is drawn."""

from __future__ import annotations

from html import escape

from hub.cli.pictures.scene import Circle, Line, Scene, Text

__all__ = ["svg"]


def svg(scene: Scene) -> str:
    """The scene as one `<svg>` element; texts of strangers are escaped."""
    body = "\n".join(map(_element, scene.items))
    return (
        f'<svg viewBox="0 0 {scene.width:g} {scene.height:g}" role="img" aria-label="{escape(scene.title)}">\n'
        f"{body}\n</svg>"
    )


def _element(item: Line | Circle | Text) -> str:
    if isinstance(item, Line):
        ends = f'x1="{item.x:.1f}" y1="{item.y:.1f}" x2="{item.to_x:.1f}" y2="{item.to_y:.1f}"'
        return f'<line class="{item.style}" {ends}/>'
    if isinstance(item, Circle):
        kind = "dot" if item.filled else "ring"
        told = f"<title>{escape(item.title)}</title>" if item.title else ""
        place = f'cx="{item.x:.1f}" cy="{item.y:.1f}" r="{item.radius:g}"'
        return f'<circle class="{kind} {item.style}" {place}>{told}</circle>'
    turn = f' transform="rotate(-90 {item.x:.1f} {item.y:.1f})"' if item.turned else ""
    return (
        f'<text class="{item.style}" x="{item.x:.1f}" y="{item.y:.1f}" text-anchor="{item.anchor}" '
        f'font-size="{item.size:g}"{turn}>{escape(item.text)}</text>'
    )
