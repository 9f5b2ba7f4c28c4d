"""The web page in a real browser: it lists, converses, compares and unloads, by keyboard, on a phone too."""

from __future__ import annotations

import shutil

import pytest

from tests.server.conftest import clean_environment
from tests.support.serving import Served, toy_home

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run")


@pytest.fixture(scope="module")
def served(toy_folder, tmp_path_factory):
    patch = clean_environment()
    home, env = toy_home(toy_folder)
    folder = tmp_path_factory.mktemp("page")
    with Served("toy", "vectors", "--pull", home=home, folder=folder, env=env) as served:
        yield served
    patch.undo()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture
def page(browser, served):
    """The page on a phone in the dark; nothing foreign is asked for, and nothing is complained about."""
    with browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark") as context:
        opened = context.new_page()
        foreign, said = [], []
        opened.on("request", lambda asked: foreign.append(asked.url) if not asked.url.startswith(served.url) else None)
        opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        opened.goto(served.url)
        opened.get_by_text("tests/toy", exact=False).first.wait_for()
        yield opened
        assert (foreign, said) == ([], [])


def test_models_are_listed_and_found(page):
    assert page.locator("#list li").count() >= 2
    page.get_by_label("Find a model").fill("feature vectors")
    assert page.locator("#list li strong").all_inner_texts() == ["vectors"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"


def test_a_conversation_goes_on_by_keyboard_alone(page):
    page.get_by_role("tab", name="Models").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="Chat").get_attribute("aria-selected") == "true"
    page.get_by_label("Message").fill("one <b>two</b> three")
    page.keyboard.press("Enter")
    answer = page.locator("#said .assistant")
    sync_api.expect(answer).to_have_text("one <b>two</b> three")
    sync_api.expect(page.get_by_role("button", name="Send")).to_be_enabled()
    page.get_by_label("Message").fill("deaf")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop").click()
    sync_api.expect(page.get_by_role("button", name="Send")).to_be_enabled()
    assert answer.all_inner_texts() == ["one <b>two</b> three"]
    page.get_by_role("button", name="New conversation").click()
    assert page.locator("#said p").count() == 0


def test_texts_are_compared(page):
    page.get_by_role("tab", name="Embeddings").click()
    page.get_by_role("button", name="Compare").click()
    cells = page.locator("#likeness td")
    sync_api.expect(cells).to_have_count(9)
    assert cells.first.inner_text() == "1.00"


def test_models_are_seen_running_and_unloaded(page, served):
    served.post("/v1/chat/completions", {"model": "other", "messages": [{"role": "user", "content": "a"}]})
    page.get_by_role("tab", name="Running").click()
    button = page.get_by_role("button", name="Unload tests/other:plain")
    button.click()
    sync_api.expect(button).to_have_count(0)
    assert page.locator("#loaded tbody tr").count() >= 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_page_may_load_nothing_but_itself(served):
    policy = served.http.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
