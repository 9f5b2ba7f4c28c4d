"""`hub run`: answers inputs with a model, or opens a conversation on a terminal.

Reads the command line and joins the parts; what they do is in `inputs`, `call_options`, `answering`, `answers` and
`chat`. What is heavy is imported by `hub.runtime.api` when the model is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hub.cli.answering import answer_all
from hub.cli.answers import destination
from hub.cli.call_options import read_schema, sort_options
from hub.cli.completion import complete_model
from hub.cli.inputs import gather
from hub.cli.output import is_terminal, note
from hub.cli.progress import terminal_progress
from hub.errors import InputError

if TYPE_CHECKING:
    from hub.plugin.specs import TaskSpec
    from hub.runtime.model import LoadedModel

__all__ = ["command"]

F = TypeVar("F", bound=Callable[..., Any])  # Any: click passes what the options declare


def _options_of_answers(function: F) -> F:
    """Shorthands for options that many models have; `--option` reaches the others."""
    for option in (
        click.option("--option", "pairs", multiple=True, metavar="KEY=VALUE", help="Any other option; repeatable."),
        click.option("--context-length", type=int, help="Tokens that prompt and answer may take together."),
        click.option("--threads", type=int, help="Threads to compute with."),
        click.option("--schema", metavar="FILE|JSON", help="JSON Schema that the answer must satisfy."),
        click.option("--stop", multiple=True, metavar="TEXT", help="Stop before this text; repeatable."),
        click.option("--seed", type=int, help="Seed of the sampling."),
        click.option("--max-tokens", type=int, help="Longest answer, in tokens."),
        click.option("--top-k", type=int, help="Sample from this many likeliest tokens; 0 from all."),
        click.option("--top-p", type=float, help="Sample from the likeliest tokens that share this probability."),
        click.option("--temperature", type=float, help="0 takes the likeliest token; higher varies more."),
        click.option("--system", metavar="TEXT", help="Instructions that come before the conversation."),
    ):
        function = option(function)
    return function


@click.command("run")
@click.argument("model", shell_complete=complete_model)
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@click.option("--file", "-f", "files", multiple=True, metavar="PATH", help="Read a text file; repeatable.")
@click.option("--lines", is_flag=True, help="Each line of files and stdin is an input of its own.")
@click.option("--backend", metavar="ID", help="Runtime to use; the plan chooses otherwise.")
@click.option("--device", metavar="DEVICE", help="cpu, cuda, …; the plan chooses otherwise.")
@click.option("--compress", metavar="RECIPE", default="", help="Steps to compress with, such as int8.")
@click.option("--task", metavar="TASK", help="What to do with a model that no registry lists, or that does several.")
@click.option("--worker", is_flag=True, help="Run the model in a process of its own.")
@_options_of_answers
@click.option("--stream/--no-stream", default=True, help="Show an answer while it is made (default), or when done.")
@click.option("--output", metavar="PATH", help="Write to a file, which appears when it is complete.")
@click.option("--force", is_flag=True, help="Overwrite the file of --output.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    model: str,
    inputs: tuple[str, ...],
    files: tuple[str, ...],
    lines: bool,
    output: str | None,
    force: bool,
    as_json: bool,
    stream: bool,
    **options: Any,  # Any: what the other options declare
) -> None:
    """Run MODEL on each INPUT, or chat with it.

    MODEL is an id or alias (hub search), one of its variants as MODEL:VARIANT, hf:org/repo, or a path.

    Files and piped text are inputs too. Beside an INPUT, a model that converses gets them in front of it:
    cat report.txt | hub run smollm2-135m "Sum this up". An INPUT of - stands for the text on stdin.
    With nothing to answer, on a terminal, a conversation begins.
    """
    given = gather(inputs, files, lines=lines)
    if not given:
        if as_json or output or not (sys.stdin.isatty() and is_terminal()):
            raise InputError("there is nothing to answer", hint=f'Give an INPUT: hub run {model} "…"')
        _chat(model, options)
        return
    with destination(output, force=force) as out, _loaded(model, options) as (opened, task, call):
        texts = given.combine(converses="messages" in task.inputs, lines=lines)
        answer_all(opened, task, texts, call, out, as_json=as_json, stream=stream)


@contextmanager
def _loaded(reference: str, options: dict[str, Any]) -> Iterator[tuple[LoadedModel, TaskSpec, dict[str, Any]]]:
    """Load the model, pulling it first if need be: the model, its task, and the options of each call."""
    from hub.plugin.host import get_host
    from hub.runtime.api import load

    host = get_host()
    how = {name: options.pop(name) for name in ("backend", "device", "compress", "task", "worker")}
    pairs = options.pop("pairs")
    given = sort_options({**options, "schema": read_schema(options["schema"])}, pairs, host, how["backend"])
    with terminal_progress() as progress:
        model = load(reference, progress=progress, **how, **given.load)
    with model:
        yield model, host.tasks[model.task].spec, dict(given.call)


def _chat(reference: str, options: dict[str, Any]) -> None:
    from hub.cli.chat import chat

    system = options.pop("system")
    with _loaded(reference, {**options, "system": None}) as (model, task, call):
        if "messages" not in task.inputs:
            raise InputError(
                f"'{reference}' does not converse: it does {model.task}", hint=f'Give an INPUT: hub run {reference} "…"'
            )
        plan = model.plan
        name = f"{plan.model}:{plan.variant}" if plan.variant else plan.model
        note(f"{name} · {plan.backend} on {plan.device} · /help for help, /bye to leave")
        chat(lambda messages: model.stream(messages, **call), system or "")
