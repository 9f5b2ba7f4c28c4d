"""A page in a real browser that asks nobody else for anything and complains of nothing but refusals of the server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.serving import Served

try:
    import playwright.sync_api as sync_api

    sync_api.expect.set_options(timeout=30_000)  # the machine may be busy
except ImportError:
    sync_api = None  # type: ignore[assignment]

__all__ = ["CHROMIUM", "browser", "opened", "sync_api"]

CHROMIUM = sync_api and (shutil.which("chromium") or shutil.which("google-chrome"))
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
_REFUSED = "Failed to load resource: the server responded with a status of"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:  # Any: of Playwright
    """Chromium, with a microphone that beeps."""
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        yield launched
        launched.close()


@contextmanager
def opened(browser: Any, served: Served, **options: Any) -> Iterator[Any]:  # Any: of Playwright
    """A fresh page; in the end nothing foreign was asked for, and no script failed or was refused."""
    with browser.new_context(**options) as context:
        page = context.new_page()
        foreign: list[str] = []
        said: list[str] = []
        own = (served.url, "data:", f"blob:{served.url}")
        page.on("request", lambda asked: None if asked.url.startswith(own) else foreign.append(asked.url))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
        assert (foreign, [text for text in said if not text.startswith(_REFUSED)]) == ([], [])
