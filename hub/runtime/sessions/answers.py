"""Checks what a session says it generated: a valid end, counts that can be, one result for each prompt.

Knows nothing of any runtime.
"""

from __future__ import annotations

from typing import cast

from hub.errors import PluginBroken
from hub.runtime.protocols import Chat, Generate, Generated, Reply
from hub.runtime.sessions.messages import call_faults

__all__ = ["FINISHES", "check_generated", "check_reply"]

FINISHES = frozenset({"stop", "length", "cancelled"})


def check_reply(reply: object, request: Chat, what: str) -> Reply:
    """Refuse an answer that breaks the contract.

    Raises
    ------
    PluginBroken
        With every fault.
    """
    if not isinstance(reply, Reply):
        raise PluginBroken(f"{what} gave {type(reply).__name__} and not a Reply")
    faults = _faults(reply.finish, reply.prompt_tokens)
    if not isinstance(cast("object", reply.text), str):
        faults.append(f"text is {type(reply.text).__name__}")
    faults += _count_faults("tokens", reply.tokens, request.sampling.max_tokens)
    faults += _call_faults(reply, request)
    faults += _logprob_faults(reply, request)
    _raise(faults, what)
    return reply


def check_generated(found: object, request: Generate, what: str) -> list[Generated]:
    """Refuse results that are not one for each prompt, or that break the contract."""
    expected = len(request.prompts)
    if not isinstance(found, list) or len(found) != expected:
        count = len(found) if isinstance(found, list) else type(found).__name__
        raise PluginBroken(f"{what} gave {count} results for {expected} prompts")
    faults: list[str] = []
    for index, item in enumerate(found):
        if not isinstance(item, Generated):
            faults.append(f"result {index} is {type(item).__name__} and not Generated")
            continue
        wrong = _faults(item.finish, item.prompt_tokens)
        wrong += _count_faults("ids", len(item.ids), request.sampling.max_tokens)
        faults += [f"result {index}: {fault}" for fault in wrong]
    _raise(faults, what)
    return found


def _call_faults(reply: Reply, request: Chat) -> list[str]:
    faults = [
        fault for place, call in enumerate(reply.tool_calls) for fault in call_faults(call, f"tool_calls[{place}]")
    ]
    if reply.tool_calls and (not request.tools or request.tool_choice == "none"):
        faults.append("it calls tools, and there are none to call")
    return faults


def _logprob_faults(reply: Reply, request: Chat) -> list[str]:
    if request.top_logprobs is None:
        return ["it tells log-probabilities that nobody asked for"] if reply.logprobs else []
    if len(reply.logprobs) > reply.tokens:
        return [f"it tells log-probabilities of {len(reply.logprobs)} tokens, and counts {reply.tokens}"]
    most = max((len(each.get("top_logprobs", ())) for each in reply.logprobs), default=0)
    return [f"it tells {most} likeliest tokens, and not {request.top_logprobs}"] if most > request.top_logprobs else []


def _faults(finish: str, prompt_tokens: int) -> list[str]:
    faults = [] if finish in FINISHES else [f"finish is {finish!r}, not one of {', '.join(sorted(FINISHES))}"]
    return faults + _count_faults("prompt_tokens", prompt_tokens, None)


def _count_faults(name: str, count: int, most: int | None) -> list[str]:
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        return [f"{name} counts {count!r}"]
    if most is not None and count > most:
        return [f"{name} counts {count}, and max_tokens is {most}"]
    return []


def _raise(faults: list[str], what: str) -> None:
    if faults:
        raise PluginBroken(f"{what} gave an answer that breaks the contract: {'; '.join(faults)}")
