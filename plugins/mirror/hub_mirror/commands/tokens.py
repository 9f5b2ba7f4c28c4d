"""`hub mirror token`: what clients show to say who they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from hub_mirror.catalogue.accounts import add_token, list_tokens, remove_token
from hub_mirror.clock import written
from hub_mirror.commands.accounts import json_option
from hub_mirror.commands.root import opened, root_option

__all__ = ["token"]


@click.group()
def token() -> None:
    """Tokens, with which clients show who they are."""


@token.command("add")
@root_option
@click.argument("name")
@click.option("--name", "label", default="default", show_default=True, help="What the token is called.")
@click.option("--role", type=click.Choice(["read", "write"]), default="read", show_default=True, help="What it may do.")
@click.option("--days", type=click.IntRange(min=1), help="How long it holds; for ever by default.")
def add_a_token(root: Path, name: str, label: str, role: str, days: int | None) -> None:
    """Make a token for user NAME and print it. It cannot be shown again."""
    expires = written(datetime.now(UTC) + timedelta(days=days)) if days else None
    with opened(root).database.writing() as connection:
        made = add_token(connection, name, label, role=role, expires=expires)
    click.echo(made)


@token.command("list")
@root_option
@click.argument("name")
@json_option
def list_some_tokens(root: Path, name: str, as_json: bool) -> None:
    """List the tokens of user NAME, without what they are."""
    with opened(root).database.reading() as connection:
        rows = [dict(row) for row in list_tokens(connection, name)]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo(f"{row['name']}\t{row['role']}\tmade {row['created']}\texpires {row['expires'] or 'never'}")


@token.command("revoke")
@root_option
@click.argument("name")
@click.option("--name", "label", default="default", show_default=True, help="What the token is called.")
def revoke(root: Path, name: str, label: str) -> None:
    """Revoke a token of user NAME. It is refused from the next request on."""
    with opened(root).database.writing() as connection:
        remove_token(connection, name, label)
    click.echo(f"token '{label}' of {name} revoked")
