"""Target of the backend: opens a model for what its task needs. Knows nothing of tasks beyond their names."""

from __future__ import annotations

from hub.runtime.protocols import OpenRequest, Session, usable_cpus
from hub_ctranslate2.facts import TASKS
from hub_ctranslate2.library import open_translator, open_whisper
from hub_ctranslate2.sequences import SequenceSession
from hub_ctranslate2.vocabulary import read_vocabulary
from hub_ctranslate2.whisper import WhisperSession

__all__ = ["open_model"]


def open_model(request: OpenRequest) -> Session:
    """Open the folder of an artifact.

    Raises
    ------
    InferenceError
        The files are damaged or of another model, or the device does not compute in what was asked for.
    """
    folder = request.files[0].parent
    given = request.options.get("threads")
    threads = given if isinstance(given, int) else usable_cpus()
    beams = request.options.get("beam_size")
    beams = beams if isinstance(beams, int) else 1
    kind = "int8" if "int8" in request.load_steps else str(request.options.get("compute_type") or "default")
    if TASKS[request.facts.task] == "whisper":
        vocabulary = read_vocabulary(folder, "vocabulary")
        return WhisperSession(open_whisper(folder, request.device, kind, threads), vocabulary, beams)
    source = read_vocabulary(folder, "shared_vocabulary", "source_vocabulary")
    target = read_vocabulary(folder, "shared_vocabulary", "target_vocabulary")
    return SequenceSession(open_translator(folder, request.device, kind, threads), source, target, beams)
