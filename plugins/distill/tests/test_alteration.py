"""Altered copies: stretches with other tokens, never one that is there already, and the same for the same seed."""

from __future__ import annotations

import pytest
from hub_distill.alteration import altered

SPECIAL = frozenset({0, 1, 2, 3})
VOCABULARY = range(100, 1000)
LONG = [{"input_ids": (2, *range(10 * n, 10 * n + 12), 3)} for n in range(1, 9)]


def copies(sequences=LONG, count=20, seed=0):
    return altered(sequences, count, vocabulary=VOCABULARY, special=SPECIAL, seed=seed)


def test_copies_are_stretches_between_the_same_special_tokens() -> None:
    for ids in copies():
        row = ids["input_ids"]
        assert (row[0], row[-1]) == (2, 3)
        assert 3 + 2 <= len(row) <= 14
        assert not SPECIAL & set(row[1:-1])
    lengths = [len(ids["input_ids"]) for ids in copies()]
    assert 0.3 < sum(length == 14 for length in lengths) / len(lengths) < 0.8


def test_some_tokens_are_others_and_most_stand_in_their_order() -> None:
    plain = [{"input_ids": (2, *range(10, 22), 3)}]
    shares = []
    for ids in copies(plain, 200):
        words = ids["input_ids"][1:-1]
        own = [token for token in words if token < 100]
        assert own == sorted(own)
        shares.append(1 - len(own) / len(words))
    assert 0.1 < sum(shares) / len(shares) < 0.2
    assert max(shares) > 0.3 > min(shares) == 0


def test_every_copy_is_new_and_the_seed_decides() -> None:
    found = [ids["input_ids"] for ids in copies()]
    assert len(found) > 100
    assert len(set(found)) == len(found)
    assert not set(found) & {ids["input_ids"] for ids in LONG}
    assert copies() == copies()
    assert copies() != copies(seed=1)
    assert copies(count=0) == ()


def test_a_pair_is_not_cut_and_its_columns_go_together() -> None:
    row = (2, *range(10, 20), 3, *range(20, 30), 3)
    pair = [{"input_ids": row, "token_type_ids": (0,) * 12 + (1,) * 11}]
    for ids in copies(pair):
        assert ids["token_type_ids"] == pair[0]["token_type_ids"]
        assert [place for place, token in enumerate(ids["input_ids"]) if token in SPECIAL] == [0, 11, 22]
    single = [{"input_ids": row[:12], "token_type_ids": tuple(range(12))}]
    for ids in copies(single):
        kept = ids["token_type_ids"]
        assert len(kept) == len(ids["input_ids"])
        assert kept[1:-1] == tuple(range(kept[1], kept[1] + len(kept) - 2))


@pytest.mark.parametrize("row", [(2, 3), (2, 7, 3), (7, 8), (2, 2)])
def test_what_is_short_stays_whole(row) -> None:
    for ids in copies([{"input_ids": row}], 50):
        assert len(ids["input_ids"]) == len(row)
        assert [token for token in ids["input_ids"] if token in SPECIAL] == [token for token in row if token in SPECIAL]
