"""`hub serve`: reads the command line and starts the server, which is found by its name.

Knows nothing of what the server does: the two share their layer, and neither imports the other.
"""

from __future__ import annotations

from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from hub.cli.completion import complete_model
from hub.cli.output import note
from hub.errors import PluginMissing
from hub.sizes import parse_size

__all__ = ["command", "open_database", "server_module"]

_PORT = 4820


def _limits(function: Any) -> Any:  # Any: click's decorators
    for option in (
        click.option("--queue", type=click.IntRange(1), default=128, help="Requests that may wait for one model."),
        click.option("--batch", type=click.IntRange(1), default=32, help="Inputs that are answered as one."),
        click.option("--batch-wait", type=click.FloatRange(0), default=2.0, help="Milliseconds to wait for a batch."),
        click.option("--timeout", type=click.FloatRange(0.1), default=600.0, help="Seconds that a request may take."),
        click.option("--heartbeat", type=click.FloatRange(0), default=120.0, help="Seconds to wait for a hung worker."),
        click.option("--drain", type=click.FloatRange(0), default=30.0, help="Seconds to end requests when stopped."),
        click.option("--max-body", metavar="SIZE", default="64MB", help="Largest request."),
    ):
        function = option(function)
    return function


@click.command("serve")
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=_PORT, show_default=True, help="0 takes any.")
@click.option("--only", is_flag=True, help="Serve the MODELs alone.")
@click.option("--pull", is_flag=True, help="Download models of the registries when they are asked for.")
@click.option("--keep-alive", metavar="SECONDS", type=float, default=300.0, help="Unload after so long; -1 never.")
@click.option("--memory", metavar="SIZE", help="What all models may take together; otherwise what is free.")
@click.option("--parallel", type=click.IntRange(1), default=4, help="Texts that a model writes at once, if it can.")
@click.option("--context-length", type=int, help="Tokens that prompt and answer may take together.")
@click.option("--option", "pairs", multiple=True, metavar="KEY=VALUE", help="Load option of all backends that have it.")
@click.option("--backend", metavar="ID", help="Runtime to use; the plan chooses otherwise.")
@click.option("--device", metavar="DEVICE", help="cpu, cuda, …; the plan chooses otherwise.")
@click.option("--compress", metavar="RECIPE", default="", help="Steps to compress with, such as int8.")
@_limits
@click.option("--cors", "origins", multiple=True, metavar="ORIGIN", help="Let web pages of this origin ask; * for all.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="Answer to this name without a key.")
@click.option("--public", is_flag=True, help="Serve other machines without a key.")
@click.option("--certificate", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TLS, in PEM.")
@click.option("--private-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Of TLS, in PEM.")
@click.option("--database", default="", metavar="URL", help="Of keys and usage: postgresql+psycopg://… and the like.")
@click.option("--traces", default="", metavar="URL", help="Send traces to this collector: OTLP over HTTP.")
@click.option("--log", default="", metavar="FILE", help="Write the log there; otherwise to stderr.")
def command(
    models: tuple[str, ...],
    parallel: int,
    context_length: int | None,
    pairs: tuple[str, ...],
    memory: str | None,
    max_body: str,
    batch_wait: float,
    **options: Any,  # Any: what the other options declare
) -> None:
    """Serve models over HTTP: as OpenAI, Ollama, Hugging Face and Open Inference clients ask.

    Each MODEL is loaded at once and stays. Every other model that is on this machine is loaded when it is first asked
    for, and unloaded when nobody used it for a while or another one needs its memory.

    Without a key the server is for this machine alone. To serve others: hub keys add NAME.
    """
    from hub.cli.call_options import given_options

    load = {"parallel": str(parallel), "prompt_cache": "true", **given_options({}, pairs)}
    if context_length is not None:
        load["context_length"] = str(context_length)
    settings = server_module("settings").Settings(
        models=models,
        load=load,
        memory=None if memory is None else parse_size(memory),
        body=parse_size(max_body),
        batch_wait=batch_wait / 1000,
        **options,
    )

    def told(url: str) -> None:
        note(f"Serving at {url} · OpenAI: {url}/v1 · Ctrl-C ends it")

    server_module("listen").serve(settings, told)


def server_module(name: str) -> Any:  # Any: a module
    """A module of the server.

    Raises
    ------
    PluginMissing
        What the server needs is not installed.
    """
    try:
        return import_module(f"hub.server.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "hub").partition(".")[0] == "hub":
            raise
        raise PluginMissing(
            f"the server needs '{error.name}', which is not installed", hint="pip install 'openmodelhub[serve]'"
        ) from error


def open_database(address: str) -> Any:  # Any: a context of hub.server.access.database.Database
    """The database of keys and usage, closed in the end: at an address, or that of this machine."""
    chosen = address or server_module("access.places").database_address()
    return closing(server_module("access.database").Database(chosen))
