"""`hub config`: shows and changes the settings of `hub.config`. Knows nothing of what they mean to others."""

from __future__ import annotations

import click

from hub import config
from hub.cli.output import is_terminal, note, print_json, print_table

__all__ = ["command"]


@click.group("config", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show and change settings.

    A setting comes from its environment variable, else from config.json in the home folder, else from its default.
    """
    if ctx.invoked_subcommand is None:
        _show(as_json)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(as_json: bool) -> None:
    """Show every setting, its value and where that comes from."""
    _show(as_json)


@command.command("get")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def get_command(name: str, as_json: bool) -> None:
    """Print the value of a setting."""
    value = config.get(name)
    if as_json:
        print_json({"name": name, "value": value})  # type: ignore[dict-item]  # list[str] is JSON
    else:
        click.echo(_text(value))


@command.command("set")
@click.argument("name")
@click.argument("values", nargs=-1, required=True, metavar="VALUE...")
def set_command(name: str, values: tuple[str, ...]) -> None:
    """Keep a setting; a list takes several values, or one with commas."""
    config.put(name, ",".join(values) if _is_list(name) else " ".join(values))
    _told(name)


@command.command("unset")
@click.argument("name")
def unset_command(name: str) -> None:
    """Go back to the default of a setting."""
    config.remove(name)
    _told(name)


def _show(as_json: bool) -> None:
    rows = config.items()
    if as_json:
        print_json(
            {
                "home": str(config.home()),
                "settings": [
                    {"name": s.name, "value": value, "origin": origin, "env": s.env, "help": s.help}  # type: ignore[dict-item]
                    for s, value, origin in rows
                ],
            }
        )
        return
    if is_terminal():
        note(f"Home: {config.home()}")
    print_table(
        ("setting", "value", "from", "variable", "what it does"),
        [(s.name, _text(value), origin, s.env, s.help) for s, value, origin in rows],
    )


def _told(name: str) -> None:
    rows = {setting.name: (setting, value, origin) for setting, value, origin in config.items()}
    setting, value, origin = rows[name]
    note(f"{name} = {_text(value) or '(empty)'}")
    if origin == "environment":
        note(f"The environment variable {setting.env} is set, and wins over what is kept.")


def _is_list(name: str) -> bool:
    setting = config.SETTINGS.get(name)
    return setting is not None and isinstance(setting.default, list)


def _text(value: config.Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else value
