"""Requests of the interface of Ollama as types, and its options as ours. What no model here does is refused."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.server.apis.ollama.turns import OllamaTurn, conversation_of, picture_parts
from hub.server.apis.openai.turns import Tool, tools_of
from hub.server.faults import Fault

__all__ = ["EVER", "EmbedRequest", "GenerateRequest", "OllamaChat", "ShowRequest", "seconds_of"]

_RENAMED = {
    "num_predict": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
}
_PENALTIES = ("presence_penalty", "frequency_penalty")
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "repeat_penalty": (1.0,),
    "min_p": (0.0,),
    "mirostat": (0,),
}
_OF_THE_SERVER = {"num_ctx", "num_thread", "num_gpu", "num_batch", "num_keep", "use_mmap", "main_gpu", "low_vram"}
EVER = 36500 * 86400.0
"""Seconds of a century: what is to stay longer stays for ever."""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Asked(msgspec.Struct, kw_only=True):
    """What chats and completions have in common."""

    model: str
    stream: bool = True
    format: str | dict[str, Any] | None = None  # Any: a JSON Schema
    options: dict[str, Any] | None = None  # Any: by name
    keep_alive: str | float | int | None = None
    think: Any = None  # Any: refused where it is more than nothing

    def model_options(self) -> dict[str, object]:
        """Options of the model.

        Raises
        ------
        Fault
            One is not known, or not honoured by any model here.
        """
        if self.think:
            raise Fault(400, "unsupported_parameter", "no model here thinks apart", param="think")
        found: dict[str, object] = {}
        for name, value in (self.options or {}).items():
            self._take(found, name, value)
        if self.format == "json":
            found["schema"] = {"type": "object"}
        elif isinstance(self.format, dict):
            found["schema"] = self.format
        elif self.format:
            raise Fault(400, "invalid_request", "format is 'json' or a JSON Schema", param="format")
        return found

    @staticmethod
    def _take(found: dict[str, object], name: str, value: Any) -> None:  # Any: JSON
        if name in _RENAMED:
            if not (name == "num_predict" and isinstance(value, int) and value < 0):
                found[_RENAMED[name]] = value
        elif name in _PENALTIES:
            if value:
                found[name] = value
        elif name == "seed":
            found["seed"] = value if not isinstance(value, int) or value >= 0 else None
        elif name == "stop":
            found["stop"] = [value] if isinstance(value, str) else value
        elif name in _OF_THE_SERVER or value in _NEUTRAL.get(name, ()):
            return
        else:
            raise Fault(
                400, "unsupported_parameter", f"'{name}' is not honoured by any model here", param=f"options.{name}"
            )


class OllamaChat(Asked, kw_only=True):
    """`POST /api/chat`."""

    messages: list[OllamaTurn] = []
    tools: list[Tool] | None = None

    def model_options(self) -> dict[str, object]:
        """As of a completion, with the tools that may be called."""
        found = super().model_options()
        return {**found, "tools": tools_of(self.tools)} if self.tools else found

    def conversation(self) -> list[dict[str, Any]]:  # Any: JSON
        """The messages, as models take them.

        Raises
        ------
        Fault
            A message is of a kind that no model here takes.
        """
        return conversation_of(self.messages)


class GenerateRequest(Asked, kw_only=True):
    """`POST /api/generate`."""

    prompt: str = ""
    suffix: str | None = None
    system: str | None = None
    template: str | None = None
    context: list[int] | None = None
    raw: bool = False
    images: list[str] | None = None

    def model_options(self) -> dict[str, object]:
        """As of a chat, with what only a completion has."""
        for name in ("suffix", "template", "context"):
            if getattr(self, name):
                raise Fault(400, "unsupported_parameter", f"'{name}' is not honoured by any model here", param=name)
        found = super().model_options()
        if self.system:
            found["system"] = self.system
        if self.raw:
            found["raw"] = True
        return found

    def given(self) -> str | list[dict[str, Any]]:  # Any: JSON
        """The prompt; with pictures it is a conversation."""
        if not self.images:
            return self.prompt
        return [{"role": "user", "content": picture_parts(self.prompt, self.images, "images")}]


class EmbedRequest(msgspec.Struct):
    """`POST /api/embed`, and the older `/api/embeddings` with its `prompt`."""

    model: str
    input: str | list[str] | None = None
    prompt: str | None = None
    truncate: bool | None = None
    dimensions: int | None = None
    keep_alive: str | float | int | None = None


class ShowRequest(msgspec.Struct):
    """`POST /api/show`."""

    model: str = ""
    name: str = ""


def seconds_of(keep_alive: str | float | None) -> float | None:
    """How long a model stays, from what a client writes: seconds, or `5m`, `1h30m`; below 0 for ever.

    Raises
    ------
    Fault
        It is no such time.
    """
    if keep_alive is None or isinstance(keep_alive, int | float):
        return keep_alive if keep_alive is None or keep_alive <= EVER else -1.0
    text, total = keep_alive.strip(), 0.0
    sign = -1.0 if text.startswith("-") else 1.0
    rest = text.lstrip("+-")
    try:
        while rest:
            number = rest[: len(rest) - len(rest.lstrip("0123456789."))]
            rest = rest[len(number) :]
            unit = next((each for each in _UNITS if rest.startswith(each)), "s" if not rest else "")
            total += float(number) * _UNITS[unit]
            rest = rest[len(unit) :] if rest else rest
    except (ValueError, KeyError) as error:
        raise Fault(400, "invalid_request", f"'{keep_alive}' is no time", param="keep_alive") from error
    return sign * total if sign * total <= EVER else -1.0
