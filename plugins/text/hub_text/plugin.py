"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import ModelSpec, Option, TaskSpec, WeightFile, hookimpl
from hub_text.options import CLASSIFICATION, EMBEDDING, FILLING, GENERATION, RANKING, TOKENS, ZERO_SHOT

__all__ = ["hub_models", "hub_tasks"]

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
_NEWS = WeightFile(
    path="lee_background.cor",
    size=360082,
    sha256="5d78d6dafd953bbf65797bef09a9ffb9ec430583381be705f8fd460000f370fb",
    sources=("pypi:gensim==4.4.0/gensim/test/test_data/lee_background.cor",),
)
"""About 300 short news texts in English (Lee, Pincombe and Welsh, 2005), one on each line."""


@hookimpl
def hub_tasks() -> list[TaskSpec]:
    """Give the tasks that answer a text with labels; names and fields are those of Hugging Face."""
    return [
        _task("text-classification", ("text", "json"), "Label texts: sentiment, topic, and the like.", data=(_NEWS,)),
        _task("token-classification", ("text",), "Find names, places and the like in texts.", data=(_NEWS,)),
        _task("fill-mask", ("text",), "Propose words for those that are left out."),
        _task("zero-shot-classification", ("text", "json"), "Choose among labels that the caller names."),
        _task("text-ranking", ("json", "text"), "Sort documents by how well they answer a query."),
    ]


@hookimpl
def hub_models() -> list[ModelSpec]:
    """Give generation over `chat` or `generate`, embeddings over `run` or `embed`, and labels over `run`."""
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
        _labelling("text-classification", "classification:TextClassification", CLASSIFICATION, "Labels of texts"),
        _labelling(
            "token-classification", "tokens:TokenClassification", TOKENS, "Labels of tokens and of their groups"
        ),
        _labelling("fill-mask", "filling:FillMask", FILLING, "Words for those that are left out"),
        _labelling(
            "zero-shot-classification", "zero_shot:ZeroShotClassification", ZERO_SHOT, "Labels by textual entailment"
        ),
        _labelling("text-ranking", "ranking:TextRanking", RANKING, "Documents sorted by a cross-encoder"),
    ]


def _task(name: str, inputs: tuple[str, ...], summary: str, *, data: tuple[WeightFile, ...] = ()) -> TaskSpec:
    return TaskSpec(
        id=name,
        inputs=inputs,
        outputs=("labels",),
        summary=summary,
        samples=f"hub_text.samples:{name.replace('-', '_')}",
        data=data,
        read="hub.runtime.reading:sentences" if data else None,
        fidelity="hub.runtime.fidelity:Labels",
    )


def _labelling(task: str, target: str, options: tuple[Option, ...], summary: str) -> ModelSpec:
    """A model plugin over a graph with a head for the task; of which family it is makes no difference."""
    needs = ("tokenizer.json",) if task == "fill-mask" else ("tokenizer.json", "config.json")
    return ModelSpec(
        id=task,
        task=task,
        families=("*",),
        verbs=("run",),
        target=f"hub_text.labelling.{target}",
        needs={"run": needs},
        options=options,
        claims=f"hub_text.claims:{task.replace('-', '_')}",
        summary=summary,
    )
