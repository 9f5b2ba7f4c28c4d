"""Opens GGUF files and language models in OpenVINO IR with OpenVINO GenAI, and answers chats.

The runtime owns tokenizer and template. Knows nothing of what is asked.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import openvino as ov  # type: ignore[import-untyped]
import openvino_genai as genai  # type: ignore[import-untyped]

from hub.errors import ContextOverflow, InferenceError, InputError, OptionError
from hub.runtime.protocols import Chat, Delta, Emit, OpenRequest, Reply, Session, TextStream
from hub_openvino.batching import Batched, Generator, Single
from hub_openvino.devices import check_precision, get_core, name_of, reason
from hub_openvino.facts import context_of, graph_of
from hub_openvino.gguf import GGUFError, TypeFault, check
from hub_openvino.sampling import fields
from hub_openvino.settings import precision_of, properties
from hub_openvino.stopping import StopFilter

__all__ = ["ChatSession", "open_session"]

_BEST = "auto"
_BLOCK, _BLOCK_ON_CPU = 16, 32  # tokens of one block of keys and values


class ChatSession(Session):
    """Answers `chat`, `slots` at a time, with the template that the model carries."""

    honours = frozenset({"max_tokens", "temperature", "top_p", "top_k", "seed", "stop", "schema"})

    def __init__(self, generator: Generator, context: int, device: str, precision: str, slots: int) -> None:
        self._generator: Generator | None = generator
        self._context = context
        self.concurrency = slots
        own = generator.defaults
        self._ends = {*own.stop_token_ids, own.eos_token_id} - {-1}
        self.metadata = {"context_length": context, "device": device, "precision": precision}

    def chat(self, request: Chat, emit: Emit) -> Reply:
        """Answer a conversation or complete a prompt.

        Raises
        ------
        ContextOverflow
            The prompt does not fit the context.
        """
        assert self._generator is not None
        tokenizer = self._generator.tokenizer
        with self._generator.preparing():
            ids = _encode(tokenizer, request)
        length = int(ids.shape[1])
        if length >= self._context:
            raise ContextOverflow(
                f"the prompt takes {length} tokens and the context holds {self._context}",
                hint="Shorten it, or load the model with a larger context_length.",
            )
        config = self._config(request, self._context - length)
        answer = _Answer(tokenizer, emit, request.stop)
        try:
            cut = self._generator.generate(ids, config, answer)
        except RuntimeError as error:
            if request.schema is not None and answer.tokens == 0:
                raise OptionError(f"openvino-genai cannot follow this schema: {reason(error)}") from error
            raise InferenceError(f"openvino-genai failed: {reason(error)}") from error
        return answer.reply("length" if cut else "stop", length)

    def close(self) -> None:
        """Give the memory back."""
        generator, self._generator = self._generator, None
        if generator is not None:
            generator.close()

    def _config(self, request: Chat, room: int) -> genai.GenerationConfig:
        """Every field by which the next token is chosen, and the tokens that end an answer."""
        wanted = request.sampling.max_tokens
        config = genai.GenerationConfig()
        for name, value in fields(request.sampling, room if wanted is None else min(wanted, room)).items():
            setattr(config, name, value)
        config.stop_token_ids = self._ends
        if request.schema is not None:
            config.structured_output_config = genai.StructuredOutputConfig(json_schema=json.dumps(request.schema))
        return config


class _Answer(genai.StreamerBase):  # type: ignore[misc]  # GenAI has no types
    """Takes tokens as they come, and emits their text.

    What is raised in here would be printed and forgotten by the runtime: it is kept, and raised again by `reply`.
    """

    def __init__(self, tokenizer: genai.Tokenizer, emit: Emit, stop: tuple[str, ...]) -> None:
        super().__init__()
        self.tokens = 0
        self._text = TextStream(lambda ids: str(tokenizer.decode(list(ids))))
        self._emit = emit
        self._filter = StopFilter(stop)
        self._pieces: list[str] = []
        self._cancelled = False
        self._raised: BaseException | None = None

    def write(self, token: int | list[int]) -> genai.StreamingStatus:
        """Take the next tokens."""
        if not self._over:
            tokens = token if isinstance(token, list) else [token]
            self.tokens += len(tokens)
            for each in tokens:
                self._show(self._text.push(each))
        return genai.StreamingStatus.STOP if self._over else genai.StreamingStatus.RUNNING

    def end(self) -> None:
        """Have what is left decoded. It is called more than once."""
        if not self._over:
            self._show(self._text.finish())

    def reply(self, finish: str, prompt_tokens: int) -> Reply:
        """The whole answer, or what went wrong."""
        if self._raised is None and not self._over:
            self._emit_text(self._filter.rest())
        if self._raised is not None:
            raise self._raised
        if self._cancelled:
            finish = "cancelled"
        elif self._filter.stopped:
            finish = "stop"
        return Reply(text="".join(self._pieces), finish=finish, tokens=self.tokens, prompt_tokens=prompt_tokens)

    @property
    def _over(self) -> bool:
        return self._cancelled or self._filter.stopped or self._raised is not None

    def _show(self, text: str) -> None:
        if not self._over:
            self._emit_text(self._filter.push(text))

    def _emit_text(self, text: str) -> None:
        if not text:
            return
        self._pieces.append(text)
        try:
            self._cancelled = bool(self._emit(Delta(text=text)))
        except BaseException as error:  # Ctrl-C included
            self._raised = error


def open_session(request: OpenRequest) -> ChatSession:
    """Load a GGUF file, or the folder of a language model in OpenVINO IR.

    Raises
    ------
    InferenceError
        The file is broken, holds what GenAI's reader does not take over, or the device does not take it.
    OptionError
        The device does not compute in the precision that was asked for.
    """
    path = _model_path(request)
    core = get_core()
    device = name_of(core, request.device)
    wanted = precision_of(request, _BEST)
    precision = check_precision(core, request.device, wanted)
    context = context_of(request.facts, request.options)
    scheduler = genai.SchedulerConfig()
    scheduler.enable_prefix_caching = bool(request.options.get("prompt_cache"))
    slots = int(str(request.options.get("parallel") or 1))
    scheduler.num_kv_blocks = slots * (-(-context // (_BLOCK_ON_CPU if request.device == "cpu" else _BLOCK)) + 1)
    scheduler.max_num_seqs = slots
    settings = properties(request, wanted)
    generator: Generator
    try:
        if slots == 1:
            generator = Single(genai.LLMPipeline(str(path), device, scheduler_config=scheduler, **settings))
        else:
            generator = Batched(
                partial(genai.ContinuousBatchingPipeline, str(path), scheduler, device, settings), slots
            )
    except (RuntimeError, IndexError, ValueError) as error:
        raise InferenceError(
            f"{path} cannot be loaded by openvino-genai {genai.__version__}: {reason(error)}"
        ) from error
    return ChatSession(generator, context, request.device, precision, slots)


def _model_path(request: OpenRequest) -> Path:
    """The GGUF file, checked, or the folder that holds `openvino_model.xml` and the tokenizer."""
    if request.facts.format == "gguf":
        path = request.files[0]
        try:
            check(path)
        except (GGUFError, OSError) as error:
            hint = "Convert it once, with the step: openvino" if isinstance(error, TypeFault) else ""
            raise InferenceError(f"{path} cannot be loaded: {error}", hint=hint) from error
        return path
    return (request.path / graph_of(request.facts.parts[request.part])).parent


def _encode(tokenizer: genai.Tokenizer, request: Chat) -> ov.Tensor:
    """Ids of a prompt, int64 (1, tokens); the template brings its own special tokens."""
    if request.prompt is not None:
        ids = tokenizer.encode(request.prompt).input_ids
    else:
        if not tokenizer.chat_template:
            raise InputError("this model has no chat template", hint="Give a text to continue, with option raw=true")
        messages = [{"role": turn["role"], "content": turn["content"]} for turn in request.messages]
        try:
            text = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
        except RuntimeError as error:
            raise InputError(f"the model's chat template refuses the conversation: {reason(error)}") from error
        ids = tokenizer.encode(text, add_special_tokens=False).input_ids
    if not ids.shape[1]:
        raise InputError("the prompt is empty")
    return ids
