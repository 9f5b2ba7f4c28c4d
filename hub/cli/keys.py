"""`hub keys`: makes, lists and revokes keys, in the database of this machine or through a server.

The database is the server's, and is found by its name: the two packages never import each other.
"""

from __future__ import annotations

from typing import Any

import click

from hub.cli.output import note, print_json, print_table
from hub.cli.serve import open_database, server_module
from hub.cli.servers import link_to

__all__ = ["command"]

_WHERE = (
    click.option("--server", metavar="URL", envvar="HUB_SERVER", help="Ask this server, with an admin's key."),
    click.option("--key", metavar="KEY", envvar="HUB_SERVER_KEY", help="Key for the server."),
    click.option(
        "--database", default="", metavar="URL", help="Database of the server; otherwise that of this machine."
    ),
)


def _where(function: Any) -> Any:  # Any: click's decorators
    for option in _WHERE:
        function = option(function)
    return function


@click.group("keys")
def command() -> None:
    """Make, list and revoke keys of a server.

    As soon as there is a key, every request needs one, and the server may listen for other machines:
    hub keys add TEAM, then hub serve --host 0.0.0.0.
    """


@command.command("add")
@click.argument("name")
@click.option(
    "--model", "models", multiple=True, metavar="PATTERN", help="Models that it may use, as acme/*; repeatable."
)
@click.option("--task", "tasks", multiple=True, metavar="PATTERN", help="Tasks that it may use; repeatable.")
@click.option("--rate", type=click.IntRange(0), default=0, help="Requests a minute; 0 for any number.")
@click.option("--tokens", type=click.IntRange(0), default=0, help="Tokens a day (UTC); 0 for any number.")
@click.option("--priority", type=click.IntRange(-10, 10), default=0, help="Higher ones are answered first.")
@click.option("--admin", is_flag=True, help="It may see and stop models, and make keys.")
@_where
def add(name: str, server: str | None, key: str | None, database: str, **rights: Any) -> None:  # Any: click's values
    """Make the key NAME and print it. It is shown this once: only its hash is kept."""
    if server:
        text = link_to(server, key).post("/hub/v1/keys", {"name": name, **rights})["key"]
    else:
        text, made = server_module("access.keys").make_key(name, **rights)
        with open_database(database) as store:
            store.add_key(made)
            store.add_audit("local", "keys.add", {"name": name, **made.rights})
    click.echo(text)
    note(f"This is key '{name}'. Keep it: it is not shown again. A running server takes it within 5 s.")


@command.command("list")
@_where
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(server: str | None, key: str | None, database: str, as_json: bool) -> None:
    """List the keys and what they allow."""
    if server:
        keys = link_to(server, key).get("/hub/v1/keys")["keys"]
    else:
        with open_database(database) as store:
            keys = [each.told() for each in store.all_keys()]
    if as_json:
        print_json(keys)
        return
    if not keys:
        note("There is no key: the server is for this machine alone. Make one: hub keys add NAME")
    print_table(("name", "id", "made", "models", "tasks", "rate", "tokens", "state"), [_row(each) for each in keys])


@command.command("revoke")
@click.argument("name")
@_where
def revoke(name: str, server: str | None, key: str | None, database: str) -> None:
    """Take the rights of key NAME away, for good. A running server refuses it within 5 s."""
    if server:
        name = link_to(server, key).delete("/hub/v1/keys", name)["revoked"]
    else:
        with open_database(database) as store:
            name = store.revoke(name).name
            store.add_audit("local", "keys.revoke", {"name": name})
    note(f"Revoked '{name}'")


def _row(key: dict[str, Any]) -> tuple[str, ...]:  # Any: JSON
    state = "revoked" if key["revoked"] else "admin" if key["admin"] else "holds"
    return (
        key["name"],
        key["id"],
        key["made"][:10],
        ", ".join(key["models"]),
        ", ".join(key["tasks"]),
        str(key["rate"] or "any"),
        str(key["tokens"] or "any"),
        state,
    )
