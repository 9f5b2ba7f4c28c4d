"""Reads the events of one answer of llama.cpp's server: text, calls of tools, log-probabilities, counts, errors.

Knows nothing of how an answer is asked for.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, cast

from hub.errors import ContextOverflow, HubError, InferenceError, InputError
from hub.runtime.protocols import Delta, Emit, Likely, Reply, TokenLogprob
from hub.types import JSON, ToolCall

__all__ = ["Answer", "Chunk", "error_of"]

_TOO_LONG = re.compile(r"input \((\d+) tokens\) is too large")  # what `embed` says, as an internal error
_LEAST = -1e4  # what stands for the logarithm of 0, which JSON cannot say

Chunk = dict[str, Any]  # Any: one JSON event of llama.cpp's server


class Answer:
    """Collects the events of one answer. What its callback raises is kept and raised again by `reply`.

    Parameters
    ----------
    told
        How many likely tokens are to be told with each token; `None` where no probabilities are.
    """

    def __init__(self, emit: Emit, metadata: Mapping[str, JSON], told: int | None = None) -> None:
        self._emit = emit
        self._metadata = metadata
        self._told = told
        self._pieces: list[str] = []
        self._calls = Calls()
        self._logprobs: list[TokenLogprob] = []
        self._finish = ""
        self._tokens = 0
        self._prompt_tokens = 0
        self._raised: BaseException | None = None

    def take(self, chunk: Chunk) -> bool:
        """Take one event; `True` stops the answer."""
        try:
            return self._take(chunk)
        except BaseException as error:  # the runtime would swallow it, Ctrl-C included
            self._raised = error
            return True

    def reply(self) -> Reply:
        """The whole answer, or what went wrong."""
        if self._raised is not None:
            raise self._raised
        if not self._finish:
            raise InferenceError("llama.cpp ended the answer without a reason")
        return Reply(
            text="".join(self._pieces),
            finish=self._finish,
            tokens=max(self._tokens, len(self._logprobs)),
            prompt_tokens=self._prompt_tokens,
            tool_calls=self._calls.whole(),
            logprobs=tuple(self._logprobs),
        )

    def _take(self, chunk: Chunk) -> bool:
        if "error" in chunk:
            raise error_of(chunk["error"], self._metadata)
        if timings := chunk.get("timings"):
            self._tokens = int(timings["predicted_n"])
            self._prompt_tokens = int(timings["prompt_n"]) + int(timings["cache_n"])
        if usage := chunk.get("usage"):
            self._tokens = int(usage["completion_tokens"])
            self._prompt_tokens = int(usage["prompt_tokens"])
        for choice in chunk["choices"]:
            if choice["finish_reason"] is not None:
                self._finish = "length" if choice["finish_reason"] == "length" else "stop"
            delta = self._delta(choice)
            if delta is not None and self._emit(delta):
                self._finish = "cancelled"
                return True
        return False

    def _delta(self, choice: Chunk) -> Delta | None:
        """What an event brings, kept for the whole answer too; `None` where that is nothing."""
        value: dict[str, JSON] = {}
        if self._told is not None and (told := choice.get("logprobs")):
            found = [_logprob(each, self._told) for each in told["content"]]
            self._logprobs += found
            value["logprobs"] = cast("list[JSON]", found)
        said = choice.get("delta") or {}
        if pieces := said.get("tool_calls"):
            value["tool_calls"] = [self._calls.take(piece) for piece in pieces]
        text = choice["text"] if "text" in choice else said.get("content")
        if text:
            self._pieces.append(text)
        return Delta(text=text or "", value=value or None) if text or value else None


class Calls:
    """Puts calls of tools together from their pieces."""

    def __init__(self) -> None:
        self._found: list[ToolCall] = []

    def take(self, piece: Mapping[str, Any]) -> dict[str, JSON]:
        """Take a piece; gives it as the contract has it, with an id where the model gave none."""
        place, function = int(piece.get("index", 0)), piece.get("function") or {}
        while len(self._found) <= place:
            self._found.append({"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
        call = self._found[place]
        begins = not call["id"]
        if begins:
            call["id"] = str(piece.get("id") or f"call_{secrets.token_hex(12)}")
        name, arguments = str(function.get("name") or ""), str(function.get("arguments") or "")
        call["function"]["name"] += name
        call["function"]["arguments"] += arguments
        told: dict[str, JSON] = {"arguments": arguments, **({"name": name} if name else {})}
        opening: dict[str, JSON] = {"id": call["id"], "type": "function"} if begins else {}
        return {"index": place, **opening, "function": told}

    def whole(self) -> tuple[ToolCall, ...]:
        """All calls that have a name."""
        return tuple(call for call in self._found if call["function"]["name"])


def error_of(error: Mapping[str, Any], metadata: Mapping[str, JSON]) -> HubError:
    """Our error for one of llama.cpp's: {code, message, type, …}."""
    kind, message = error.get("type"), str(error.get("message", error))
    if kind == "exceed_context_size_error":
        return ContextOverflow(
            f"the prompt takes {error.get('n_prompt_tokens', '?')} tokens and the context holds "
            f"{error.get('n_ctx', metadata.get('context_length'))}",
            hint=f"Shorten it, or load the model with a larger context_length (it was trained for "
            f"{metadata.get('trained_context_length', '?')}).",
        )
    if too_long := _TOO_LONG.search(message):
        return ContextOverflow(
            f"a text takes {too_long[1]} tokens and the model {metadata.get('context_length')}", hint="Split the text."
        )
    if kind == "invalid_request_error":
        return InputError(f"llama.cpp refused the request: {message}")
    return InferenceError(f"llama.cpp failed: {message}")


def _logprob(told: Mapping[str, Any], most: int) -> TokenLogprob:
    likely = [_likely(each) for each in told.get("top_logprobs", ())][:most]
    return {**_likely(told), "top_logprobs": likely}


def _likely(told: Mapping[str, Any]) -> Likely:
    logprob = told.get("logprob")
    return {
        "token": str(told["token"]),
        "bytes": [int(each) for each in told.get("bytes") or str(told["token"]).encode()],
        "logprob": max(_LEAST, float(logprob)) if isinstance(logprob, int | float) else _LEAST,
    }
