"""What the files beside a Whisper say: the form of its features, and tokens that it is not to write.

Reads the Hugging Face layout, and the `config.json` of CTranslate2. Knows nothing of tokens' meaning.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from hub.errors import InferenceError
from hub.types import JSON

__all__ = ["Settings", "read_json", "read_settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The form of features (samples in a second, between two frames, in a spectrum), and suppressed tokens."""

    rate: int
    hop: int
    points: int
    suppress: tuple[int, ...]


def read_settings(assets: Path) -> Settings:
    """Read what is there; where nothing is, Whisper's own numbers.

    Raises
    ------
    InferenceError
        A file cannot be read.
    """
    form = read_json(assets / "preprocessor_config.json")
    generation, config = read_json(assets / "generation_config.json"), read_json(assets / "config.json")
    suppressed = generation.get("suppress_tokens") or config.get("suppress_ids") or config.get("suppress_tokens")
    return Settings(
        rate=_integer(form.get("sampling_rate"), 16_000),
        hop=_integer(form.get("hop_length"), 160),
        points=_integer(form.get("n_fft"), 400),
        suppress=tuple(token for token in suppressed if isinstance(token, int) and token >= 0)
        if isinstance(suppressed, list)
        else (),
    )


def read_json(path: Path) -> dict[str, JSON]:
    """Content of a file that holds a JSON object; empty where there is none.

    Raises
    ------
    InferenceError
        It cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InferenceError(f"{path} cannot be read: {error}") from error
    return content if isinstance(content, dict) else {}


def _integer(value: JSON, otherwise: int) -> int:
    return value if isinstance(value, int) and value > 0 else otherwise
