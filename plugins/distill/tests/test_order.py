"""Which sequences a step sees: decided by seed and step, of like length, all of them in an epoch."""

from __future__ import annotations

from hub_distill.order import Order, by_length

LENGTHS = [3 + (7 * place) % 40 for place in range(100)]


def test_a_step_sees_the_same_whenever_it_is_asked_for() -> None:
    first, second = Order(LENGTHS, 8, seed=5), Order(LENGTHS, 8, seed=5)
    seen = [first.at(step) for step in range(40)]
    assert [second.at(step) for step in reversed(range(40))] == seen[::-1]
    assert [Order(LENGTHS, 8, seed=6).at(step) for step in range(40)] != seen


def test_an_epoch_sees_each_sequence_once_at_most_and_epochs_differ() -> None:
    order = Order(LENGTHS, 8, seed=0)
    assert order.steps_per_epoch == 12
    epochs = [[order.at(step) for step in range(start, start + 12)] for start in (0, 12)]
    for epoch in epochs:
        places = [place for batch in epoch for place in batch]
        assert len(set(places)) == len(places) == 96
    assert epochs[0] != epochs[1]


def test_batches_hold_sequences_of_like_length() -> None:
    order = Order(LENGTHS, 8, seed=0)
    spreads = [max(LENGTHS[p] for p in order.at(s)) - min(LENGTHS[p] for p in order.at(s)) for s in range(12)]
    assert sum(spreads) / len(spreads) < 8  # without sorting it is about 33


def test_fewer_sequences_than_a_batch_make_one_batch() -> None:
    order = Order([4, 5, 6], 32, seed=0)
    assert order.size == 3
    assert sorted(order.at(7)) == [0, 1, 2]


def test_validation_takes_all_longest_first() -> None:
    batches = by_length([3, 9, 5, 9], 3)
    assert batches == [[1, 3, 2], [0]]
