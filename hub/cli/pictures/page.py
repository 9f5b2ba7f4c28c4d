"""Writes the document of `hub bench --json` as one HTML page: pictures, the table, what was not measured.

Nothing is requested from anywhere: style and pictures are in the page, and there is no script. Light and dark follow
the reader's system. Whatever a registry or a plugin named is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from hub.cli.pictures.colours import BACKENDS_DARK, BACKENDS_LIGHT, DARK, LIGHT
from hub.cli.pictures.rows import grouped, headers, rows
from hub.cli.pictures.scatter import scenes
from hub.cli.pictures.svg import svg
from hub.sizes import human_size

__all__ = ["page"]

_STYLE = """
:root { color-scheme: light dark; %(light)s }
@media (prefers-color-scheme: dark) { :root { %(dark)s } }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 4rem; background: var(--background); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p { margin: .35rem 0; } .muted { color: var(--muted); }
figure { margin: 1.5rem 0 0; background: var(--panel); border: 1px solid var(--line); border-radius: .6rem;
  padding: .75rem; overflow-x: auto; }
svg { display: block; width: 100%%; min-width: 40rem; height: auto; font-family: inherit; }
svg text { fill: var(--muted); } svg .title, svg .front { fill: var(--text); font-weight: 600; }
svg .name { font-size: 13px; }
svg .label, svg .front { paint-order: stroke; stroke: var(--panel); stroke-width: 4px; stroke-linejoin: round; }
svg line { stroke: var(--muted); stroke-width: .8; } svg .grid { stroke: var(--line); }
.dot { fill: currentColor; stroke: currentColor; stroke-width: 1.5; }
.ring { fill: var(--panel); stroke: currentColor; stroke-width: 1.8; }
.legend { color: var(--muted); }
%(backends)s
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; }
table { border-collapse: collapse; width: 100%%; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .6rem; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); }
thead th { border-top: 0; background: var(--panel); color: var(--muted); font-weight: 600; }
td.words, th.words { text-align: left; } td.wrap { white-space: normal; min-width: 16rem; }
tr.front td.words { font-weight: 600; }
"""


def page(report: Mapping[str, Any]) -> str:  # Any: JSON
    """The page as text."""
    title = f"{report['model']} on this machine"
    drawn = "\n".join(f"<figure>{svg(scene)}</figure>" for scene in scenes(report))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>{_style()}</style>
</head>
<body>
<h1>{escape(str(report["model"]))}</h1>
{"".join(f'<p class="muted">{escape(line)}</p>' for line in _about(report))}
{drawn}
<h2>What was measured</h2>
{_table(report)}
<p class="muted">● lies on the Pareto front: nothing that was measured is smaller, faster and closer to the origin at
once. Speeds within 3 % count as the same.</p>
{_skipped(report)}
</body>
</html>
"""


def _style() -> str:
    def variables(colours: Mapping[str, str], backends: tuple[str, ...]) -> str:
        named = {**colours, **{f"backend{place}": colour for place, colour in enumerate(backends)}}
        return " ".join(f"--{name}: {value};" for name, value in named.items())

    return _STYLE % {
        "light": variables(LIGHT, BACKENDS_LIGHT),
        "dark": variables(DARK, BACKENDS_DARK),
        "backends": "\n".join(f".backend{place} {{ color: var(--backend{place}); }}" for place in range(8)),
    }


def _about(report: Mapping[str, Any]) -> Iterator[str]:  # Any: JSON
    machine, data = report["machine"], report["data"]
    memory = f", {human_size(machine['memory'])} of memory" if machine["memory"] else ""
    yield f"{machine['processor']}, {machine['cores']} cores{memory}; {machine['system']}"
    compared = f", answers of {data['compared']} of them compared" if data["compared"] else ""
    rounds = "one round" if report["rounds"] == 1 else f"median of {report['rounds']} rounds"
    yield (
        f"{report['task']}; {data['inputs']} inputs{compared}; {rounds}, "
        f"each way in fresh processes; {report['measured'][:10]}, hub {report['hub']}"
    )
    if report["compared_with"]:
        yield f"Loss is against {report['compared_with']}."


def _table(report: Mapping[str, Any]) -> str:  # Any: JSON
    names = headers(report)
    head = "".join(f'<th scope="col"{_words(place)}>{escape(name)}</th>' for place, name in enumerate(names))
    body = []
    for way, cells in zip(report["ways"], rows(report), strict=True):
        front = ' class="front"' if way["pareto"] else ""
        if way["error"] and not way["figures"]:
            told = escape(way["error"])
            body.append(
                f'<tr><td></td><td class="words">{escape(cells[1])}</td>'
                f'<td class="words wrap muted" colspan="{len(names) - 2}">{told}</td></tr>'
            )
            continue
        shown = ["●" if way["pareto"] else "", *cells[1:]]
        inner = "".join(f"<td{_words(place)}>{escape(cell)}</td>" for place, cell in enumerate(shown))
        body.append(f"<tr{front}>{inner}</tr>")
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'


def _words(place: int) -> str:
    return ' class="words"' if place == 1 else ""


def _skipped(report: Mapping[str, Any]) -> str:  # Any: JSON
    found = grouped(report)
    if not found:
        return ""
    lines = "".join(
        f'<tr><td class="words">{escape(what)}</td><td class="words wrap muted">{escape(why)}</td></tr>'
        for what, why in found
    )
    return f'<h2>What was not</h2>\n<div class="scroll"><table><tbody>{lines}</tbody></table></div>'
