"""`generate`: greedy as transformers does it, ragged prompts together, and every field of a request obeyed."""

import numpy as np
import pytest
import torch
import transformers

from hub.errors import ContextOverflow, InferenceError, InputError
from hub.runtime.protocols import Delta, Generate, Sampling, Score
from plugins.torch.tests.models_made import decoder, made

PROMPTS = ((65, 66, 67), (72,), (80, 81, 82, 83, 84, 85))


def silent(_: Delta) -> bool:
    return False


def asked(prompts=PROMPTS, *, eos=(), suppress=(), feeds=None, **sampling):
    sampling = {"max_tokens": 12, **sampling}
    return Generate(prompts=prompts, eos=eos, suppress=suppress, feeds=feeds or {}, sampling=Sampling(**sampling))


def bare(model, prompt, count=12):
    settings = transformers.GenerationConfig(do_sample=False, max_new_tokens=count, pad_token_id=0)
    model.generation_config = transformers.GenerationConfig()
    ids = model.generate(torch.tensor([prompt]), generation_config=settings)
    return tuple(ids[0, len(prompt) :].tolist())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("decoder")
    decoder(folder)
    return folder


@pytest.fixture(params=[1, 3], ids=["alone", "in a batch"])
def session(request, folder, opened):
    return opened(folder, "text-generation", "generate", parallel=request.param)


def test_greedy_tokens_are_those_of_transformers(folder, session):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    for prompt in PROMPTS:
        [found] = session.generate(asked((prompt,)), silent)
        assert found.ids == bare(model, prompt)
        assert (found.finish, found.prompt_tokens) == ("length", len(prompt))


def test_prompts_of_several_lengths_together_get_what_each_gets_alone(session):
    together = session.generate(asked(), silent)
    assert together == [session.generate(asked((prompt,)), silent)[0] for prompt in PROMPTS]


def test_learned_positions_are_counted_from_the_first_token_of_each_prompt(tmp_path, opened):
    made(tmp_path, "gpt2", "AutoModelForCausalLM", vocab_size=100, n_positions=64, n_embd=32, n_layer=2, n_head=4)
    session = opened(tmp_path, "text-generation", "generate")
    together = session.generate(asked(), silent)
    assert together == [session.generate(asked((prompt,)), silent)[0] for prompt in PROMPTS]


def test_what_is_emitted_is_what_is_answered(session):
    deltas = []
    found = session.generate(asked(), lambda delta: bool(deltas.append(delta)))
    for index, answer in enumerate(found):
        assert tuple(i for delta in deltas if delta.index == index for i in delta.ids) == answer.ids


def test_an_end_token_stops_its_prompt_alone_and_is_not_part_of_the_answer(session):
    free = session.generate(asked(), silent)
    end = free[0].ids[4]
    found = session.generate(asked(eos=(end,)), silent)
    assert found[0].finish == "stop"
    for before, after in zip(free, found, strict=True):
        cut = before.ids.index(end) if end in before.ids else len(before.ids)
        assert after.ids == before.ids[:cut]


def test_suppressed_tokens_do_not_come(session):
    free = session.generate(asked(), silent)
    without = session.generate(asked(suppress=(free[0].ids[0],)), silent)
    assert without[0].ids[0] != free[0].ids[0]
    assert all(free[0].ids[0] not in answer.ids for answer in without)


def test_a_seed_repeats_and_another_differs(session):
    first, second = (session.generate(asked(temperature=1.0, seed=7), silent) for _ in range(2))
    assert first == second
    assert first != session.generate(asked(temperature=1.0, seed=8), silent)


def test_without_a_seed_each_call_draws_one(session):
    drawn = [session.generate(asked(temperature=2.0), silent) for _ in range(3)]
    assert any(each != drawn[0] for each in drawn[1:])


def test_the_global_random_state_is_neither_used_nor_changed(session):
    torch.manual_seed(1)
    first = session.generate(asked(temperature=1.0, seed=7), silent)
    state = torch.get_rng_state()
    torch.manual_seed(2)
    assert session.generate(asked(temperature=1.0, seed=7), silent) == first
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("field", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-6}])
def test_the_narrowest_choice_is_the_greedy_one(session, field):
    assert session.generate(asked(**{"temperature": 1.0, "seed": 3, **field}), silent) == session.generate(
        asked(), silent
    )


def test_a_caller_who_wants_no_more_ends_every_prompt(session):
    emitted = []

    def fourth(delta):
        emitted.append(delta)
        return len(emitted) == 4

    found = session.generate(asked(), fourth)
    assert [answer.finish for answer in found] == ["cancelled"] * 3
    assert sum(len(answer.ids) for answer in found) == 4


def test_an_answer_ends_where_the_context_does(session):
    found = session.generate(asked(max_tokens=None), silent)
    assert [len(answer.ids) for answer in found] == [64 - len(prompt) for prompt in PROMPTS]
    assert {answer.finish for answer in found} == {"length"}


def test_a_smaller_context_can_be_asked_for(folder, opened):
    session = opened(folder, "text-generation", "generate", context_length=16)
    assert session.metadata["context_length"] == 16
    assert len(session.generate(asked(((65, 66),), max_tokens=None), silent)[0].ids) == 14


def test_a_prompt_that_fills_the_context_is_refused(session):
    with pytest.raises(ContextOverflow, match="a prompt of 64 tokens leaves no room in a context of 64"):
        session.generate(asked(((65,) * 64,)), silent)


@pytest.mark.parametrize("wrong", [{"prompts": ((300,),)}, {"prompts": ((65,),), "suppress": (300,)}])
def test_ids_that_the_model_does_not_know_are_refused(session, wrong):
    with pytest.raises(InputError, match="token id 300 is not known; the model has 261"):
        session.generate(asked(**wrong), silent)


def test_defaults_that_come_with_a_model_are_not_taken(tmp_path, opened, folder, session):
    model = decoder(tmp_path)
    model.generation_config = transformers.GenerationConfig(
        do_sample=True, temperature=5.0, repetition_penalty=9.0, max_new_tokens=3, eos_token_id=list(range(261))
    )
    model.save_pretrained(tmp_path)
    other = opened(tmp_path, "text-generation", "generate")
    assert other.generate(asked(), silent) == session.generate(asked(), silent)


def test_scores_that_are_no_numbers_name_the_layer(tmp_path, opened):
    model = decoder(tmp_path)
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight.fill_(1e38)
    model.save_pretrained(tmp_path)
    session = opened(tmp_path, "text-generation", "generate")
    with pytest.raises(InferenceError, match=r"it began in layer model\.layers\.1\.mlp\.\w+ \(Linear\)"):
        session.generate(asked(), silent)


def test_given_sequences_are_scored_at_every_place(folder, session):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    for prompt, found in zip(PROMPTS, session.score(Score(prompts=PROMPTS)), strict=True):
        with torch.inference_mode():
            right = model(input_ids=torch.tensor([prompt])).logits[0, :-1].log_softmax(dim=-1).numpy()
        assert found.ids == prompt
        np.testing.assert_allclose(found.logprobs, right, atol=1e-5)


def test_a_sequence_is_scored_up_to_the_models_limit(session):
    assert session.score(Score(prompts=((65,) * 64,)))[0].logprobs.shape == (63, 261)
    with pytest.raises(ContextOverflow, match="65 tokens are more than the 64"):
        session.score(Score(prompts=((65,) * 65,)))
    with pytest.raises(InputError, match="token id 300"):
        session.score(Score(prompts=((300,),)))


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whisper")
    sizes = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4}
    made(
        folder, "whisper", "AutoModelForSpeechSeq2Seq", vocab_size=100, num_mel_bins=8, max_source_positions=10,
        max_target_positions=24, decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, decoder_start_token_id=3, init_std=0.3, **sizes,
    )  # fmt: skip
    return folder


def test_speech_goes_in_as_feeds_and_comes_out_as_tokens(speech, opened):
    session = opened(speech, "automatic-speech-recognition", "generate")
    assert [(tensor.name, tensor.shape) for tensor in session.inputs] == [("input_features", ("batch", 8, 20))]
    sounds = np.random.default_rng(0).normal(size=(2, 8, 20)).astype(np.float32)
    found = session.generate(asked(((3, 5, 6), (3, 5, 6)), feeds={"input_features": sounds}, max_tokens=8), silent)
    model = transformers.AutoModelForSpeechSeq2Seq.from_pretrained(speech).eval()
    for sound, answer in zip(sounds, found, strict=True):
        ids = torch.tensor([[3, 5, 6]])
        for _ in range(8):
            with torch.inference_mode():
                scores = model(input_features=torch.from_numpy(sound[None]), decoder_input_ids=ids).logits[0, -1]
            ids = torch.cat([ids, scores.argmax()[None, None]], dim=1)
        assert answer.ids == tuple(ids[0, 3:].tolist())


def test_as_many_sounds_as_prompts_are_taken(speech, opened):
    session = opened(speech, "automatic-speech-recognition", "generate")
    sounds = np.zeros((2, 8, 20), np.float32)
    with pytest.raises(InputError, match="input_features holds 2 inputs for 1 prompts"):
        session.generate(asked(((3,),), feeds={"input_features": sounds}), silent)


def test_a_text_is_put_into_another_one(tmp_path, opened):
    sizes = {"d_model": 32, "d_ff": 64, "num_layers": 2, "num_heads": 4, "d_kv": 8, "vocab_size": 100}
    model = made(tmp_path, "t5", "AutoModelForSeq2SeqLM", decoder_start_token_id=0, **sizes)
    session = opened(tmp_path, "translation", "generate")
    ids = np.array([[5, 6, 7]])
    feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    [found] = session.generate(asked(((0,),), feeds=feeds, max_tokens=6), silent)
    settings = transformers.GenerationConfig(
        do_sample=False, max_new_tokens=6, pad_token_id=0, decoder_start_token_id=0
    )
    model.generation_config = transformers.GenerationConfig()
    right = model.generate(torch.from_numpy(ids), generation_config=settings)
    assert found.ids == tuple(right[0, 1:].tolist())
