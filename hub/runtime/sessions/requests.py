"""Says what is wrong with a request before a runtime sees it: ranges, kinds, and fields that would be ignored.

Knows nothing of any runtime: what it obeys is in `Session.honours`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields

from hub.errors import HubError, InputError, OptionError
from hub.runtime.protocols import Chat, Generate, Sampling
from hub.runtime.sessions.messages import asked_by, message_faults, text_faults, tool_faults

__all__ = ["check_chat", "check_generate", "check_texts"]

MAX_SEED = 2**32 - 1


def check_chat(request: Chat, honours: frozenset[str], what: str, declines: Mapping[str, str] | None = None) -> None:
    """Refuse a conversation that is not one, and every field that is wrong or not honoured.

    Raises
    ------
    InputError
        Neither or both of `messages` and `prompt`; a turn that is none; pictures, where none are taken.
    OptionError
        A field that is out of range, or that the session does not honour.
    """
    if not isinstance(request, Chat):
        raise InputError(f"{what} takes a Chat, not {_kind(request)}")
    if (request.prompt is None) == (not request.messages):
        raise InputError(f"{what} takes either messages or a prompt: exactly one of the two")
    faults = [fault for i, turn in enumerate(request.messages) for fault in message_faults(turn, f"messages[{i}]")]
    if request.prompt is not None:
        faults += text_faults(request.prompt, "prompt")
    _raise(InputError, "the conversation cannot be read", faults)
    faults = _sampling(request.sampling) + _stop(request.stop)
    faults += tool_faults(request.tools, request.tool_choice)
    if request.tools and request.prompt is not None:
        faults.append("tools need a conversation, and not a plain prompt")
    if request.top_logprobs is not None and not (_is_int(request.top_logprobs) and request.top_logprobs >= 0):
        faults.append(f"top_logprobs is an integer from 0, or None, not {request.top_logprobs!r}")
    if request.schema is not None:
        faults += _schema(request.schema)
    _raise(OptionError, "the request is not valid", faults)
    changed = _changed(request.sampling) | _changed(request, "stop", "schema", "tools", "top_logprobs")
    _refuse_ignored(changed, honours, what, declines)
    _refuse_turns(asked_by(request.messages) - honours, what, declines)


def check_generate(
    request: Generate, honours: frozenset[str], what: str, declines: Mapping[str, str] | None = None
) -> None:
    """Refuse prompts that are no token ids, and every field that is wrong or not honoured. Feeds are checked apart."""
    if not isinstance(request, Generate):
        raise InputError(f"{what} takes a Generate, not {_kind(request)}")
    if not request.prompts:
        raise InputError(f"{what} was given no prompt")
    faults = [f for i, prompt in enumerate(request.prompts) for f in _ids(prompt, f"prompts[{i}]", empty=False)]
    _raise(InputError, "the prompts cannot be read", faults)
    faults = _sampling(request.sampling) + _ids(request.eos, "eos") + _ids(request.suppress, "suppress")
    _raise(OptionError, "the request is not valid", faults)
    _refuse_ignored({**_changed(request.sampling), **_changed(request, "eos", "suppress")}, honours, what, declines)


def check_texts(texts: Sequence[str], what: str) -> None:
    """Refuse anything but one or more texts."""
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        raise InputError(f"{what} takes a list of texts, not {_kind(texts)}")
    if not texts:
        raise InputError(f"{what} was given no text")
    _raise(
        InputError, "the texts cannot be read", [f for i, t in enumerate(texts) for f in text_faults(t, f"texts[{i}]")]
    )


def _ids(ids: object, where: str, *, empty: bool = True) -> list[str]:
    if isinstance(ids, str | bytes) or not isinstance(ids, Sequence):
        return [f"{where} is a sequence of token ids, not {_kind(ids)}"]
    if not ids and not empty:
        return [f"{where} is empty"]
    wrong = next((i for i in ids if not _is_int(i) or i < 0), None)
    return [] if wrong is None else [f"{where} holds {wrong!r}, which is no token id: they are integers from 0"]


def _sampling(sampling: object) -> list[str]:
    if not isinstance(sampling, Sampling):
        return [f"sampling is a Sampling, not {_kind(sampling)}"]
    faults = []
    if sampling.max_tokens is not None and not (_is_int(sampling.max_tokens) and sampling.max_tokens >= 1):
        faults.append(f"max_tokens is an integer from 1, or None, not {sampling.max_tokens!r}")
    if not (_is_number(sampling.temperature) and sampling.temperature >= 0):
        faults.append(f"temperature is a number from 0, not {sampling.temperature!r}")
    if not (_is_number(sampling.top_p) and 0 < sampling.top_p <= 1):
        faults.append(f"top_p is a number above 0 and up to 1, not {sampling.top_p!r}")
    if not (_is_int(sampling.top_k) and sampling.top_k >= 0):
        faults.append(f"top_k is an integer from 0, not {sampling.top_k!r}")
    if sampling.seed is not None and not (_is_int(sampling.seed) and 0 <= sampling.seed <= MAX_SEED):
        faults.append(f"seed is an integer from 0 to {MAX_SEED}, or None, not {sampling.seed!r}")
    penalties = {"presence_penalty": sampling.presence_penalty, "frequency_penalty": sampling.frequency_penalty}
    faults += [f"{name} is a number, not {value!r}" for name, value in penalties.items() if not _is_number(value)]
    return faults + _logit_bias(sampling.logit_bias)


def _logit_bias(bias: object) -> list[str]:
    if not isinstance(bias, Mapping):
        return [f"logit_bias is a mapping of token ids to numbers, not {_kind(bias)}"]
    wrong = next((key for key, value in bias.items() if not (_is_int(key) and key >= 0 and _is_number(value))), None)
    return [] if wrong is None else [f"logit_bias maps {wrong!r} to {bias[wrong]!r}, and not a token id to a number"]


def _stop(stop: object) -> list[str]:
    if isinstance(stop, str) or not isinstance(stop, Sequence):
        return [f"stop is a sequence of texts, not {_kind(stop)}"]
    return [fault for i, text in enumerate(stop) for fault in text_faults(text, f"stop[{i}]", empty=False)]


def _schema(schema: object) -> list[str]:
    if not isinstance(schema, Mapping):
        return [f"schema is a JSON Schema object, not {_kind(schema)}"]
    try:
        json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError) as error:
        return [f"schema is not JSON: {error}"]
    return []


def _changed(request: Sampling | Chat | Generate, *names: str) -> dict[str, object]:
    defaults = type(request)(prompts=((0,),)) if isinstance(request, Generate) else type(request)()
    wanted = names or tuple(item.name for item in fields(request))
    pairs = ((name, getattr(request, name)) for name in wanted)
    return {name: value for name, value in pairs if value != getattr(defaults, name)}


def _refuse_ignored(
    changed: Mapping[str, object], honours: frozenset[str], what: str, declines: Mapping[str, str] | None
) -> None:
    ignored = [f"{name}={_shown(value)}" for name, value in changed.items() if name not in honours]
    if ignored:
        known = declines or {}
        why = [f"{name}: {known[name]}" for name in changed if name not in honours and name in known]
        raise OptionError(
            f"{what} does not honour {', '.join(ignored)}; it would be ignored" + "".join(f" ({each})" for each in why),
            hint=f"It honours: {', '.join(sorted(honours)) or 'no option'}",
        )


def _refuse_turns(asked: frozenset[str], what: str, declines: Mapping[str, str] | None) -> None:
    """What turns hold and nothing here takes: it would be left out of the prompt."""
    for name, held in (("images", "images"), ("tools", "calls of tools")):
        if name in asked:
            why = (declines or {}).get(name, f"{what} takes none")
            raise InputError(f"the conversation holds {held}, and {why}", hint="Leave them out, or use another model.")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _raise(kind: type[HubError], message: str, faults: list[str]) -> None:
    if len(faults) == 1:
        raise kind(f"{message}: {faults[0]}")
    if faults:
        raise kind(message, details=faults)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _kind(value: object) -> str:
    return type(value).__name__
