"""Reading is compared character by character."""

import pytest
from hub_vision.fidelity import TextError, distance

from hub.errors import InputError


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("same", "same", 0)],
)
def test_edits_are_counted(one, other, edits):
    assert distance(one, other) == distance(other, one) == edits


def test_error_rates_are_over_all_characters():
    measure = TextError()
    measure.add({"generated_text": "abcd"}, {"generated_text": "abxd"}, label="abcd")
    measure.add({"generated_text": "efgh"}, {"generated_text": "efgh"}, label="efgx")
    assert measure.figures() == {
        "character_error_rate": 0.25,
        "character_error_rate_before": 1 / 8,
        "character_difference": 1 / 8,
        "exact": 0.5,
        "characters": 8.0,
    }
    assert measure.loss() == 1 / 8


def test_nothing_is_no_measure():
    with pytest.raises(InputError, match="nothing to compare"):
        TextError().loss()
