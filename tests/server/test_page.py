"""The web page in a real browser, on a server of toys: it lists, pulls, converses, compares, loads and plots."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.server.conftest import clean_environment
from tests.support.browsing import CHROMIUM, opened, sync_api
from tests.support.faulty_server import FaultyServer, hold, status
from tests.support.serving import Served, toy_home
from tests.support.store import noise, weight

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine, or no Playwright")
NASTY = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
NUMBERS = """async () => {
    const { count, number } = await import("/page/dom.js"), { bars } = await import("/page/charts.js");
    const days = Array.from({ length: 30 }, (_, at) => [`2026-01-${at + 1}`, at]);
    return { count: [110e6, 134515008, 1.5e9, 9e4, 7].map(count), number: [1234.6, 0.125, 12].map(number),
        days: bars(days, "requests").querySelectorAll("text:not(.value)").length };
}"""
COVERED = """() => [...document.querySelectorAll("svg.scatter")].flatMap((drawing) => {
    const texts = [...drawing.querySelectorAll("text")], places = texts.map((text) => text.getBoundingClientRect());
    return texts.filter((_, at) => places.some((place, other) => other < at && place.left < places[at].right &&
        places[at].left < place.right && place.top < places[at].bottom && places[at].top < place.bottom))
        .map((text) => text.textContent);
})"""
BENCH = {
    "by": "bench",
    "model": "tests/toy",
    "reference": "toy",
    "task": "text-generation",
    "measured": "2026-01-31T10:00:00+00:00",
    "machine": {"processor": "A processor", "cores": 2},
    "compared_with": "plain → toy on cpu",
    "ways": [
        {
            "name": f"plain | {name} → toy on cpu",
            "command": "hub run toy",
            "backend": backend,
            "pareto": name == "int8",
            "loss": loss,
            "figures": {
                "size": size,
                "memory": 9_000_000,
                "speeds": [{"batch": 1, "unit": "tokens", "per_second": 6120.5}],
            },
        }
        for name, backend, loss, size in (("int8", "toy", 0.01, 2_000_000), ("fp32", "other", 0, 8_000_000))
    ],
}


@pytest.fixture(scope="module")
def gate():
    return threading.Event()


@pytest.fixture(scope="module")
def served(tmp_path_factory, gate):
    """A server that lists, beside the toys, a model that comes slowly, one that does not come, and a rude one."""
    patch = clean_environment()
    folder = tmp_path_factory.mktemp("page")
    home, env = toy_home(folder)
    with FaultyServer() as source:
        behaviours = {"slow": [hold(200_000, gate)], "gone": [status(404)], "rude": []}
        registry = json.loads((folder / "registry.json").read_text())
        for seed, (name, behaviour) in enumerate(behaviours.items()):
            content = noise(400_000, seed)
            file = weight("a.toy", content, source.put(f"/{name}", content, *behaviour))
            registry["models"].append(
                {
                    "id": f"tests/{name}",
                    "aliases": [name],
                    "task": "text-generation",
                    "license": "MIT",
                    "summary": NASTY if name == "rude" else "Comes from afar.",
                    "links": {"model": "https://example.org/<b>"},
                    "variants": [{"name": "plain", "format": "toy", "files": [asdict(file)]}],
                }
            )
        (folder / "registry.json").write_text(json.dumps(registry))
        with Served("toy", "vectors", "--pull", home=home, folder=folder, env=env) as running:
            yield running
        gate.set()
    patch.undo()


@pytest.fixture(scope="module")
def sheet(browser, served):
    """A phone in the dark."""
    with opened(browser, served, viewport={"width": 360, "height": 740}, color_scheme="dark") as sheet:
        yield sheet


@pytest.fixture
def page(sheet, served):
    """The page, opened anew."""
    sheet.goto(served.url)
    sheet.get_by_role("button", name="toy", exact=True).wait_for()
    yield sheet
    assert sheet.evaluate("document.documentElement.scrollWidth <= innerWidth")


def names(page):
    return page.locator("#list .card h2").all_inner_texts()


def test_models_are_found_by_words_by_task_and_by_what_is_here(page):
    assert {"toy", "other", "vectors", "slow"} <= set(names(page))
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    page.get_by_label("Task").select_option("feature-extraction")
    sync_api.expect(page.locator("#list .card").filter(has_text="text-generation")).to_have_count(0)
    assert "vectors" in names(page)
    page.get_by_label("Task").select_option("")
    page.get_by_label("Find a model").fill("afar")
    sync_api.expect(page.locator("#list .card")).to_have_count(2)
    page.get_by_label("here already").check()
    sync_api.expect(page.locator("#list .card")).to_have_count(0)
    sync_api.expect(page.locator("#count")).to_contain_text("hub pull MODEL")


@pytest.mark.parametrize(
    ("address", "tab", "told"),
    [
        ("#toString", "Models", ""),
        ("#nothing/here", "Models", ""),
        ("#try/50%", "Playground", "'50%' is not on this machine. Pull it first: see Models."),
    ],
)
def test_an_address_that_leads_nowhere_leads_on(page, served, address, tab, told):
    page.goto(f"{served.url}/{address}")
    sync_api.expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    sync_api.expect(page.locator("#trouble")).to_have_text(told)


def test_numbers_are_written_as_people_read_them(page):
    told = page.evaluate(NUMBERS)
    assert told == {"count": ["110M", "135M", "1.5B", "90k", "7"], "number": ["1,235", "0.125", "12"], "days": 7}


def test_what_strangers_wrote_is_shown_as_text(page):
    page.get_by_label("Find a model").fill("rude")
    card = page.locator("#list .card")
    sync_api.expect(card).to_have_count(1)
    assert NASTY in card.inner_text()
    card.get_by_role("button", name="Details of rude").click()
    dialog = page.get_by_role("dialog")
    sync_api.expect(dialog).to_contain_text(NASTY)
    sync_api.expect(dialog).to_contain_text("Fits: ")
    assert dialog.locator("img, script").count() == 0
    assert dialog.get_by_role("link", name="https://example.org/<b>").get_attribute("rel") == "noreferrer noopener"
    page.keyboard.press("Escape")
    sync_api.expect(dialog).to_be_hidden()
    assert page.title() == "hub"


def test_a_pull_is_watched_survives_a_reload_and_is_one_however_many_ask(page, served, gate):
    page.get_by_role("button", name="Pull tests/slow").click()
    progress = page.get_by_role("progressbar", name="slow:plain")
    sync_api.expect(progress).to_have_attribute("max", "400000")
    give_up = page.get_by_role("button", name="Give up slow:plain")
    give_up.focus()
    sync_api.expect(page.locator("#pulls")).to_contain_text("/s")  # it was told of several times meanwhile
    assert give_up.evaluate("(each) => each === document.activeElement")
    page.reload()
    sync_api.expect(page.locator("#pulls")).to_contain_text("200 kB of 400 kB")
    again = served.post("/hub/v1/pulls", {"model": "slow", "variant": "plain"}).json()
    assert served.post("/hub/v1/pulls", {"model": "tests/slow"}).json()["id"] == again["id"]
    gate.set()
    sync_api.expect(page.locator("#pulls")).to_contain_text("slow:plain is here")
    tried = page.locator("#list .card").filter(has_text="slow").get_by_role("link", name="Try it")
    tried.click()
    sync_api.expect(page.get_by_label("Model", exact=True)).to_have_value("tests/slow")


def test_a_pull_that_fails_says_why_and_can_be_dismissed(page):
    page.get_by_role("button", name="Pull tests/gone").click()
    failed = page.locator(".pull.failed")
    sync_api.expect(failed).to_contain_text("404")
    failed.get_by_role("button", name="Dismiss gone:plain").click()
    sync_api.expect(failed).to_have_count(0)


def test_a_conversation_goes_on_by_keyboard_alone(page):
    page.get_by_role("tab", name="Models").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="Playground").get_attribute("aria-selected") == "true"
    page.get_by_label("Message").fill("one <b>two</b> three")
    page.keyboard.press("Enter")
    sync_api.expect(page.locator(".took")).to_contain_text("3 tokens")
    answer = page.locator(".said .assistant")
    assert answer.all_inner_texts() == ["one <b>two</b> three"]
    page.get_by_label("Message").fill("deaf")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop").click()
    sync_api.expect(page.get_by_role("button", name="Send")).to_be_enabled()
    assert answer.count() == 1
    assert page.get_by_label("Message").input_value() == "deaf"
    page.get_by_text("Settings").click()
    page.get_by_label("Most tokens").fill("")
    page.get_by_label("Message").fill("steadily a")
    page.keyboard.press("Enter")
    sync_api.expect(answer.last).to_contain_text("steadily a")
    page.get_by_role("button", name="New conversation").click()
    assert page.locator(".said p").count() == 0
    sync_api.expect(page.get_by_role("button", name="Send")).to_be_enabled()
    page.get_by_label("Message").fill("anew")
    with page.expect_request("**/v1/chat/completions") as asked:
        page.keyboard.press("Enter")
    assert asked.value.post_data_json["messages"] == [{"role": "user", "content": "anew"}]


def test_settings_of_a_conversation_are_sent_and_a_refusal_is_told(page, served):
    page.goto(f"{served.url}/#try/toy")
    page.get_by_text("Settings").click()
    page.get_by_label("System").fill("Be brief.")
    page.get_by_label("Temperature").fill("0.5")
    page.get_by_label("Stop at").fill("end")
    page.get_by_label("Message").fill("one")
    with page.expect_request("**/v1/chat/completions") as asked:
        page.keyboard.press("Enter")
    sent = asked.value.post_data_json
    assert [turn["role"] for turn in sent["messages"]] == ["system", "user"]
    assert (sent["temperature"], sent["stop"], sent["stream"]) == (0.5, ["end"], True)
    sync_api.expect(page.get_by_role("alert")).to_contain_text("temperature")


def test_texts_are_compared(page, served):
    page.goto(f"{served.url}/#try/vectors")
    page.get_by_role("button", name="Compare").click()
    cells = page.locator(".matrix tbody td")
    sync_api.expect(cells).to_have_count(16)
    assert cells.first.inner_text() == "1.00"


def test_models_are_loaded_watched_pinned_and_unloaded(page):
    page.get_by_role("tab", name="Running").click()
    page.get_by_label("Load", exact=True).select_option("tests/vectors")
    page.get_by_role("button", name="Load", exact=True).click()
    card = page.locator("#loaded .card").filter(has_text="tests/vectors")
    sync_api.expect(card.locator("svg.spark")).to_have_count(4)
    sync_api.expect(card).to_contain_text("pinned")
    card.get_by_role("button", name="Unpin tests/vectors").click()
    sync_api.expect(card.get_by_role("button", name="Pin tests/vectors")).to_be_visible()
    sync_api.expect(card).to_contain_text("unloads in")
    card.get_by_role("button", name="Unload tests/vectors").click()
    sync_api.expect(card).to_have_count(0)
    sync_api.expect(page.locator("#loaded .card").filter(has_text="tests/toy")).to_have_count(1)


def test_what_was_measured_is_plotted(page, served):
    page.get_by_role("tab", name="Benches").click()
    sync_api.expect(page.locator("#benches")).to_contain_text("hub bench MODEL")
    folder = Path(served.env["HUB_HOME"]) / "benches"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps(BENCH))
    (folder / "broken.json").write_text("{")
    page.reload()
    sync_api.expect(page.locator("#benches svg.scatter")).to_have_count(2)
    assert page.locator("#benches circle.front").count() == 2
    assert page.evaluate(COVERED) == []
    assert page.locator("#benches tbody tr").count() == 2


def test_a_page_may_load_nothing_but_itself(served):
    answer = served.http.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    again = served.http.get("/", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert served.http.get("/page/__init__.py").status_code == 404
