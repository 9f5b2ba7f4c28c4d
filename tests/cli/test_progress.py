"""How a download is shown: bars on a terminal, lines in a log."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest

from hub.cli import progress
from tests.support.terminal import plain


class Clock:
    """A clock that the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def lines(clock: Clock, said: list[str]) -> progress.Lines:
    return progress.Lines(write=said.append, clock=clock)


def test_lines_say_start_and_end_with_size_and_rate(lines: progress.Lines, clock: Clock, said: list[str]) -> None:
    lines.begin("model.onnx", 10_000_000)
    clock.now += 2
    lines.advance("model.onnx", 10_000_000)
    lines.end("model.onnx")
    assert said == ["model.onnx (10.0 MB): starts", "model.onnx: 10.0 MB at 5.0 MB/s"]


def test_lines_say_each_tenth_with_rate_and_time_left(lines: progress.Lines, clock: Clock, said: list[str]) -> None:
    lines.begin("model.onnx", 100_000_000)
    for _ in range(4):
        clock.now += 1
        lines.advance("model.onnx", 5_000_000)
    assert said[1:] == [
        "model.onnx: 10% of 100.0 MB, 5.0 MB/s, 18 s left",
        "model.onnx: 20% of 100.0 MB, 5.0 MB/s, 16 s left",
    ]


def test_lines_of_a_fast_download_do_not_flood_the_log(lines: progress.Lines, clock: Clock, said: list[str]) -> None:
    lines.begin("model.onnx", 1_000_000)
    for _ in range(99):
        clock.now += 0.001
        lines.advance("model.onnx", 10_000)
    assert len(said) == 1


def test_lines_say_only_the_end_of_a_small_file(lines: progress.Lines, clock: Clock, said: list[str]) -> None:
    lines.begin("config.json", 612)
    clock.now += 1
    lines.advance("config.json", 612)
    lines.end("config.json")
    assert said == ["config.json: 612 B"]


def test_lines_of_a_slow_download_come_every_five_seconds(lines: progress.Lines, clock: Clock, said: list[str]) -> None:
    lines.begin("model.onnx", 1_000_000_000)
    for _ in range(12):
        clock.now += 1
        lines.advance("model.onnx", 1000)
    assert said[1:] == [
        "model.onnx: 0% of 1.0 GB, 1.0 kB/s, 277 h 46 min left",
        "model.onnx: 0% of 1.0 GB, 1.0 kB/s, 277 h 46 min left",
    ]


def test_lines_say_where_an_interrupted_download_goes_on(lines: progress.Lines, clock: Clock, said: list[str]) -> None:
    lines.begin("model.onnx", 100_000_000, 40_000_000)
    clock.now += 10
    lines.advance("model.onnx", 60_000_000)
    lines.end("model.onnx")
    assert said == [
        "model.onnx (100.0 MB): goes on after 40.0 MB",
        "model.onnx: 100.0 MB at 6.0 MB/s",
    ]


def test_lines_say_that_a_download_was_given_up(lines: progress.Lines, said: list[str]) -> None:
    lines.begin("model.onnx", 100)
    lines.advance("model.onnx", 40)
    lines.end("model.onnx")
    assert said[-1] == "model.onnx: given up at 40 B of 100 B"


def test_lines_manage_without_a_size_and_with_bytes_that_are_thrown_away(
    lines: progress.Lines, clock: Clock, said: list[str]
) -> None:
    lines.begin("wheel", None)
    clock.now += 6
    lines.advance("wheel", 6000)
    lines.advance("wheel", -6000)
    lines.end("wheel")
    lines.advance("wheel", 10)
    lines.end("never begun")
    assert said == ["wheel: starts", "wheel: 6.0 kB, 1.0 kB/s", "wheel: 0 B"]


def test_a_log_gets_lines_and_a_dumb_terminal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(progress.terminal_progress(), progress.Lines)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(progress.terminal_progress(), progress.Lines)
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(progress.terminal_progress(), progress.Bars)


SCRIPT = """
import sys, time
from hub.cli.progress import terminal_progress
from hub.cli.main import _report
from hub.errors import HubError
try:
    with terminal_progress() as shown:
        shown.say("first [this]")
        assert "rich" not in sys.modules, "rich is imported before there is a bar"
        shown.begin("model.onnx", 90_000_000, 10_000_000)
        shown.begin("other", None)
        for _ in range(10):
            time.sleep(0.05)
            shown.advance("model.onnx", 8_000_000)
            shown.advance("other", 100)
        shown.say("then that")
        shown.end("model.onnx")
        if "fail" in sys.argv:
            raise HubError("the line was cut")
        shown.end("other")
except HubError as error:
    _report(error)
print("cursor is back")
"""


def on_a_terminal(tmp_path: Path, *arguments: str, **env: str) -> str:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    child = pexpect.spawn(
        sys.executable,
        [str(script), *arguments],
        env={"TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[2]), **env},
        dimensions=(24, 100),
        encoding="utf-8",
        timeout=60,
    )
    child.expect(pexpect.EOF)
    return str(child.before)


def test_bars_show_rate_and_time_left_and_leave_a_line(tmp_path: Path) -> None:
    shown = on_a_terminal(tmp_path)
    text = plain(shown)
    assert "first [this]" in text
    assert "other  1.0 kB" not in text, "a small file leaves a line"
    assert "MB/s" in text
    assert "90.0 MB" in text
    assert "0:00:0" in text
    assert "then that" in text
    assert "model.onnx  90.0 MB at " in text
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor stays hidden"
    assert text.rstrip().endswith("cursor is back")


def test_a_failure_takes_the_bars_down_before_its_message(tmp_path: Path) -> None:
    shown = on_a_terminal(tmp_path, "fail")
    end = shown[shown.index("Error: the line was cut") :]
    assert "\x1b[?25h" in shown[: shown.index("Error: the line was cut")]
    assert "other" not in end


def test_no_color_holds_for_bars(tmp_path: Path) -> None:
    assert "\x1b[3" not in on_a_terminal(tmp_path, NO_COLOR="1")
    assert "\x1b[3" in on_a_terminal(tmp_path)
