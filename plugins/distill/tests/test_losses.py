"""The losses against what torch says of them, and what they are at their ends."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hub_distill.kinds import KINDS
from hub_distill.losses import Comparison, divergence, mean_variance
from hub_distill.settings import Alphas
from hub_distill.signals import Signals


def comparison(**alphas: float) -> Comparison:
    weights = {"logits": 0, "hidden": 0, "cosine": 0, "labels": 0, **alphas}
    states = weights["hidden"] or weights["cosine"]
    return Comparison(alphas=Alphas(**weights), temperature=2.0, scales=(4.0,) if states else ())


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_divergence_is_that_of_torch_and_so_is_its_gradient(temperature) -> None:
    torch.manual_seed(0)
    ours, theirs = torch.randn(2500, 11, requires_grad=True), torch.randn(2500, 11)
    expected = (
        F.kl_div(
            (ours / temperature).log_softmax(-1),
            (theirs / temperature).log_softmax(-1),
            log_target=True,
            reduction="sum",
        )
        * temperature**2
    )
    (wanted,) = torch.autograd.grad(3 * expected, ours)
    found = divergence(ours, theirs, temperature)
    (gradient,) = torch.autograd.grad(3 * found, ours)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradient, wanted, atol=1e-5, rtol=1e-4)
    assert divergence(theirs, theirs, temperature).item() == 0


def test_one_number_a_text_is_compared_by_its_square() -> None:
    assert divergence(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [2.0]]), 2.0).item() == 2


def test_hidden_states_that_say_the_mean_lose_one_and_equal_ones_nothing() -> None:
    torch.manual_seed(0)
    theirs = 5 + torch.randn(4000, 6) * torch.tensor([1.0, 2, 3, 4, 5, 6])
    scale = mean_variance([theirs[:1000], theirs[1000:]])
    assert scale == pytest.approx(theirs.var(dim=0, unbiased=False).mean().item(), rel=1e-5)
    measured = Comparison(alphas=comparison(hidden=1).alphas, temperature=1, scales=(scale,))
    mean = theirs.mean(dim=0).expand_as(theirs)
    assert measured.sums(Signals((mean,), None), Signals((theirs,), None))["hidden"].item() / 4000 == pytest.approx(1)
    assert measured.sums(Signals((theirs,), None), Signals((theirs,), None))["hidden"].item() == 0


def test_cosine_is_of_the_angle_alone() -> None:
    theirs = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    ours = torch.tensor([[3.0, 0.0], [0.0, -1.0], [1.0, -1.0]])
    assert comparison(cosine=1).sums(Signals((ours,), None), Signals((theirs,), None))[
        "cosine"
    ].item() == pytest.approx(3)


def test_losses_are_weighted_and_divided_by_their_rows() -> None:
    both = comparison(logits=2, labels=0.5)
    logits = torch.zeros(5, 4)
    follows = (torch.tensor([True, True, False, True, False]), torch.tensor([0, 1, 2]))
    sums = both.sums(Signals((), logits), Signals((), logits + torch.eye(5, 4)), follows)
    assert set(sums) == {"logits", "labels"}
    assert sums["labels"].item() / 3 == pytest.approx(torch.tensor(4.0).log().item())
    total = both.total(sums)
    assert total.item() == pytest.approx(2 * sums["logits"].item() + 0.5 * sums["labels"].item())
    token, text = KINDS["text-generation"], KINDS["text-classification"]
    assert [both.rows(name, [3, 2], token) for name in ("logits", "labels", "hidden")] == [5, 3, 5]
    assert both.rows("logits", [3, 2], text) == 2
