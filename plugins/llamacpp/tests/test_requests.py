"""Bodies that go to llama.cpp: nothing is left to its defaults."""

import pytest
import xllamacpp
from hub_llamacpp.requests import chat_body, sampling_fields

from hub.runtime.protocols import Chat, Sampling

# Names of the runtime's parameters that a request spells otherwise, and those that are no choice of a token.
RENAMED = {
    "temp": "temperature",
    "typ_p": "typical_p",
    "penalty_last_n": "repeat_last_n",
    "penalty_repeat": "repeat_penalty",
    "penalty_present": "presence_penalty",
    "penalty_freq": "frequency_penalty",
}
SWITCHED_OFF_BY = {"dry_": "dry_multiplier", "mirostat_": "mirostat", "adaptive_": "samplers", "reasoning_": None}
NO_CHOICE = {
    "backend_sampling",
    "generation_prompt",
    "grammar",
    "logit_bias_eog",
    "n_prev",
    "no_perf",
    "print",
    "timing_per_token",
    "user_sampling_config",
}


def test_every_parameter_by_which_the_runtime_chooses_a_token_is_sent():
    body = sampling_fields(Sampling())
    for name in dir(xllamacpp.CommonParams().sampling):
        if name.startswith("_") or name in NO_CHOICE:
            continue
        switch = next((switch for start, switch in SWITCHED_OFF_BY.items() if name.startswith(start)), name)
        assert switch is None or RENAMED.get(switch, switch) in body, name


def test_only_the_samplers_of_the_request_are_named():
    assert sampling_fields(Sampling(temperature=0.7))["samplers"] == ["temperature", "top_k", "top_p"]
    assert sampling_fields(Sampling())["samplers"] == ["top_k"]
    assert sampling_fields(Sampling())["top_k"] == 1


def test_a_missing_seed_is_drawn_and_a_given_one_kept():
    assert sampling_fields(Sampling(seed=5))["seed"] == 5
    assert len({sampling_fields(Sampling())["seed"] for _ in range(4)}) == 4


@pytest.mark.parametrize("reuse", [True, False])
def test_the_prompt_cache_is_said_in_every_request(reuse):
    assert chat_body(Chat(prompt="a"), reuse=reuse, context=512)["cache_prompt"] is reuse
