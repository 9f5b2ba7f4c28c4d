"""`POST /v1/chat/completions` and `POST /v1/completions`: whole, or as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from hub.server.apis.merging import Arrived, begun, merged
from hub.server.apis.openai.errors import error_body
from hub.server.apis.openai.forms import ChatForm, CompletionForm, Form
from hub.server.apis.openai.shapes import ChatRequest, CompletionRequest, Sampled
from hub.server.faults import Fault, fault_of
from hub.server.service import Answering, Service
from hub.server.web import Events, Request, Response, json_response, read_json, until_gone

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
    prompts = asked.prompts
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
        # each is counted once, however it ended
        await asyncio.gather(*(answer.results() for answer in answers), return_exceptions=True)
        raise


def _give_up(answers: Sequence[Answering]) -> None:
    for answer in answers:
        answer.call.give_up()


async def _events(
    source: AsyncIterator[Arrived], answers: Sequence[Answering], form: Form, *, usage: bool
) -> AsyncIterator[bytes]:
    """Pieces as they come, the end of each answer, what they took, and a word that there is no more.

    What is there at once is sent at once: the opening goes with the first piece, and the last end with what follows.
    """
    held = b"".join(_event(opening) for index in range(len(answers)) if (opening := form.opening(index)))
    left = len(answers)
    try:
        async for index, some in source:
            if some is None:
                held += _event(form.end(index, answers[index].call.results[0]))
                left -= 1
            elif piece := form.piece(index, some):
                held += _event(piece)
            if left and held:
                yield held
                held = b""
        if usage:
            held += _event(form.usage([answer.call.results[0] for answer in answers]))
    except Exception as error:
        yield held + _event(error_body(fault_of(error)))
        return
    finally:
        await source.aclose()  # type: ignore[attr-defined]
    yield held + b"data: [DONE]\n\n"


def _event(value: object) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"
