"""A language model in GGUF as OpenVINO IR, with its tokenizer beside it, by GenAI's own reader of GGUF.

What that reader would round is given to it as float16. Knows nothing of what is asked of a model.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import openvino_genai as genai  # type: ignore[import-untyped]

from hub.errors import InferenceError
from hub.runtime.protocols import TransformRequest
from hub_openvino.conversion.naming import named_by_place
from hub_openvino.conversion.widening import widen
from hub_openvino.devices import reason
from hub_openvino.facts import GGUF_TYPES, GGUF_WIDENED
from hub_openvino.gguf import GGUFError, check

__all__ = ["convert"]


def convert(request: TransformRequest) -> None:
    """Write `openvino_model`, `openvino_tokenizer` and `openvino_detokenizer`, each as `.xml` and `.bin`.

    Raises
    ------
    InferenceError
        The file is broken, or holds what GenAI's reader does not build or float16 does not hold.
    """
    [source] = request.files
    try:
        check(source, (*GGUF_TYPES, *GGUF_WIDENED))
    except (GGUFError, OSError) as error:
        raise InferenceError(f"{source.name} cannot be converted: {error}") from error
    with tempfile.TemporaryDirectory(dir=request.out) as folder:
        wide = Path(folder) / "model.gguf"
        widen(source, wide)
        try:
            genai.LLMPipeline(str(wide), "CPU", enable_save_ov_model=True)  # which writes beside the file
        except (RuntimeError, IndexError, ValueError) as error:
            raise InferenceError(
                f"{source.name} cannot be converted by openvino-genai {genai.__version__}: {reason(error)}"
            ) from error
        for made in Path(folder).glob("openvino_*"):
            if made.suffix == ".xml":
                made.write_text(named_by_place(made.read_text(encoding="utf-8")), encoding="utf-8")
            made.replace(request.out / made.name)
