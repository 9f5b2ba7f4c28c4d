"""What a change lost, by the standard terms, on numbers that can be checked by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from hub.errors import InferenceError, InputError
from hub.runtime.fidelity import Labels, Language, Vectors
from hub.runtime.fidelity.labels import f1
from hub.runtime.fidelity.ranks import ranks, spearman
from hub.runtime.protocols import Scored


def scored(ids: list[int], rows: list[list[float]]) -> Scored:
    with np.errstate(divide="ignore"):
        return Scored(ids=tuple(ids), logprobs=np.log(np.array(rows, np.float32)))


def test_a_language_model_loses_nothing_against_itself() -> None:
    same = scored([0, 1, 2], [[0.25, 0.5, 0.25], [0.1, 0.1, 0.8]])
    language = Language()
    language.add(same, same)
    figures = language.figures()
    assert language.loss() == 0.0
    assert figures["top1_agreement"] == 1.0
    assert figures["perplexity"] == figures["perplexity_before"] == pytest.approx(1 / math.sqrt(0.5 * 0.8))
    assert figures["tokens"] == 2


def test_perplexity_divergence_and_agreement_are_those_of_the_distributions() -> None:
    language = Language()
    language.add(scored([2, 0], [[0.5, 0.25, 0.25]]), scored([2, 0], [[0.25, 0.5, 0.25]]))
    figures = language.figures()
    assert figures["perplexity_before"] == pytest.approx(2)
    assert figures["perplexity"] == pytest.approx(4)
    assert figures["top1_agreement"] == 0.0
    assert language.loss() == figures["kl"] == pytest.approx(0.25 * math.log(2))


def test_tokens_of_zero_probability_before_cost_nothing_and_padding_of_the_vocabulary_is_left_out() -> None:
    language = Language()
    language.add(scored([0, 1], [[0.0, 1.0]]), scored([0, 1], [[0.25, 0.25, 0.5]]))
    assert language.loss() == pytest.approx(math.log(2))
    assert language.figures()["perplexity"] == pytest.approx(2)


def test_many_places_are_taken_together() -> None:
    rng = np.random.default_rng(1)
    left, right = (rng.dirichlet(np.ones(7), size=200) for _ in range(2))
    ids = rng.integers(0, 7, size=201).tolist()
    language = Language()
    language.add(scored(ids, left.tolist()), scored(ids, right.tolist()))
    expected = np.sum(left * np.log(left / right), axis=1)
    assert language.loss() == pytest.approx(expected.mean(), rel=1e-4)
    assert language.figures()["kl_p95"] == pytest.approx(np.percentile(expected, 95), rel=1e-4)
    picked = np.log(right[np.arange(200), ids[1:]])
    assert language.figures()["perplexity"] == pytest.approx(math.exp(-picked.mean()), rel=1e-4)


@pytest.mark.parametrize("which", ["before", "after", "both"])
def test_tokens_that_a_runtime_does_not_tell_apart_count_as_one(which: str) -> None:
    left, right = np.array([0.5, 0.3, 0.15, 0.05]), np.array([0.4, 0.35, 0.05, 0.2])
    flat_left, flat_right = np.array([0.5, 0.3, 0.1, 0.1]), np.array([0.4, 0.35, 0.125, 0.125])
    before = scored([0, 1], [(flat_left if which != "after" else left).tolist()])
    after = scored([0, 1], [(flat_right if which != "before" else right).tolist()])
    language = Language()
    language.add(
        replace(before, told=2 if which != "after" else None), replace(after, told=2 if which != "before" else None)
    )
    joined_left, joined_right = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.35, 0.25])
    expected = float(np.sum(joined_left * np.log(joined_left / joined_right)))
    assert language.loss() == pytest.approx(expected, rel=1e-5)
    assert expected < float(np.sum(left * np.log(left / right)))


def test_scores_that_cannot_be_compared_are_refused() -> None:
    one = scored([0, 1], [[0.5, 0.5]])
    with pytest.raises(InputError, match="cut into other tokens: 2 by the origin and 3"):
        Language().add(one, scored([0, 1, 1], [[0.5, 0.5], [0.5, 0.5]]))
    with pytest.raises(InputError, match="scores are compared, and not dict and Scored"):
        Language().add({"generated_text": ""}, one)
    with pytest.raises(InferenceError, match="the changed model gives scores that are not finite for input 0"):
        Language().add(one, scored([0, 1], [[1.0, 0.0]]))
    with pytest.raises(InputError, match="no text has two tokens"):
        Language().loss()


def test_vectors_that_are_only_scaled_lose_nothing() -> None:
    vectors = Vectors()
    for row in np.random.default_rng(2).normal(size=(5, 4)):
        vectors.add(row, row * 3)
    assert vectors.loss() == pytest.approx(0, abs=1e-12)
    assert vectors.figures() == pytest.approx({"cosine": 1, "cosine_p5": 1, "cosine_min": 1, "spearman": 1})


def test_the_cosine_is_that_of_each_pair() -> None:
    vectors = Vectors()
    vectors.add(np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    vectors.add(np.array([1.0, 0.0]), np.array([1.0, 1.0]))
    figures = vectors.figures()
    assert figures["cosine"] == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert figures["cosine_min"] == pytest.approx(math.sqrt(0.5))
    assert "spearman" not in figures
    assert vectors.loss() == pytest.approx(1 - figures["cosine"])


def test_vectors_of_another_width_are_told_by_how_they_rank() -> None:
    vectors = Vectors()
    for angle in (0.0, 0.3, 1.0, 2.5):
        vectors.add(np.array([math.cos(angle), math.sin(angle)]), np.array([math.cos(angle), math.sin(angle), 0.0]))
    assert vectors.figures() == pytest.approx({"spearman": 1})
    assert vectors.loss() == pytest.approx(0)


def test_vectors_that_are_not_finite_or_no_vectors_are_refused() -> None:
    with pytest.raises(InferenceError, match="the changed model gave a vector that is not finite for input 0"):
        Vectors().add(np.ones(2), np.array([1.0, np.nan]))
    with pytest.raises(InputError, match=r"not arrays of shape \(2, 2\) and \(2,\)"):
        Vectors().add(np.ones((2, 2)), np.ones(2))


def test_equal_values_share_their_mean_rank() -> None:
    assert ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]
    assert spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0])) == pytest.approx(1)
    assert spearman(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])) == pytest.approx(-1)
    assert spearman(np.array([1.0, 2.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])) == pytest.approx(0.9486833)
    assert spearman(np.ones(3), np.ones(3)) == 1
    assert spearman(np.ones(3), np.array([1.0, 2.0, 3.0])) == 0


def answer(label: str, score: float = 0.9) -> list[dict[str, object]]:
    return [{"label": label, "score": score}, {"label": "rest", "score": 1 - score}]


def test_classifiers_agree_by_their_best_label() -> None:
    labels = Labels()
    labels.add(answer("good"), answer("good", 0.8))
    labels.add(answer("bad"), answer("good"))
    labels.add({"label": "good", "score": 0.5}, {"label": "good", "score": 0.5})
    labels.add("bad", "bad")
    assert labels.figures() == pytest.approx({"agreement": 0.75, "score_change": 0.05})
    assert labels.loss() == pytest.approx(0.25)


def test_with_the_right_labels_accuracy_and_f1_are_told_before_and_after() -> None:
    labels = Labels()
    labels.add(answer("good"), answer("good"), label="good")
    labels.add(answer("bad"), answer("good"), label="bad")
    figures = labels.figures()
    assert (figures["accuracy_before"], figures["accuracy"]) == (1.0, 0.5)
    assert (figures["f1_before"], figures["f1"]) == (1.0, pytest.approx((2 / 3 + 0) / 2))


def test_spans_agree_when_all_of_them_are_the_same() -> None:
    here = {"entity_group": "PER", "start": 0, "end": 3, "score": 0.9}
    labels = Labels()
    labels.add([here], [{**here, "score": 0.7}])
    labels.add([here], [{**here, "end": 4}])
    labels.add([], [])
    assert labels.figures()["agreement"] == pytest.approx(2 / 3)


def test_macro_f1_counts_labels_that_are_never_found() -> None:
    assert f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx(2 / 3)
    assert f1(["a"], ["c"]) == 0
