"""Draws docs/images/terminal.svg from what the commands really print on a terminal.

Needs the weights (`make run` pulls them). The commands run in a pseudo-terminal, so that tables and colours are those
that a person sees.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pexpect
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "terminal.svg"
COLUMNS = 112
COMMANDS = (
    'hub search "sentence embeddings"',
    'hub run smollm2-135m "What is 2+2?"',
    'hub run all-minilm-l6-v2 "a cat" "a dog"',
    "hub plan all-minilm-l6-v2",
)


def output_of(command: str) -> str:
    """What the command prints on a terminal."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    text, status = pexpect.run(
        f"bash -c '{command}'",
        withexitstatus=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, "PATH": path, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)},
        dimensions=(40, COLUMNS),
    )
    if status:
        sys.exit(f"{command} ended with {status}:\n{text}")
    return text.replace("\r\n", "\n").rstrip()


def main() -> None:
    """Run the commands and draw what they print."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for command in COMMANDS:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        console.print(Text.from_ansi(output_of(command)))
        console.print()
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(console.export_svg(title="hub"), encoding="utf-8")


if __name__ == "__main__":
    main()
