"""Keys and usage on the web page: made, shown once, used, revoked; what a key does not allow is not shown."""

from __future__ import annotations

import pytest

from tests.server.conftest import clean_environment
from tests.support.browsing import CHROMIUM, opened, sync_api
from tests.support.serving import Served, toy_home

GONE = """() => { window.gone = []; const revoke = URL.revokeObjectURL;
    URL.revokeObjectURL = (address) => { gone.push(address); revoke.call(URL, address); }; }"""


@pytest.fixture(scope="module")
def served(toy_folder, tmp_path_factory):
    patch = clean_environment()
    home, env = toy_home(toy_folder)
    with Served("toy", "--pull", home=home, folder=tmp_path_factory.mktemp("keys"), env=env) as running:
        yield running
    patch.undo()


def made(page, name, **fields):
    """Make a key on the page; its text."""
    page.get_by_label("Name", exact=True).fill(name)
    for label, value in fields.items():
        page.get_by_role("textbox" if label == "Models" else "spinbutton", name=label, exact=True).fill(value)
    page.get_by_role("button", name="Make a key").click()
    shown = page.get_by_label(f"Key {name}", exact=True)
    shown.wait_for()
    return shown.input_value()


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine, or no Playwright")
def test_keys_are_made_used_and_revoked_and_a_plain_one_manages_nothing(browser, served):
    with opened(browser, served) as page:
        page.goto(f"{served.url}/#keys")
        page.get_by_label("admin: ").check()
        boss = made(page, "boss")
        assert boss.startswith("hub-")
        sync_api.expect(page.locator("#kept")).to_contain_text("boss")
        assert served.http.get("/v1/models").status_code == 401
        served.http.headers["Authorization"] = f"Bearer {boss}"
        page.evaluate("sessionStorage.clear()")
        page.reload()
        page.get_by_label("This server needs a key").fill(boss)
        page.get_by_role("button", name="Use it").click()
        sync_api.expect(page.locator("#kept")).to_contain_text("boss")
        assert page.get_by_label("Key boss", exact=True).count() == 0
        plain = made(page, "plain", Models="tests/toy", **{"Requests a minute": "600"})
        row = page.locator("#kept tbody tr").filter(has_text="plain")
        sync_api.expect(row).to_contain_text("600 a minute")
        served.post("/v1/chat/completions", {"model": "toy", "messages": [{"role": "user", "content": "one two"}]})
        page.get_by_role("tab", name="Usage").click()
        sync_api.expect(page.get_by_role("region", name="Usage")).to_contain_text("boss")
        page.evaluate(GONE)
        saved = page.get_by_role("link", name="Save usage.csv").get_attribute("href")
        page.get_by_label("Show").select_option("tokens")
        sync_api.expect(page.locator("svg.bars text.value")).to_have_text("4")
        assert page.evaluate("gone") == [saved]
        with page.expect_download() as download:
            page.get_by_role("link", name="Save usage.csv").click()
        lines = download.value.path().read_text().splitlines()
        assert lines[0].startswith("day,key,model,requests")
        assert ",boss,tests/toy,1," in lines[1]
        sees_little(browser, served, plain)
        page.get_by_role("tab", name="Keys").click()
        page.get_by_role("button", name="Revoke plain").click()
        page.get_by_role("button", name="Revoke plain").click()
        sync_api.expect(page.locator("#kept")).to_contain_text("Revoked: plain")


def sees_little(browser, served, key):
    """What a key that is no admin's is shown."""
    served.http.headers["Authorization"] = f"Bearer {key}"
    for path, body in (("/hub/v1/pulls", {"model": "toy"}), ("/hub/v1/load", {"model": "toy"}), ("/hub/v1/pin", {})):
        assert served.post(path, body).status_code == 403
    with opened(browser, served) as page:
        page.add_init_script(f"sessionStorage.setItem('key', '{key}')")
        page.goto(served.url)
        page.get_by_role("button", name="toy", exact=True).wait_for()
        assert page.locator("#list .card h2").all_inner_texts() == ["toy"]
        assert page.get_by_role("tab", name="Keys").is_hidden()
        assert page.get_by_role("button", name="Pull").count() == 0
        page.get_by_role("tab", name="Running").click()
        sync_api.expect(page.locator("#state")).to_contain_text("admin")


def test_the_catalogue_is_asked_and_refuses_what_it_should(served):
    about = served.http.get("/hub/v1/about", headers=served.own).json()
    assert (about["admin"], about["pulls"], about["caller"]) == (True, True, "local")
    found = served.http.get("/hub/v1/catalogue?q=toy&here=1&limit=1", headers=served.own).json()
    assert [model["name"] for model in found["models"]] == ["toy"]
    assert found["models"][0]["here"] == ["plain"]
    entry = served.http.get("/hub/v1/catalogue/toy", headers=served.own).json()
    assert entry["plan"]["backend"] == "toy"
    assert entry["variants"][0]["here"]
    assert found["memory"]["total"] >= found["memory"]["free"] > 0
    every = served.http.get("/hub/v1/catalogue?here=0&fits=", headers=served.own).json()
    assert "smollm2-135m" in {model["name"] for model in every["models"]}
    for path, status in (("/hub/v1/catalogue?limit=x", 400), ("/hub/v1/catalogue/none-such", 404)):
        assert served.http.get(path, headers=served.own).status_code == status
    for model in ("/etc", "../..", "hf:org/repo", "none-such", "toy:none", ""):
        assert served.post("/hub/v1/pulls", {"model": model}, headers=served.own).status_code == 404, model
    assert served.http.delete("/hub/v1/pulls/99", headers=served.own).status_code == 404
