"""What `hub run` takes as inputs, before any model is loaded; and how answers are written, after it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hub.cli.answering import read_inputs
from hub.cli.answers import describe, destination, to_json, write_answer
from hub.cli.call_options import read_schema, sort_options
from hub.cli.inputs import Inputs, gather
from hub.errors import InputError, OptionError, StorageError, UsageError
from hub.plugin.host import get_host
from hub.plugin.specs import TaskSpec
from tests.conftest import RunHub


@pytest.fixture(autouse=True)
def no_stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a cron job: /dev/null."""
    with Path("/dev/null").open(encoding="utf-8") as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield


def test_words_are_inputs() -> None:
    assert gather(["one", "two"], [], lines=False) == Inputs(words=("one", "two"), texts=())


def test_nothing_at_all_is_no_error_yet() -> None:
    assert not gather([], [], lines=False)


def test_files_are_inputs_without_their_last_newline(tmp_path: Path) -> None:
    path = tmp_path / "naïve 文.txt"
    path.write_bytes("\ufeffGrüße\nan alle\n".encode())
    assert gather([], [str(path)], lines=False).texts == ("Grüße\nan alle",)


def test_lines_makes_each_line_an_input_and_skips_empty_ones(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("one\n\n  \ntwo\r\nthree")
    assert gather([], [str(path)], lines=True).texts == ("one", "two", "three")


@pytest.mark.parametrize(("words", "content"), [(["  "], None), ([""], None), ([], " \n")])
def test_an_empty_input_is_refused(words: list[str], content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.write_text(content or "")
    with pytest.raises(InputError, match=r"empty|no text"):
        gather(words, [str(path)] if content else [], lines=False)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt cannot be read: No such file"):
        gather([], ["nowhere.txt"], lines=False)


def test_a_file_that_is_no_text_is_named_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"ab\x89PNG")
    with pytest.raises(InputError, match="0x89 at 2"):
        gather([], [str(path)], lines=False)


def test_texts_go_in_front_of_each_word_for_a_model_that_converses() -> None:
    inputs = Inputs(words=("Sum up.", "Translate."), texts=("first", "second"))
    assert inputs.combine(converses=True, lines=False) == [
        "first\n\nsecond\n\nSum up.",
        "first\n\nsecond\n\nTranslate.",
    ]
    assert inputs.combine(converses=True, lines=True) == [
        "first\n\nSum up.",
        "second\n\nSum up.",
        "first\n\nTranslate.",
        "second\n\nTranslate.",
    ]


def test_texts_stand_beside_the_words_for_other_models() -> None:
    inputs = Inputs(words=("a", "b"), texts=("c",))
    assert inputs.combine(converses=False, lines=False) == ["c", "a", "b"]
    assert Inputs(words=(), texts=("c", "d")).combine(converses=True, lines=False) == ["c", "d"]


READ = """
import json, sys
from hub.cli.inputs import gather
given = gather(sys.argv[1:], [], lines=False)
print(json.dumps([given.words, given.texts]))
"""


def read(*words: str, piped: bytes) -> list[list[str]]:
    result = subprocess.run(
        [sys.executable, "-c", READ, *words], input=piped, capture_output=True, timeout=60, check=True
    )
    return json.loads(result.stdout)


def test_piped_text_is_an_input() -> None:
    assert read(piped="Grüße\n".encode()) == [[], ["Grüße"]]
    assert read("word", piped=b"text") == [["word"], ["text"]]


def test_a_dash_stands_for_the_text_on_stdin() -> None:
    assert read("one", "-", piped=b"two\n") == [["one", "two"], []]


def test_an_empty_pipe_beside_an_input_is_nothing() -> None:
    assert read("word", piped=b"") == [["word"], []]


def test_an_empty_pipe_alone_is_refused(run_hub: RunHub) -> None:
    result = run_hub("run", "smollm2-135m", input="\n")
    assert result.returncode == 2
    assert "stdin is empty" in result.stderr


def test_a_pipe_that_stays_open_is_waited_for_aloud() -> None:
    reader, writer = os.pipe()
    with subprocess.Popen([sys.executable, "-c", READ, "word"], stdin=reader, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        os.write(writer, b"late")
        os.close(writer)
        os.close(reader)
    assert b"Waiting for the end of stdin" in said
    assert process.returncode == 0


def test_nothing_to_answer_and_no_terminal_is_refused(run_hub: RunHub) -> None:
    result = run_hub("run", "some-model")
    assert result.returncode == 2
    assert "there is nothing to answer" in result.stderr


def test_an_unknown_model_is_refused_with_near_names(run_hub: RunHub) -> None:
    result = run_hub("run", "smolm2-135m", "hello")
    assert result.returncode == 2
    assert "smollm2-135m" in result.stderr


def test_output_appears_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "answer ü.txt"
    with destination(str(target), force=False) as out:
        out.write("half")
        out.flush()
        assert not target.exists()
    assert target.read_text() == "half"
    assert target.stat().st_mode & 0o777 == 0o666 & ~umask()
    assert list(tmp_path.iterdir()) == [target]


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_failure_leaves_no_output(tmp_path: Path) -> None:
    def fail() -> None:
        with destination(str(tmp_path / "answer.txt"), force=False) as out:
            out.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_overwritten_only_by_force(tmp_path: Path) -> None:
    target = tmp_path / "answer.txt"
    target.write_text("old")
    with pytest.raises(UsageError, match="already there"), destination(str(target), force=False):
        pass
    assert target.read_text() == "old"
    with destination(str(target), force=True) as out:
        out.write("new")
    assert target.read_text() == "new"


def test_an_output_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"), destination(str(tmp_path / "no/file"), force=False):
        pass
    with pytest.raises(UsageError, match="is a folder"), destination(str(tmp_path), force=True):
        pass


def test_float32_numbers_keep_the_digits_that_tell_them_apart() -> None:
    numbers = np.array([0.1, 1 / 3, 1e-8], dtype=np.float32)
    value = to_json(numbers)
    assert value == [0.1, 0.33333334, 1e-08]
    assert np.array_equal(np.array(value, dtype=np.float32), numbers)
    assert to_json({"label": "cat", "box": (1, 2), "score": np.float32(0.5), "n": np.int64(3)}) == {
        "label": "cat",
        "box": [1, 2],
        "score": 0.5,
        "n": 3,
    }


def test_a_pipe_gets_one_line_of_json_for_each_answer() -> None:
    out = io.StringIO()
    write_answer("vector", np.array([1.0, 2.5], dtype=np.float32), out)
    write_answer("labels", [{"label": "Käfer", "score": 0.5}], out)
    assert out.getvalue() == '[1.0, 2.5]\n[{"label": "Käfer", "score": 0.5}]\n'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_person_gets_vectors_and_labels_in_short_and_text_that_cannot_steer() -> None:
    out = Terminal()
    write_answer("vector", np.full(100, 0.1, dtype=np.float32), out)
    write_answer("labels", [{"label": "cat\x1b[2J", "score": 0.98765}], out)
    write_answer("text", {"generated_text": "red\x1b[31m"}, out)
    vector, label, text = out.getvalue().splitlines()
    assert vector.startswith("[0.1000, 0.1000")
    assert vector.endswith("100 numbers, length 1.0000")
    assert label == "0.9877  cat[2J"
    assert text == "red[31m"


def test_a_person_gets_every_field_of_a_label() -> None:
    out = Terminal()
    entity = {"entity_group": "PER", "score": np.float32(0.5), "word": "Sa\x1brah", "start": 11, "end": 16}
    write_answer("labels", [entity, {"score": 0.25, "index": 1, "text": "It\nis."}], out)
    assert out.getvalue() == "0.5000  PER  Sarah  start=11  end=16\n0.2500  index=1  It is.\n"


def test_labels_of_several_places_are_set_apart_and_none_is_said() -> None:
    out = Terminal()
    write_answer("labels", [[{"score": 0.5, "token_str": "a"}], [{"score": 0.25, "token_str": "b"}]], out)
    write_answer("labels", [], out)
    assert out.getvalue() == "0.5000  a\n\n0.2500  b\n(nothing found)\n"


@pytest.mark.parametrize(
    ("kinds", "given", "read"),
    [
        (("text",), '{"a": 1}', '{"a": 1}'),
        (("messages", "text"), "[1]", "[1]"),
        (("text", "json"), '{"a": 1}', '{"a": 1}'),
        (("json", "text"), ' {"a": 1}', {"a": 1}),
        (("json", "text"), "a query", "a query"),
        (("json", "text"), "[1]", "[1]"),
        (("json",), "[1]", [1]),
        (("image", "json"), "[1]", [1]),
    ],
)
def test_the_kind_that_a_task_names_first_decides_how_a_text_is_read(
    kinds: tuple[str, ...], given: str, read: object
) -> None:
    assert read_inputs([given], TaskSpec(id="t", inputs=kinds, outputs=("labels",))) == [read]


@pytest.mark.parametrize(("kinds", "given"), [(("json",), "a"), (("json", "text"), "{a"), (("image",), "a")])
def test_a_text_that_a_task_cannot_take_is_refused(kinds: tuple[str, ...], given: str) -> None:
    with pytest.raises(InputError, match="'t' takes"):
        read_inputs([given], TaskSpec(id="t", inputs=kinds, outputs=("labels",)))


def test_a_result_holds_its_input_and_the_fields_of_its_answer() -> None:
    assert describe("text", "hi", {"generated_text": "ho"}) == {"input": "hi", "generated_text": "ho"}
    assert describe("vector", "hi", np.array([1.0])) == {"input": "hi", "vector": [1.0]}


def test_options_go_to_who_declares_them() -> None:
    host = get_host()
    if not (host.backends and host.models):
        pytest.skip("no plugin is installed")
    options = sort_options({"threads": 2, "seed": None, "stop": ()}, ["max-tokens=5"], host, None)
    assert options.load == {"threads": 2}
    assert options.call == {"max_tokens": "5"}
    twice = sort_options({}, ["stop=a", "stop=b"], host, None)
    assert twice.call == {"stop": ["a", "b"]}


@pytest.mark.parametrize(
    ("pairs", "said"),
    [(["max_token=5"], "did you mean max_tokens"), (["alone"], "is not KEY=VALUE"), (["=5"], "is not KEY=VALUE")],
)
def test_an_option_that_nothing_takes_is_refused_before_loading(pairs: list[str], said: str) -> None:
    if not get_host().models:
        pytest.skip("no plugin is installed")
    with pytest.raises(OptionError, match=said):
        sort_options({}, pairs, get_host(), None)


def test_a_value_that_nothing_takes_is_refused_before_loading() -> None:
    if not get_host().models:
        pytest.skip("no plugin is installed")
    with pytest.raises(OptionError, match="at most"):
        sort_options({"temperature": 99.0}, [], get_host(), None, "text-generation")


def test_a_schema_is_json_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text('{"type": "object"}')
    assert read_schema(str(path)) == read_schema(' {"type": "object"}') == {"type": "object"}
    assert read_schema(None) is None


@pytest.mark.parametrize(("text", "said"), [("{", "not JSON"), ("nowhere.json", "cannot be read")])
def test_a_schema_that_is_neither_is_refused(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        read_schema(text)
