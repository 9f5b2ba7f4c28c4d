"""Inputs that the built-in tasks can be tried on: checks, recorded feeds and calibration use them.

Short and long, plain and not ASCII, so that shapes and tokens vary. Knows nothing of any model.
"""

from __future__ import annotations

from hub.types import Message

__all__ = ["feature_extraction", "text_generation"]


def text_generation() -> list[str | list[Message]]:
    """Questions, a text, and a conversation of several turns."""
    return [
        "What is 2+2?",
        "Name three colours.",
        "Übersetze „Guten Morgen“ ins Englische.",
        [
            {"role": "system", "content": "You answer in one short sentence."},
            {"role": "user", "content": "Who wrote Romeo and Juliet?"},
            {"role": "assistant", "content": "William Shakespeare."},
            {"role": "user", "content": "And Faust?"},
        ],
    ]


def feature_extraction() -> list[str]:
    """Texts of one word to a paragraph, two of them paraphrases."""
    return [
        "cat",
        "A man is eating food.",
        "Someone is having a meal.",
        "Die Katze schläft auf dem Sofa. 猫はソファで眠っている。",
        "def add(a, b):\n    return a + b",
        (
            "The quick brown fox jumps over the lazy dog, which had been asleep in the sun since the early morning "
            "and did not mind; later that day it rained, and the two of them found shelter under the same old oak."
        ),
    ]
