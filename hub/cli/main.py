"""The `hub` command: finds the subcommand's module by name, and is the one place where errors become output.

Imports click and nothing else of weight: a subcommand's module is imported when it is called.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from hub import __version__
from hub.errors import HubError

__all__ = ["COMMANDS", "cli", "main"]

# Name -> (module, one line of help). The help stands here so that `hub --help` imports no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "search": ("hub.cli.search", "Find models in the registries."),
    "info": ("hub.cli.info", "Show everything known about a model."),
    "plan": ("hub.cli.plan", "Show how a model would run here, and why not otherwise."),
    "pull": ("hub.cli.pull", "Download and verify a model's weights."),
    "list": ("hub.cli.list", "List the models on this machine."),
    "rm": ("hub.cli.rm", "Remove a model's weights."),
    "gc": ("hub.cli.gc", "Free what nothing refers to."),
    "run": ("hub.cli.run", "Run a model on text, files or stdin, or chat with it."),
    "plugin": ("hub.cli.plugin", "List, install, remove and switch off plugins."),
    "doctor": ("hub.cli.doctor", "Check this installation and say what to mend."),
    "config": ("hub.cli.config", "Show and change settings."),
    "completion": ("hub.cli.completion", "Print the completion script for a shell."),
}


class LazyGroup(click.Group):
    """A group that knows its subcommands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of a first session."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of the subcommand; its `command` is the click command."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands from `COMMANDS`, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hub")
def cli() -> None:
    """Find, verify and run AI models. Everything but the core is a plugin."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script; leaves through `sys.exit` with the code that `hub.errors` names."""
    try:
        cli.main(args=arguments, prog_name="hub", standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except HubError as error:
        if os.environ.get("HUB_DEBUG") == "1":
            raise
        show(error)
        sys.exit(error.exit_code)


def show(error: HubError) -> None:
    """Print an error: what failed and why, its details, the next command."""
    click.echo(f"Error: {error.message}", err=True)
    for line in error.details:
        click.echo(f"  {line}", err=True)
    if error.hint:
        click.echo(error.hint, err=True)
