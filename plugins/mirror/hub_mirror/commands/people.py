"""`hub mirror user` and `org`: who may use the mirror, and for what."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hub_mirror.catalogue.accounts import ROLES, add_account, add_member, members_of, remove_member
from hub_mirror.commands.accounts import account_commands, json_option
from hub_mirror.commands.root import SIZE, opened, root_option

__all__ = ["org", "user"]


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
    with opened(root, make=True).database.writing() as connection:
        add_account(connection, name, kind="user", fullname=fullname, email=email, admin=admin, quota=quota)
    click.echo(f"user {name}")


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
    with opened(root, make=True).database.writing() as connection:
        add_account(connection, name, kind="org", fullname=fullname, quota=quota)
    click.echo(f"organisation {name}")


@org.command("join")
@root_option
@click.argument("name")
@click.argument("user_name", metavar="USER")
@click.option("--role", type=click.Choice(ROLES), default="read", show_default=True, help="What the user may do there.")
def join(root: Path, name: str, user_name: str, role: str) -> None:
    """Make USER a member of organisation NAME, or give another role."""
    with opened(root).database.writing() as connection:
        add_member(connection, name, user_name, role)
    click.echo(f"{user_name} is {role} in {name}")


@org.command("leave")
@root_option
@click.argument("name")
@click.argument("user_name", metavar="USER")
def leave(root: Path, name: str, user_name: str) -> None:
    """Take USER out of organisation NAME."""
    with opened(root).database.writing() as connection:
        remove_member(connection, name, user_name)
    click.echo(f"{user_name} left {name}")


@org.command("members")
@root_option
@click.argument("name")
@json_option
def members(root: Path, name: str, as_json: bool) -> None:
    """List the members of an organisation."""
    with opened(root).database.reading() as connection:
        found = [(account.name, role) for account, role in members_of(connection, name)]
    if as_json:
        click.echo(json.dumps([{"name": account, "role": role} for account, role in found]))
        return
    for account, role in found:
        click.echo(f"{account}\t{role}")


for _command in account_commands("user", "user"):
    user.add_command(_command)
for _command in account_commands("org", "organisation"):
    org.add_command(_command)
