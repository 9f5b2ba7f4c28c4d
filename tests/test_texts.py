"""What strangers wrote is shown in one line and steers nothing."""

import pytest

from hub.texts import one_line


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("two\nlines\tand  blanks ", "two lines and blanks"),
        ("wrong \x1b[2Jtokenizer\x07", "wrong [2Jtokenizer"),
        ("left\u202eright\u200b", "left right"),
        ("Straße 委員会", "Straße 委員会"),
        ("\r\n", ""),
    ],
)
def test_one_line_has_what_can_be_read(given, shown):
    assert one_line(given) == shown
