"""Call options of the model plugins of this package."""

from __future__ import annotations

from hub.plugin import Option

__all__ = ["CLASSIFICATION", "READING"]

CLASSIFICATION = (
    Option(name="top_k", type=int, default=5, min=0, help="Give this many labels, the best first; 0 gives all."),
    Option(
        name="function_to_apply",
        type=str,
        choices=("softmax", "sigmoid", "none"),
        help="How scores are made of logits; without it as the model's config says.",
    ),
    Option(name="batch_size", type=int, default=8, min=1, help="Pictures that are computed together."),
)
READING = (
    Option(name="min_score", type=float, default=0.5, min=0, max=1, help="Leave out lines that are less sure."),
    Option(name="direction", type=bool, default=True, help="Turn lines that are upside down."),
    Option(name="max_side", type=int, default=2000, min=32, help="Shrink pictures whose longer side is longer."),
    Option(name="box_threshold", type=float, default=0.5, min=0, max=1, help="How sure a place has to be text."),
    Option(
        name="box_growth", type=float, default=1.6, min=0, max=5, help="How far boxes reach beyond the letters' cores."
    ),
    Option(name="batch_size", type=int, default=6, min=1, help="Lines that are computed together."),
)
