"""Renders a conversation with the model's own chat template. The one module that imports jinja2.

Follows the conventions of transformers (https://huggingface.co/docs/transformers/chat_templating_writing). Templates
come from strangers: they see plain texts alone, in a sandbox that lets them change and reach nothing else. Knows
nothing of tokens' ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.sandbox
import jinja2.utils

from hub.errors import InferenceError, InputError
from hub.types import JSON, Message
from hub_text.files import read_object, token_text

__all__ = ["ChatTemplate", "read_template"]

_TOKENS = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
_MARK = "HUB-END-OF-CONTENT"


class ChatTemplate:
    """A compiled template.

    Parameters
    ----------
    tokens
        Special tokens that the template may name: `{"bos_token": "<s>"}`.
    where
        Which file it is from, for messages.

    Raises
    ------
    InferenceError
        The template cannot be read.
    """

    def __init__(self, source: str, tokens: Mapping[str, str], where: str) -> None:
        self._tokens = dict(tokens)
        self._where = where
        try:
            self._template = _environment().from_string(source)
        except jinja2.TemplateError as error:
            raise InferenceError(f"the chat template in {where} cannot be read: {error}") from error

    def render(self, messages: Sequence[Message]) -> str:
        """Text of a conversation up to where the model goes on: after the last message, if that is the assistant's.

        Raises
        ------
        InputError
            The template refuses the conversation, such as one whose roles do not alternate.
        InferenceError
            The template fails.
        """
        turns = [{"role": turn["role"], "content": turn["content"]} for turn in messages]
        if turns[-1]["role"] != "assistant":
            return self._render(turns, prompting=True)
        content = turns[-1]["content"].rstrip()
        spaces = turns[-1]["content"][len(content) :]
        turns[-1]["content"] = content + _MARK
        text, mark, _ = self._render(turns, prompting=False).rpartition(_MARK)
        if not mark:
            raise InputError("the chat template of this model leaves out the last message, which is to be continued")
        return text + spaces

    def ending(self) -> str:
        """What the template puts after an assistant's message; empty where it cannot be told."""
        turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": _MARK}]
        try:
            return self._render(turns, prompting=False).rpartition(_MARK)[2]
        except (InputError, InferenceError):
            return ""

    def _render(self, messages: list[dict[str, str]], *, prompting: bool) -> str:
        try:
            return self._template.render(
                messages=messages, tools=None, documents=None, add_generation_prompt=prompting, **self._tokens
            )
        except _Refusal as error:
            raise InputError(f"the chat template of this model refuses the conversation: {error}") from error
        except Exception as error:  # a template is a program, and may fail like any other
            raise InferenceError(
                f"the chat template in {self._where} fails: {type(error).__name__}: {error}"
            ) from error


def read_template(folder: Path) -> ChatTemplate | None:
    """Template in the folder of a model: `chat_template.jinja`, else what its JSON files hold; `None` if there is none.

    Raises
    ------
    InferenceError
        It cannot be read.
    """
    config = read_object(folder / "tokenizer_config.json")
    alone = folder / "chat_template.jinja"
    tokens = _special_tokens(config, read_object(folder / "special_tokens_map.json"))
    if alone.is_file():
        try:
            return ChatTemplate(alone.read_text(encoding="utf-8"), tokens, str(alone))
        except (OSError, ValueError) as error:
            raise InferenceError(f"{alone} cannot be read: {error}") from error
    for name, holder in (
        ("chat_template.json", read_object(folder / "chat_template.json")),
        ("tokenizer_config.json", config),
    ):
        source = _source(holder.get("chat_template"))
        if source is not None:
            return ChatTemplate(source, tokens, str(folder / name))
    return None


def _source(value: JSON) -> str | None:
    """A template, or the one named `default` of several: `[{"name": …, "template": …}]`."""
    if isinstance(value, list):
        named = {str(item.get("name")): item.get("template") for item in value if isinstance(item, dict)}
        value = named.get("default")
    return value if isinstance(value, str) else None


def _special_tokens(config: Mapping[str, JSON], fallback: Mapping[str, JSON]) -> dict[str, str]:
    named = {name: token_text(config.get(name)) or token_text(fallback.get(name)) for name in _TOKENS}
    extra = config.get("extra_special_tokens")
    if isinstance(extra, dict):
        named |= {name: token_text(token) for name, token in extra.items()}
    return {name: token for name, token in named.items() if token is not None}


class _Refusal(jinja2.TemplateError):
    """What a template raises on purpose."""


class _Generation(jinja2.ext.Extension):
    """`{% generation %}…{% endgeneration %}`, which marks the assistant's own words for training: shown as it is."""

    tags = {"generation"}  # noqa: RUF012 - as jinja2 declares it

    def parse(self, parser: jinja2.parser.Parser) -> list[jinja2.nodes.Node]:
        """Give what is between the two."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Namespace(jinja2.utils.Namespace):
    """`namespace(…)` without names that begin with `_`, through which a template could reach Python itself."""

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:  # Any: whatever the template keeps in it
        values = dict(*args, **kwargs)
        for name in values:
            _refuse_hidden(name)
        super().__init__(values)

    def __setitem__(self, name: str, value: Any) -> None:  # Any: as above
        _refuse_hidden(name)
        super().__setitem__(name, value)


def _refuse_hidden(name: object) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise jinja2.exceptions.SecurityError(f"a chat template cannot set {name!r} on a namespace")


def _environment() -> jinja2.sandbox.ImmutableSandboxedEnvironment:
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    environment.globals["namespace"] = _Namespace
    environment.globals["dict"] = _mapping
    return environment


def _refuse(message: object) -> NoReturn:
    raise _Refusal(str(message))


def _mapping(*args: Any, **kwargs: Any) -> dict[str, Any]:  # Any: whatever the template keeps in it
    """`dict(…)`, without the class itself, which would lead a template on."""
    return dict(*args, **kwargs)


def _tojson(
    value: JSON,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """As transformers has it: jinja2's own escapes what HTML would."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
