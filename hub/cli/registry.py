"""`hub registry`: what maintainers and authors do with registry files, and the taps that this machine reads.

Each subcommand is a module of its own, imported when it is called.
"""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["command"]

_COMMANDS = {
    "add": ("hub.cli.registry_edit", "add_command"),
    "edit": ("hub.cli.registry_edit", "edit_command"),
    "yank": ("hub.cli.registry_edit", "yank_command"),
    "check": ("hub.cli.registry_check", "check_command"),
    "format": ("hub.cli.registry_edit", "format_command"),
    "build": ("hub.cli.registry_build", "build_command"),
    "tap": ("hub.cli.registry_tap", "tap_command"),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group("registry", cls=_Lazy)
def command() -> None:
    """Add to a registry, check changes of it, build it for others, and read registries of others (taps)."""
