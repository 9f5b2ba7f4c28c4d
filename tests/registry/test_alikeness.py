from __future__ import annotations

import pytest

from hub.registry.alikeness import lookalike, one_edit_apart, reserved


@pytest.mark.parametrize("name", ["hub", "HF", "pypi", "Registry", "con", "NUL", "com1.txt", "x.git", "a.json"])
def test_words_of_hub_and_devices_are_nobodys(name):
    assert reserved(name)


@pytest.mark.parametrize("name", ["smollm2", "hubert-base", "conformer", "tapas", "console"])
def test_names_that_only_begin_like_a_word_are_free(name):
    assert reserved(name) == ""


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("srnollm2", "smollm2"),
        ("g00gle", "google"),
        ("Goog1e", "google"),
        ("all_minilm.l6-v2", "all-minilm-l6-v2"),
        ("allminilml6v2", "all-minilm-l6-v2"),
        ("vvhisper", "whisper"),
        ("huggingfacetb-", "HuggingFaceTB"),
        ("whlsper", "whisper"),
    ],
)
def test_names_that_look_the_same_are_told(name, known):
    assert lookalike(name, {known, "other"}) == (known, True)


@pytest.mark.parametrize(
    ("name", "known"), [("whispr", "whisper"), ("whisperr", "whisper"), ("wihsper", "whisper"), ("whimper", "whisper")]
)
def test_names_a_letter_apart_are_told_apart_from_those_that_look_the_same(name, known):
    assert lookalike(name, {known}) == (known, False)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("smollm3", "smollm2"),
        ("smollm2-135m", "smollm2-360m"),
        ("qwen-1.1", "qwen-11"),
        ("bert", "best"),
        ("Whisper", "whisper"),
        ("whisper-tiny", "whisper"),
        ("all-minilm-l6-v2", "all-minilm-l6_V2"),
    ],
)
def test_other_sizes_versions_and_the_name_itself_are_no_lookalikes(name, known):
    assert lookalike(name, {known}) == ("", False)


def test_an_edit_is_a_letter_changed_missing_added_or_swapped():
    assert all(one_edit_apart("abcd", other) for other in ("abxd", "abd", "abcde", "acbd", "bcd"))
    assert not any(one_edit_apart("abcd", other) for other in ("abcd", "badc", "ab", "xbcy", "dbca"))
