"""Least squares: what is removed, and what the rest becomes."""

import pytest
import torch
from hub_prune.squares import Problem


def problem(inputs, weight, bias=None, targets=None):
    made = Problem(weight, bias)
    given = inputs @ weight.T + (0 if bias is None else bias)
    made.add(inputs, given if targets is None else targets)
    return made


@pytest.fixture
def inputs():
    torch.manual_seed(0)
    return torch.randn(400, 12) @ torch.randn(12, 12)


def test_with_all_inputs_the_weights_stay_what_they_are(inputs):
    weight, bias = torch.randn(5, 12), torch.randn(5)
    found, shift = problem(inputs, weight, bias).fit(torch.arange(12))
    torch.testing.assert_close(found.float(), weight, atol=1e-4, rtol=0)
    torch.testing.assert_close(shift.float(), bias, atol=1e-4, rtol=0)


def test_an_input_that_others_tell_is_removed_first_and_made_up_for(inputs):
    inputs[:, 7] = inputs[:, 2] - 2 * inputs[:, 5]
    weight = torch.randn(5, 12)
    weight[:, 7] *= 10  # large, and still the one that is not needed
    made = problem(inputs, weight)
    stays = made.weakest(1, 1, refit=True)
    assert set(range(12)) - set(stays.tolist()) <= {2, 5, 7}
    found, _ = made.fit(stays)
    before, after = inputs @ weight.T, inputs[:, stays] @ found.float().T
    assert float((after - before).square().mean() / before.square().mean()) < 1e-4


def test_the_greedy_choice_is_the_best_one_by_trial(inputs):
    weight = torch.randn(5, 12)
    made = problem(inputs, weight)

    def rest(stays):
        found, _ = made.fit(stays)
        return float((inputs[:, stays] @ found.float().T - inputs @ weight.T).square().sum())

    every = [torch.tensor([each for each in range(12) if each != gone]) for gone in range(12)]
    best = min(every, key=rest)
    assert made.weakest(1, 1, refit=True).tolist() == best.tolist()


def test_blocks_go_together(inputs):
    stays = problem(inputs, torch.randn(5, 12)).weakest(4, 2, refit=True)
    assert stays.tolist() in ([0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11])


def test_without_refit_what_adds_least_goes(inputs):
    weight = torch.randn(5, 12)
    weight[:, 3] *= 1e-3
    assert set(range(12)) - set(problem(inputs, weight).weakest(1, 1, refit=False).tolist()) == {3}


def test_what_few_rows_leave_open_stays(inputs):
    weight = torch.randn(5, 12)
    found, _ = problem(inputs[:2], weight).fit(torch.arange(12))
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found.float(), weight, atol=1e-2, rtol=0)
