"""Options: given values become what the specs declare, or every fault is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import OptionError
from hub.runtime.options import resolve_options
from hub.types import Option

SPECS = (
    Option(name="threads", type=int, default=4, min=1, max=64),
    Option(name="temperature", type=float, default=0.0, min=0),
    Option(name="normalize", type=bool, default=True),
    Option(name="pooling", type=str, default="mean", choices=("mean", "cls")),
    Option(name="stop", type=str, many=True),
    Option(name="layers", type=int, many=True, default=[1, 2], min=0),
    Option(name="cache", type=Path),
    Option(name="schema", type=dict),
)


def resolve(**given):
    return resolve_options(SPECS, given, "backend 'toy'")


def test_every_option_has_its_default():
    assert resolve() == {
        "threads": 4,
        "temperature": 0.0,
        "normalize": True,
        "pooling": "mean",
        "stop": [],
        "layers": [1, 2],
        "cache": None,
        "schema": None,
    }


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("threads", 8, 8),
        ("threads", " 8 ", 8),
        ("threads", None, 4),
        ("temperature", 1, 1.0),
        ("temperature", "0.7", 0.7),
        ("normalize", False, False),
        ("normalize", "No", False),
        ("normalize", "1", True),
        ("pooling", "cls", "cls"),
        ("stop", "END", ["END"]),
        ("stop", ("a", "b"), ["a", "b"]),
        ("layers", ["1", 2], [1, 2]),
        ("cache", "/tmp/ä", Path("/tmp/ä")),
        ("cache", Path("x"), Path("x")),
        ("schema", {"type": "object"}, {"type": "object"}),
        ("schema", '{"type": "object"}', {"type": "object"}),
    ],
)
def test_values_are_read_where_the_type_leaves_no_doubt(name, given, value):
    read = resolve(**{name: given})[name]
    assert read == value
    assert type(read) is type(value)


def test_names_may_be_spelt_as_in_the_shell():
    specs = [Option(name="max_tokens", type=int)]
    assert resolve_options(specs, {"max-tokens": "3"}, "x") == {"max_tokens": 3}


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("threads", 0, "option 'threads' is at least 1, not 0"),
        ("threads", "65", "option 'threads' is at most 64"),
        ("threads", 2.0, "is an integer"),
        ("threads", True, "is an integer"),
        ("threads", "two", "is an integer, not 'two'"),
        ("threads", [3], "is an integer"),
        ("temperature", "nan", "is a number"),
        ("temperature", float("inf"), "is a number"),
        ("temperature", 10**400, "is a number"),
        ("temperature", True, "is a number"),
        ("normalize", 1, "is true or false"),
        ("normalize", "maybe", "is true or false"),
        ("pooling", "max", "is one of mean, cls, not 'max'"),
        ("pooling", 3, "is a text"),
        ("stop", ["a", 3], "is a text"),
        ("layers", [1, -1], "is at least 0"),
        ("cache", 3, "is a path"),
        ("cache", "", "is a path"),
        ("schema", "{", "is not JSON"),
        ("schema", "[1]", "is a JSON object"),
        ("schema", {1: 2}, "is a JSON object"),
    ],
)
def test_a_wrong_value_is_refused_with_the_name_and_what_is_taken(name, given, said):
    with pytest.raises(OptionError) as caught:
        resolve(**{name: given})
    assert said in caught.value.message


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(OptionError) as caught:
        resolve(thread=3)
    assert caught.value.message == "backend 'toy' has no option 'thread'; did you mean 'threads'?"
    assert caught.value.hint.startswith("Options of backend 'toy': cache, layers")


def test_all_faults_are_said_at_once():
    with pytest.raises(OptionError) as caught:
        resolve(thread=3, pooling="max", normalize="maybe")
    assert caught.value.message == "3 options of backend 'toy' are wrong"
    assert len(caught.value.details) == 3


def test_what_takes_no_options_says_so():
    with pytest.raises(OptionError) as caught:
        resolve_options((), {"a": 1}, "backend 'toy'")
    assert caught.value.hint == "backend 'toy' takes no options"


def test_a_default_list_is_not_shared_between_calls():
    resolve()["layers"].append(3)
    assert resolve()["layers"] == [1, 2]
