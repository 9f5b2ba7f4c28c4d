"""Options against each other, and what is taken where nothing is said."""

from __future__ import annotations

import pytest
from hub_distill.kinds import KINDS
from hub_distill.plugin import OPTIONS
from hub_distill.settings import layer_pairs, read_settings

from hub.errors import OptionError
from hub.testing import resolve_options

ENCODER, LANGUAGE, CLASSIFIER = (KINDS[t] for t in ("feature-extraction", "text-generation", "text-classification"))


def settings(kind=ENCODER, **given):
    return read_settings(resolve_options(OPTIONS, given, "step 'distill'"), kind)


def test_what_is_compared_follows_from_the_kind_of_model() -> None:
    assert (settings().alphas.hidden, settings().alphas.cosine, settings().alphas.logits) == (1, 1, 0)
    for kind in (LANGUAGE, CLASSIFIER):
        alphas = settings(kind).alphas
        assert (alphas.logits, alphas.states, alphas.labels) == (1, False, 0)
    mixed = settings(LANGUAGE, alpha_hidden=0.5, alpha_labels=0.1).alphas
    assert (mixed.logits, mixed.hidden, mixed.labels) == (1, 0.5, 0.1)


def test_encoders_learn_from_altered_copies_too() -> None:
    assert [settings(kind).augment for kind in (ENCODER, LANGUAGE, CLASSIFIER)] == [3, 0, 0]
    assert (settings(augment=0).augment, settings(CLASSIFIER, augment=5).augment) == (0, 5)


def test_rates_follow_from_optimizer_and_kind() -> None:
    assert settings().learning_rate == pytest.approx(5e-4)
    assert settings(LANGUAGE).learning_rate == pytest.approx(1e-4)
    assert settings(optimizer="sgd").learning_rate == pytest.approx(5e-2)
    assert settings(LANGUAGE, learning_rate="0.3").learning_rate == pytest.approx(0.3)


def test_how_long_it_learns() -> None:
    assert settings().total(320) == 100
    assert settings(epochs=0.5).total(320) == 5
    assert settings(steps=7).total(320) == 7
    assert settings(batch_size=1000).total(320) == 10
    assert settings().pauses(100) == (10, 10)
    assert settings(validate_every=4, checkpoint_every=3).pauses(100) == (4, 3)
    assert settings().pauses(3) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        (ENCODER, {"steps": 1, "epochs": 1}, "steps and epochs"),
        (ENCODER, {"student": "x", "keep_layers": 2}, "student names a model, and keep_layers"),
        (ENCODER, {"student": "x", "keep_ffn": 0.5}, "student names a model, and keep_ffn"),
        (ENCODER, {"alpha_logits": 1}, "alpha_logits is for models that give logits"),
        (CLASSIFIER, {"alpha_labels": 1}, "alpha_labels is for language models"),
        (LANGUAGE, {"alpha_labels": 1, "augment": 2}, "augment changes words"),
        (LANGUAGE, {"layer_map": "even"}, "layer_map says which hidden states"),
        (ENCODER, {"alpha_hidden": 0, "alpha_cosine": 0}, "every loss has the weight 0"),
    ],
)
def test_options_that_exclude_each_other_are_refused(kind, given, reason) -> None:
    with pytest.raises(OptionError, match=reason):
        settings(kind, **given)


def test_layers_are_paired() -> None:
    assert layer_pairs(("last",), 3, 6) == ((3, 6),)
    assert layer_pairs(("even",), 3, 6) == ((1, 2), (2, 4), (3, 6))
    assert layer_pairs(("1:3", "2:4"), 3, 6) == ((1, 3), (2, 4), (3, 6))


@pytest.mark.parametrize(("text", "reason"), [("1-2", "not '1-2'"), ("4:2", "layers 1 to 3"), ("1:0", "layers 1 to 6")])
def test_layers_that_are_not_there_are_refused(text, reason) -> None:
    with pytest.raises(OptionError, match=reason):
        layer_pairs((text,), 3, 6)
