"""Makes pages of templates and cards. What strangers wrote is cleaned: nothing of theirs acts in a browser.

A card is Markdown with the HTML that its writers like, cut down to what only shows. Its pictures come from the
repository alone, so that looking at a card tells nobody elsewhere. Knows nothing of the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from itertools import pairwise
from urllib.parse import quote

import nh3
from jinja2 import Environment, PackageLoader, select_autoescape
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from hub_mirror.call import Call, quoted
from hub_mirror.cards import body
from hub_mirror.catalogue.accounts import Caller
from hub_mirror.sizes import readable

__all__ = ["card_html", "error_page", "framed", "page"]

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_LARGEST = 200_000
_DENSEST = {"[": 5_000, "<": 5_000, "*": 20_000, "_": 20_000, "~": 20_000, "`": 20_000}
"""What nobody writes by hand, and what takes minutes to read where there is more of it."""
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);")
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_TAGS = nh3.ALLOWED_TAGS - {"area", "map"}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "details": {"open"},
    **{tag: {"align"} for tag in ("div", "p", "table", "tr")},
    **{tag: {"align", "colspan", "rowspan"} for tag in ("td", "th")},
    **{tag: {"align", "id"} for tag in _HEADINGS},
}

_TEMPLATES = Environment(
    loader=PackageLoader("hub_mirror", "pages"),
    autoescape=select_autoescape(default=True),
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["readable"] = readable
_TEMPLATES.filters["quoted"] = quoted
_TEMPLATES.filters["segment"] = lambda text: quote(text, safe="")
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def page(name: str, **values: object) -> HTMLResponse:
    """A page of a template."""
    headers = {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
    }
    return HTMLResponse(_TEMPLATES.get_template(name).render(**values), headers=headers)


def framed(call: Call) -> dict[str, str]:
    """What the frame of every page shows: who is logged in, where one is."""
    return _frame(call.request, call.caller, f"{call.values['kind']}s" if "kind" in call.values else "")


def error_page(request: Request, caller: Caller, status: int, message: str) -> HTMLResponse:
    """What a person is told whose request is refused."""
    heading = HTTPStatus(status).phrase
    shown = page("error.html", heading=heading, message=message, code=status, **_frame(request, caller, ""))
    shown.status_code = status
    return shown


def _frame(request: Request, caller: Caller, here: str) -> dict[str, str]:
    path, query = request.scope.get("raw_path", b"/").decode("latin-1"), request.url.query
    if path == "/login":  # whoever logs in there is to see something else
        path, query = "/", ""
    name = caller.name if caller.known else ""
    return {"caller": name, "here": here, "path": f"{path}?{query}" if query else path}


def card_html(text: str, base: str) -> Markup:
    """A README as HTML, without its metadata; as it is written, where reading it as Markdown would take long.

    Parameters
    ----------
    base
        Address of the repository, to whose files relative links and pictures lead.
    """
    text = body(text)[:_LARGEST]
    if any(text.count(letter) > most for letter, most in _DENSEST.items()):
        return Markup("<pre>{}</pre>").format(text)
    tokens = _MARKDOWN.parse(text)
    _name_headings(tokens)
    cleaned = nh3.clean(
        _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}),
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "iframe", "svg", "math", "template", "noscript", "textarea"},
        attributes=_ATTRIBUTES,
        attribute_filter=_pointing_into(base),
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="nofollow noopener noreferrer",
    )
    return Markup(cleaned)  # noqa: S704  # this is what it was cleaned for


def _pointing_into(base: str) -> Callable[[str, str, str], str | None]:
    """What becomes of an attribute: relative addresses lead into the repository, pictures of others are left out."""

    def point(tag: str, name: str, value: str) -> str | None:
        if name not in {"href", "src"}:
            return value
        value = value.strip()
        if tag == "img":
            if _SCHEME.match(value):
                return value if _PICTURE.match(value) else None
            return value if value.startswith("/") else f"{base}/resolve/main/{value.removeprefix('./')}"
        if _SCHEME.match(value):
            return None if value.lower().startswith("data:") else value
        return value if value.startswith(("/", "#")) else f"{base}/blob/main/{value.removeprefix('./')}"

    return point


def _name_headings(tokens: Sequence[Token]) -> None:
    """Give headings the names that links within a card use."""
    seen: dict[str, int] = {}
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            words = re.sub(r"[^\w\- ]", "", inline.content.lower()).strip().replace(" ", "-")
            count = seen[words] = seen.get(words, -1) + 1
            heading.attrSet("id", f"{words}-{count}" if count else words)
