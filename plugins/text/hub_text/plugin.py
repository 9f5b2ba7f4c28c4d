"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import ModelSpec, Option, hookimpl

__all__ = ["hub_models"]

GENERATION = (
    Option(name="max_tokens", type=int, min=1, help="Tokens to generate; without it until the model ends."),
    Option(name="temperature", type=float, default=0.0, min=0, max=10, help="0 takes the likeliest token each time."),
    Option(name="top_p", type=float, default=1.0, min=0, max=1, help="Keep the likeliest tokens of this total."),
    Option(name="top_k", type=int, default=0, min=0, help="Keep this many of the likeliest tokens; 0 keeps all."),
    Option(name="seed", type=int, min=0, max=2**32 - 2, help="The same seed gives the same answer again."),
    Option(name="stop", type=str, many=True, help="Text that ends the answer and is not part of it."),
    Option(name="system", type=str, help="Instruction put before the conversation."),
    Option(name="schema", type=dict, help="JSON Schema that the answer must satisfy."),
    Option(name="raw", type=bool, default=False, help="Continue the text as it stands, without the chat template."),
)
EMBEDDING = (
    Option(name="normalize", type=bool, help="Scale vectors to length 1; without it as the model's files say."),
    Option(name="batch_size", type=int, default=32, min=1, help="Texts that are computed together."),
    Option(
        name="truncate",
        type=bool,
        default=False,
        help="Cut texts that are longer than the model takes, and say so; otherwise they are refused.",
    ),
)
ENCODERS = (
    "albert",
    "bert",
    "camembert",
    "deberta-v2",
    "distilbert",
    "electra",
    "modernbert",
    "mpnet",
    "nomic-bert",
    "nomic_bert",
    "roberta",
    "xlm-roberta",
)


@hookimpl
def hub_models() -> list[ModelSpec]:
    """Give text generation over `chat`, and sentence embeddings over `run` or `embed`."""
    return [
        ModelSpec(
            id="text-generation",
            task="text-generation",
            families=("*",),
            verbs=("chat", "generate"),
            target="hub_text.generation.model:TextGeneration",
            needs={"generate": ("tokenizer.json",)},
            options=GENERATION,
            claims="hub_text.claims:generates",
            summary="Conversations and completions",
        ),
        ModelSpec(
            id="sentence-embedding",
            task="feature-extraction",
            families=ENCODERS,
            verbs=("run", "embed"),
            target="hub_text.embedding.model:SentenceEmbedding",
            needs={"run": ("tokenizer.json",)},
            options=EMBEDDING,
            claims="hub_text.claims:embeds",
            summary="Sentence embeddings, pooled as the model's files say",
        ),
    ]
