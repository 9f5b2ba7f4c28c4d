"""Boxes come in the order in which they are read."""

from hub_vision.ocr.order import rows_of


def line(left, top, width=300, height=20):
    return (left, top, left + width, top + height)


def column(left, top, count, width=300):
    return [line(left, top + 30 * number, width) for number in range(count)]


def flat(boxes):
    return [number for row in rows_of(boxes) for number in row]


def test_nothing_has_no_order():
    assert rows_of([]) == []


def test_lines_come_from_the_top():
    boxes = [line(0, 90), line(0, 0), line(0, 45)]
    assert rows_of(boxes) == [[1], [2], [0]]


def test_words_of_a_row_come_from_the_left_though_their_heights_differ():
    boxes = [line(200, 3, 50), line(0, 0, 60), line(100, -4, 50, 28), line(0, 40, 60)]
    assert rows_of(boxes) == [[1, 2, 0], [3]]


def test_a_tall_letter_does_not_join_two_rows():
    boxes = [line(0, 0, 100), line(120, 0, 100, 60), line(0, 30, 100)]
    assert rows_of(boxes) == [[0, 1], [2]]


def test_words_of_a_slanted_row_stay_together():
    boxes = [line(110 * number, 6 * number, 100) for number in range(8)]
    assert rows_of(boxes) == [list(range(8))]


def test_columns_of_text_are_read_one_after_the_other():
    boxes = [*column(400, 0, 5), *column(0, 5, 6)]
    assert flat(boxes) == [5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4]


def test_three_columns_are_read_in_turn():
    boxes = [*column(0, 0, 4), *column(400, 0, 4), *column(800, 0, 4)]
    assert flat(boxes) == list(range(12))


def test_a_headline_comes_before_columns_and_a_footer_behind():
    boxes = [line(0, 200, 700), *column(400, 40, 5), *column(0, 40, 5), line(0, 0, 700, 30)]
    assert flat(boxes) == [11, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 0]


def test_a_line_over_both_columns_parts_the_page():
    upper = [*column(0, 0, 4), *column(400, 0, 4)]
    lower = [*column(0, 200, 4), *column(400, 200, 4)]
    boxes = [*upper, line(0, 150, 700), *lower]
    assert flat(boxes) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]


def test_a_table_is_read_in_rows():
    cells = [line(left, 30 * row, 60) for row in range(5) for left in (0, 200, 400)]
    assert rows_of(cells) == [[3 * row, 3 * row + 1, 3 * row + 2] for row in range(5)]


def test_a_form_with_long_labels_and_short_values_is_read_in_rows():
    boxes = [box for row in range(5) for box in (line(0, 30 * row, 250), line(400, 30 * row, 60))]
    assert rows_of(boxes) == [[2 * row, 2 * row + 1] for row in range(5)]
