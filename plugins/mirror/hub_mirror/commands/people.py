"""`hub mirror user`, `token` and `org`: who may use the mirror, and for what."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from hub_mirror.catalogue.accounts import (
    ROLES,
    Account,
    add_account,
    add_member,
    add_token,
    list_accounts,
    list_tokens,
    members_of,
    remove_account,
    remove_member,
    remove_token,
    set_quota,
)
from hub_mirror.catalogue.holdings import used
from hub_mirror.clock import written
from hub_mirror.commands.root import SIZE, opened, root_option

__all__ = ["org", "token", "user"]

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def user() -> None:
    """Users: people and machines that have tokens."""


@user.command("add")
@root_option
@click.argument("name")
@click.option("--fullname", default="", help="Name for people.")
@click.option("--email", default="", help="Shown to those who grant access.")
@click.option("--admin", is_flag=True, help="May do everything on this hub.")
@click.option("--quota", type=SIZE, help="Most bytes that the repositories of this user may take, such as 500GB.")
def add_user(root: Path, name: str, fullname: str, email: str, admin: bool, quota: int | None) -> None:
    """Add a user. It needs a token next: hub mirror token add NAME."""
    with opened(root).database.writing() as connection:
        add_account(connection, name, kind="user", fullname=fullname, email=email, admin=admin, quota=quota)
    click.echo(f"user {name}")


@user.command("list")
@root_option
@_json_option
def list_users(root: Path, as_json: bool) -> None:
    """List users."""
    _list(root, "user", as_json)


@user.command("quota")
@root_option
@click.argument("name")
@click.argument("size", type=SIZE, required=False)
def user_quota(root: Path, name: str, size: int | None) -> None:
    """Limit what the repositories of a user or organisation may take; without SIZE, lift the limit."""
    with opened(root).database.writing() as connection:
        set_quota(connection, name, size)


@user.command("remove")
@root_option
@click.argument("name")
def remove_user(root: Path, name: str) -> None:
    """Remove a user who owns no repositories, with all tokens."""
    with opened(root).database.writing() as connection:
        remove_account(connection, name, "user")


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
@_json_option
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


@click.group()
def org() -> None:
    """Organisations, whose repositories belong to several people."""


@org.command("add")
@root_option
@click.argument("name")
@click.option("--fullname", default="", help="Name for people.")
@click.option("--quota", type=SIZE, help="Most bytes that its repositories may take, such as 2TB.")
def add_org(root: Path, name: str, fullname: str, quota: int | None) -> None:
    """Add an organisation."""
    with opened(root).database.writing() as connection:
        add_account(connection, name, kind="org", fullname=fullname, quota=quota)
    click.echo(f"organisation {name}")


@org.command("list")
@root_option
@_json_option
def list_orgs(root: Path, as_json: bool) -> None:
    """List organisations."""
    _list(root, "org", as_json)


@org.command("remove")
@root_option
@click.argument("name")
def remove_org(root: Path, name: str) -> None:
    """Remove an organisation that owns no repositories."""
    with opened(root).database.writing() as connection:
        remove_account(connection, name, "org")


@org.command("join")
@root_option
@click.argument("name")
@click.argument("user_name", metavar="USER")
@click.option("--role", type=click.Choice(ROLES), default="read", show_default=True, help="What the user may do there.")
def join(root: Path, name: str, user_name: str, role: str) -> None:
    """Make USER a member of organisation NAME, or give another role."""
    with opened(root).database.writing() as connection:
        add_member(connection, name, user_name, role)


@org.command("leave")
@root_option
@click.argument("name")
@click.argument("user_name", metavar="USER")
def leave(root: Path, name: str, user_name: str) -> None:
    """Take USER out of organisation NAME."""
    with opened(root).database.writing() as connection:
        remove_member(connection, name, user_name)


@org.command("members")
@root_option
@click.argument("name")
def members(root: Path, name: str) -> None:
    """List the members of an organisation."""
    with opened(root).database.reading() as connection:
        for account, role in members_of(connection, name):
            click.echo(f"{account.name}\t{role}")


def _list(root: Path, kind: str, as_json: bool) -> None:
    with opened(root).database.reading() as connection:
        found = [(account, used(connection, account.id)) for account in list_accounts(connection, kind)]
    if as_json:
        click.echo(json.dumps([_row(account, taken) for account, taken in found]))
        return
    for account, taken in found:
        limit = f" of {account.quota}" if account.quota is not None else ""
        click.echo(f"{account.name}\t{'admin' if account.admin else kind}\t{taken}{limit} bytes\t{account.fullname}")


def _row(account: Account, taken: int) -> dict[str, object]:
    return {
        "name": account.name,
        "fullname": account.fullname,
        "email": account.email,
        "admin": account.admin,
        "quota": account.quota,
        "used": taken,
        "created": account.created,
    }
