"""`hub registry tap`: registries of others, pinned when they are added and changed only when the person says so.

Knows nothing of how entries are found.
"""

from __future__ import annotations

import sys
import time

import click
import msgspec

from hub.cli.output import note, print_json, print_table, printable
from hub.errors import HubError, UsageError, VerificationError
from hub.registry.schema import Registry
from hub.registry.tap_changes import TapChange, tap_changes
from hub.registry.tap_list import Tap, read_taps
from hub.registry.taps import fetch_tap, keep_tap, open_tap, remove_tap, shelf_of, watched
from hub.types import JSON

__all__ = ["tap_command"]


@click.group("tap")
def tap_command() -> None:
    """Read registries of others, pinned to what they held when you added them."""


@tap_command.command("add")
@click.argument("address", metavar="URL|PATH")
@click.option("--name", default="", help="What it is called here; its own name by default.")
@click.option("--first", is_flag=True, help="Look into it before the registry that comes with hub.")
def add_command(address: str, name: str, first: bool) -> None:
    """Add a registry.json, or a static index (an address that ends in / or index.json).

    Of two entries with the same name, the earlier registry's is found: hub's own, then taps in the order in which they
    were added, then the setting registries. The other one is reached as TAP/publisher/name.
    """
    tap, content = fetch_tap(address, name=name, first=first)
    taken = {each.name for each in read_taps()} | {_bundled_name()}
    if tap.name in taken:
        raise UsageError(f"'{tap.name}' is the name of a registry here already", hint="Give it one: --name team")
    keep_tap(tap, content)
    shelf = open_tap(tap)
    count = sum(1 for _ in shelf.names())
    models = "1 model" if count == 1 else f"{count} models"
    note(f"Tap '{tap.name}': {models} of {printable(tap.address)}, pinned to sha256 {tap.sha256[:12]}.")
    note("You trust whoever runs it to say which weights are right. See them: hub search")


@tap_command.command("remove")
@click.argument("name")
def remove_command(name: str) -> None:
    """Forget a tap; weights that were pulled from it stay."""
    tap = remove_tap(name)
    note(f"Tap '{tap.name}' ({printable(tap.address)}) is not read any more.")


@tap_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(as_json: bool) -> None:
    """Show the taps in the order in which they are read, and whether they still hold what was pinned."""
    taps = sorted(watched(read_taps(), fresh=0), key=lambda tap: not tap.first)
    if as_json:
        print_json([_as_json(tap) for tap in taps])
        return
    rows = [
        (tap.name, _state(tap), tap.day, tap.sha256[:12], "yes" if tap.first else "no", tap.address) for tap in taps
    ]
    print_table(("tap", "state", "pinned", "sha256", "first", "address"), rows)
    for tap in taps:
        if tap.said:
            note(printable(tap.said[:1].upper() + tap.said[1:]))
    if not taps:
        note("No taps. Add one: hub registry tap add https://example.org/registry.json")


@tap_command.command("update")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--accept", is_flag=True, help="Take other bytes under a name that was listed, too.")
@click.option("--dry-run", is_flag=True, help="Show what has changed, and pin nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print what has changed as JSON.")
def update_command(names: tuple[str, ...], accept: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Show what taps hold now that they did not when they were pinned, and pin them to that.

    A tap that lists other bytes under a name that it had listed before is refused with exit code 4: that is how weights
    are swapped. Look at it first, then --accept.
    """
    taps = read_taps()
    unknown = set(names) - {tap.name for tap in taps}
    if unknown:
        raise UsageError(f"there is no tap '{min(unknown)}'", hint="See: hub registry tap list")
    told: list[JSON] = []
    failed: list[HubError] = []
    for tap in taps:
        if names and tap.name not in names:
            continue
        try:
            changes = _update(tap, accept=accept, dry_run=dry_run, ask=not (yes or as_json) and sys.stdin.isatty())
            told.append({"tap": tap.name, "changes": [msgspec.to_builtins(change) for change in changes]})
        except HubError as error:
            failed.append(error)
            note(printable(f"Tap '{tap.name}' stays as it was pinned: {'; '.join([error.message, *error.details])}"))
    if as_json:
        print_json(told)
    if failed:
        raise failed[0]


def _update(tap: Tap, *, accept: bool, dry_run: bool, ask: bool) -> list[TapChange]:
    fresh, content = fetch_tap(tap.address, name=tap.name, first=tap.first)
    if fresh.sha256 == tap.sha256:
        note(f"Tap '{tap.name}' holds what was pinned.")
        keep_tap(msgspec.structs.replace(fresh, pinned=tap.pinned), content)
        return []
    changes = tap_changes(open_tap(tap), shelf_of(fresh, content))
    print_table(("tap", "what", "model", "how"), [(tap.name, each.what, each.model, each.details) for each in changes])
    swapped = [each.model for each in changes if each.bytes]
    if swapped and not accept:
        raise VerificationError(
            f"tap '{tap.name}' lists other bytes under names that it had listed: {', '.join(swapped)}",
            hint=f"Look at it first. To take it: hub registry tap update {tap.name} --accept",
        )
    if dry_run:
        note(f"Tap '{tap.name}' stays pinned to sha256 {tap.sha256[:12]}.")
        return changes
    if ask:
        click.confirm(f"Pin '{tap.name}' to this?", default=True, abort=True, err=True)
    keep_tap(fresh, content)
    note(f"Tap '{tap.name}' is pinned to sha256 {fresh.sha256[:12]}, of {time.strftime('%Y-%m-%d')}.")
    return changes


def _state(tap: Tap) -> str:
    return "changed" if tap.changed else ("cannot be had" if tap.said else "as pinned")


def _as_json(tap: Tap) -> JSON:
    return {
        "name": tap.name,
        "address": tap.address,
        "sha256": tap.sha256,
        "pinned": tap.pinned,
        "sparse": tap.sparse,
        "first": tap.first,
        "state": _state(tap),
        "said": tap.said,
    }


def _bundled_name() -> str:
    from hub.registry.catalogue import BUNDLED
    from hub.registry.decode import decode

    bundled: Registry = decode(BUNDLED.read_bytes(), name=str(BUNDLED))
    return bundled.name
