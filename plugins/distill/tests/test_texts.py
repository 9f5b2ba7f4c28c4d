"""What becomes of the inputs: sequences, split, none lost but what cannot be learnt from."""

from __future__ import annotations

import pytest
from hub_distill.loading import open_tokenizer, read_json
from hub_distill.texts import make_corpus, texts_of
from hub_distill.tokenization import Windows, refuse_other_tokens, render

from hub.errors import InputError, UsageError
from plugins.distill.tests.conftest import WORDS, sentences, write_tiny, write_tokenizer


def words(text):
    return [{"input_ids": tuple(range(2, 2 + len(text.split())))}] if isinstance(text, str) else []


def numbered(text):
    return [{"input_ids": tuple(int(word) for word in text.split())}]


def test_texts_are_taken_once_and_blank_ones_not_at_all() -> None:
    found = texts_of(["a b", " ", "a b", {"text": "c", "text_pair": "d"}, ("e", "f"), {"text": "g"}], str)
    assert found == ["a b", ("c", "d"), ("e", "f"), "g"]


@pytest.mark.parametrize("item", [7, b"text", {"image": "x"}, ["a", 1], []])
def test_what_is_no_text_is_refused_with_its_place(item) -> None:
    with pytest.raises(InputError, match=rf"input 1 of the data is {type(item).__name__}, and a text is needed"):
        texts_of(["fine", item], str)


def test_a_conversation_is_written_as_the_model_reads_it(tmp_path) -> None:
    tokenizer = open_tokenizer(write_tiny(tmp_path, "text-generation"))
    messages = [{"role": "user", "content": "ba be"}, {"role": "assistant", "content": "bi"}]
    assert render(tokenizer, messages) == "ba be\nbi"
    tokenizer.chat_template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    assert texts_of([messages], lambda each: render(tokenizer, each)) == ["<user>ba be<assistant>bi"]


def test_validation_holds_whole_texts_that_are_not_learnt_from() -> None:
    texts = [" ".join(str(10 * number + place) for place in range(5)) for number in range(40)]
    corpus = make_corpus(texts, numbered, share=0.25, seed=3)
    assert (len(corpus.train), len(corpus.validation)) == (30, 10)
    every = {ids["input_ids"] for ids in (*corpus.train, *corpus.validation)}
    assert len(every) == 40
    assert make_corpus(texts, numbered, share=0.25, seed=3) == corpus
    assert make_corpus(texts, numbered, share=0.25, seed=4) != corpus


def test_what_is_validated_on_is_not_learnt_from_in_another_text() -> None:
    texts = [f"{number} 1" for number in range(20)]
    corpus = make_corpus(texts, lambda text: [*numbered(text), {"input_ids": (5, 5, 5)}], share=0.1, seed=0)
    assert {"input_ids": (5, 5, 5)} in corpus.validation
    assert {"input_ids": (5, 5, 5)} not in corpus.train


def test_one_long_text_is_split_by_its_sequences(tmp_path) -> None:
    folder = write_tiny(tmp_path, "feature-extraction")
    windows = Windows(open_tokenizer(folder), read_json(folder / "config.json"), 16)
    text = " ".join(WORDS[place % len(WORDS)] for place in range(200))
    corpus = make_corpus([text], windows, share=0.1, seed=0)
    assert len(corpus.validation) == 2
    assert sum(len(ids["input_ids"]) - 2 for ids in (*corpus.train, *corpus.validation)) == 200
    assert max(len(ids["input_ids"]) for ids in corpus.train) == 16


def test_sequences_are_never_longer_than_the_model_takes(tmp_path) -> None:
    folder = write_tiny(tmp_path, "feature-extraction")
    windows = Windows(open_tokenizer(folder), read_json(folder / "config.json"), 1000)
    assert windows.length == 64
    pair = windows((" ".join(WORDS), " ".join(WORDS)))
    assert [len(ids["input_ids"]) for ids in pair] == [64]


def test_too_little_data_is_an_error_that_says_how_much_there_is() -> None:
    with pytest.raises(InputError, match=r"holds 3 different sequences .* at least 8") as caught:
        make_corpus(["a b", "c d", "e f"], words, share=0.1, seed=0)
    assert "distill:data=FILE" in caught.value.hint


def test_sequences_of_one_token_are_told_of() -> None:
    with pytest.raises(InputError, match=r"holds 0 different sequences .*; 30 have one token"):
        make_corpus([f"word{number}" for number in range(30)], words, share=0.1, seed=0)
    mixed = [f"{number} 1" for number in range(12)] + [f"{number}" for number in range(3)]
    assert make_corpus(mixed, numbered, share=0.1, seed=0).dropped == 3


def test_another_tokenizer_is_refused_by_a_token_that_differs(tmp_path) -> None:
    first, second = (write_tiny(tmp_path / name, "feature-extraction") for name in "ab")
    refuse_other_tokens(open_tokenizer(first), open_tokenizer(second), "teacher")
    write_tokenizer(second, ("zzz", *WORDS[1:]))
    with pytest.raises(UsageError, match="the teacher has another tokenizer: 'ba' is None there and 5 here"):
        refuse_other_tokens(open_tokenizer(first), open_tokenizer(second), "teacher")


def test_sentences_of_the_tests_differ() -> None:
    assert len(set(sentences(100))) > 95
