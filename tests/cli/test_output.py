"""What is printed for a person and for a pipe."""

from __future__ import annotations

import json
from pathlib import Path

import pexpect
import pytest

from hub.cli import output
from tests.support.terminal import plain, spawn


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    return monkeypatch


def test_a_table_in_a_pipe_is_rows_with_tabs_and_no_header(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(("name", "size"), [("a", "1 B"), ("b c", "2\nB")])
    assert capsys.readouterr().out == "a\t1 B\nb c\t2 B\n"


def test_a_table_on_a_terminal_has_a_header_and_columns(
    terminal: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output.print_table(("name", "size"), [("long name", "1 B"), ("b", "12 B")])
    assert capsys.readouterr().out.splitlines() == ["NAME       SIZE", "long name  1 B", "b          12 B"]


def test_a_last_column_that_is_too_wide_is_wrapped_in_its_place(
    terminal: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.setenv("COLUMNS", "40")
    output.print_table(("name", "summary"), [("model", "a summary of many words that does not fit the line")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "model  a summary of many words that does"
    assert lines[2] == "       not fit the line"


def test_text_of_a_stranger_does_not_steer_the_terminal() -> None:
    assert output.printable("\x1b[2J\x1b]0;title\x07ok\x9b31m\r\b") == "[2J]0;titleok31m"
    assert output.printable("line\n\ttab é 東京 🙂") == "line\n\ttab é 東京 🙂"


@pytest.mark.parametrize(
    ("env", "styled"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)]
)
def test_colour_needs_a_terminal_that_wants_it(terminal: pytest.MonkeyPatch, env: dict[str, str], styled: bool) -> None:
    terminal.delenv("NO_COLOR")
    terminal.setenv("TERM", "xterm")
    for name, value in env.items():
        terminal.setenv(name, value)
    assert output.styled() is styled


def test_json_keeps_the_letters_of_every_language(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"name": "Grüße 東京"})
    out = capsys.readouterr().out
    assert "Grüße 東京" in out
    assert json.loads(out) == {"name": "Grüße 東京"}


@pytest.mark.parametrize(("no_color", "escapes"), [("1", False), ("", True)])
def test_a_real_terminal_gets_colour_unless_no_color_holds(no_color: str, escapes: bool) -> None:
    child = spawn("config", env={"NO_COLOR": no_color})
    child.expect(pexpect.EOF)
    assert ("\x1b[" in child.before) is escapes
    assert "SETTING" in plain(child.before)


def test_the_home_with_other_letters_works(run_hub, tmp_path: Path) -> None:
    home = tmp_path / "Zuhause 東京 é"
    env = {"HUB_HOME": str(home)}
    assert run_hub("config", "set", "device", "cpu", env=env).returncode == 0
    assert (home / "config.json").exists()
    assert json.loads(run_hub("config", "--json", env=env).stdout)["home"] == str(home)


def test_a_stream_that_lacks_letters_gets_json_that_says_them_and_text_with_marks(run_hub) -> None:
    env = {"PYTHONIOENCODING": "iso8859-1", "HUB_REGISTRIES": "a 東京"}
    document = json.loads(run_hub("config", "get", "registries", "--json", env=env).stdout)
    assert document["value"] == ["a 東京"]
    assert run_hub("config", "get", "registries", env=env).stdout == "a ??\n"
