"""The `hub` command: finds the subcommand's module by name, and is the one place where errors become output.

Imports click and nothing else of weight: a subcommand's module is imported when it is called, and commands of plugins
are looked for only when the help lists them or no command of the core has the name.
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from hub import __version__
from hub.cli.commands import COMMANDS
from hub.errors import HubError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["cli", "main"]

_READER_LEFT = 141  # as a program that SIGPIPE ended
_EPILOG = """\b
First steps:
  hub search chat
  hub run smollm2-135m "Why is the sky blue?"
"""


class LazyGroup(click.Group):
    """A group that knows its subcommands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the core, in the order of a first session, then those of plugins."""
        return [*COMMANDS, *self._of_plugins()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of the subcommand; its `command` is the click command."""
        if cmd_name in COMMANDS:
            command = import_module(COMMANDS[cmd_name][0]).command
            assert isinstance(command, click.Command)
            return command
        if cmd_name.startswith("-"):
            return None
        from hub.cli.plugin_commands import load_command

        return load_command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which names are near."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is not None:
            return name, command, args[1:]
        if name.startswith("-") and not ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        near = get_close_matches(name, self.list_commands(ctx), n=3)
        said = f" Did you mean {' or '.join(near)}?" if near else " A plugin may bring it: hub plugin search"
        raise click.UsageError(f"There is no command '{name}'.{said}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands from names alone, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])
        theirs = self._of_plugins()
        if theirs:
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(name, f"from {origin}") for name, origin in theirs.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands, without importing them, and the options of `hub` itself."""
        from click.shell_completion import CompletionItem

        helps = {name: text for name, (_, text) in COMMANDS.items()}
        helps |= {name: f"from {origin}" for name, origin in self._of_plugins().items()}
        items = [CompletionItem(name, help=text) for name, text in helps.items() if name.startswith(incomplete)]
        return items + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> None:
        """Call the subcommand; what it returns is not an exit code."""
        try:
            super().invoke(ctx)
        except BrokenPipeError as error:  # click would leave without a word, whatever pipe it was
            if not _reader_left():
                raise RuntimeError(f"a pipe broke: {error}") from error
            ctx.exit(_READER_LEFT)

    @staticmethod
    def _of_plugins() -> dict[str, str]:
        from hub.cli.plugin_commands import command_origins

        return command_origins()


@click.group(
    cls=LazyGroup, epilog=_EPILOG, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="hub", message="%(prog)s %(version)s")
def cli() -> None:
    """Find, verify and run AI models. Everything but the core is a plugin."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Entry point of the console script; leaves through `sys.exit` with the code that `hub.errors` names."""
    given = sys.argv[1:] if arguments is None else arguments
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")  # a letter that the terminal lacks is no reason to fail
    try:
        code = cli.main(args=given or ["--help"], prog_name="hub", standalone_mode=False)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        code = _report(error)
    sys.exit(code if isinstance(code, int) else 0)


def _report(error: BaseException) -> int:
    """Say what went wrong, on stderr, and give the exit code."""
    bars = sys.modules.get("hub.cli.progress")
    if bars is not None:
        bars.stop_bars()
    if isinstance(error, BrokenPipeError) and _reader_left():
        return _READER_LEFT
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
        _drop_output()
        return 1
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        click.echo("Stopped.", err=True)
        return 130
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if os.environ.get("HUB_DEBUG") == "1":
        from traceback import print_exception

        print_exception(error)
    if isinstance(error, HubError):
        show(error)
        return error.exit_code
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    click.echo(f"Error: this is a bug in hub or in a plugin: {told}", err=True)
    if os.environ.get("HUB_DEBUG") != "1":
        click.echo("Run it again with HUB_DEBUG=1 to get the traceback, and report it with that.", err=True)
    return 1


def _reader_left() -> bool:
    """Whether nobody reads our stdout any more."""
    import select

    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        left = any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (AttributeError, OSError, ValueError):
        return False
    if left:
        _drop_output()
    return left


def _drop_output() -> None:
    """Keep what is still buffered for a stdout that takes no more from failing again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show(error: HubError) -> None:
    """Print an error: what failed and why, its details, the next command."""
    click.echo(f"Error: {error.message}", err=True)
    for line in error.details:
        click.echo(f"  {line}", err=True)
    if error.hint:
        click.echo(error.hint, err=True)
