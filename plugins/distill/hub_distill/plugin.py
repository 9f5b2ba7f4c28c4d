"""What this package gives; imports nothing but the contract."""

from __future__ import annotations

from pathlib import Path

from hub.plugin import Option, TransformSpec, hookimpl

__all__ = ["OPTIONS", "hub_transforms"]

WHAT = (
    Option(name="data", type=Path, help="Texts to learn on, one on each line; without it the task's own data set."),
    Option(name="teacher", type=Path, help="Folder of the teacher; without it the model that the recipe began with."),
    Option(name="student", type=Path, help="Folder of the student; without it the weights that reach this step."),
    Option(name="keep_layers", type=int, min=1, help="Make the student of this many of the layers, evenly spaced."),
    Option(
        name="keep_ffn", type=float, min=0.01, max=1, help="Make the student with this share of feed-forward channels."
    ),
)
HOW_LONG = (
    Option(name="steps", type=int, min=1, help="Optimizer steps; in place of epochs."),
    Option(name="epochs", type=float, min=0.01, help="Times that all data is seen; 10 where no steps are given."),
    Option(name="batch_size", type=int, default=32, min=1, help="Sequences in a step, of all processes together."),
    Option(name="max_length", type=int, default=128, min=4, help="Tokens of a sequence; longer texts become several."),
    Option(
        name="augment",
        type=int,
        min=0,
        max=100,
        help="Altered copies of each sequence, learnt from in the same steps; without it 3 for encoders, else 0.",
    ),
    Option(name="validation", type=float, default=0.1, min=0.01, max=0.5, help="Share of the texts to validate on."),
    Option(name="validate_every", type=int, min=1, help="Steps between validations; without it a tenth of all."),
    Option(name="checkpoint_every", type=int, min=1, help="Steps between checkpoints; without it at validations."),
)
HOW = (
    Option(
        name="learning_rate",
        type=float,
        min=0,
        help="Highest learning rate; without it 0.0005 for adamw and 0.05 for sgd, a fifth of it for language models.",
    ),
    Option(name="optimizer", type=str, default="adamw", choices=("adamw", "sgd"), help="sgd is with momentum."),
    Option(name="momentum", type=float, default=0.9, min=0, max=0.9999, help="Of sgd."),
    Option(name="weight_decay", type=float, default=0.01, min=0, help="Of matrices; biases and norms have none."),
    Option(name="schedule", type=str, default="linear", choices=("linear", "cosine", "constant"), help="After warmup."),
    Option(name="warmup", type=float, default=0.05, min=0, max=1, help="Share of the steps in which the rate rises."),
    Option(name="clip", type=float, default=1.0, min=0, help="Largest norm of the gradient; 0 for no limit."),
    Option(
        name="embeddings",
        type=str,
        default="auto",
        choices=("auto", "train", "freeze"),
        help="auto leaves the token embeddings as they are where they are the teacher's.",
    ),
    Option(name="seed", type=int, default=0, min=0, max=2**32 - 1, help="Of the split, the order and new weights."),
)
LOSSES = (
    Option(name="temperature", type=float, default=2.0, min=0.01, help="Softens the distributions of logits."),
    Option(
        name="alpha_logits",
        type=float,
        min=0,
        help="Weight of the divergence between distributions; without it 1 for models that give logits.",
    ),
    Option(
        name="alpha_hidden",
        type=float,
        min=0,
        help="Weight of the squared error of hidden states, by token; without it 1 for encoders, else 0.",
    ),
    Option(
        name="alpha_cosine",
        type=float,
        min=0,
        help="Weight of the angle between hidden states, by token; without it 1 for encoders, else 0.",
    ),
    Option(
        name="alpha_labels",
        type=float,
        default=0.0,
        min=0,
        help="Weight of the next token of the text itself, for language models.",
    ),
    Option(
        name="layer_map",
        type=str,
        many=True,
        help="Layers whose hidden states are matched: 'last' (default), 'even', or student:teacher, counted from 1.",
    ),
)
WHERE = (
    Option(
        name="device", type=str, default="auto", choices=("auto", "cpu", "cuda", "mps"), help="auto: best there is."
    ),
    Option(
        name="precision",
        type=str,
        default="auto",
        choices=("auto", "float32", "bfloat16"),
        help="What to compute in; weights are learnt in float32. auto is bfloat16 where the hardware is fast at it.",
    ),
    Option(name="processes", type=int, min=1, help="Without it one for each GPU, and one on the CPU."),
)
OPTIONS = (*WHAT, *HOW_LONG, *HOW, *LOSSES, *WHERE)


@hookimpl
def hub_transforms() -> list[TransformSpec]:
    """Give distillation of models in the Hugging Face layout."""
    return [
        TransformSpec(
            id="distill",
            step="distill",
            takes=("safetensors",),
            gives="safetensors",
            lossy=True,
            target="hub_distill.distillation:distill",
            predict="hub_distill.facts:predict",
            origin=True,
            options=OPTIONS,
            summary="A smaller student that learnt to answer as its teacher",
        )
    ]
