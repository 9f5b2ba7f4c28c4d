"""A conversation over a session that continues token ids: template, tokens, ends and text are done here.

Answers a `Chat` with a `Reply`, as a runtime does that owns all of it. Knows nothing of how the ids are made.
"""

from __future__ import annotations

import logging
from pathlib import Path

from hub.errors import ContextOverflow, InputError, OptionError
from hub.runtime.protocols import Chat, Delta, Emit, Generate, Generated, Reply, Score, Scored, Session, TextStream
from hub_text.files import read_object
from hub_text.generation.ends import read_ends
from hub_text.generation.stops import StopTexts
from hub_text.generation.template import read_template
from hub_text.generation.tooling import has_tools
from hub_text.tokenization import TextTokenizer

__all__ = ["TokenChat"]

_LOG = logging.getLogger("hub_text")


class TokenChat:
    """Converses over a session that answers `generate`.

    Raises
    ------
    InferenceError
        A file of the tokenizer is broken.
    """

    def __init__(self, session: Session, assets: Path) -> None:
        self._session = session
        self._tokenizer = TextTokenizer(assets / "tokenizer.json")
        self._template = read_template(assets)
        self._ends = read_ends(assets, self._tokenizer, self._template)
        self._context = _context(session, assets)
        if self._template is None:
            _LOG.warning("%s: it has no chat template, so a text is continued as it stands", assets.name)

    def chat(self, request: Chat, emit: Emit) -> Reply:
        """Answer a conversation, or continue a prompt.

        Raises
        ------
        ContextOverflow
            The prompt leaves no room for an answer.
        OptionError
            A schema, tools or log-probabilities, which cannot be had of a runtime that gives tokens alone.
        """
        _refuse(request)
        prompt = self._prompt(request)
        if self._context is not None and len(prompt) >= self._context:
            raise ContextOverflow(
                f"the prompt takes {len(prompt)} tokens and the context holds {self._context}",
                hint="Shorten it, or load the model with a larger context_length where its backend has that option.",
            )
        answer = _Answer(emit, TextStream(self._tokenizer.decode), StopTexts(request.stop), frozenset(self._ends))
        honoured = "eos" in self._session.honours
        asked = Generate(prompts=(prompt,), sampling=request.sampling, eos=self._ends if honoured else ())
        [generated] = self._session.generate(asked, answer.take)
        return answer.reply(generated, len(prompt))

    def score(self, text: str) -> Scored:
        """Log-probabilities of a text that stands alone, from its start to where the context ends."""
        ids = tuple(self._tokenizer.ids(text))
        if self._context is not None and len(ids) > self._context:
            _LOG.warning("a text of %d tokens is scored up to the %d of the context", len(ids), self._context)
        return self._session.score(Score(prompts=(ids[: self._context],)))[0]

    def _prompt(self, request: Chat) -> tuple[int, ...]:
        if request.prompt is not None:
            return tuple(self._tokenizer.ids(request.prompt))
        if self._template is not None:
            return tuple(self._tokenizer.ids(self._template.render(request.messages), special=False))
        if len(request.messages) == 1 and request.messages[0]["role"] == "user":
            return tuple(self._tokenizer.ids(request.messages[0]["content"]))
        raise InputError(
            "this model has no chat template: it continues a text, and cannot follow a conversation",
            hint="Give a text alone, without a system message.",
        )


def _refuse(request: Chat) -> None:
    """Refuse what only a runtime can do that owns the conversation."""
    wanted = {
        "schema": request.schema is not None,
        "tools": has_tools(request),
        "top_logprobs": request.top_logprobs is not None,
        "images": any("parts" in turn for turn in request.messages),
    }
    names = [name for name, set_ in wanted.items() if set_]
    if names:
        raise OptionError(
            f"{' and '.join(names)}: not possible here, where the runtime gives tokens and cannot be held to more",
            hint="Leave that out, or choose a backend that answers 'chat', such as one for GGUF. See: hub plan",
        )


class _Answer:
    """Collects the ids of one answer, and shows their text as it becomes certain."""

    def __init__(self, emit: Emit, text: TextStream, stops: StopTexts, ends: frozenset[int]) -> None:
        self._emit = emit
        self._text = text
        self._stops = stops
        self._ends = ends
        self._pieces: list[str] = []
        self._taken = 0
        self._ended = self._stopped = self._cancelled = False

    @property
    def _over(self) -> bool:
        return self._ended or self._stopped or self._cancelled

    def take(self, delta: Delta) -> bool:
        """Take what the session gives; `True` once the answer is over."""
        for token in delta.ids:
            if self._over:
                break
            self._taken += 1
            if token in self._ends:
                self._ended = True
            else:
                self._push(self._text.push(token))
        return self._over

    def reply(self, generated: Generated, prompt_tokens: int) -> Reply:
        """The whole answer; ids that the session answered and did not emit are taken now."""
        self.take(Delta(ids=generated.ids[self._taken :]))
        unseen_end = generated.finish == "stop" and not self._over  # a session may keep the end to itself
        if not (self._stopped or self._cancelled):
            self._push(self._text.finish())
        if not (self._stopped or self._cancelled):
            self._show(self._stops.rest())
        finish = "stop" if self._stopped or self._ended else generated.finish
        return Reply(
            text="".join(self._pieces),
            finish="cancelled" if self._cancelled else finish,
            tokens=self._taken + unseen_end,
            prompt_tokens=prompt_tokens,
        )

    def _push(self, text: str) -> None:
        shown, self._stopped = self._stops.push(text)
        self._show(shown)

    def _show(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self._cancelled = self._emit(Delta(text=text))


def _context(session: Session, assets: Path) -> int | None:
    """Tokens that prompt and answer may take together: what the session says, else the model's own."""
    said = session.metadata.get("context_length")
    found = said if isinstance(said, int) else read_object(assets / "config.json").get("max_position_embeddings")
    return found if isinstance(found, int) and found > 0 else None
