"""Small parts of recognition: windows of a tape, pieces at times, letters of CTC, distances of words."""

import numpy as np
import pytest
from hub_audio.recognition.fidelity import Words
from hub_audio.recognition.letters import Alphabet, Word, Writer, read_alphabet
from hub_audio.recognition.segments import Piece, cut
from hub_audio.recognition.tape import Tape, is_silent
from hub_audio.recognition.words import distance, plain_words
from hub_sound.recording import Clip


class Times:
    """Ids below 100 are text, 100 ends, those from 200 are times 20 ms apart."""

    end, first_time = 100, 200

    def seconds(self, token):
        return (token - 200) * 0.02


def test_a_tape_is_heard_from_anywhere_onwards():
    samples = np.arange(1000, dtype=np.float32)
    tape = Tape(Clip(samples, 100), 100, 300)
    for start in (0, 0, 120, 121, 400, 980):
        np.testing.assert_array_equal(tape.window(start), samples[start : start + 300])
    assert len(tape.window(1000)) == 0
    assert len(tape.window(5000)) == 0


def test_silence_is_what_nobody_hears():
    assert is_silent(np.zeros(10, np.float32))
    assert is_silent(np.full(10, 5e-5, np.float32))
    assert not is_silent(np.array([0, 0.001], np.float32))


def test_pieces_lie_between_their_times():
    ids = [200, 1, 2, 250, 250, 3, 300]
    assert cut(ids, Times(), 10.0) == (
        [Piece(start=0.0, end=1.0, ids=(1, 2)), Piece(start=1.0, end=2.0, ids=(3,))],
        10.0,
    )


def test_what_the_window_cut_is_heard_again():
    pieces, go_on = cut([200, 1, 250, 250, 2, 3], Times(), 10.0)
    assert pieces == [Piece(start=0.0, end=1.0, ids=(1,))]
    assert go_on == pytest.approx(1.0)


def test_text_without_times_takes_the_whole_window():
    assert cut([1, 2], Times(), 7.0) == ([Piece(start=0.0, end=7.0, ids=(1, 2))], 7.0)
    assert cut([200, 1, 2, 300], Times(), 7.0) == ([Piece(start=0.0, end=2.0, ids=(1, 2))], 7.0)
    assert cut([], Times(), 7.0) == ([], 7.0)


def test_times_behind_the_end_of_the_sound_are_its_end():
    pieces, _ = cut([200, 1, 1200], Times(), 3.0)
    assert pieces[0].end == 3.0


ALPHABET = Alphabet(letters={2: "A", 3: "B"}, blank=0, gap=1)


def test_repeats_count_once_and_blanks_part_them():
    writer = Writer(ALPHABET)
    found = writer.feed([0, 2, 2, 0, 2, 3, 1, 1, 3, 0]) + writer.finish()
    assert found == [Word(text="AAB", start=1, end=6), Word(text="B", start=8, end=9)]


def test_letters_in_pieces_are_the_same_words():
    ids = np.random.default_rng(0).integers(0, 4, 500)
    whole, pieces = Writer(ALPHABET), Writer(ALPHABET)
    wanted = whole.feed(ids) + whole.finish()
    assert [word for part in np.split(ids, 50) for word in pieces.feed(part)] + pieces.finish() == wanted


def test_an_alphabet_is_read_as_tokenizers_write_it():
    vocabulary = {"<pad>": 0, "|": 4, "A": 5, "<unk>": 3}
    found = read_alphabet(vocabulary, {"do_lower_case": True, "word_delimiter_token": {"content": "|"}}, {})
    assert (found.blank, found.gap) == (0, 4)
    assert found.letters[5] == "a"
    assert 3 not in found.letters
    with pytest.raises(ValueError, match="blank"):
        read_alphabet({"A": 0}, {}, {})


def test_distances_are_counted_in_words():
    assert distance(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert distance([], ["a"]) == distance(["a"], []) == 1
    assert plain_words("It’s 5 o'clock, Señor!") == ["it's", "5", "o'clock", "señor"]


def test_fidelity_is_the_share_of_words_that_differ():
    fidelity = Words()
    fidelity.add({"text": "one two three four"}, {"text": "One, two three."}, "one two three for")
    assert fidelity.loss() == pytest.approx(0.25)
    figures = fidelity.figures()
    assert figures["word_error_rate"] == pytest.approx(0.25)
    assert figures["word_error_rate_before"] == pytest.approx(0.25)
