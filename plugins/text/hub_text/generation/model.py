"""Text generation over a session that answers `chat`, or one that answers `generate`.

Knows nothing of tokens or templates: the runtime owns both, or `hub_text.generation.tokens` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, cast

from hub.runtime.protocols import Chat, Emit, Model, Reply, Score, Scored, Session
from hub.types import JSON, Facts, OptionValue
from hub_text.generation.conversation import chat_request, plain_text
from hub_text.generation.tooling import call_tools, has_tools

__all__ = ["TextGeneration"]


class TextGeneration(Model):
    """Answers texts and conversations."""

    def __init__(self, parts: Mapping[str, Session], verb: str, assets: Path, facts: Facts) -> None:
        super().__init__(parts, verb, assets, facts)
        self._speaker = _speaker(parts[""], verb, assets)

    def infer(self, inputs: Sequence[Any], options: Mapping[str, OptionValue], emit: Emit) -> list[Any]:
        """Answer each input: a text, or a list of messages.

        Returns
        -------
        list of dict
            `generated_text`, `finish_reason` (`stop`, `length` or `cancelled`), `prompt_tokens` and
            `generated_tokens`; `tool_calls` where the model calls some, and `logprobs` where they are wanted. Once a
            caller stops one answer, those after it are `cancelled` and empty.
        """
        requests = [chat_request(item, options, index) for index, item in enumerate(inputs)]
        results: list[dict[str, JSON]] = []
        cancelled = False
        for index, request in enumerate(requests):
            if cancelled:
                results.append(_result(Reply(text="", finish="cancelled", tokens=0, prompt_tokens=0)))
                continue
            reply = self._speaker.chat(request, _indexed(emit, index))
            cancelled = reply.finish == "cancelled"
            results.append(_result(reply))
        return results

    def evaluate(self, inputs: Sequence[Any], options: Mapping[str, OptionValue]) -> list[Any]:
        """Log-probabilities of the tokens of each text, which stands as it is; of a conversation, what was said in it.

        Raises
        ------
        InputError
            An input is neither text nor conversation, or empty.
        UsageError
            The backend does not score.
        """
        texts = [plain_text(item, index) for index, item in enumerate(inputs)]
        return [self._speaker.score(text) for text in texts]


class _Speaker(Protocol):
    """What converses, and says how likely a text is."""

    def chat(self, request: Chat, emit: Emit) -> Reply: ...

    def score(self, text: str) -> Scored: ...


class _Runtime:
    """A runtime that owns tokenizer and template."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._score = session.score

    def chat(self, request: Chat, emit: Emit) -> Reply:
        """Answer; calls of tools are held to a schema where the runtime does not call tools, or need not."""
        honours = self._session.honours
        forced = request.tool_choice == "required" or "tools" not in honours
        if has_tools(request) and forced and "schema" in honours:
            return call_tools(self._session.chat, request, emit)
        return self._session.chat(request, emit)

    def score(self, text: str) -> Scored:
        return self._score(Score(texts=(text,)))[0]


def _speaker(session: Session, verb: str, assets: Path) -> _Speaker:
    if verb == "chat":
        return _Runtime(session)
    from hub_text.generation.tokens import TokenChat  # a runtime that converses starts sooner without a tokenizer

    return TokenChat(session, assets)


def _result(reply: Reply) -> dict[str, JSON]:
    more: dict[str, JSON] = {}
    if reply.tool_calls:
        more["tool_calls"] = cast("list[JSON]", list(reply.tool_calls))
    if reply.logprobs:
        more["logprobs"] = cast("list[JSON]", list(reply.logprobs))
    return {
        "generated_text": reply.text,
        "finish_reason": reply.finish,
        "prompt_tokens": reply.prompt_tokens,
        "generated_tokens": reply.tokens,
        **more,
    }


def _indexed(emit: Emit, index: int) -> Emit:
    return lambda delta: emit(replace(delta, index=index)) if index else emit(delta)
