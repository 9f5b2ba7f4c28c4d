"""Text to phonemes in the International Phonetic Alphabet, through espeak-ng. The one module that loads it.

Knows nothing of voices that speak.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from threading import Lock

import espeakng_loader  # type: ignore[import-untyped]

from hub.errors import InferenceError

__all__ = ["Clause", "clauses"]

Clause = tuple[str, str]
"""Phonemes of a clause, and the text that they were read from with what follows it up to the next clause."""

_LOCK = Lock()  # the library keeps its voice and its place in the text in globals
_UTF8, _IPA = 1, 2
_RETRIEVAL, _DONT_EXIT = 1, 0x8000


def clauses(text: str, voice: str) -> list[Clause]:
    """Phonemes of a text, clause by clause.

    Parameters
    ----------
    voice
        Name or language as espeak-ng knows it: `en-us`.

    Raises
    ------
    InferenceError
        espeak-ng cannot be loaded, or does not know the voice.
    """
    raw = text.replace("\0", " ").encode("utf-8")
    buffer = ctypes.create_string_buffer(raw)
    first = ctypes.addressof(buffer)
    place = ctypes.c_void_p(first)
    found: list[Clause] = []
    with _LOCK:
        library = _library()
        if library.espeak_SetVoiceByName(voice.encode("utf-8")):
            raise InferenceError(f"espeak-ng has no voice '{voice}'")
        while place.value is not None:
            begin = place.value - first
            phonemes = library.espeak_TextToPhonemes(ctypes.byref(place), _UTF8, _IPA) or b""
            end = len(raw) if place.value is None else place.value - first
            found.append((phonemes.decode("utf-8"), raw[begin:end].decode("utf-8", errors="ignore")))
    return found


@cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except OSError as error:
        system = ctypes.util.find_library("espeak-ng")
        if system is None:
            raise InferenceError(f"espeak-ng cannot be loaded: {error}") from error
        library = ctypes.CDLL(system)
    library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    library.espeak_TextToPhonemes.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
    data = str(espeakng_loader.get_data_path())
    if library.espeak_Initialize(_RETRIEVAL, 0, data.encode("utf-8"), _DONT_EXIT) <= 0:
        raise InferenceError(
            f"espeak-ng does not find its data in {data}", hint="Its path takes at most 150 characters."
        )
    return library
