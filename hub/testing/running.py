"""What every backend must do that answers with tensors or vectors: refuse what does not fit, take any size, agree.

Knows nothing of any runtime.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hub.errors import HubError, InputError
from hub.plugin.fixtures import WeightsFixture
from hub.runtime.protocols import Generate, Sampling, Session
from hub.runtime.sessions.relay import silent
from hub.testing.agreeing import difference
from hub.testing.generating import only
from hub.testing.opening import Opening
from hub.testing.requests import TEXTS, ask, assert_same, make_feeds

__all__ = ["RunningContract"]


class RunningContract:
    """The part of `BackendContract` for the verbs `run` and `embed`; skipped for the others."""

    def test_feeds_that_are_missing_unknown_or_of_another_dtype_are_refused(
        self, session: Session, opening: Opening
    ) -> None:
        """Some runtimes reuse the last call's tensor, or take what they do not know."""
        only(opening, "run")
        feeds = make_feeds(session.inputs)
        assert feeds, "it declares no inputs"
        first = next(iter(feeds))
        wrong = np.ones(feeds[first].shape, dtype=np.complex64)
        without = {name: feed for name, feed in feeds.items() if name != first}
        for given in ({**feeds, "no_such_input": wrong}, {**feeds, first: wrong}, without, {}):
            with pytest.raises(InputError):
                session.run(given)

    def test_wanted_outputs_alone_are_given(self, session: Session, opening: Opening) -> None:
        """Each equals what a full run gives."""
        only(opening, "run")
        feeds = make_feeds(session.inputs)
        everything = session.run(feeds)
        for tensor in session.outputs:
            found = session.run(feeds, [tensor.name])
            assert list(found) == [tensor.name]
            assert_same([everything[tensor.name], found[tensor.name]])

    def test_tensors_of_other_sizes_and_empty_ones_are_answered_or_refused(
        self, session: Session, opening: Opening
    ) -> None:
        """Where a dimension is symbolic; the next call is answered as before."""
        only(opening, "run")
        before = ask(session, "run")
        for size in (1, 3, 0):
            try:
                session.run(make_feeds(session.inputs, size=size))
            except HubError as error:
                assert error.message  # noqa: PT017 - either way is right
        assert_same([before, ask(session, "run")])

    def test_what_it_gives_does_not_change_with_the_next_call(self, session: Session, opening: Opening) -> None:
        """Some runtimes give views of a buffer that they write again."""
        only(opening, "run")
        found = session.run(make_feeds(session.inputs))
        kept = {name: array.copy() for name, array in found.items()}
        session.run(make_feeds(session.inputs, seed=1))
        assert_same([kept, found])

    def test_a_text_has_the_same_vector_alone_and_among_others(self, session: Session, opening: Opening) -> None:
        """Ragged texts: padding may cost something, and no more."""
        only(opening, "embed")
        together = session.embed(TEXTS)
        for text, vector in zip(TEXTS, together, strict=True):
            [alone] = session.embed([text])
            assert float(alone @ vector / (np.linalg.norm(alone) * np.linalg.norm(vector))) > 0.99

    def assert_agrees(self, session: Session, opening: Opening, fixture: WeightsFixture) -> None:
        """Compare answers with the fixture's own, for feeds of several sizes, texts or prompts."""
        assert fixture.expected is not None
        asked: list[Any] = list(fixture.inputs)
        pairs: list[tuple[Any, Any]]
        if opening.plan.verb == "run":
            asked = asked or [make_feeds(session.inputs, seed=seed) for seed in range(3)]
            pairs = [(session.run(feeds), fixture.expected(feeds)) for feeds in asked]
        elif opening.plan.verb == "embed":
            texts = asked or list(TEXTS)
            pairs = [(session.embed(texts), fixture.expected(texts))]
        elif opening.plan.verb == "generate":
            prompts = tuple(tuple(prompt) for prompt in asked or [(1, 2, 3), (2,)])
            limit = Sampling(max_tokens=8)
            said = session.generate(Generate(prompts=prompts, sampling=limit), silent)
            assert [list(each.ids) for each in said] == [list(ids) for ids in fixture.expected(prompts)]
            return
        else:
            pytest.skip("what a conversation answers is not compared")
        for found, expected in pairs:
            gap = difference(expected, found)
            assert gap <= fixture.tolerance, f"it differs by {gap:.2g}, and {fixture.tolerance:g} is declared"
