"""Inputs that the tasks of this package can be tried on: checks, recorded feeds and calibration use them.

Short and long, plain and not ASCII, so that shapes and tokens vary. Knows nothing of any model.
"""

from __future__ import annotations

from hub.types import JSON

__all__ = [
    "fill_mask",
    "text_classification",
    "text_ranking",
    "token_classification",
    "zero_shot_classification",
]


def text_classification() -> list[str | dict[str, JSON]]:
    """Praise, blame, a pair of sentences, and a paragraph."""
    return [
        "I love it.",
        "The plot is thin, the jokes are old, and two hours have never felt longer.",
        {"text": "A man is eating food.", "text_pair": "A man is eating a meal."},
        "Das Essen war vorzüglich – nur ein bisschen teuer. 値段が高い。",
        (
            "Where the first half takes its time to draw the village and the people who live in it, the second half "
            "lets go of nearly all of them; what remains is well filmed, now and then moving, and too long by a third."
        ),
    ]


def token_classification() -> list[str]:
    """Names of people, places and organisations, and a text without any."""
    return [
        "My name is Sarah and I live in London.",
        "It rained all day.",
        "Angela Merkel met Emmanuel Macron in Aachen, where both signed the treaty for Germany and France.",
        "The United Nations Educational, Scientific and Cultural Organization sits in Paris; São Tomé joined it.",
    ]


def fill_mask() -> list[str]:
    """A word left out at the end, in the middle and at the start."""
    return [
        "Paris is the capital of [MASK].",
        "The [MASK] of the orchestra raised his baton, and the hall fell silent.",
        "[MASK] fell on the mountains overnight, so the road over the pass was closed in the morning.",
    ]


def zero_shot_classification() -> list[str | dict[str, JSON]]:
    """Texts with labels that fit and labels that do not."""
    return [
        {
            "text": "The team scored twice in the last minute and won the cup.",
            "candidate_labels": ["sports", "politics", "cooking"],
        },
        {
            "text": "Parliament voted on the budget late at night; the opposition left the chamber.",
            "candidate_labels": ["politics", "economy", "weather"],
            "multi_label": True,
        },
        {
            "text": "Den Teig eine Stunde ruhen lassen.",
            "candidate_labels": ["Kochen", "Reisen"],
            "hypothesis_template": "Es geht um {}.",
        },
    ]


def text_ranking() -> list[str | dict[str, JSON]]:
    """Queries, each with documents that answer it and documents that do not."""
    return [
        {
            "query": "How many people live in Berlin?",
            "documents": [
                "New York City is famous for the Metropolitan Museum of Art.",
                "Berlin had a population of 3,520,031 registered inhabitants in an area of 891.82 square kilometres.",
                "Berlin is well known for its museums.",
            ],
        },
        {
            "query": "python sort a list",
            "documents": ["sorted(items) gives a new list in order.", "The python is a large snake of the tropics."],
        },
    ]
