"""From probabilities to spans: every rule, and that pieces give what the whole gives."""

import itertools

import numpy as np
import pytest
from hub_audio.detection.segmenter import Rules, Segmenter

FRAME, RATE = 512, 16_000
PAD = 480


def spans(probabilities, *, split=None, length=None, **rules):
    segmenter = Segmenter(Rules(rate=RATE, frame=FRAME, **rules))
    pieces = [probabilities] if split is None else np.split(np.array(probabilities), split)
    found = [span for piece in pieces for span in segmenter.feed(piece)]
    return found + segmenter.finish(len(probabilities) * FRAME if length is None else length)


def frames(*runs):
    """`(probability, count)` after each other."""
    return [probability for probability, count in runs for _ in range(count)]


def test_speech_is_widened_by_the_padding():
    assert spans(frames((0.1, 20), (0.9, 30), (0.1, 20))) == [(20 * FRAME - PAD, 50 * FRAME + PAD)]


def test_padding_stays_inside_of_the_sound():
    assert spans(frames((0.9, 30))) == [(0, 30 * FRAME)]
    assert spans(frames((0.9, 30)), length=30 * FRAME - 100) == [(0, 30 * FRAME - 100)]


def test_speech_ends_below_the_threshold_and_not_at_it():
    assert spans(frames((0.9, 20), (0.4, 20), (0.9, 20))) == [(0, 60 * FRAME)]
    assert len(spans(frames((0.9, 20), (0.3, 20), (0.9, 20)))) == 2


def test_short_speech_is_dropped():
    assert spans(frames((0.1, 10), (0.9, 7), (0.1, 10))) == []
    assert len(spans(frames((0.1, 10), (0.9, 8), (0.1, 10)))) == 1
    assert len(spans(frames((0.1, 10), (0.9, 7), (0.1, 10)), min_speech=0.1)) == 1


def test_short_silence_does_not_end_speech():
    probabilities = frames((0.9, 20), (0.1, 3), (0.9, 20), (0.1, 30))
    assert spans(probabilities) == [(0, 43 * FRAME + PAD)]
    assert len(spans(probabilities, min_silence=0.05)) == 2


def test_neighbours_share_the_silence_between_them():
    first, second = spans(frames((0.9, 20), (0.1, 5), (0.9, 20)), padding=0.2)
    assert first[1] == second[0] == 20 * FRAME + 5 * FRAME // 2


def test_speech_that_is_too_long_is_cut_at_its_longest_pause():
    speech = frames((0.9, 60), (0.1, 4), (0.9, 30), (0.1, 6), (0.9, 100))
    found = spans(speech, max_speech=4.0, min_silence=1.0, padding=0.0)
    assert found[0] == (0, 94 * FRAME)
    assert found[1][0] == 100 * FRAME
    assert all(end - start <= 4 * RATE for start, end in found)


def test_speech_without_a_pause_is_cut_where_it_is_too_long():
    found = spans(frames((0.9, 300)), max_speech=2.0, padding=0.0)
    assert all(1.8 * RATE < end - start <= 2 * RATE for start, end in found[:-1])


@pytest.mark.parametrize("seed", range(20))
def test_pieces_give_what_the_whole_gives(seed):
    chance = np.random.default_rng(seed)
    walk = np.clip(np.cumsum(chance.normal(0, 0.15, 3000)) % 2 - 0.5, 0, 1)
    rules = {
        "padding": float(chance.choice([0.0, 0.03, 0.2])),
        "min_silence": float(chance.choice([0.0, 0.1, 0.5])),
        "max_speech": None if seed % 2 else 3.0,
    }
    whole = spans(walk, **rules)
    assert whole
    assert spans(walk, split=sorted(chance.integers(0, 3000, 40)), **rules) == whole
    assert spans(walk, split=range(1, 3000), **rules) == whole
    assert all(start < end for start, end in whole)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(whole))


def test_a_span_is_given_as_soon_as_nothing_can_change_it():
    segmenter = Segmenter(Rules(rate=RATE, frame=FRAME))
    assert segmenter.feed(frames((0.9, 20))) == []
    assert segmenter.speaking_since == 0
    assert segmenter.feed(frames((0.1, 3))) == []
    assert segmenter.feed(frames((0.1, 2))) == [(0, 20 * FRAME + PAD)]
    assert segmenter.speaking_since is None
