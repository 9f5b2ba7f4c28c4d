"""What every backend must do that generates: obey each field or refuse it, stop when told, emit what it answers.

Knows nothing of any runtime.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hub.errors import ContextOverflow, InputError, OptionError
from hub.runtime.protocols import Chat, Delta, Emit, Generate, Sampling, Session
from hub.testing.opening import Opening
from hub.testing.requests import CHAT, FIELDS, ask, assert_same, short, with_field, without_limit

__all__ = ["GeneratingContract", "only"]


class GeneratingContract:
    """The part of `BackendContract` for the verbs `chat` and `generate`; skipped for the others."""

    @pytest.mark.parametrize("name", FIELDS)
    def test_a_field_is_honoured_or_refused(self, session: Session, opening: Opening, name: str) -> None:
        """Never ignored."""
        only(opening, "chat", "generate")
        request = with_field(short(session, opening.plan.verb), name, FIELDS[name])
        if request is None:
            pytest.skip(f"a request for '{opening.plan.verb}' has no field '{name}'")
        if name in session.honours:
            ask(session, opening.plan.verb, request)
        else:
            with pytest.raises((OptionError, InputError), match=name):
                ask(session, opening.plan.verb, request)

    def test_a_seed_gives_the_same_answer_again(self, session: Session, opening: Opening) -> None:
        """While temperature is above 0."""
        only(opening, "chat", "generate", honours=("seed", "temperature"), session=session)
        request = short(session, opening.plan.verb)
        request = replace(request, sampling=replace(request.sampling, temperature=1.0, seed=7))
        assert_same([ask(session, opening.plan.verb, request) for _ in range(2)])

    def test_what_is_emitted_is_what_is_answered(self, session: Session, opening: Opening) -> None:
        """Pieces join to the whole text, or ids to the whole ids."""
        only(opening, "chat", "generate")
        deltas: list[Delta] = []
        answer = ask(session, opening.plan.verb, emit=_into(deltas))
        if opening.plan.verb == "chat":
            assert "".join(delta.text for delta in deltas) == answer.text
        else:
            assert tuple(i for delta in deltas for i in delta.ids) == answer[0].ids

    def test_max_tokens_cuts_the_answer_and_says_so(self, session: Session, opening: Opening) -> None:
        """What comes is the beginning of the longer answer."""
        only(opening, "chat", "generate", honours=("max_tokens",), session=session)
        whole = ask(session, opening.plan.verb)
        request = short(session, opening.plan.verb)
        cut = ask(session, opening.plan.verb, replace(request, sampling=Sampling(max_tokens=3)))
        if isinstance(cut, list):
            if len(whole[0].ids) > 3:
                assert (len(cut[0].ids), cut[0].finish) == (3, "length")
            assert whole[0].ids[: len(cut[0].ids)] == cut[0].ids
        else:
            assert (cut.tokens, cut.finish) == (3, "length")
            assert whole.text.startswith(cut.text)

    @pytest.mark.parametrize(("name", "value"), [("top_k", 1), ("top_p", 1e-6)])
    def test_the_narrowest_filter_leaves_the_likeliest_token(
        self, session: Session, opening: Opening, name: str, value: object
    ) -> None:
        """While temperature is above 0: the answer is the greedy one."""
        only(opening, "chat", "generate", honours=(name, "temperature"), session=session)
        request = short(session, opening.plan.verb)
        narrow = with_field(replace(request, sampling=replace(request.sampling, temperature=0.7)), name, value)
        assert_same([_said(ask(session, opening.plan.verb, each)) for each in (request, narrow)])

    def test_temperature_and_seed_change_the_answer(self, session: Session, opening: Opening) -> None:
        """Of some seeds at a high temperature, not all give the greedy answer."""
        only(opening, "chat", "generate", honours=("seed", "temperature"), session=session)
        request = short(session, opening.plan.verb)
        hot = [replace(request, sampling=replace(request.sampling, temperature=4.0, seed=seed)) for seed in range(1, 6)]
        greedy = _said(ask(session, opening.plan.verb, request))
        assert any(_said(ask(session, opening.plan.verb, each)) != greedy for each in hot)

    def test_tokens_that_are_suppressed_do_not_come(self, session: Session, opening: Opening) -> None:
        """Not even the likeliest one."""
        only(opening, "generate", honours=("suppress",), session=session)
        [free, *_] = ask(session, "generate")
        if not free.ids:
            pytest.skip("the model ends at once")
        request = with_field(short(session, "generate"), "suppress", (free.ids[0],))
        assert free.ids[0] not in ask(session, "generate", request)[0].ids

    def test_an_end_token_ends_the_answer(self, session: Session, opening: Opening) -> None:
        """The token itself is not part of it."""
        only(opening, "generate", honours=("eos",), session=session)
        [free, *_] = ask(session, "generate")
        if len(free.ids) < 2:
            pytest.skip("the model ends at once")
        end = free.ids[-1]
        [found, *_] = ask(session, "generate", with_field(short(session, "generate"), "eos", (end,)))
        assert (found.ids, found.finish) == (free.ids[: free.ids.index(end)], "stop")

    def test_ragged_prompts_are_continued_as_each_alone(self, session: Session, opening: Opening) -> None:
        """In order; no padding is taken for a token."""
        only(opening, "generate")
        request = short(session, "generate")
        if session.inputs or not isinstance(request, Generate):
            pytest.skip("prompts of a decoder have no length of their own")
        prompts = ((1, 2, 3), (2,), (3, 1))
        together = ask(session, "generate", replace(request, prompts=prompts))
        alone = [ask(session, "generate", replace(request, prompts=(prompt,)))[0] for prompt in prompts]
        assert [each.ids for each in together] == [each.ids for each in alone]

    def test_an_answer_keeps_to_the_schema(self, session: Session, opening: Opening) -> None:
        """Its beginning does, and all of it where it ends before the limit."""
        only(opening, "chat", honours=("schema",), session=session)
        schema: Any = FIELDS["schema"]
        request = replace(CHAT, schema=schema, sampling=Sampling(max_tokens=64))
        reply = ask(session, "chat", request)
        assert reply.text.lstrip().startswith("{"), "it is no object"
        if reply.finish != "stop":
            pytest.skip("it begins as it should, and is longer than 64 tokens")
        assert isinstance(json.loads(reply.text)["answer"], int)

    def test_a_tool_that_must_be_called_is_called(self, session: Session, opening: Opening) -> None:
        """With arguments that its schema takes; what is emitted of a call joins to what is answered."""
        only(opening, "chat", honours=("tools",), session=session)
        tools: Any = FIELDS["tools"]
        deltas: list[Delta] = []
        request = replace(CHAT, tools=tools, tool_choice="required", sampling=Sampling(max_tokens=64))
        reply = ask(session, "chat", request, _into(deltas))
        if reply.finish != "stop":
            pytest.skip("the call is longer than 64 tokens")
        assert [call["function"]["name"] for call in reply.tool_calls[:1]] == ["tell"]
        assert isinstance(json.loads(reply.tool_calls[0]["function"]["arguments"])["number"], int)
        pieces = [piece for delta in deltas for piece in (delta.value or {}).get("tool_calls", ())]
        told = "".join(piece["function"].get("arguments", "") for piece in pieces if piece["index"] == 0)
        assert told == reply.tool_calls[0]["function"]["arguments"]

    def test_log_probabilities_are_told_of_every_token(self, session: Session, opening: Opening) -> None:
        """Greedily, the token that came is the likeliest at its place."""
        only(opening, "chat", honours=("top_logprobs",), session=session)
        reply = ask(session, "chat", with_field(short(session, "chat"), "top_logprobs", 2))
        assert reply.logprobs
        for each in reply.logprobs:
            first, *rest = each["top_logprobs"]
            assert (each["token"], each["bytes"]) == (first["token"], first["bytes"])
            assert 0 >= each["logprob"] >= max(other["logprob"] for other in rest)

    def test_stop_ends_the_answer_before_the_text(self, session: Session, opening: Opening) -> None:
        """The text itself is not part of the answer, and not emitted."""
        only(opening, "chat", honours=("stop",), session=session)
        whole = ask(session, "chat")
        stop = whole.text.strip()[len(whole.text.strip()) // 2 :][:3]
        deltas: list[Delta] = []
        reply = ask(session, "chat", with_field(short(session, "chat"), "stop", (stop,)), _into(deltas))
        assert reply.text == "".join(delta.text for delta in deltas) == whole.text[: whole.text.index(stop)]
        assert reply.finish == "stop"

    def test_a_callback_that_wants_no_more_stops_the_answer(self, session: Session, opening: Opening) -> None:
        """Long before the model would end."""
        only(opening, "chat", "generate")
        emitted: list[Delta] = []

        def third(delta: Delta) -> bool:
            emitted.append(delta)
            return len(emitted) == 3

        answer = ask(session, opening.plan.verb, without_limit(session, opening.plan.verb), third)
        reply = answer if opening.plan.verb == "chat" else answer[0]
        assert len(emitted) == 3
        assert reply.finish == "cancelled"
        ask(session, opening.plan.verb)

    def test_what_a_callback_raises_comes_out_and_the_session_goes_on(self, session: Session, opening: Opening) -> None:
        """Runtimes swallow it; the guard does not."""
        only(opening, "chat", "generate")

        def fail(delta: Delta) -> bool:
            raise LookupError(delta.text)

        with pytest.raises(LookupError):
            ask(session, opening.plan.verb, without_limit(session, opening.plan.verb), fail)
        ask(session, opening.plan.verb)

    def test_a_prompt_longer_than_the_context_is_refused_and_not_cut(self, session: Session, opening: Opening) -> None:
        """And the next one is answered."""
        only(opening, "chat")
        context = session.metadata.get("context_length")
        if not isinstance(context, int):
            pytest.skip("the session does not say how long its context is")
        with pytest.raises(ContextOverflow):
            ask(session, "chat", Chat(messages=({"role": "user", "content": "one two " * context},)))
        ask(session, "chat")


def _said(answer: Any) -> Any:  # Any: what the verb gives
    return [each.ids for each in answer] if isinstance(answer, list) else answer.text


def only(opening: Opening, *verbs: str, honours: tuple[str, ...] = (), session: Session | None = None) -> None:
    """Skip the test where it does not concern the verb, or the session does not honour what it is about."""
    if opening.plan.verb not in verbs:
        pytest.skip(f"for {' and '.join(verbs)} alone")
    missing = set(honours) - (session.honours if session is not None else frozenset())
    if missing:
        pytest.skip(f"the session does not honour {', '.join(sorted(missing))}")


def _into(deltas: list[Delta]) -> Emit:
    def keep(delta: Delta) -> bool:
        deltas.append(delta)
        return False

    return keep
