"""A conversation on a real pseudo terminal, with a real model."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.support.terminal import plain, spawn

pytestmark = pytest.mark.weights
PROMPT = ">>> "


@pytest.fixture
def home(weights_home: Path, hub_home: Path) -> Path:
    """A home of this test whose weights are those of the shared one."""
    hub_home.mkdir(parents=True)
    (hub_home / "store").symlink_to(weights_home / "store")
    return hub_home


@pytest.fixture
def chat(home: Path) -> Iterator[pexpect.spawn]:
    child = spawn("run", "smollm2-135m", "--max-tokens", "24")
    child.expect(re.escape(PROMPT))
    yield child
    child.close(force=True)


def say(child: pexpect.spawn, text: str) -> str:
    child.sendline(text)
    child.expect(re.escape(PROMPT))
    return plain(child.before)


def leave(child: pexpect.spawn) -> None:
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, child.signalstatus) == (0, None)


def test_the_banner_says_what_answers_and_how_to_leave(chat: pexpect.spawn) -> None:
    banner = plain(chat.before)
    assert "SmolLM2-135M-Instruct" in banner
    assert "/bye" in banner
    chat.sendline("/bye")
    leave(chat)


def test_an_answer_is_given_and_ctrl_d_leaves(chat: pexpect.spawn) -> None:
    assert "Shakespeare" in say(chat, "Who wrote Romeo and Juliet?")
    chat.sendeof()
    leave(chat)


def test_the_help_shows_the_commands(chat: pexpect.spawn) -> None:
    shown = say(chat, "/help")
    assert all(name in shown for name in ("/system", "/clear", "/bye", '"""', "Ctrl-C"))
    assert "There is no '/nothing'" in say(chat, "/nothing")


def test_ctrl_c_stops_the_answer_and_not_the_program(home: Path) -> None:
    child = spawn("run", "smollm2-135m", "--max-tokens", "200")
    child.expect(re.escape(PROMPT))
    child.sendline("Tell a very long story about the sea and all its fish.")
    child.expect(r"fish\.\r\n")
    child.expect(r"\w+ \w+ \w+ \w+\W")
    child.sendintr()
    child.expect(re.escape("[stopped]"))
    child.expect(re.escape(PROMPT))
    say(child, "/clear")
    assert "Error" not in say(child, "Hello")
    child.sendline("/bye")
    leave(child)


def test_ctrl_c_at_the_prompt_clears_the_line_and_stays(chat: pexpect.spawn) -> None:
    chat.send("half a line")
    chat.expect("half a line")
    time.sleep(0.3)  # until it waits for the next key
    chat.sendintr()
    chat.expect(re.escape("(/bye or Ctrl-D leaves)"))
    chat.expect(re.escape(PROMPT))
    chat.sendline("/bye")
    leave(chat)


def test_several_lines_are_one_text_and_a_slash_in_them_is_no_command(chat: pexpect.spawn) -> None:
    chat.sendline('"""/bye')
    chat.expect(re.escape("... "))
    chat.sendline('is a word."""')
    chat.expect(re.escape(PROMPT))
    assert chat.isalive()


def test_instructions_are_set_and_shown(chat: pexpect.spawn) -> None:
    assert "no instructions" in say(chat, "/system")
    assert "Instructions: Speak like a pirate." in say(chat, "/system Speak like a pirate.")
    assert "A new conversation" in say(chat, "/clear")
    assert "Instructions: Speak like a pirate." in say(chat, "/system")


def test_a_conversation_that_outgrows_the_context_is_told_and_can_be_cleared(home: Path) -> None:
    child = spawn("run", "smollm2-135m", "--context-length", "256", "--max-tokens", "8")
    child.expect(re.escape(PROMPT))
    assert "/clear begins a new conversation" in say(child, "word " * 400)
    assert "Error" not in say(child, "Hello")
    child.sendline("/bye")
    leave(child)


def test_lines_are_remembered_for_the_next_time_and_private(chat: pexpect.spawn, home: Path) -> None:
    say(chat, "/system first instructions")
    chat.sendline("/bye")
    leave(chat)
    history = home / "chat_history"
    assert "/system first instructions" in history.read_text()
    assert history.stat().st_mode & 0o077 == 0
    again = spawn("run", "smollm2-135m")
    again.expect(re.escape(PROMPT))
    again.send("\x1b[A\x1b[A\r")  # arrow up, twice
    again.expect(re.escape("Instructions: first instructions"))
    again.close(force=True)


def test_a_model_that_does_not_converse_asks_for_an_input(home: Path) -> None:
    child = spawn("run", "all-minilm-l6-v2:onnx")
    child.expect(pexpect.EOF)
    child.close()
    assert "does not converse" in plain(child.before)
    assert child.exitstatus == 2


def test_a_vector_is_shown_in_short_on_a_terminal(home: Path) -> None:
    child = spawn("run", "all-minilm-l6-v2:onnx", "a cat")
    child.expect(pexpect.EOF)
    assert "384 numbers, length 1.0000" in plain(child.before)
