"""`hub run` on inputs and answers that are files: what may be named, where answers go, and what a bad one does."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli.named import gather_named
from hub.errors import InputError
from hub.plugin.specs import KindSpec
from hub.runtime.kinds.addresses import fetch_input
from tests.conftest import RunHub
from tests.support.painted import grid, painted_models
from tests.support.terminal import plain, spawn

LIGHT, DARK = grid([[255, 255], [255, 255]]), grid([[0, 0], [0, 51]])
GRID = KindSpec(id="grid", media="image/x-grid", suffixes=(".grid",), read="a:b", write="a:b")


@pytest.fixture(autouse=True)
def painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with grids, one that is broken, and one whose name says nothing; and models for them."""
    painted_models(tmp_path / "models", monkeypatch)
    folder = tmp_path / "grids"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.grid").write_bytes(DARK)
    (folder / "a.grid").write_bytes(LIGHT)
    (folder / "inner" / "c.GRID").write_bytes(LIGHT)
    (folder / "broken.grid").write_bytes(b"nonsense")
    (folder / "notes.txt").write_text("hello")
    (folder / ".hidden.grid").write_bytes(LIGHT)
    monkeypatch.chdir(folder)
    return folder


def run_in_terminal(*arguments: str) -> str:
    """All that a person sees of a command."""
    return plain(str(spawn(*arguments).read()))


def pipe(*commands: list[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run commands of `hub` joined by a shell with `|`; the status is that of the last that failed."""
    line = " | ".join(shlex.join([sys.executable, "-m", "hub", *command]) for command in commands)
    return subprocess.run(["bash", "-o", "pipefail", "-c", line], input=given, capture_output=True, timeout=60)


class TestInputs:
    """What an INPUT may be."""

    def test_a_path_is_read_by_the_kind(self, run_hub: RunHub) -> None:
        result = run_hub("run", "grid-classification", "a.grid")
        assert json.loads(result.stdout) == [{"label": "bright", "score": 1.0}], result.stderr

    def test_bytes_on_stdin_are_an_input_named_or_not(self) -> None:
        for words in (["-"], []):
            done = pipe(["run", "grid-classification", *words], given=DARK)
            assert json.loads(done.stdout)[0]["score"] == pytest.approx(0.05), done.stderr

    def test_a_folder_means_its_files_of_the_kind_sorted(self, run_hub: RunHub) -> None:
        result = run_hub("run", "grid-classification", ".")
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert [row["input"] for row in rows] == ["a.grid", "b.grid", "inner/c.GRID"]
        assert rows[1]["labels"][0]["score"] == pytest.approx(0.05)
        assert result.returncode == 1
        assert "Error: 1 of 4 inputs were not answered" in result.stderr
        assert "  broken.grid is no grid" in result.stderr
        assert "1 of 5 files do not end like grid and are left out" in result.stderr

    def test_a_link_that_leads_nowhere_is_named_and_the_rest_is_answered(self, run_hub: RunHub, painted: Path) -> None:
        (painted / "broken.grid").unlink()
        (painted / "b.grid").unlink()
        (painted / "b.grid").symlink_to(painted / "gone.grid")
        for word in (".", "?.grid"):
            result = run_hub("run", "grid-classification", word)
            assert json.loads(result.stdout.splitlines()[0])["input"] == "a.grid"
            assert result.returncode == 1
            assert "b.grid" in result.stderr

    def test_a_pattern_means_the_files_that_match(self, run_hub: RunHub) -> None:
        result = run_hub("run", "grid-classification", "--json", "[ab].grid")
        document = json.loads(result.stdout)
        assert [each["input"] for each in document["results"]] == ["a.grid", "b.grid"]
        assert document["results"][0]["labels"] == [{"label": "bright", "score": 1.0}]
        assert run_hub("run", "grid-classification", "*.bmp").returncode == 2

    def test_json_says_which_failed_and_why(self, run_hub: RunHub) -> None:
        result = run_hub("run", "grid-classification", "--json", "a.grid", "nowhere.grid")
        assert result.returncode == 1
        assert json.loads(result.stdout)["results"][1] == {
            "input": "nowhere.grid",
            "error": "nowhere.grid cannot be read: No such file or directory",
        }

    def test_the_only_input_that_is_bad_is_a_wrong_call(self, run_hub: RunHub) -> None:
        result = run_hub("run", "grid-classification", "broken.grid")
        assert (result.returncode, result.stdout) == (2, "")
        assert "Error: broken.grid is no grid" in result.stderr

    def test_a_file_of_any_kind_is_taken_as_it_is(self, run_hub: RunHub) -> None:
        result = run_hub("run", "file-size", "--json", ".")
        sizes = {each["input"]: each["labels"][0]["score"] for each in json.loads(result.stdout)["results"]}
        assert sizes == {
            "a.grid": len(LIGHT),
            "b.grid": len(DARK),
            "broken.grid": 8,
            "inner/c.GRID": len(LIGHT),
            "notes.txt": 5,
        }

    def test_an_address_is_fetched_only_if_that_is_asked_for(self, run_hub: RunHub) -> None:
        refused = run_hub("run", "grid-classification", "https://example.org/a.grid")
        assert refused.returncode == 2
        assert "--allow-url" in refused.stderr
        offline = run_hub(
            "run", "grid-classification", "--allow-url", "https://example.org/a.grid", env={"HUB_OFFLINE": "1"}
        )
        assert offline.returncode == 2
        assert "https://example.org/a.grid cannot be fetched" in offline.stderr
        assert "offline was asked for" in offline.stderr

    def test_an_address_without_encryption_is_not_fetched(self) -> None:
        with pytest.raises(InputError, match="over https alone"):
            fetch_input("http://example.org/a.grid")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["-", "-"], "named twice"),
            (["nothing*"], "nothing matches"),
            (["empty"], "holds no files that end like grid"),
            (["https://example.org"], "is an address"),
        ],
    )
    def test_what_names_no_input_is_refused(self, words: list[str], said: str, painted: Path) -> None:
        (painted / "empty").mkdir()
        with pytest.raises(InputError, match=said):
            gather_named(words, GRID, allow_url=False)

    def test_nothing_on_stdin_is_refused(self) -> None:
        done = pipe(["run", "grid-classification", "-"])
        assert done.returncode == 2
        assert b"stdin is empty" in done.stderr

    def test_lines_are_for_text(self, run_hub: RunHub) -> None:
        assert run_hub("run", "grid-classification", "--lines", "a.grid").returncode == 2


class TestOutputs:
    """Where an answer goes that is a file of its own."""

    def test_the_ending_says_the_form(self, run_hub: RunHub, tmp_path: Path) -> None:
        for name, content in (("made.grid", grid([[97, 98]])), ("made.rows", b"97 98\n")):
            result = run_hub("run", "text-to-grid", "ab", "-o", str(tmp_path / name))
            assert (result.returncode, result.stdout) == (0, ""), result.stderr
            assert (tmp_path / name).read_bytes() == content
        wrong = run_hub("run", "text-to-grid", "ab", "-o", "made.png")
        assert wrong.returncode == 2
        assert "Endings: .grid, .rows" in wrong.stderr
        there = run_hub("run", "text-to-grid", "ab", "-o", str(tmp_path / "made.grid"))
        assert there.returncode == 2
        assert "--force" in there.stderr

    def test_a_pipe_gets_the_wire_form(self) -> None:
        for words in ([], ["-o", "-"]):
            done = pipe(["run", "text-to-grid", *words], given=b"ab")
            assert done.stdout == grid([[97, 98]]), done.stderr

    def test_a_terminal_is_spared_it(self) -> None:
        shown = run_in_terminal("run", "text-to-grid", "ab")
        assert "grid is not for a terminal" in shown
        assert "--output answer.grid" in shown

    def test_several_answers_go_into_a_folder(self, run_hub: RunHub, tmp_path: Path) -> None:
        refused = run_hub("run", "text-to-grid", "ab", "cd", "-o", str(tmp_path / "one.grid"))
        assert refused.returncode == 2
        assert "Name a folder" in refused.stderr
        result = run_hub("run", "text-to-grid", "ab", "ab!", "Hello there", "-o", f"{tmp_path}/out/")
        assert result.returncode == 0, result.stderr
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
            "Hello-there.grid",
            "ab-2.grid",
            "ab.grid",
        ]

    def test_json_describes_what_cannot_stand_in_it(self, run_hub: RunHub, tmp_path: Path) -> None:
        document = json.loads(run_hub("run", "text-to-grid", "ab c", "--json").stdout)
        assert document["results"] == [{"input": "ab c", "grid": {"width": 2, "height": 2}}]
        target = str(tmp_path / "x.grid")
        document = json.loads(run_hub("run", "text-to-grid", "ab", "--json", "-o", target).stdout)
        assert document["results"][0]["output"] == target
        assert run_hub("run", "text-to-grid", "ab", "--json", "-o", "-").returncode == 2

    def test_models_are_joined_by_pipes(self) -> None:
        done = pipe(["run", "text-to-grid", "zz", "-o", "-"], ["run", "grid-to-text", "-"])
        assert (done.returncode, done.stdout.split()) == (0, [b"brightness", b"0.48"]), done.stderr
        assert b"Waiting" not in done.stderr

    def test_a_reader_that_leaves_ends_the_writer_without_a_word(self) -> None:
        line = f"{shlex.join([sys.executable, '-m', 'hub'])} run text-to-grid words -o - | true"
        done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, timeout=60)
        assert done.returncode == 141
        assert b"Error" not in done.stderr

    def test_answers_are_drawn_on_their_inputs(self, run_hub: RunHub, tmp_path: Path) -> None:
        result = run_hub("run", "grid-classification", "b.grid", "--save", str(tmp_path / "seen.grid"))
        assert json.loads(result.stdout)[0]["label"] == "bright", result.stderr
        assert (tmp_path / "seen.grid").read_bytes() == grid([[5, 5], [0, 51]])
        result = run_hub("run", "grid-classification", "a.grid", "b.grid", "--save", f"{tmp_path}/all/")
        assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["a.grid", "b.grid"]
        refused = run_hub("run", "grid-to-text", "a.grid", "--save", str(tmp_path / "x.grid"))
        assert refused.returncode == 2
        assert "nothing to draw" in refused.stderr

    def test_several_texts_are_told_apart_on_a_terminal(self) -> None:
        shown = run_in_terminal("run", "grid-to-text", "a.grid", "b.grid")
        assert shown.index("==> a.grid") < shown.index("brightness 1.00") < shown.index("==> b.grid")

    @pytest.mark.parametrize("how", [[], ["--no-stream"]])
    def test_no_empty_line_stands_for_an_input_that_was_not_answered(self, run_hub: RunHub, how: list[str]) -> None:
        result = run_hub("run", "grid-to-text", "broken.grid", "a.grid", "b.grid", *how)
        assert result.returncode == 1
        lines = [line.rstrip() for line in result.stdout.splitlines()]
        assert lines == ["brightness 1.00", "", "brightness 0.05"]

    def test_segments_are_a_table_on_a_terminal(self) -> None:
        assert "0.00 –     1.50 s" in run_in_terminal("run", "grid-activity", "a.grid")


class TestPickle:
    """Weights that can carry code."""

    def test_the_command_refuses_and_says_how_to_allow(self, run_hub: RunHub) -> None:
        result = run_hub("run", "old-ink", "a.grid")
        assert (result.returncode, result.stdout) == (4, "")
        assert "hub run old-ink --allow-pickle" in result.stderr
        assert run_hub("plan", "old-ink").returncode == 4
        assert run_hub("plan", "old-ink", "--allow-pickle").returncode == 0

    def test_what_is_measured_asks_as_well(self, run_hub: RunHub) -> None:
        for command in ("bench", "tune"):
            result = run_hub(command, "old-ink", "--repeat", "1")
            assert (result.returncode, result.stdout) == (4, ""), result.stderr
            assert "hub run old-ink --allow-pickle" in result.stderr
        assert run_hub("tune", "old-ink", "--repeat", "1", "--allow-pickle").returncode == 0

    def test_it_is_opened_once_allowed(self, run_hub: RunHub) -> None:
        result = run_hub("run", "old-ink", "--allow-pickle", "a.grid")
        assert json.loads(result.stdout)[0]["score"] == 0.5, result.stderr
        assert run_hub("run", "old-ink", "a.grid", env={"HUB_ALLOW_PICKLE": "1"}).returncode == 0


def test_a_kind_that_no_plugin_reads_is_named_with_its_package(
    run_hub: RunHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted_models(tmp_path / "bare", monkeypatch, installed=False)
    monkeypatch.setenv("PYTHONPATH", "")
    result = run_hub("run", "grid-classification", "a.grid", input="\udcff", encoding="utf-8", errors="surrogateescape")
    assert result.returncode == 3
    assert "openmodelhub-painting" in result.stderr


def test_a_bar_counts_answers_that_a_person_does_not_see(painted: Path) -> None:
    shown = run_in_terminal("run", "grid-classification", "--json", "a.grid", "b.grid")
    assert "answered" in shown
    assert "answered" not in run_in_terminal("run", "grid-classification", "a.grid", "b.grid")
    assert "answered" not in run_in_terminal("run", "grid-classification", "--json", "a.grid")
