"""The playgrounds of the web page on real models: pictures, sounds and files in a real browser."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.support.browsing import CHROMIUM, opened, sync_api

pytestmark = [
    pytest.mark.weights,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine, or no Playwright"),
]
WAIT = 60_000
HEARD = """() => { const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wanted) => { window.heard = await ask(wanted); return heard; }; }"""
DROP = """content => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(content)], "cat.png", { type: "image/png" }));
    const drop = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector(".drop").dispatchEvent(drop);
}"""
PASTE = """() => {
    const data = new DataTransfer();
    data.items.add(new File(["no pixels at all"], "none.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def page(browser, real):
    """One page, so that every sound is made once."""
    with opened(browser, real, viewport={"width": 1000, "height": 800}) as page:
        page.set_default_timeout(WAIT)
        page.goto(real.url)
        yield page


def enter(page, name):
    page.evaluate("name => { location.hash = `#try/${name}` }", name)
    page.wait_for_function(
        "name => document.querySelector('#model').selectedOptions[0]?.textContent === name", arg=name
    )
    page.locator("#ground > *").first.wait_for()


def give(page, name, content, kind):
    page.locator("#ground input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})


def picture(text):
    drawn = Image.new("RGB", (600, 200), "white")
    ImageDraw.Draw(drawn).text((30, 60), text, "black", ImageFont.load_default(60))
    written = io.BytesIO()
    drawn.save(written, "PNG")
    return written.getvalue()


def coloured(page):
    """Pixels of the canvas that are neither grey nor white: what was drawn on a black and white picture."""
    return page.evaluate(
        """() => { const canvas = document.querySelector('canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4) if (Math.abs(data[at] - data[at + 2]) > 60) count += 1;
        return count; }"""
    )


def test_text_on_a_picture_is_read_outlined_and_listed(page):
    enter(page, "ppocr")
    give(page, "page.png", picture("Hello world"), "image/png")
    rows = page.locator("#ground tbody tr")
    rows.first.wait_for()
    assert "hello" in rows.all_inner_texts()[0].lower()
    before = coloured(page)
    assert before > 100
    rows.first.get_by_role("button").focus()
    assert coloured(page) > 1.3 * before
    assert "1 place" in page.locator("canvas").get_attribute("aria-label")


def test_a_picture_that_is_dropped_is_labelled(page):
    enter(page, "efficientnet-lite0")
    page.evaluate(DROP, list(picture("cat")))
    rows = page.locator("#ground tbody tr")
    rows.first.wait_for()
    assert rows.count() == 5


def test_what_is_pasted_and_is_no_picture_is_refused_by_name(page):
    enter(page, "ppocr")
    page.evaluate(PASTE)
    sync_api.expect(page.get_by_role("alert")).to_contain_text("picture")
    assert page.locator("canvas").is_hidden()


def test_a_text_is_said_saved_and_written_down_again(page):
    enter(page, "piper-joe")
    page.get_by_label("Text").fill("Good morning. The kettle is on.")
    page.get_by_role("button", name="Say it").click()
    page.locator("#ground audio").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save answer.wav").click()
    sound = download.value.path().read_bytes()
    assert sound[:4] == b"RIFF"
    enter(page, "whisper-tiny.en")
    give(page, "answer.wav", sound, "audio/wav")
    page.locator("#ground tbody tr").first.wait_for()
    assert "morning" in page.locator("#ground .spoken").inner_text().lower()
    assert page.locator("#ground svg.times rect").count() >= 1


def test_the_microphone_is_heard(page):
    enter(page, "silero-vad")
    page.get_by_role("button", name="Record").click()
    sync_api.expect(page.locator("#ground [role=status]")).to_contain_text("done: 1 s", timeout=WAIT)
    page.get_by_role("button", name="Stop recording").click()
    sync_api.expect(page.locator("#ground [role=status]")).to_contain_text("What was said: answered", timeout=WAIT)
    assert page.locator("#ground .result > *").count() >= 2


def test_a_microphone_that_nobody_can_end_any_more_is_let_go_of(page):
    page.evaluate(HEARD)
    enter(page, "silero-vad")
    page.get_by_role("button", name="Record").click()
    page.get_by_role("button", name="Stop recording").wait_for()
    page.get_by_role("tab", name="Models").click()
    page.wait_for_function("() => heard.getTracks().every((track) => track.readyState === 'ended')")


def test_without_a_microphone_there_is_no_button_for_it(browser, real):
    with opened(browser, real) as page:
        page.add_init_script("delete window.MediaRecorder")
        page.goto(f"{real.url}/#try/silero-vad")
        page.get_by_text("or drop a sound here").wait_for()
        assert page.get_by_role("button", name="Record").count() == 0


def test_every_other_task_takes_a_text_or_json(page):
    enter(page, "lid176")
    page.get_by_label("Input").fill("Wie geht es dir, mein Freund?")
    page.get_by_label("Options, as JSON").fill('{"top_k": 1}')
    page.get_by_role("button", name="Answer").click()
    rows = page.locator("#ground tbody tr")
    rows.first.wait_for()
    assert rows.count() == 1
    assert rows.first.inner_text().startswith("de")
