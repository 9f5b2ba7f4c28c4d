"""The pages in a real browser: what strangers wrote does nothing, and hands and eyes find their way."""

from __future__ import annotations

import pytest
from huggingface_hub import CommitOperationAdd

from tests.support.browsing import CHROMIUM

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine, or no Playwright")

HOSTILE = b"""---
license: mit
---
# Hostile
<script>document.title = 'owned'</script> <img src=x onerror="document.title = 'owned'">
<a href="javascript:document.title = 'owned'">js</a> <iframe src="https://example.org/f"></iframe>
<style>body { display: none }</style> <meta http-equiv="refresh" content="0; url=https://example.org/m">
<form action="https://example.org/t"><input name="token" autofocus onfocus="document.title = 'owned'"></form>
![tracker](https://example.org/p.png) <svg onload="document.title = 'owned'"><a href="x">s</a></svg>

| a very wide table | with | many | columns | that | no | phone | is | wide | enough | for | at | all | times |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
| 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 |
"""


@pytest.fixture
def shown(api, repo) -> str:
    """A repository with a hostile card, a long name, a branch and a pull request."""
    files = {"README.md": HOSTILE, "x.html": b"<script>document.title = 'owned'</script>", f"{'long' * 40}.txt": b"l"}
    api.create_commit(repo, [CommitOperationAdd(*pair) for pair in files.items()], commit_message="files" * 30)
    api.create_branch(repo, branch="feat/x")
    api.upload_file(path_or_fileobj=b"-" * 400, path_in_repo="n.txt", repo_id=repo, create_pr=True)
    return repo


def test_what_strangers_wrote_does_nothing_in_a_browser(browser, shown, shared):
    with browser.new_context() as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for path in (f"/{shown}", f"/{shown}/discussions/1", f"/{shown}/blob/main/x.html"):
            page.goto(shared.url + path)
            assert page.title() == f"{shown} · Hub"
            assert page.locator("body").is_visible()
        page.goto(f"{shared.url}/{shown}/resolve/main/x.html")
        assert page.title() != "owned"
        assert page.locator("form, input, iframe, svg").count() == 0
        assert [url for url in asked if not url.startswith(shared.url)] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_can_be_read_in_the_light_and_in_the_dark(browser, shown, shared, scheme):
    with browser.new_context(viewport={"width": 360, "height": 740}, color_scheme=scheme) as context:
        page = context.new_page()
        for path in ("/", "", "/tree/main", "/blob/main/README.md", "/commits/main", "/discussions", "/discussions/1"):
            page.goto(f"{shared.url}/{shown}{path}" if path != "/" else shared.url)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
            text, ground = page.evaluate(
                "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
            )
            assert abs(_light(text) - _light(ground)) > 0.6


def _light(colour: str) -> float:
    """How light `rgb(…)` is, from 0 to 1."""
    return sum(int(part) for part in colour[4:-1].split(",")[:3]) / 765


def test_a_keyboard_is_enough(browser, shown, shared):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{shared.url}/{shown}/tree/main")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
        page.keyboard.press("Enter")
        assert page.url.endswith("#page")
        page.locator("summary").focus()
        page.keyboard.press("Enter")
        page.get_by_role("link", name="feat/x").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/tree/feat%2Fx")
        page.goto(f"{shared.url}/")
        page.get_by_role("searchbox").focus()
        page.keyboard.type(shown.partition("/")[2])
        page.keyboard.press("Enter")
        page.get_by_role("link", name=shown).click()
        assert page.locator("h1").first.inner_text() == shown.replace("/", " / ")


def test_somebody_logs_in_with_a_token_and_sees_what_is_private(browser, api, repo, shared):
    api.update_repo_settings(repo, private=True)
    login = {"username": "ada", "password": api.token}
    with browser.new_context(http_credentials=login) as context:
        page = context.new_page()
        page.goto(f"{shared.url}/?search={repo.partition('/')[2]}")
        assert page.get_by_role("link", name=repo).count() == 0
        page.get_by_role("link", name="Log in").first.click()
        assert page.locator(".who").inner_text() == "ada"
        page.get_by_role("link", name=repo).click()
        assert page.get_by_text("private", exact=True).is_visible()
