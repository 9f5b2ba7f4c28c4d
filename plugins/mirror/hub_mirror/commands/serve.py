"""`hub mirror serve`: runs the server."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from hub_mirror.catalogue.accounts import list_accounts
from hub_mirror.commands.root import SIZE, opened, root_option
from hub_mirror.service import GIB, Settings

__all__ = ["serve"]


@click.command()
@root_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8478, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Processes that answer.")
@click.option("--url", default="", help="Address under which people reach it, where a proxy stands before it.")
@click.option("--forwarded", default="127.0.0.1", show_default=True, help="Proxies whose X-Forwarded-* are believed.")
@click.option("--proxy", default="", metavar="URL", help="Hub that missing repositories are fetched from, once.")
@click.option(
    "--proxy-token", envvar="HUB_MIRROR_PROXY_TOKEN", default="", help="Token for it (HUB_MIRROR_PROXY_TOKEN)."
)
@click.option("--fresh", default=60.0, show_default=True, help="Seconds before a branch of it is asked for again.")
@click.option("--login", is_flag=True, help="Show nothing without a token.")
@click.option("--largest", type=SIZE, default=512 * GIB, show_default="512GiB", help="Largest file that is taken.")
@click.option("--part", type=SIZE, default=GIB, show_default="1GiB", help="Larger files come in parts of this size.")
@click.option("--access-log", default="-", show_default=True, help="File for requests; '-' is stdout, '' nowhere.")
def serve(
    root: Path,
    host: str,
    port: int,
    workers: int,
    url: str,
    forwarded: str,
    proxy: str,
    proxy_token: str,
    fresh: float,
    login: bool,
    largest: int,
    part: int,
    access_log: str,
) -> None:
    """Serve the mirror until it is stopped."""
    import uvicorn

    service = opened(root, make=True)  # faults are told here, before any worker starts
    if not list_accounts(service.database.connection, "user") and not proxy:
        click.echo(f"There are no users yet. Make one: hub mirror user add NAME --root {root}", err=True)
    service.database.close()
    settings = Settings(
        root=root.absolute(),
        url=url,
        proxy=proxy,
        proxy_token=proxy_token,
        fresh=fresh,
        login=login,
        largest=largest,
        part=part,
        access_log=access_log,
    )
    click.echo(f"Serving {root} at {url or f'http://{host}:{port}'}", err=True)
    os.environ["HUB_MIRROR_SETTINGS"] = msgspec.json.encode(settings, enc_hook=str).decode()  # how workers get them
    uvicorn.run(
        "hub_mirror.worker:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        loop="asyncio",  # whose sendfile is used
        http="httptools",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=forwarded,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=30,
    )
