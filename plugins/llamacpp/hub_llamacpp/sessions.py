"""Sessions over a running llama.cpp server: one answers chats, one makes embeddings.

Knows nothing of files or of how the server is started.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from hub.errors import ContextOverflow, HubError, InferenceError, InputError, OptionError
from hub.runtime.protocols import Chat, Delta, Emit, Reply, Score, Scored, Session
from hub.types import JSON
from hub_llamacpp.requests import chat_body

if TYPE_CHECKING:
    from hub.runtime.protocols import Array
    from hub_llamacpp.scoring import Scorer, Vocabulary

__all__ = ["ChatSession", "EmbedSession", "Server"]

_TOO_LONG = re.compile(r"input \((\d+) tokens\) is too large")  # what `embed` says, as an internal error

Chunk = dict[str, Any]  # Any: one JSON event of llama.cpp's server


class Server(Protocol):
    """The part of `xllamacpp.Server` that is used."""

    def handle_chat_completions(self, body: dict[str, JSON], callback: Callable[[Chunk], bool], /) -> object:
        """Answer messages; events go to the callback, which returns `True` to stop."""

    def handle_completions(self, body: dict[str, JSON], callback: Callable[[Chunk], bool], /) -> object:
        """Continue a prompt; events go to the callback, which returns `True` to stop."""

    def handle_embeddings(self, body: dict[str, JSON], /) -> Chunk:
        """Vectors of texts."""


class ChatSession(Session):
    """Answers `chat`, with the template that the file carries."""

    honours = frozenset({"max_tokens", "temperature", "top_p", "top_k", "seed", "stop", "schema"})

    def __init__(
        self,
        server: Server,
        metadata: Mapping[str, JSON],
        *,
        slots: int,
        reuse: bool,
        vocabulary: Callable[[], Vocabulary],
    ) -> None:
        self._server: Server | None = server
        self._reuse = reuse
        self._open_vocabulary = vocabulary
        self._scorer: Scorer | None = None
        self.metadata = metadata
        self.concurrency = slots

    def chat(self, request: Chat, emit: Emit) -> Reply:
        """Answer a conversation or complete a prompt.

        Raises
        ------
        ContextOverflow
            The prompt does not fit the context.
        """
        assert self._server is not None
        if request.prompt == "":
            raise InputError("the prompt is empty")
        answer = _Answer(emit, self.metadata)
        body = chat_body(request, reuse=self._reuse)
        handle = self._server.handle_chat_completions if request.prompt is None else self._server.handle_completions
        try:
            handle(body, answer.take)
        except (RuntimeError, ValueError) as error:
            if request.schema is not None and "schema" in str(error).lower():
                raise OptionError(f"llama.cpp cannot follow this schema: {error}") from error
            raise InferenceError(f"llama.cpp failed: {error}") from error
        return answer.reply()

    def score(self, request: Score) -> list[Scored]:
        """Log-probabilities of the tokens of texts, for measures; what is told exactly is said in `Scorer`.

        Raises
        ------
        ContextOverflow
            A text does not fit the context.
        """
        assert self._server is not None
        if self._scorer is None:
            from hub_llamacpp.scoring import Scorer  # numpy, and a second server: a conversation needs neither

            context = self.metadata["context_length"]
            assert isinstance(context, int)
            self._scorer = Scorer(self._server.handle_completions, self._open_vocabulary(), context)
        try:
            return [self._scorer.score(text) for text in request.texts]
        except (RuntimeError, ValueError) as error:
            raise InferenceError(f"llama.cpp failed: {error}") from error

    def close(self) -> None:
        """Stop the server's thread and give the memory back."""
        self._server = None
        if self._scorer is not None:
            self._scorer.close()
            self._scorer = None


class EmbedSession(Session):
    """Answers `embed`, with the pooling that the file names; vectors are not normalised."""

    def __init__(self, server: Server, metadata: Mapping[str, JSON]) -> None:
        self._server: Server | None = server
        self.metadata = metadata

    def embed(self, texts: Sequence[str]) -> Array:
        """Vectors of texts, float32 (n, dim).

        Raises
        ------
        ContextOverflow
            A text does not fit the context; none is cut.
        """
        assert self._server is not None
        body: dict[str, JSON] = {"input": list(texts), "embd_normalize": -1, "encoding_format": "float"}
        try:
            result = self._server.handle_embeddings(body)
        except RuntimeError as error:
            raise InferenceError(f"llama.cpp failed: {error}") from error
        if "error" in result:
            raise _error(result["error"], self.metadata)
        rows = sorted(result["data"], key=lambda row: int(row["index"]))
        import numpy as np  # a conversation starts sooner without it

        return np.array([row["embedding"] for row in rows], dtype=np.float32)

    def close(self) -> None:
        """Stop the server's thread and give the memory back."""
        self._server = None


class _Answer:
    """Collects the events of one answer. What its callback raises is kept and raised again by `reply`."""

    def __init__(self, emit: Emit, metadata: Mapping[str, JSON]) -> None:
        self._emit = emit
        self._metadata = metadata
        self._pieces: list[str] = []
        self._finish = ""
        self._tokens = 0
        self._prompt_tokens = 0
        self._raised: BaseException | None = None

    def take(self, chunk: Chunk) -> bool:
        """Take one event; `True` stops the answer."""
        try:
            return self._take(chunk)
        except BaseException as error:  # the runtime would swallow it, Ctrl-C included
            self._raised = error
            return True

    def _take(self, chunk: Chunk) -> bool:
        if "error" in chunk:
            raise _error(chunk["error"], self._metadata)
        if timings := chunk.get("timings"):
            self._tokens = int(timings["predicted_n"])
            self._prompt_tokens = int(timings["prompt_n"]) + int(timings["cache_n"])
        if usage := chunk.get("usage"):
            self._tokens = int(usage["completion_tokens"])
            self._prompt_tokens = int(usage["prompt_tokens"])
        for choice in chunk["choices"]:
            if choice["finish_reason"] is not None:
                self._finish = "length" if choice["finish_reason"] == "length" else "stop"
            text = choice["text"] if "text" in choice else choice["delta"].get("content")
            if text:
                self._pieces.append(text)
                if self._emit(Delta(text=text)):
                    self._finish = "cancelled"
                    return True
        return False

    def reply(self) -> Reply:
        """The whole answer, or what went wrong."""
        if self._raised is not None:
            raise self._raised
        if not self._finish:
            raise InferenceError("llama.cpp ended the answer without a reason")
        return Reply(
            text="".join(self._pieces), finish=self._finish, tokens=self._tokens, prompt_tokens=self._prompt_tokens
        )


def _error(error: Mapping[str, Any], metadata: Mapping[str, JSON]) -> HubError:
    """Our error for one of llama.cpp's: {code, message, type, …}."""
    kind, message = error.get("type"), str(error.get("message", error))
    if kind == "exceed_context_size_error":
        return ContextOverflow(
            f"the prompt takes {error.get('n_prompt_tokens', '?')} tokens and the context holds "
            f"{error.get('n_ctx', metadata.get('context_length'))}",
            hint=f"Shorten it, or load the model with a larger context_length (it was trained for "
            f"{metadata.get('trained_context_length', '?')}).",
        )
    if too_long := _TOO_LONG.search(message):
        return ContextOverflow(
            f"a text takes {too_long[1]} tokens and the model {metadata.get('context_length')}", hint="Split the text."
        )
    if kind == "invalid_request_error":
        return InputError(f"llama.cpp refused the request: {message}")
    return InferenceError(f"llama.cpp failed: {message}")
