"""`POST /v1/chat/completions` and `POST /v1/completions`: whole, or as server-sent events."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from hub.runtime.protocols import Delta
from hub.server.apis.merging import Arrived, begun, merged
from hub.server.apis.openai.errors import error_body
from hub.server.apis.openai.shapes import ChatRequest, CompletionRequest, Sampled
from hub.server.faults import Fault, fault_of
from hub.server.service import Answering, Service
from hub.server.web import Events, Request, Response, json_response, read_json, until_gone
from hub.types import JSON

__all__ = ["chat", "complete"]

_TASK = "text-generation"
_MOST = 64


async def chat(request: Request, service: Service) -> Response:
    """Answer a conversation."""
    asked = await read_json(request, ChatRequest)
    if not asked.messages:
        raise Fault(400, "invalid_request", "there is no message", param="messages")
    conversation = asked.conversation()
    return await _answer(request, service, asked, [conversation], ChatForm(request, asked))


async def complete(request: Request, service: Service) -> Response:
    """Continue texts as they stand."""
    asked = await read_json(request, CompletionRequest)
    prompts = [asked.prompt] if isinstance(asked.prompt, str) else asked.prompt
    if not prompts or len(prompts) * asked.count > _MOST:
        raise Fault(400, "invalid_request", f"from 1 to {_MOST} answers are given at once", param="prompt")
    return await _answer(request, service, asked, prompts, CompletionForm(request, asked))


async def _answer(request: Request, service: Service, asked: Sampled, inputs: Sequence[Any], form: Form) -> Response:
    options = [asked.options(index) for index in range(asked.count)]
    running = await service.model(request, asked.model, _TASK)
    answers: list[Answering] = []
    try:
        for given in inputs:
            for each in options:
                answering = await service.begin(request, running, [given], each, told=bool(asked.stream))
                answers.append(answering)
        if asked.stream:
            source = await until_gone(request, begun(merged(answers)))
            usage = asked.stream_options is not None and asked.stream_options.include_usage
            return Events(_events(source, answers, form, usage=usage), ended=lambda: _give_up(answers))
        return json_response(form.whole([(await answer.results())[0] for answer in answers]))
    except BaseException:
        _give_up(answers)
        raise


def _give_up(answers: Sequence[Answering]) -> None:
    for answer in answers:
        answer.call.give_up()


async def _events(
    source: AsyncIterator[Arrived], answers: Sequence[Answering], form: Form, *, usage: bool
) -> AsyncIterator[bytes]:
    """Pieces as they come, the end of each answer, what they took, and a word that there is no more."""
    try:
        for index in range(len(answers)):
            if opening := form.opening(index):
                yield _event(opening)
        async for index, some in source:
            if some is None:
                yield _event(form.end(index, answers[index].call.results[0]))
            elif text := _text(some):
                yield _event(form.piece(index, text))
        if usage:
            yield _event(form.usage([answer.call.results[0] for answer in answers]))
    except Exception as error:
        yield _event(error_body(fault_of(error)))
        return
    finally:
        await source.aclose()  # type: ignore[attr-defined]
    yield b"data: [DONE]\n\n"


class Form:
    """How an interface writes an answer, whole and in pieces."""

    kind = ""
    piece_kind = ""
    prefix = ""

    def __init__(self, request: Request, asked: Sampled) -> None:
        self._base: dict[str, JSON] = {
            "id": f"{self.prefix}-{request.scope['hub.request']}",
            "object": self.kind,
            "created": int(time.time()),
            "model": asked.model,
        }

    def whole(self, results: Sequence[dict[str, Any]]) -> dict[str, JSON]:
        """All answers as one document."""
        choices: list[JSON] = [
            {"index": index, **self._said(result["generated_text"]), "finish_reason": _finish(result), "logprobs": None}
            for index, result in enumerate(results)
        ]
        return {**self._base, "choices": choices, "usage": _usage(results)}

    def opening(self, index: int) -> dict[str, JSON] | None:
        """What comes before the first piece."""
        return None

    def piece(self, index: int, text: str) -> dict[str, JSON]:
        """A piece of an answer."""
        return self._chunk(index, self._part(text), None)

    def end(self, index: int, result: dict[str, Any]) -> dict[str, JSON]:
        """The end of an answer."""
        return self._chunk(index, self._part(""), _finish(result))

    def usage(self, results: Sequence[dict[str, Any]]) -> dict[str, JSON]:
        """What all answers took."""
        return {**self._base, "object": self.piece_kind, "choices": [], "usage": _usage(results)}

    def _chunk(self, index: int, said: dict[str, JSON], finish: str | None) -> dict[str, JSON]:
        choice: dict[str, JSON] = {"index": index, **said, "finish_reason": finish, "logprobs": None}
        return {**self._base, "object": self.piece_kind, "choices": [choice]}

    def _said(self, text: str) -> dict[str, JSON]:
        raise NotImplementedError

    def _part(self, text: str) -> dict[str, JSON]:
        raise NotImplementedError


class ChatForm(Form):
    """As messages."""

    kind, piece_kind, prefix = "chat.completion", "chat.completion.chunk", "chatcmpl"

    def opening(self, index: int) -> dict[str, JSON] | None:
        """Who speaks."""
        return self._chunk(index, {"delta": {"role": "assistant", "content": ""}}, None)

    def _said(self, text: str) -> dict[str, JSON]:
        return {"message": {"role": "assistant", "content": text, "refusal": None}}

    def _part(self, text: str) -> dict[str, JSON]:
        return {"delta": {"content": text} if text else {}}


class CompletionForm(Form):
    """As texts."""

    kind, piece_kind, prefix = "text_completion", "text_completion", "cmpl"

    def _said(self, text: str) -> dict[str, JSON]:
        return {"text": text}

    _part = _said


def _event(value: object) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def _text(some: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in some)


def _finish(result: dict[str, Any]) -> str:
    return "length" if result.get("finish_reason") == "length" else "stop"


def _usage(results: Sequence[dict[str, Any]]) -> dict[str, JSON]:
    prompt = sum(int(result.get("prompt_tokens", 0)) for result in results)
    generated = sum(int(result.get("generated_tokens", 0)) for result in results)
    return {"prompt_tokens": prompt, "completion_tokens": generated, "total_tokens": prompt + generated}
