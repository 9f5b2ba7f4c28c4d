"""Sessions over a running llama.cpp server: one answers chats, one makes embeddings.

Knows nothing of files or of how the server is started.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from hub.errors import InferenceError, InputError, OptionError
from hub.runtime.protocols import Chat, Emit, Reply, Score, Scored, Session
from hub.types import JSON
from hub_llamacpp.events import Answer, Chunk, error_of
from hub_llamacpp.requests import chat_body

if TYPE_CHECKING:
    from hub.runtime.protocols import Array
    from hub_llamacpp.scoring import Scorer, Vocabulary

__all__ = ["ChatSession", "EmbedSession", "Server"]

_SAMPLING = (
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
)


_DECLINED = {
    "images": "no projector (a mmproj file) lies beside these weights, which take text alone",
    "tools": "the chat template of these weights does not take any",
}


class Server(Protocol):
    """The part of `xllamacpp.Server` that is used."""

    def handle_chat_completions(self, body: dict[str, JSON], callback: Callable[[Chunk], bool], /) -> object:
        """Answer messages; events go to the callback, which returns `True` to stop."""

    def handle_completions(self, body: dict[str, JSON], callback: Callable[[Chunk], bool], /) -> object:
        """Continue a prompt; events go to the callback, which returns `True` to stop."""

    def handle_embeddings(self, body: dict[str, JSON], /) -> Chunk:
        """Vectors of texts."""


class ChatSession(Session):
    """Answers `chat`, with the template that the file carries.

    Parameters
    ----------
    slots
        Requests that are answered at once.
    reuse
        Whether the evaluated start of an earlier prompt is used again.
    sees
        Whether a projector was opened, which takes pictures.
    calls
        Whether the template takes tools.
    """

    honours = frozenset({*_SAMPLING, "stop", "schema", "top_logprobs"})

    def __init__(
        self,
        server: Server,
        metadata: Mapping[str, JSON],
        *,
        slots: int,
        reuse: bool,
        vocabulary: Callable[[], Vocabulary],
        sees: bool = False,
        calls: bool = False,
    ) -> None:
        self.honours |= {name for name, can in (("images", sees), ("tools", calls)) if can}
        self.declines = {name: why for name, why in _DECLINED.items() if name not in self.honours}
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
        answer = Answer(emit, self.metadata, request.top_logprobs)
        if request.tools and request.top_logprobs is not None:
            raise OptionError("log-probabilities are not told of answers that may call tools")
        context = self.metadata["context_length"]
        assert isinstance(context, int)
        body = chat_body(request, reuse=self._reuse, context=context)
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
            raise error_of(result["error"], self.metadata)
        rows = sorted(result["data"], key=lambda row: int(row["index"]))
        import numpy as np  # a conversation starts sooner without it

        return np.array([row["embedding"] for row in rows], dtype=np.float32)

    def close(self) -> None:
        """Stop the server's thread and give the memory back."""
        self._server = None
