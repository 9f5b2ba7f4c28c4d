"""A conversation on a terminal: reads lines with editing and history, streams the answers, keeps what was said.

Knows nothing of models: it is given a function that streams the answer to a list of messages. Ctrl-C stops an answer
or clears a line, never the program; Ctrl-D and `/bye` leave.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub import config
from hub.cli.output import note
from hub.cli.wrapping import show
from hub.errors import ContextOverflow, HubError, SessionClosed, WorkerDied
from hub.types import Message

if TYPE_CHECKING:
    from hub.runtime.sessions.stream import Pieces

__all__ = ["Chat", "Talk", "chat"]

Talk = Callable[[list[Message]], "Pieces[Any]"]  # Any: the task's answer

_HISTORY_LINES = 1000
_HELP = """\
/help           show this
/system TEXT    set the instructions that come before the conversation; without TEXT, show them
/clear          begin a new conversation
/bye            leave; so does Ctrl-D
\"\"\"             begins and ends a text of several lines
Ctrl-C          stops an answer, or clears the line"""


class Chat:
    """The state of a conversation: instructions and turns."""

    def __init__(self, talk: Talk, system: str = "") -> None:
        self._talk = talk
        self.system = system
        self.turns: list[Message] = []

    def ask(self, text: str) -> None:
        """Stream the answer to `text`. A turn that fails is taken back; one that was stopped keeps what was said."""
        self.turns.append(Message(role="user", content=text))
        said: list[str] = []
        try:
            self._stream(said)
        except KeyboardInterrupt:
            note("[stopped]")
        except BaseException:
            self.turns.pop()
            raise
        if said:
            self.turns.append(Message(role="assistant", content="".join(said)))
        else:
            self.turns.pop()

    def _stream(self, said: list[str]) -> None:
        start = [Message(role="system", content=self.system)] if self.system else []
        with self._talk([*start, *self.turns]) as pieces:
            show(_heard(pieces, said), sys.stdout)
            if _cut(pieces.result):
                note("[the answer reached --max-tokens or the end of the context]")

    def obey(self, line: str) -> bool:
        """Do what a line that begins with a slash says; `False` to leave."""
        name, _, rest = line.partition(" ")
        if name in {"/bye", "/exit", "/quit"}:
            return False
        if name == "/clear":
            self.turns.clear()
            note("A new conversation begins.")
        elif name == "/system":
            self.system = rest.strip() or self.system
            note(f"Instructions: {self.system}" if self.system else "There are no instructions. Set: /system TEXT")
        elif name in {"/help", "/?"}:
            note(_HELP)
        else:
            note(f"There is no '{name}'. See /help. To ask something that begins with /, put a space before it.")
        return True


def chat(talk: Talk, system: str = "") -> None:
    """Talk until the person leaves.

    Raises
    ------
    WorkerDied, SessionClosed
        The model is gone; every other error is shown, and the conversation goes on.
    """
    conversation = Chat(talk, system)
    with _line_editing():
        while True:
            try:
                if not _turn(conversation):
                    return
            except KeyboardInterrupt:
                note("\n(/bye or Ctrl-D leaves)")


def _turn(conversation: Chat) -> bool:
    """Read what the person enters, and answer it; `False` to leave."""
    try:
        line = _read()
    except EOFError:
        click.echo()
        return False
    if line.startswith("/"):
        return conversation.obey(line.strip())
    try:
        if line.strip():
            conversation.ask(line.strip())
    except (SessionClosed, WorkerDied):
        raise
    except HubError as error:
        _told(error)
    return True


def _read() -> str:
    """One line, or several between two `\"\"\"`; what begins with / in several lines is no command."""
    line = input(">>> ")
    return "\n" + _rest_of_block(line.lstrip()[3:]) if line.lstrip().startswith('"""') else line


def _rest_of_block(first: str) -> str:
    lines = [first]
    while '"""' not in lines[-1]:
        lines.append(input("... "))
    lines[-1] = lines[-1].partition('"""')[0]
    return "\n".join(lines).strip("\n")


@contextmanager
def _line_editing() -> Iterator[None]:
    """Arrow keys and a history that outlives the process; neither is needed to talk."""
    try:
        import readline
    except ImportError:  # a Python without it
        yield
        return
    path = config.home() / "chat_history"
    readline.set_auto_history(True)
    readline.set_history_length(_HISTORY_LINES)
    try:
        readline.read_history_file(path)
    except OSError:
        readline.clear_history()
    try:
        yield
    finally:
        _keep_history(path, readline.write_history_file)


def _keep_history(path: Path, write: Callable[[Path], None]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        write(path)
    except OSError as error:
        note(f"The history of your lines is not kept: {path}: {error.strerror or error}")


def _heard(pieces: Iterable[str], said: list[str]) -> Iterator[str]:
    for piece in pieces:
        said.append(piece)
        yield piece


def _cut(result: object) -> bool:
    return isinstance(result, dict) and result.get("finish_reason") == "length"


def _told(error: HubError) -> None:
    note(f"Error: {error.message}")
    for line in error.details:
        note(f"  {line}")
    if isinstance(error, ContextOverflow):
        note("/clear begins a new conversation.")
    elif error.hint:
        note(error.hint)
