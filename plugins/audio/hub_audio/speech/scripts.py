"""Which writing systems a language is read in. espeak-ng names the letters of others, one by one, which nobody wants.

Knows nothing of voices. Languages are told by their ISO 639 code, scripts by the first word of their letters' names in
Unicode.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

__all__ = ["foreign_words"]

_SCRIPTS = {
    "ARABIC": "ar fa ku ps sd ug ur",
    "ARMENIAN": "hy hyw",
    "BENGALI": "as bn bpy",
    "CHEROKEE": "chr",
    "CJK": "cmn ja yue zh hak",
    "CYRILLIC": "ba be bg cv kk ky mk mn ru sr tt uk uz",
    "DEVANAGARI": "bho hi kok mr ne sa",
    "ETHIOPIC": "am ti",
    "GEORGIAN": "ka",
    "GREEK": "el grc",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KANNADA": "kn",
    "KATAKANA": "ja",
    "MALAYALAM": "ml",
    "MYANMAR": "my shn",
    "ORIYA": "or",
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
}
_KNOWN = frozenset(_SCRIPTS)
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_HAN = re.compile(r"[぀-ヿ㐀-鿿가-힯]")


def foreign_words(text: str, language: str) -> dict[str, str]:
    """Words in scripts that the language is not written in: script to the first such word.

    Latin letters are read in every language. A single letter of another alphabet, such as π, is read by its name.

    Parameters
    ----------
    language
        `en`, `en-us`, `pt_BR`.
    """
    code = re.split(r"[-_]", language.lower())[0]
    its = {script for script, languages in _SCRIPTS.items() if code in languages.split()}
    found: dict[str, str] = {}
    for word in [*_LETTERS.findall(text), *_HAN.findall(text)]:
        script = _script(word)
        if script in _KNOWN and script not in its:
            found.setdefault(script, word)
    return found


def _script(word: str) -> str:
    names = (unicodedata.name(letter, "").split(" ")[0].split("-")[0] for letter in word)
    return Counter(names).most_common(1)[0][0]
