"""The commands that users and organisations share: list, limit, remove."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hub_mirror.catalogue.accounts import Account, get_account, list_accounts, remove_account, set_quota
from hub_mirror.catalogue.holdings import used
from hub_mirror.commands.root import SIZE, opened, root_option
from hub_mirror.sizes import readable

__all__ = ["account_commands", "json_option"]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def account_commands(kind: str, word: str) -> tuple[click.Command, ...]:
    """Commands for the accounts of a kind.

    Parameters
    ----------
    kind
        `user` or `org`, as the catalogue has it.
    word
        What people call it.
    """

    @click.command("list", help=f"List {word}s, and what their repositories take.")
    @root_option
    @json_option
    def list_(root: Path, as_json: bool) -> None:
        with opened(root).database.reading() as connection:
            found = [(account, used(connection, account.id)) for account in list_accounts(connection, kind)]
        if as_json:
            click.echo(json.dumps([_row(account, taken) for account, taken in found]))
            return
        for account, taken in found:
            limit = f" of {readable(account.quota)}" if account.quota is not None else ""
            role = "admin" if account.admin else kind
            click.echo(f"{account.name}\t{role}\t{readable(taken)}{limit}\t{account.fullname}".rstrip())

    @click.command("quota", help=f"Limit what the repositories of {word} NAME may take; without SIZE, lift the limit.")
    @root_option
    @click.argument("name")
    @click.argument("size", type=SIZE, required=False)
    def quota(root: Path, name: str, size: int | None) -> None:
        with opened(root).database.writing() as connection:
            set_quota(connection, get_account(connection, name, kind).name, size)
        click.echo(f"{word} {name}: {'no limit' if size is None else f'at most {readable(size)}'}")

    @click.command("remove", help=f"Remove {word} NAME; it must own no repositories.")
    @root_option
    @click.argument("name")
    def remove(root: Path, name: str) -> None:
        with opened(root).database.writing() as connection:
            remove_account(connection, name, kind)
        click.echo(f"{word} {name} removed")

    return list_, quota, remove


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
