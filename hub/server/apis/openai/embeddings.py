"""`POST /v1/embeddings`. Tokens of embeddings are not counted, because no model tells them: usage says 0."""

from __future__ import annotations

import base64

import numpy as np

from hub.server.apis.openai.shapes import EmbeddingRequest
from hub.server.faults import Fault
from hub.server.service import Service
from hub.server.web import Request, Response, json_response, read_json
from hub.types import JSON

__all__ = ["embed"]

_MOST = 2048


async def embed(request: Request, service: Service) -> Response:
    """Turn texts into vectors."""
    asked = await read_json(request, EmbeddingRequest)
    texts = asked.texts
    if not 1 <= len(texts) <= _MOST:
        raise Fault(400, "invalid_request", f"from 1 to {_MOST} texts are taken", param="input")
    if asked.encoding_format not in (None, "float", "base64"):
        raise Fault(400, "invalid_request", "encoding_format is float or base64", param="encoding_format")
    running = await service.model(request, asked.model, "feature-extraction")
    vectors = await (await service.begin(request, running, texts, {})).results()
    if asked.dimensions not in (None, len(vectors[0])):
        raise Fault(400, "unsupported_parameter", f"this model gives {len(vectors[0])} dimensions", param="dimensions")
    data: list[JSON] = [
        {"object": "embedding", "index": index, "embedding": _written(vector, asked.encoding_format)}
        for index, vector in enumerate(vectors)
    ]
    usage: JSON = {"prompt_tokens": 0, "total_tokens": 0}
    return json_response({"object": "list", "model": asked.model, "data": data, "usage": usage})


def _written(vector: object, form: str | None) -> JSON:
    values = np.asarray(vector, np.float32)
    if form == "base64":
        return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")
    listed: JSON = values.tolist()
    return listed
