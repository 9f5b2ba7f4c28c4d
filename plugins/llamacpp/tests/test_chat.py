"""Chats with SmolLM2-135M: what the contract asks, on the real model."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hub_llamacpp.backend import open_model

from hub.errors import ContextOverflow, InputError, OptionError
from hub.runtime.protocols import Chat, Sampling
from plugins.llamacpp.tests.conftest import CONTEXT, request

pytestmark = pytest.mark.weights

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer", "maximum": 120, "minimum": 0},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


def ask(text, *, system="", **fields):
    sampling = Sampling(**{"max_tokens": 48, **fields.pop("sampling", {})})
    before = ({"role": "system", "content": system},) if system else ()
    return Chat(messages=(*before, {"role": "user", "content": text}), sampling=sampling, **fields)


def complete(text, **fields):
    sampling = Sampling(**{"max_tokens": 24, **fields.pop("sampling", {})})
    return Chat(prompt=text, sampling=sampling, **fields)


def silent(delta):
    return False


@pytest.mark.parametrize(
    ("question", "answer"), [("Who wrote Romeo and Juliet?", "Shakespeare"), ("What is 2+2?", "4")]
)
def test_answers_with_the_template_of_the_file(chat, question, answer):
    assert answer in chat.chat(ask(question), silent).text


def test_deltas_make_the_answer_and_tokens_are_counted(chat):
    deltas = []
    reply = chat.chat(ask("What is 2+2?"), lambda delta: deltas.append(delta.text) and False)
    assert "".join(deltas) == reply.text
    assert len(deltas) > 5
    assert reply.finish == "stop"
    assert len(deltas) <= reply.tokens <= len(deltas) + 1
    assert reply.prompt_tokens == 37


def test_a_plain_prompt_is_completed_without_the_template(chat):
    reply = chat.chat(complete("Once upon a time"), silent)
    assert reply.prompt_tokens == 4
    assert reply.text.startswith(",")
    assert (reply.finish, reply.tokens) == ("length", 24)


def test_stop_text_ends_the_answer_and_is_not_in_it(chat):
    whole = chat.chat(complete("Once upon a time"), silent).text
    word = whole.split()[3]
    reply = chat.chat(complete("Once upon a time", stop=(word,)), silent)
    assert reply.finish == "stop"
    assert whole.startswith(reply.text)
    assert word not in reply.text


def test_a_seed_gives_the_same_answer_and_no_seed_another(chat):
    def sampled(seed):
        return chat.chat(complete("Once upon a time", sampling={"temperature": 1.2, "seed": seed}), silent).text

    assert sampled(3) == sampled(3)
    assert len({sampled(3), sampled(4), sampled(None), sampled(None)}) == 4


def test_top_k_of_one_is_greedy_at_any_temperature(chat):
    greedy = chat.chat(complete("Once upon a time"), silent).text
    assert (
        chat.chat(complete("Once upon a time", sampling={"temperature": 2.0, "top_k": 1, "seed": 1}), silent).text
        == greedy
    )
    assert (
        chat.chat(complete("Once upon a time", sampling={"temperature": 2.0, "top_p": 0.0, "seed": 1}), silent).text
        == greedy
    )


def test_an_answer_does_not_depend_on_what_was_asked_before(chat):
    first = chat.chat(ask("What is 2+2?"), silent)
    chat.chat(ask("Who wrote Romeo and Juliet?"), silent)
    assert chat.chat(ask("What is 2+2?"), silent) == first


def test_a_schema_holds_the_answer_to_it(chat):
    reply = chat.chat(ask("Describe a person.", schema=PERSON, sampling={"max_tokens": 100}), silent)
    person = json.loads(reply.text)
    assert set(person) == {"name", "age"}
    assert isinstance(person["age"], int)


def test_a_schema_that_cannot_be_followed_is_refused(chat):
    with pytest.raises(OptionError, match="cannot follow this schema"):
        chat.chat(ask("Describe a person.", schema={"type": "nonsense"}), silent)


def test_a_schema_for_a_plain_prompt_is_refused_instead_of_dropped(chat):
    with pytest.raises(OptionError, match="needs a conversation"):
        chat.chat(complete("A person", schema=PERSON), silent)


def test_a_prompt_longer_than_the_context_is_an_error_and_never_cut(chat):
    deltas = []
    with pytest.raises(ContextOverflow, match=rf"tokens and the context holds {CONTEXT}") as caught:
        chat.chat(ask("word " * 600), deltas.append)
    assert deltas == []
    assert "8192" in caught.value.hint


def test_an_answer_that_reaches_the_end_of_the_context_ends_with_length(smollm):
    session = open_model(request(smollm, context_length=200, threads=2))
    try:
        reply = session.chat(complete("1 2 3 4 5 6 7 8 9 ", sampling={"max_tokens": None}), silent)
    finally:
        session.close()
    assert reply.finish == "length"
    assert session.metadata["context_length"] == 256
    assert 254 <= reply.prompt_tokens + reply.tokens <= 257


def test_an_empty_prompt_is_refused(chat):
    with pytest.raises(InputError, match="empty"):
        chat.chat(complete(""), silent)


def test_non_ascii_goes_in_and_comes_out(chat):
    pieces = []
    reply = chat.chat(
        ask("Repeat: 猫 é ñ 🎉 Straße", sampling={"max_tokens": 30}), lambda d: pieces.append(d.text) and False
    )
    assert "".join(pieces) == reply.text
    assert "\ufffd" not in reply.text


def test_stopping_ends_the_answer_there_and_leaves_the_session_usable(chat):
    deltas = []
    reply = chat.chat(ask("Count to a hundred."), lambda delta: deltas.append(delta) or len(deltas) == 3)
    assert reply.finish == "cancelled"
    assert len(deltas) == 3
    assert reply.text == "".join(delta.text for delta in deltas)
    assert 3 <= reply.tokens <= 4
    assert "4" in chat.chat(ask("What is 2+2?"), silent).text


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_what_the_caller_raises_comes_out_again(chat, error):
    def emit(delta):
        raise error

    with pytest.raises(error):
        chat.chat(ask("What is 2+2?"), emit)
    assert "4" in chat.chat(ask("What is 2+2?"), silent).text


def test_every_slot_has_the_whole_context(smollm):
    session = open_model(request(smollm, context_length=256, parallel=2, threads=2))
    try:
        assert session.concurrency == 2
        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(lambda _: session.chat(complete("word " * 200), silent), range(2)))
        assert [reply.finish for reply in replies] == ["length", "length"]
        assert [reply.prompt_tokens for reply in replies] == [201, 201]
    finally:
        session.close()


def test_a_context_beyond_the_training_is_refused(smollm):
    with pytest.raises(OptionError, match="8192 that this model was trained for"):
        open_model(request(smollm, context_length=8193))
