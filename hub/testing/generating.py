"""What every backend must do that generates: obey each field or refuse it, stop when told, emit what it answers.

Knows nothing of any runtime.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import ContextOverflow, OptionError
from hub.runtime.protocols import Chat, Delta, Emit, Sampling, Session
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
            with pytest.raises(OptionError, match=name):
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
        only(opening, "chat", honours=("max_tokens",), session=session)
        whole = ask(session, "chat")
        cut = ask(session, "chat", replace(CHAT, sampling=Sampling(max_tokens=3)))
        assert (cut.tokens, cut.finish) == (3, "length")
        assert whole.text.startswith(cut.text)

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
