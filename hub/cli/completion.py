"""`hub completion`: prints the script that completes commands, options and models in a shell.

The scripts are click's; they call `hub` itself, so nothing goes stale. Also what completes a MODEL argument. Completion
never fails aloud and never uses the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from hub.cli.output import is_terminal, note

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["command", "complete_model", "complete_pulled"]

_INSTALL = {
    "bash": "echo 'eval \"$(hub completion bash)\"' >> ~/.bashrc",
    "zsh": "echo 'eval \"$(hub completion zsh)\"' >> ~/.zshrc   # after compinit",
    "fish": "hub completion fish > ~/.config/fish/completions/hub.fish",
}


_HELP = """Print the completion script for a shell.

\b
""" + "\n".join(f"{shell + ':':5}  {line}" for shell, line in _INSTALL.items())


@click.command("completion", help=_HELP)
@click.argument("shell", type=click.Choice(sorted(_INSTALL)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell."""
    from click.shell_completion import get_completion_class

    maker = get_completion_class(shell)
    assert maker is not None
    click.echo(maker(ctx.find_root().command, {}, "hub", "_HUB_COMPLETE").source())
    if is_terminal():
        note(f"To use it: {_INSTALL[shell]}")


def complete_model(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids and aliases of the registries; files where it looks like a path. For `shell_complete=` of an argument."""
    return _offer(incomplete, _registered)


def complete_pulled(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """References of what is on this machine. For `shell_complete=` of an argument."""
    return _offer(incomplete, _pulled)


def _offer(incomplete: str, names: Callable[[], Iterable[tuple[str, str]]]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    if incomplete.startswith((".", "/", "~")):
        return [CompletionItem(incomplete, type="file")]
    try:
        found = sorted(set(names()))
    except Exception:  # a registry that cannot be read is told by the command, not by the tab key
        return []
    wanted = incomplete.lower()
    return [CompletionItem(name, help=text) for name, text in found if name.lower().startswith(wanted)]


def _registered() -> Iterable[tuple[str, str]]:
    from hub.registry.catalogue import load_catalogue

    for listing, _ in load_catalogue(network=False).listings():
        for name in (listing.id, *listing.aliases):
            yield name, listing.summary


def _pulled() -> Iterable[tuple[str, str]]:
    from hub.store.store import Store

    for record in Store().records():
        yield record.model, record.name
        if ":" not in record.reference:
            yield record.reference, record.name
