"""Writes the part of docs/cli.md that the commands themselves know: `python -m hub.cli.reference [--check] [PAGE]`.

What stands between the two marks is replaced; the rest of the page is written by hand. Knows the core's commands alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from hub.cli.commands import COMMANDS
from hub.cli.main import cli

__all__ = ["main", "page_with_reference"]

_BEGIN = "<!-- commands: written by python -m hub.cli.reference -->\n"
_END = "<!-- /commands -->"
_WIDTH = 100


def page_with_reference(page: str) -> str:
    """Put the help of every command between the marks of a page."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise click.ClickException("the page lacks the marks of the reference")
    return before + begin + "\n".join(_sections()) + end + after


def _sections() -> Iterator[str]:
    root = click.Context(cli, info_name="hub", **cli.context_settings)
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        yield from _section(command, click.Context(command, info_name=name, parent=root), depth=2)


def _section(command: click.Command, ctx: click.Context, depth: int) -> Iterator[str]:
    ctx.terminal_width = ctx.max_content_width = _WIDTH
    yield f"{'#' * depth} {ctx.command_path}\n```text\n{command.get_help(ctx)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            if inner is not None and not inner.hidden:
                yield from _section(inner, click.Context(inner, info_name=name, parent=ctx), depth + 1)


@click.command()
@click.argument("page", type=click.Path(dir_okay=False, path_type=Path), default="docs/cli.md")
@click.option("--check", is_flag=True, help="Change nothing; fail if the page is out of date.")
def main(page: Path, check: bool) -> None:
    """Write the reference into PAGE."""
    text = page.read_text(encoding="utf-8")
    fresh = page_with_reference(text)
    if check and fresh != text:
        sys.exit(f"{page} is out of date. Run: make docs")
    if not check:
        page.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
