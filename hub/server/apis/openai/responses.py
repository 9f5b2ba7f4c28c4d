"""`POST /v1/responses`: a conversation answered whole, or as typed events. Nothing of it is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import msgspec

from hub.server.apis.merging import Arrived, begun, merged
from hub.server.apis.openai.items import ResponsesRequest
from hub.server.apis.openai.telling import Told, response_of
from hub.server.faults import Fault, fault_of
from hub.server.service import Answering, Service
from hub.server.web import Events, Request, Response, json_response, read_json, until_gone
from hub.types import JSON

__all__ = ["respond"]


async def respond(request: Request, service: Service) -> Response:
    """Answer a conversation, a text or items, without keeping it."""
    asked = await read_json(request, ResponsesRequest)
    turns, options = asked.turns(), asked.options()
    if not turns:
        raise Fault(400, "invalid_request", "there is nothing to answer", param="input")
    running = await service.model(request, asked.model, "text-generation")
    answering = await service.begin(request, running, [turns], options, told=bool(asked.stream))
    base = response_of(asked, str(request.scope["hub.request"]))
    try:
        if asked.stream:
            source = await until_gone(request, begun(merged([answering])))
            return Events(_events(source, answering, Told(base)), ended=answering.call.give_up)
        return json_response(Told(base).whole((await answering.results())[0]))
    except BaseException:
        answering.call.give_up()
        raise


async def _events(source: AsyncIterator[Arrived], answering: Answering, told: Told) -> AsyncIterator[bytes]:
    number = 0

    def written(events: Iterable[dict[str, JSON]]) -> Iterable[bytes]:
        nonlocal number
        for event in events:
            data = msgspec.json.encode({**event, "sequence_number": number})
            yield b"event: " + str(event["type"]).encode() + b"\ndata: " + data + b"\n\n"
            number += 1

    try:
        for piece in written(told.opening()):
            yield piece
        async for _, some in source:
            for piece in written(_heard(told, some, answering)):
                yield piece
    except Exception as error:
        fault = fault_of(error)
        failure: dict[str, JSON] = {"type": "error", "code": fault.code, "message": fault.message}
        for piece in written([{**failure, "param": fault.param or None}]):
            yield piece
    finally:
        await source.aclose()  # type: ignore[attr-defined]


def _heard(told: Told, some: Sequence[Any] | None, answering: Answering) -> Iterable[dict[str, JSON]]:
    return told.end(answering.call.results[0]) if some is None else told.piece(some)
