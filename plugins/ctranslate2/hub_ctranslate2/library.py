"""Opens models with CTranslate2. The one module that imports it.

Knows nothing of sessions.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import ctranslate2  # type: ignore[import-untyped]
from ctranslate2 import StorageView

from hub.errors import InferenceError
from hub.runtime.protocols import Probe

__all__ = ["StorageView", "open_translator", "open_whisper", "probe"]

T = TypeVar("T")


def probe() -> Probe:
    """Devices that CTranslate2 was built for and finds here."""
    count = ctranslate2.get_cuda_device_count()
    devices = ("cuda", "cpu") if count else ("cpu",)
    kinds = ", ".join(sorted(ctranslate2.get_supported_compute_types(devices[0])))
    return Probe(devices=devices, versions={"ctranslate2": ctranslate2.__version__}, detail=f"{devices[0]}: {kinds}")


def open_whisper(folder: Path, device: str, compute_type: str, threads: int) -> Any:  # Any: it has no types
    """A Whisper model.

    Raises
    ------
    InferenceError
        The files are damaged or of another model, or the device does not compute in this type.
    """
    return _opened(ctranslate2.models.Whisper, folder, device, compute_type, threads)


def open_translator(folder: Path, device: str, compute_type: str, threads: int) -> Any:  # Any: it has no types
    """A model from sequence to sequence.

    Raises
    ------
    InferenceError
        As for `open_whisper`.
    """
    return _opened(ctranslate2.Translator, folder, device, compute_type, threads)


def _opened(kind: Callable[..., T], folder: Path, device: str, compute_type: str, threads: int) -> T:
    ctranslate2.set_log_level(50)  # what goes wrong is raised
    try:
        return kind(str(folder), device=device, compute_type=compute_type, inter_threads=1, intra_threads=threads)
    except (ValueError, RuntimeError) as error:
        raise InferenceError(
            f"{folder} cannot be loaded by ctranslate2 {ctranslate2.__version__}: {error}",
            hint="See what this machine computes in: hub doctor" if "compute type" in str(error) else "",
        ) from error
