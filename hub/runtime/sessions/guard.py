"""One guard around every session: what reaches a backend is valid, and what comes back is what it promised.

Requests, feeds and answers are checked, callers beyond `concurrency` wait their turn, what a callback raises comes out
again, other exceptions become `InferenceError`, and nothing is used after `close()`. Knows no backend: only the
contract in `hub.runtime.protocols`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hub.errors import InputError, PluginBroken, UsageError
from hub.runtime.protocols import VERBS, Chat, Emit, Generate, Generated, Reply, Score, Scored, Session, Tensor
from hub.runtime.sessions.answers import check_generated, check_reply
from hub.runtime.sessions.gate import Gate
from hub.runtime.sessions.relay import Relay, foreign, silent
from hub.runtime.sessions.requests import check_chat, check_generate, check_texts

if TYPE_CHECKING:
    from hub.runtime.protocols import Array, Feeds, Outputs

__all__ = ["guard"]


def guard(session: Session, verb: str, *, backend: str = "") -> Session:
    """Put the guard around a session that was opened for `verb`.

    Parameters
    ----------
    backend
        Id of the backend, for messages; the name of the session's class if empty.

    Raises
    ------
    PluginBroken
        What the backend opened is no session, or does not say what it must.
    """
    what = f"backend '{backend}'" if backend else type(session).__name__
    faults = _contract_faults(session, verb)
    if faults:
        raise PluginBroken(f"{what} opened a session that does not keep the contract", details=faults)
    return Guarded(session, verb, what)


class Guarded(Session):
    """A session that may be trusted: safe from several threads, strict about what goes in and comes out."""

    def __init__(self, inner: Session, verb: str, what: str) -> None:
        self.inputs = tuple(inner.inputs)
        self.outputs = tuple(inner.outputs)
        self.metadata = dict(inner.metadata)
        self.honours = frozenset(inner.honours)
        self.declines = dict(inner.declines)
        self.concurrency = inner.concurrency
        self._inner: Session | None = inner
        self._verb = verb
        self._what = what
        self._gate = Gate(inner.concurrency, f"the session of {what}", self._release)

    def run(self, feeds: Feeds, wanted: Sequence[str] | None = None) -> Outputs:
        """Tensors in, tensors out.

        Raises
        ------
        InputError
            Feeds or wanted names do not fit the declared inputs and outputs.
        InferenceError
            The runtime failed, or gave NaN.
        """
        from hub.runtime.sessions.tensors import (  # numpy: not on the way of a chat
            check_feeds,
            check_outputs,
            check_wanted,
        )

        self._refuse_other("run")
        checked = check_feeds(feeds, self.inputs, self._what)
        names = check_wanted(wanted, self.outputs, self._what)
        with self._gate, foreign(self._what):
            found = self._live().run(checked, names)
        return check_outputs(found, self.outputs, names, self._what)

    def generate(self, request: Generate, emit: Emit = silent) -> list[Generated]:
        """Token ids in, token ids out."""
        self._refuse_other("generate")
        check_generate(request, self.honours, self._what, self.declines)
        if self.inputs or request.feeds:
            from hub.runtime.sessions.tensors import check_feeds

            check_feeds(request.feeds, self.inputs, self._what)
        relay = Relay(emit, len(request.prompts), self._what)
        with self._gate, relay.calling():
            found = self._live().generate(request, relay)
        return check_generated(found, request, self._what)

    def chat(self, request: Chat, emit: Emit = silent) -> Reply:
        """Answer a conversation."""
        self._refuse_other("chat")
        check_chat(request, self.honours, self._what, self.declines)
        relay = Relay(emit, 1, self._what)
        with self._gate, relay.calling():
            reply = self._live().chat(request, relay)
        return check_reply(reply, request, self._what)

    def embed(self, texts: Sequence[str]) -> Array:
        """Vectors of texts: float32 (n, dim)."""
        from hub.runtime.sessions.tensors import check_vectors

        self._refuse_other("embed")
        check_texts(texts, self._what)
        with self._gate, foreign(self._what):
            vectors = self._live().embed(texts)
        return check_vectors(vectors, len(texts), self._what)

    def score(self, request: Score) -> list[Scored]:
        """Log-probabilities of given sequences.

        Raises
        ------
        UsageError
            The backend does not score.
        InferenceError
            The runtime failed, or gave NaN.
        """
        from hub.runtime.sessions.tensors import check_scored

        if self._verb not in {"generate", "chat"}:
            raise UsageError(f"the session of {self._what} was opened for '{self._verb}' and cannot score")
        if bool(request.prompts) == bool(request.texts) or bool(request.texts) != (self._verb == "chat"):
            raise InputError(f"{self._what} scores {'texts' if self._verb == 'chat' else 'token ids'}, and got others")
        with self._gate, foreign(self._what):
            found = self._live().score(request)
        return check_scored(found, request, self._what)

    def close(self) -> None:
        """Wait for the calls that run, refuse those that wait, and give the memory back. May be called again."""
        self._gate.close()

    def __repr__(self) -> str:
        return f"<session of {self._what} for '{self._verb}'{', closed' if self._gate.closed else ''}>"

    def _live(self) -> Session:
        """The session, for who is inside of the gate: it is there until the last one has left."""
        assert self._inner is not None
        return self._inner

    def _release(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            with foreign(self._what, "could not close"):
                inner.close()

    def _refuse_other(self, verb: str) -> None:
        if verb != self._verb:
            raise UsageError(f"the session of {self._what} was opened for '{self._verb}' and cannot answer '{verb}'")


def _contract_faults(session: object, verb: str) -> list[str]:
    if not isinstance(session, Session):
        return [f"it is {type(session).__name__}, not a hub.runtime.protocols.Session"]
    faults = []
    if verb not in VERBS:
        faults.append(f"'{verb}' is no verb: {', '.join(VERBS)}")
    elif getattr(type(session), verb) is getattr(Session, verb):
        faults.append(f"it has no method '{verb}'")
    if isinstance(session.concurrency, bool) or not isinstance(session.concurrency, int) or session.concurrency < 1:
        faults.append(f"concurrency is an integer from 1, not {session.concurrency!r}")
    tensors = (*session.inputs, *session.outputs)
    faults += [f"{tensor!r} in inputs or outputs is no Tensor" for tensor in tensors if not isinstance(tensor, Tensor)]
    if verb == "run" and not session.outputs:
        faults.append("it answers 'run' and declares no outputs")
    return faults
