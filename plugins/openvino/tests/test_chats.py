"""Chats over a small llama of random weights: what the contract asks, whatever the answer means."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import openvino_genai as genai
import pytest
from hub_openvino import batching
from hub_openvino.fixtures.llama import TEMPLATE
from hub_openvino.opening import open_model

from hub.errors import ContextOverflow, InputError, OptionError
from hub.runtime.protocols import Chat, Sampling
from plugins.openvino.tests.conftest import CONTEXT, chat_request


def ask(text="hello", **fields):
    sampling = Sampling(**{"max_tokens": 24, **fields.pop("sampling", {})})
    return Chat(messages=({"role": "user", "content": text},), sampling=sampling, **fields)


def complete(text="hello", **fields):
    sampling = Sampling(**{"max_tokens": 24, **fields.pop("sampling", {})})
    return Chat(prompt=text, sampling=sampling, **fields)


def silent(delta):
    return False


def test_the_template_of_the_file_is_used(chat):
    plain = "user: hello\nassistant: "
    assert "assistant" in TEMPLATE
    assert chat.chat(ask(), silent) == chat.chat(complete(plain), silent)


def test_deltas_make_the_answer_and_tokens_are_counted(chat):
    deltas = []
    reply = chat.chat(ask(), lambda delta: deltas.append(delta.text) and False)
    assert "".join(deltas) == reply.text
    assert len(deltas) > 5
    assert (reply.tokens, reply.finish, reply.prompt_tokens) == (24, "length", 22)


def test_a_prompt_fills_the_context_to_its_last_token_and_no_further(chat):
    whole = chat.chat(complete("a" * (CONTEXT - 5), sampling={"max_tokens": None}), silent)
    assert (whole.finish, whole.tokens, whole.prompt_tokens) == ("length", 5, CONTEXT - 5)
    deltas = []
    with pytest.raises(ContextOverflow, match=f"takes {CONTEXT} tokens and the context holds {CONTEXT}"):
        chat.chat(complete("a" * CONTEXT), deltas.append)
    assert deltas == []
    assert chat.chat(ask(), silent).tokens == 24


def test_stop_text_ends_the_answer_and_is_not_in_it(chat):
    whole = chat.chat(ask(), silent).text
    stop = whole[10:13]
    reply = chat.chat(ask(stop=(stop,)), silent)
    assert reply.finish == "stop"
    assert reply.text == whole[: whole.index(stop)]
    assert reply.tokens < 24


def test_a_seed_gives_the_same_answer_and_no_seed_another(chat):
    def sampled(seed):
        return chat.chat(ask(sampling={"temperature": 9.0, "seed": seed}), silent).text

    assert sampled(3) == sampled(3)
    assert len({sampled(3), sampled(4), sampled(None), sampled(None)}) == 4


def test_one_token_to_choose_from_is_greedy_at_any_temperature(chat):
    greedy = chat.chat(ask(), silent).text
    for only in ({"top_k": 1}, {"top_p": 1e-6}):
        assert chat.chat(ask(sampling={"temperature": 2.0, "seed": 1, **only}), silent).text == greedy


def test_an_answer_does_not_depend_on_what_was_asked_before(chat):
    first = chat.chat(ask("hello there"), silent)
    chat.chat(ask("something else"), silent)
    assert chat.chat(ask("hello there"), silent) == first


def test_a_schema_holds_the_answer_to_it(chat):
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    reply = chat.chat(ask(schema=schema, sampling={"max_tokens": 100, "temperature": 1.0, "seed": 1}), silent)
    assert isinstance(json.loads(reply.text)["ok"], bool)


def test_a_schema_that_cannot_be_followed_is_refused_and_the_next_request_answered(chat):
    with pytest.raises(OptionError, match=r"cannot follow this schema: .*nonsense") as caught:
        chat.chat(ask(schema={"type": "nonsense"}), silent)
    assert ".cc" not in caught.value.message
    assert chat.chat(ask(), silent).tokens == 24


def test_stopping_ends_the_answer_there_and_leaves_the_session_usable(chat):
    deltas = []
    request = complete(sampling={"max_tokens": None})
    reply = chat.chat(request, lambda delta: deltas.append(delta.text) or len(deltas) == 3)
    assert reply.finish == "cancelled"
    assert len(deltas) == 3
    assert reply.text == "".join(deltas)
    assert reply.tokens == 3
    assert chat.chat(ask(), silent).tokens == 24


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_what_the_caller_raises_comes_out_again_and_nothing_is_printed(chat, error, capfd):
    def emit(delta):
        raise error

    with pytest.raises(error):
        chat.chat(ask(), emit)
    assert capfd.readouterr() == ("", "")
    assert chat.chat(ask(), silent).tokens == 24


def test_an_empty_prompt_is_refused(chat):
    with pytest.raises(InputError, match="empty"):
        chat.chat(complete(""), silent)


def test_non_ascii_goes_in(chat):
    assert chat.chat(complete("é猫"), silent).prompt_tokens == 5


def test_a_longer_context_can_be_asked_for(tiny):
    session = open_model(chat_request(tiny, context_length=64))
    assert session.metadata["context_length"] == 64
    assert session.chat(complete("a" * 60, sampling={"max_tokens": None}), silent).tokens == 4
    session.close()


def test_prompts_that_begin_alike_give_the_same_with_and_without_the_cache(tiny, chat):
    session = open_model(chat_request(tiny, prompt_cache=True))
    for text in ("a" * 100, "a" * 100 + "b", "a" * 100):
        assert session.chat(complete(text), silent).prompt_tokens == chat.chat(complete(text), silent).prompt_tokens
    session.close()


def test_two_sessions_answer_side_by_side(tiny, chat):
    other = open_model(chat_request(tiny))
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda session: session.chat(ask(), silent), (chat, other)))
    assert replies[0] == replies[1]
    other.close()


def test_answers_join_and_leave_a_batch_as_they_like(tiny):
    session = open_model(chat_request(tiny, parallel=3))
    assert session.concurrency == 3
    met = Barrier(3, timeout=60)

    def answer(length):
        begun = []

        def emit(delta):
            if not begun:  # each goes on when all have begun: one after the other they would wait for ever
                begun.append(met.wait())
            return False

        return session.chat(complete(sampling={"max_tokens": length}), emit)

    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(answer, (4, 60, 24)))
    assert [reply.tokens for reply in replies] == [4, 60, 24]
    session.close()


def test_who_leaves_or_fails_does_not_end_the_others_of_the_batch(tiny):
    session = open_model(chat_request(tiny, parallel=3))
    gone = Event()

    def leave():
        with pytest.raises(OptionError):
            session.chat(ask(schema={"type": "nonsense"}), silent)
        assert session.chat(complete(sampling={"max_tokens": 60}), lambda _: True).finish == "cancelled"
        gone.set()

    with ThreadPoolExecutor(2) as pool:
        stays = pool.submit(session.chat, complete(sampling={"max_tokens": 60}), lambda _: not gone.wait(60))
        pool.submit(leave).result()
        assert (stays.result().finish, stays.result().tokens) == ("length", 60)
    session.close()


def test_schemas_are_not_remembered_without_end(tiny, monkeypatch):
    monkeypatch.setattr(batching, "_REMEMBERED", 2)
    session = open_model(chat_request(tiny, parallel=2))
    for number in range(6):
        schema = {"type": "object", "properties": {f"p{number}": {"type": "boolean"}}}
        session.chat(ask(schema=schema, sampling={"max_tokens": 4}), silent)
    assert len(session._generator._followed) <= 3
    session.close()


def test_a_language_model_in_openvino_ir_answers_as_its_gguf_does(tiny, chat, tmp_path):
    copy = tmp_path / "tiny.gguf"
    copy.write_bytes(tiny.read_bytes())
    genai.LLMPipeline(str(copy), "CPU", enable_save_ov_model=True)
    files = sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".xml", ".bin"))
    assert len(files) == 6
    session = open_model(chat_request(tmp_path, *files, form="openvino"))
    assert session.chat(complete("hello"), silent).text == chat.chat(complete("hello"), silent).text
    session.close()
