"""`hub run`: answers inputs with a model, or opens a conversation on a terminal.

Reads the command line and joins the parts; what they do is in `inputs`, `named`, `call_options`, `opening`,
`answering`, `answering_named`, `answers`, `outlets` and `chat`. What is heavy is imported when the model is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hub.cli.answering import answer_all, read_inputs
from hub.cli.answers import destination
from hub.cli.completion import complete_model
from hub.cli.inputs import gather, is_piped
from hub.cli.opening import Far, find_far, find_task, loaded
from hub.cli.output import is_terminal, note
from hub.errors import InputError, UsageError

if TYPE_CHECKING:
    from hub.cli.named import Named
    from hub.cli.outlets import Outlet
    from hub.plugin.specs import TaskSpec
    from hub.runtime.kinds.codecs import Codecs
    from hub.runtime.references.target import Target

__all__ = ["command"]

_SAID = ("text", "json")
"""Kinds of inputs that are written on the command line; all else is named by a path."""

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
@click.option("--file", "-f", "files", multiple=True, metavar="PATH", help="Read a file; repeatable.")
@click.option("--lines", is_flag=True, help="Each line of files and stdin is an input of its own.")
@click.option("--allow-url", is_flag=True, help="Fetch inputs that are https addresses.")
@click.option("--backend", metavar="ID", help="Runtime to use; the plan chooses otherwise.")
@click.option("--device", metavar="DEVICE", help="cpu, cuda, …; the plan chooses otherwise.")
@click.option("--compress", metavar="RECIPE", default="", help="Steps to compress with, such as int8.")
@click.option("--task", metavar="TASK", help="What to do with a model that no registry lists, or that does several.")
@click.option("--allow-pickle", is_flag=True, default=None, help="Allow weights of a format that can carry code.")
@click.option("--worker", is_flag=True, help="Run the model in a process of its own.")
@click.option("--server", metavar="URL", help="Ask the model of a server: hub serve.")
@click.option("--key", metavar="KEY", envvar="HUB_SERVER_KEY", help="Key for the server.")
@_options_of_answers
@click.option("--stream/--no-stream", default=True, help="Show an answer while it is made (default), or when done.")
@click.option("--output", "-o", metavar="PATH", help="Write to a file, which appears when it is complete.")
@click.option("--save", metavar="PATH", help="Draw the answer on the input, and write that to a file.")
@click.option("--force", is_flag=True, help="Overwrite the files of --output and --save.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    model: str,
    inputs: tuple[str, ...],
    files: tuple[str, ...],
    **options: Any,  # Any: what the other options declare
) -> None:
    """Run MODEL on each INPUT, or chat with it.

    MODEL is an id or alias (hub search), one of its variants as MODEL:VARIANT, hf:org/repo, or a path.

    Files and piped text are inputs too. Beside an INPUT, a model that converses gets them in front of it:
    cat report.txt | hub run smollm2-135m "Sum this up". An INPUT of - stands for the text on stdin.
    With nothing to answer, on a terminal, a conversation begins.

    For a model that takes pictures, sound or other files, each INPUT is a path, a folder, a pattern, or - for the
    bytes on stdin. Sound and pictures that come out go to --output, in the form that its ending says, or into a
    pipe: hub run piper-joe "Hello" -o - | hub run whisper-tiny.en -
    """
    if not (inputs or files or is_piped()):
        if options["as_json"] or options["output"] or not (sys.stdin.isatty() and is_terminal()):
            raise InputError("there is nothing to answer", hint=f'Give an INPUT: hub run {model} "…"')
        _chat(model, options)
        return
    target, task = _found(model, options)
    if task is not None:
        from hub.plugin.host import get_host
        from hub.runtime.kinds.codecs import Codecs

        codecs = Codecs(get_host())
        if codecs.reads(task.inputs[0]) or codecs.writes(task.outputs[0]) or options["save"] is not None:
            _answer_named(target, task, codecs, inputs, files, options)
            return
    _answer_texts(target, task, inputs, files, options)


def _of_model(options: dict[str, Any]) -> dict[str, Any]:
    """Options that are not the command's own: how the model is loaded and called."""
    own = {"lines", "allow_url", "stream", "output", "save", "force", "as_json", "server", "key"}
    return {name: value for name, value in options.items() if name not in own}


def _found(reference: str, options: dict[str, Any]) -> tuple[Target | Far, TaskSpec | None]:
    """What a reference names, here or on a server."""
    if options["server"]:
        return find_far(reference, options["server"], options["key"])
    return find_task(reference, options["task"])


def _answer_texts(
    target: Target | Far,
    task: TaskSpec | None,
    inputs: tuple[str, ...],
    files: tuple[str, ...],
    options: dict[str, Any],
) -> None:
    """Words, files and stdin as texts. Where the task is not known, loading says what is missing before any is read."""
    given = None if task is None else gather(inputs, files, lines=options["lines"])
    with (
        destination(options["output"], force=options["force"]) as out,
        loaded(target, _of_model(options)) as (opened, kinds, call),
    ):
        given = given or gather(inputs, files, lines=options["lines"])
        texts = given.combine(converses="messages" in kinds.inputs, lines=options["lines"])
        answer_all(opened, kinds, texts, call, out, as_json=options["as_json"], stream=options["stream"])


def _answer_named(
    target: Target | Far,
    task: TaskSpec,
    codecs: Codecs,
    words: tuple[str, ...],
    files: tuple[str, ...],
    options: dict[str, Any],
) -> None:
    """Inputs that are files, or answers that are: each has the name of its input."""
    from hub.cli.answering_named import Answering

    saved = _saved(task, codecs, options)
    outlet = _outlet(task, codecs, options)
    items = _items(task, codecs, words, files, options)
    as_text = None if codecs.writes(task.outputs[0]) else options["output"]
    with (
        destination(as_text, force=options["force"]) as out,
        loaded(target, _of_model(options)) as (opened, kinds, call),
    ):
        answering = Answering(
            model=opened,
            task=kinds,
            codecs=codecs,
            out=out,
            as_json=options["as_json"],
            stream=options["stream"],
            outlet=outlet,
            saved=saved,
        )
        answering.answer([item.arrived() for item in items], call)
    answering.finish(len(items))


def _items(
    task: TaskSpec, codecs: Codecs, words: tuple[str, ...], files: tuple[str, ...], options: dict[str, Any]
) -> list[Named]:
    from hub.cli.named import Named, gather_named

    kind = codecs.spec(task.inputs[0])
    if kind is not None and kind.read is not None:
        if options["lines"]:
            raise UsageError(f"--lines is for text, and '{task.id}' takes {kind.id}")
        return gather_named((*files, *words), kind, allow_url=options["allow_url"])
    texts = gather(words, files, lines=options["lines"]).combine(converses=False, lines=options["lines"])
    return [Named(name=text, value=value) for text, value in zip(texts, read_inputs(texts, task), strict=True)]


def _outlet(task: TaskSpec, codecs: Codecs, options: dict[str, Any]) -> Outlet | None:
    """Where answers go that are files of their own; nowhere with --json alone, which describes them."""
    from hub.cli.outlets import Outlet

    kind, path = codecs.spec(task.outputs[0]), options["output"]
    if kind is None or kind.write is None or (options["as_json"] and path is None):
        return None
    if options["as_json"] and path == "-":
        raise UsageError(f"--json and the {kind.id} of --output - do not both go to stdout")
    return Outlet(path, kind, codecs, force=options["force"], option="--output")


def _saved(task: TaskSpec, codecs: Codecs, options: dict[str, Any]) -> Outlet | None:
    from hub.cli.outlets import Outlet

    kind = codecs.spec(task.inputs[0])
    if options["save"] is None:
        return None
    if task.draw is None or kind is None or kind.write is None:
        raise UsageError(f"'{task.id}' has nothing to draw an answer on", hint="Write the answers with --output.")
    if options["save"] == "-":
        raise UsageError("--save names a file or a folder; answers go to stdout")
    return Outlet(options["save"], kind, codecs, force=options["force"], option="--save")


def _chat(reference: str, options: dict[str, Any]) -> None:
    from hub.cli.chat import chat

    system = options["system"]
    target, known = _found(reference, options)
    if known is not None:
        _refuse_silent(reference, known)
    with loaded(target, {**_of_model(options), "system": None}) as (model, task, call):
        _refuse_silent(reference, task)
        plan = model.plan
        name = f"{plan.model}:{plan.variant}" if plan.variant else plan.model
        note(f"{name} · {plan.backend} on {plan.device} · /help for help, /bye to leave")
        chat(lambda messages: model.stream(messages, **call), system or "")


def _refuse_silent(reference: str, task: TaskSpec) -> None:
    if "messages" not in task.inputs:
        raise InputError(
            f"'{reference}' does not converse: it does {task.id}",
            hint=f"Give an INPUT: hub run {reference} " + ('"…"' if task.inputs[0] in _SAID else "PATH"),
        )
