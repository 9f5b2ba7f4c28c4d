"""Conversations over token ids: what the session is asked, and what becomes of its ids."""

import numpy as np
import pytest
from hub_text.generation.model import TextGeneration

from hub.errors import ContextOverflow, InferenceError, InputError, OptionError
from hub.runtime.protocols import Delta, Generated, Sampling, Scored, Session
from hub.types import Facts
from plugins.text.tests.tokenizers_made import CHATML, byte_fallback, byte_level, write

FACTS = Facts(task="text-generation", family="llama", format="safetensors", files=())
OPTIONS = {
    "max_tokens": None,
    "temperature": 0.0,
    "top_p": 1.0,
    "top_k": 0,
    "seed": None,
    "stop": [],
    "system": None,
    "schema": None,
    "raw": False,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "logit_bias": None,
    "top_logprobs": None,
    "tools": [],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}
BYTES = byte_level()
END = BYTES.token_to_id("</s>")


class Speaker(Session):
    """Says ids one after the other, as far as it is let, and keeps what it is asked."""

    def __init__(self, ids, *, eos=True, emits=True, gives_end=False, context=None):
        self.said = tuple(ids)
        self.honours = frozenset({"max_tokens", *(["eos"] if eos else [])})
        self.metadata = {"context_length": context} if context else {}
        self.emits, self.gives_end = emits, gives_end
        self.asked = []

    def score(self, request):
        self.asked.append(request)
        return [Scored(ids=ids, logprobs=np.zeros((len(ids) - 1, 3), np.float32)) for ids in request.prompts]

    def generate(self, request, emit):
        self.asked.append(request)
        taken, finish = [], "length"
        for token in self.said[: request.sampling.max_tokens]:
            if token in request.eos and not self.gives_end:
                finish = "stop"
                break
            taken.append(token)
            if self.emits and emit(Delta(ids=(token,))):
                finish = "cancelled"
                break
            if token in request.eos:
                finish = "stop"
                break
        return [Generated(ids=tuple(taken), finish=finish, prompt_tokens=len(request.prompts[0]))]


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path, BYTES, generation_config={"eos_token_id": END}, config={"max_position_embeddings": 200})


def says(text):
    return BYTES.encode(text).ids


def answer(folder, session, item="Hi", emit=lambda _: False, **options):
    model = TextGeneration({"": session}, "generate", folder, FACTS)
    return model.infer([item], {**OPTIONS, **options}, emit)[0]


def shape(text, finish, prompt, tokens):
    return {
        "generated_text": text,
        "finish_reason": finish,
        "prompt_tokens": prompt,
        "generated_tokens": tokens,
    }


@pytest.mark.parametrize("how", [{}, {"gives_end": True}, {"emits": False}, {"emits": False, "gives_end": True}])
def test_an_answer_has_text_reason_and_counts_whether_the_end_is_given_or_not(folder, how):
    pieces = []
    speaker = Speaker([*says("Yes."), END, *says("never said")], **how)
    result = answer(folder, speaker, emit=lambda delta: pieces.append(delta.text) and False)
    assert result == shape("Yes.", "stop", len(says("<s>user\nHi</s>\n<s>assistant\n")), 5)
    assert "".join(pieces) == "Yes."


def test_the_template_makes_the_prompt_and_every_option_reaches_the_session(folder):
    speaker = Speaker([END])
    answer(folder, speaker, [{"role": "user", "content": "Hi"}], system="Be brief.", max_tokens=5)
    (asked,) = speaker.asked
    assert BYTES.decode(list(asked.prompts[0]), skip_special_tokens=False) == (
        "<s>system\nBe brief.</s>\n<s>user\nHi</s>\n<s>assistant\n"
    )
    assert asked.sampling == Sampling(max_tokens=5)
    assert asked.eos == (END,)


def test_a_session_with_ends_of_its_own_is_stopped_at_ours(folder):
    speaker = Speaker([*says("Yes"), END, *says("more")], eos=False)
    assert answer(folder, speaker)["generated_text"] == "Yes"
    assert answer(folder, speaker)["finish_reason"] == "stop"
    assert speaker.asked[0].eos == ()


def test_a_stop_text_over_several_tokens_is_cut_exactly(folder):
    pieces = []
    speaker = Speaker([*says("one\n\ntwo"), END])
    result = answer(folder, speaker, emit=lambda delta: pieces.append(delta.text) and False, stop=["\n\n", "zz"])
    assert result["generated_text"] == "".join(pieces) == "one"
    assert (result["finish_reason"], result["generated_tokens"]) == ("stop", 5)


def test_the_beginning_of_a_stop_text_is_shown_once_nothing_follows(folder):
    speaker = Speaker([*says("one E"), END])
    assert answer(folder, speaker, stop=["END"])["generated_text"] == "one E"


def test_a_stop_text_in_the_last_token_that_is_allowed_stops(folder):
    assert answer(folder, Speaker(says("a.b")), stop=["."], max_tokens=2)["finish_reason"] == "stop"


def test_max_tokens_cut_an_answer_and_never_a_character(folder):
    result = answer(folder, Speaker([*says("a猫"), END]), max_tokens=3)
    assert (result["generated_text"], result["finish_reason"], result["generated_tokens"]) == ("a", "length", 3)


def test_a_caller_who_wants_no_more_is_obeyed(folder):
    speaker = Speaker([*says("abcdef"), END])
    result = answer(folder, speaker, emit=lambda delta: delta.text == "b")
    assert (result["generated_text"], result["finish_reason"]) == ("ab", "cancelled")


def test_raw_text_gets_what_the_model_wants_around_a_text_and_no_template(tmp_path):
    tokenizer = byte_fallback()
    write(tmp_path, tokenizer)
    speaker = Speaker([2])
    answer(tmp_path, speaker, "ab", raw=True)
    assert speaker.asked[0].prompts[0] == tuple(tokenizer.encode("ab").ids)
    assert speaker.asked[0].prompts[0][0] == 1


def test_without_a_template_a_text_is_continued_and_a_conversation_refused(tmp_path, caplog):
    write(tmp_path, BYTES, template=None, tokenizer_config={"eos_token": "<end>"})
    speaker = Speaker(says("b"))
    assert answer(tmp_path, speaker, "a")["generated_text"] == "b"
    assert speaker.asked[0].prompts[0] == tuple(says("a"))
    assert speaker.asked[0].eos == (BYTES.token_to_id("<end>"),)
    assert "no chat template" in caplog.text
    with pytest.raises(InputError, match="no chat template"):
        answer(tmp_path, speaker, "a", system="Be brief.")


@pytest.mark.parametrize(("context", "fits"), [(200, 199), (None, 199), (50, 49)])
def test_a_prompt_without_room_for_an_answer_is_refused(folder, context, fits):
    speaker = Speaker([END], context=context)
    answer(folder, speaker, "x" * fits, raw=True)
    with pytest.raises(ContextOverflow, match=f"{fits + 1} tokens and the context holds {fits + 1}"):
        answer(folder, speaker, "x" * (fits + 1), raw=True)
    assert len(speaker.asked) == 1


def test_a_schema_is_refused_and_not_ignored(folder):
    speaker = Speaker([END])
    with pytest.raises(OptionError, match="schema: not possible"):
        answer(folder, speaker, schema={"type": "object"})
    assert speaker.asked == []


def test_a_text_is_scored_as_it_stands_and_a_conversation_as_what_was_said(folder, caplog):
    speaker = Speaker([], context=20)
    model = TextGeneration({"": speaker}, "generate", folder, FACTS)
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]
    found = model.evaluate(["Hello", talk, "x" * 30], OPTIONS)
    assert [scored.ids for scored in found] == [tuple(says(text)) for text in ("Hello", "Hi\n\nYo", "x" * 20)]
    assert "30 tokens is scored up to the 20" in caplog.text
    with pytest.raises(InputError, match="empty"):
        model.evaluate([" "], OPTIONS)


@pytest.mark.parametrize(
    ("files", "template", "ends"),
    [
        ({"generation_config": {"eos_token_id": [3, 5]}, "config": {"eos_token_id": 7}}, None, {3, 5}),
        ({"config": {"eos_token_id": 7}}, None, {7}),
        ({"config": {"text_config": {"eos_token_id": 8}}}, None, {8}),
        ({"tokenizer_config": {"eos_token": {"content": "<end>"}}}, None, {BYTES.token_to_id("<end>")}),
        ({"config": {"eos_token_id": 7}}, CHATML, {7, END}),
        ({}, "{% for m in messages %}{{ m['content'] }} <end>{% endfor %}", {BYTES.token_to_id("<end>")}),
        ({}, "{% for m in messages %}{{ m['content'] }}\n\nUser:{% endfor %}", set()),
    ],
)
def test_what_ends_an_answer_is_read_from_every_file_that_says_it(tmp_path, files, template, ends):
    speaker = Speaker([])
    answer(write(tmp_path, BYTES, template=template, **files), speaker)
    assert set(speaker.asked[0].eos) == ends


@pytest.mark.parametrize("name", ["tokenizer.json", "generation_config.json", "tokenizer_config.json"])
def test_a_broken_file_is_named(folder, name):
    (folder / name).write_text("{")
    with pytest.raises(InferenceError, match=f"{name} cannot be read"):
        answer(folder, Speaker([]))
