"""The teacher says the same however its products are computed."""

from __future__ import annotations

import pytest
import torch
from hub_distill.hardware import autocast
from hub_distill.kinds import KINDS
from hub_distill.lessons import Teacher
from hub_distill.loading import open_model, use_plain_attention
from hub_distill.signals import Collator, read_signals

from plugins.distill.tests.conftest import write_tiny

CPU = torch.device("cpu")
SEQUENCES = [{"input_ids": (2, *range(5, 5 + length), 3)} for length in (3, 12, 7)]


def batch():
    return Collator(CPU, pad=0, hide=None, keep=frozenset(), seed=0)(SEQUENCES, "")


@pytest.mark.parametrize("task", ["feature-extraction", "text-generation", "fill-mask"])
def test_weights_kept_in_fewer_bits_answer_as_weights_that_are_cast_at_each_call(tmp_path, task) -> None:
    kind, folder = KINDS[task], write_tiny(tmp_path, task)
    whole = open_model(folder, kind, "teacher").model
    layers = () if kind.logits else (4,)
    with torch.no_grad(), autocast(CPU, torch.bfloat16):
        expected = read_signals(whole, batch(), kind, layers, 4)
    kept = open_model(folder, kind, "teacher").model
    found = Teacher(kept, kind, layers, 4, CPU, torch.bfloat16).answer(batch())
    assert kept.get_input_embeddings().weight.dtype == torch.float32
    assert {value.dtype for value in kept.parameters()} == {torch.float32, torch.bfloat16}
    for ours, theirs in zip((*found.hidden, found.logits), (*expected.hidden, expected.logits), strict=True):
        assert (ours is None) is (theirs is None)
        if ours is not None and theirs is not None:
            torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("task", ["feature-extraction", "text-generation"])
def test_plain_attention_says_what_the_fused_one_says(tmp_path, task) -> None:
    kind = KINDS[task]
    model = open_model(write_tiny(tmp_path, task), kind, "teacher").model
    layers = () if kind.logits else (4,)
    with torch.no_grad():
        before = read_signals(model, batch(), kind, layers, 4)
        use_plain_attention(model)
        after = read_signals(model, batch(), kind, layers, 4)
    assert model.config._attn_implementation == "eager"
    ours, theirs = (each.logits if kind.logits else each.hidden[0] for each in (after, before))
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
