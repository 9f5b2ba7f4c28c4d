"""Pooling, against the same thing said row by row."""

import numpy as np
import pytest
from hub_text.embedding.pooling import normalized, pool

HIDDEN = np.random.default_rng(1).normal(size=(3, 5, 4)).astype(np.float32)
RIGHT = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]])
ROWS = {
    "cls": lambda rows: rows[0],
    "lasttoken": lambda rows: rows[-1],
    "max": lambda rows: rows.max(axis=0),
    "mean": lambda rows: rows.mean(axis=0),
    "mean_sqrt_len_tokens": lambda rows: rows.sum(axis=0) / np.sqrt(len(rows)),
}


@pytest.mark.parametrize("mask", [RIGHT, RIGHT[:, ::-1]], ids=["right-padded", "left-padded"])
@pytest.mark.parametrize("name", ROWS)
def test_padding_has_no_part_in_the_vector(name, mask):
    expected = [ROWS[name](HIDDEN[row][mask[row] > 0]) for row in range(3)]
    np.testing.assert_allclose(pool(HIDDEN, mask, (name,)), expected, rtol=1e-5)


def test_later_tokens_weigh_more_in_the_weighted_mean():
    expected = [
        np.average(HIDDEN[row][: RIGHT[row].sum()], axis=0, weights=range(1, RIGHT[row].sum() + 1)) for row in range(3)
    ]
    np.testing.assert_allclose(pool(HIDDEN, RIGHT, ("weightedmean",)), expected, rtol=1e-5)


def test_several_poolings_are_joined():
    both = pool(HIDDEN, RIGHT, ("cls", "mean"))
    assert both.shape == (3, 8)
    np.testing.assert_array_equal(both[:, :4], pool(HIDDEN, RIGHT, ("cls",)))


def test_half_precision_is_pooled_in_single():
    pooled = pool(HIDDEN.astype(np.float16), RIGHT, ("mean",))
    assert pooled.dtype == np.float32
    np.testing.assert_allclose(pooled, pool(HIDDEN, RIGHT, ("mean",)), atol=1e-2)


def test_rows_get_length_one_and_zeros_stay():
    vectors = normalized(np.array([[3, 4], [0, 0]], np.float32))
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0, 0]])
    assert vectors.dtype == np.float32
