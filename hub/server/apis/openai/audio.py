"""`POST /v1/audio/transcriptions`, `/translations` and `/speech`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from hub.plugin.host import get_host
from hub.runtime.kinds.codecs import Codecs
from hub.server.apis.openai.shapes import SpeechRequest
from hub.server.faults import Fault
from hub.server.service import Service
from hub.server.web import Request, Response, json_response, read_form, read_json
from hub.types import Audio

__all__ = ["speak", "transcribe", "translate"]

_TEXTS = ("json", "text", "verbose_json", "srt", "vtt")
_SOUNDS = {"mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "opus": "audio/ogg", "ogg": "audio/ogg"}
_PCM_RATE = 24_000


async def transcribe(request: Request, service: Service) -> Response:
    """Write what is said."""
    return await _recognise(request, service, {})


async def translate(request: Request, service: Service) -> Response:
    """Write in English what is said in another language."""
    return await _recognise(request, service, {"translate": True})


async def speak(request: Request, service: Service) -> Response:
    """Say a text. The model is the voice, so `voice` chooses a speaker only where it is a number."""
    asked = await read_json(request, SpeechRequest)
    form = asked.response_format or "mp3"
    if form != "pcm" and form not in _SOUNDS:
        raise Fault(
            400,
            "invalid_request",
            f"response_format is pcm, {', '.join(_SOUNDS)}, not '{form}'",
            param="response_format",
        )
    if not asked.input.strip():
        raise Fault(400, "invalid_request", "there is nothing to say", param="input")
    running = await service.model(request, asked.model, "text-to-speech")
    options: dict[str, object] = {} if asked.speed is None else {"speed": asked.speed}
    if isinstance(asked.voice, str) and asked.voice.isdecimal():
        options["speaker"] = asked.voice
    [sound] = await (await service.begin(request, running, [asked.input], options)).results()
    if form == "pcm":
        return Response(await asyncio.to_thread(_pcm, sound), media_type=f"audio/pcm;rate={_PCM_RATE}")
    content = await asyncio.to_thread(Codecs(get_host()).write, "audio", sound, f".{form}")
    return Response(content, media_type=_SOUNDS[form])


async def _recognise(request: Request, service: Service, options: dict[str, object]) -> Response:
    form = await read_form(request)
    sound, name = form.get("file"), form.get("model")
    if not isinstance(sound, bytes) or not sound:
        raise Fault(400, "invalid_request", "there is no file", param="file")
    shape = str(form.get("response_format", "json"))
    if shape not in _TEXTS:
        raise Fault(400, "invalid_request", f"response_format is {', '.join(_TEXTS)}", param="response_format")
    if str(form.get("stream", "false")).lower() not in ("false", "0"):
        raise Fault(400, "unsupported_parameter", "transcripts do not stream here", param="stream")
    for field in ("language", "prompt", "temperature"):
        if form.get(field):
            options[field] = form[field]
    running = await service.model(request, str(name or ""), "automatic-speech-recognition")
    known = {option.name for option in running.spec.options}
    if options.get("temperature") in ("0", "0.0") and "temperature" not in known:
        del options["temperature"]
    [found] = await (await service.begin(request, running, [sound], options)).results()
    return _written(found, shape)


def _written(found: dict[str, Any], shape: str) -> Response:
    text, chunks = str(found["text"]).strip(), found.get("chunks") or []
    if shape == "text":
        return Response(text + "\n", media_type="text/plain")
    if shape in ("srt", "vtt"):
        return Response(_subtitles(chunks, shape), media_type="application/x-subrip" if shape == "srt" else "text/vtt")
    if shape == "json":
        return json_response({"text": text})
    segments = [
        {"id": place, "start": chunk["timestamp"][0], "end": chunk["timestamp"][1], "text": chunk["text"]}
        for place, chunk in enumerate(chunks)
    ]
    ends = [segment["end"] or segment["start"] or 0.0 for segment in segments]
    return json_response(
        {
            "task": "transcribe",
            "language": found.get("language") or "",
            "duration": max(ends, default=0.0),
            "text": text,
            "segments": segments,
        }
    )


def _subtitles(chunks: Sequence[dict[str, Any]], shape: str) -> str:
    lines = ["WEBVTT", ""] if shape == "vtt" else []
    for place, chunk in enumerate(chunks, 1):
        start, end = chunk["timestamp"]
        start = start or 0.0
        lines += [str(place)] if shape == "srt" else []
        lines += [
            f"{_clock(start, shape)} --> {_clock(start if end is None else end, shape)}",
            chunk["text"].strip(),
            "",
        ]
    return "\n".join(lines)


def _clock(seconds: float, shape: str) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    mark = "," if shape == "srt" else "."
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


def _pcm(sound: Audio) -> bytes:
    samples = np.clip(sound.samples(_PCM_RATE), -1.0, 1.0)
    return bytes((samples * 32767).astype("<i2").tobytes())
