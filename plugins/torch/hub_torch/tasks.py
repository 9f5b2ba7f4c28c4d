"""Which Auto class of transformers answers a task, and what comes out of it. Names alone, no library.

Task names are those of the Hugging Face Hub. The verb decides too, because a task may be done by models of two kinds:
speech recognition by an encoder with CTC, or by an encoder and a decoder that writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["KINDS", "Kind", "verbs_of"]

Shapes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A way to answer.

    Parameters
    ----------
    auto
        Name of the class in transformers.
    table
        Of `MODEL_…_MAPPING_NAMES` in `transformers.models.auto.modeling_auto`, which lists its families.
    outputs
        Outputs of `run` and their shapes; `labels`, `vocabulary` and `hidden` are numbers that the model knows.
    """

    auto: str
    table: str
    outputs: Shapes = field(default_factory=dict)


_PER_TEXT: Shapes = {"logits": ("batch", "labels")}
_PER_TOKEN: Shapes = {"logits": ("batch", "sequence", "labels")}
_PER_WORD: Shapes = {"logits": ("batch", "sequence", "vocabulary")}
_HIDDEN: Shapes = {"last_hidden_state": ("batch", "sequence", "hidden")}
_SPAN: Shapes = {"start_logits": ("batch", "sequence"), "end_logits": ("batch", "sequence")}
_FRAMES: Shapes = {"logits": ("batch", "frames", "vocabulary")}

_BASE = Kind(auto="AutoModel", table="", outputs=_HIDDEN)
_CAUSAL = Kind(auto="AutoModelForCausalLM", table="FOR_CAUSAL_LM", outputs=_PER_WORD)
_TEXT_CLASS = Kind(auto="AutoModelForSequenceClassification", table="FOR_SEQUENCE_CLASSIFICATION", outputs=_PER_TEXT)
_TOKEN_CLASS = Kind(auto="AutoModelForTokenClassification", table="FOR_TOKEN_CLASSIFICATION", outputs=_PER_TOKEN)
_MASKED = Kind(auto="AutoModelForMaskedLM", table="FOR_MASKED_LM", outputs=_PER_WORD)
_QUESTION = Kind(auto="AutoModelForQuestionAnswering", table="FOR_QUESTION_ANSWERING", outputs=_SPAN)
_IMAGE_CLASS = Kind(auto="AutoModelForImageClassification", table="FOR_IMAGE_CLASSIFICATION", outputs=_PER_TEXT)
_AUDIO_CLASS = Kind(auto="AutoModelForAudioClassification", table="FOR_AUDIO_CLASSIFICATION", outputs=_PER_TEXT)
_CTC = Kind(auto="AutoModelForCTC", table="FOR_CTC", outputs=_FRAMES)
_SPEECH = Kind(auto="AutoModelForSpeechSeq2Seq", table="FOR_SPEECH_SEQ_2_SEQ")
_TEXT_TO_TEXT = Kind(auto="AutoModelForSeq2SeqLM", table="FOR_SEQ_TO_SEQ_CAUSAL_LM")

KINDS: Mapping[tuple[str, str], Kind] = {
    ("audio-classification", "run"): _AUDIO_CLASS,
    ("automatic-speech-recognition", "generate"): _SPEECH,
    ("automatic-speech-recognition", "run"): _CTC,
    ("feature-extraction", "run"): _BASE,
    ("fill-mask", "run"): _MASKED,
    ("image-classification", "run"): _IMAGE_CLASS,
    ("question-answering", "run"): _QUESTION,
    ("sentence-similarity", "run"): _BASE,
    ("summarization", "generate"): _TEXT_TO_TEXT,
    ("text-classification", "run"): _TEXT_CLASS,
    ("text-generation", "generate"): _CAUSAL,
    ("text-generation", "run"): _CAUSAL,
    ("text-ranking", "run"): _TEXT_CLASS,
    ("token-classification", "run"): _TOKEN_CLASS,
    ("translation", "generate"): _TEXT_TO_TEXT,
    ("zero-shot-classification", "run"): _TEXT_CLASS,
}
"""Task and verb to the way to answer."""


def verbs_of(task: str) -> tuple[str, ...]:
    """Verbs that answer a task; none where no Auto class does."""
    return tuple(verb for name, verb in KINDS if name == task)
