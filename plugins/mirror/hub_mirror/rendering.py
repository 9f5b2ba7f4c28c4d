"""Makes pages of templates and cards. What strangers wrote is text: no tag of theirs reaches a browser.

Knows nothing of the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, select_autoescape
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from starlette.responses import HTMLResponse

from hub_mirror.call import quoted
from hub_mirror.cards import body
from hub_mirror.sizes import readable

__all__ = ["card_html", "page"]

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_LARGEST = 500_000
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|[/#]")

_TEMPLATES = Environment(
    loader=PackageLoader("hub_mirror", "pages"),
    autoescape=select_autoescape(default=True),
    trim_blocks=True,
    lstrip_blocks=True,
)
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


_TEMPLATES.filters["readable"] = readable
_TEMPLATES.filters["quoted"] = quoted


def page(name: str, **values: object) -> HTMLResponse:
    """A page of a template."""
    headers = {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
    }
    return HTMLResponse(_TEMPLATES.get_template(name).render(**values), headers=headers)


def card_html(text: str, files: str) -> Markup:
    """A README as HTML, without its metadata.

    Parameters
    ----------
    files
        Address under which files beside the README are had.
    """
    tokens = _MARKDOWN.parse(body(text[:_LARGEST]))
    _point(tokens, files)
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704  # markdown-it escapes all HTML


def _point(tokens: Sequence[Token], files: str) -> None:
    """Let relative links and pictures lead to the files of the repository."""
    for token in tokens:
        for name in ("src", "href"):
            given = token.attrGet(name)
            if isinstance(given, str) and not _ELSEWHERE.match(given):
                token.attrSet(name, f"{files}/{given.removeprefix('./')}")
        if token.type == "link_open":
            token.attrSet("rel", "nofollow noopener noreferrer")
        _point(token.children or (), files)
