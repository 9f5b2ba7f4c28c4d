"""`hub run` with real weights, in processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import RunHub

pytestmark = pytest.mark.weights
CHAT, EMBED = "smollm2-135m", "all-minilm-l6-v2:onnx"


@pytest.fixture(autouse=True)
def with_weights(weights_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_HOME", str(weights_home))
    monkeypatch.setenv("HUB_OFFLINE", "1")


def test_a_prompt_is_answered_on_stdout_and_nothing_else_is_there(run_hub: RunHub) -> None:
    result = run_hub("run", CHAT, "--max-tokens", "12", "Who wrote Romeo and Juliet?")
    assert result.returncode == 0
    assert "Shakespeare" in result.stdout
    assert result.stderr == ""


def test_streamed_or_not_the_answer_is_the_same(run_hub: RunHub) -> None:
    arguments = ("run", CHAT, "--max-tokens", "12", "Name a colour.")
    assert run_hub(*arguments).stdout == run_hub(*arguments, "--no-stream").stdout


def test_the_json_document_has_its_documented_fields(run_hub: RunHub) -> None:
    result = run_hub("run", CHAT, "--max-tokens", "4", "--json", "Say: 東京", "Say: b")
    document = json.loads(result.stdout)
    assert list(document) == ["model", "variant", "task", "backend", "device", "results"]
    assert document["task"] == "text-generation"
    assert [each["input"] for each in document["results"]] == ["Say: 東京", "Say: b"]
    for each in document["results"]:
        assert set(each) == {"input", "generated_text", "finish_reason", "prompt_tokens", "generated_tokens"}
        assert each["generated_tokens"] == 4
        assert each["finish_reason"] == "length"


def test_piped_text_stands_in_front_of_the_prompt(run_hub: RunHub) -> None:
    result = run_hub(
        "run", CHAT, "--json", "--max-tokens", "1", "What animal is it?", input="The animal is a penguin.\n"
    )
    assert json.loads(result.stdout)["results"][0]["input"] == "The animal is a penguin.\n\nWhat animal is it?"


def test_each_line_is_answered(run_hub: RunHub) -> None:
    result = run_hub("run", CHAT, "--lines", "--json", "--max-tokens", "1", input="one\n\ntwo\n")
    assert [each["input"] for each in json.loads(result.stdout)["results"]] == ["one", "two"]


def test_stop_seed_and_schema_reach_the_model(run_hub: RunHub) -> None:
    stopped = run_hub("run", CHAT, "--max-tokens", "40", "--stop", "3", "Count: 1, 2, 3, 4, 5")
    assert "3" not in stopped.stdout
    drawn = [
        run_hub("run", CHAT, "--max-tokens", "8", "--temperature", "1.5", "--seed", seed, "Tell a story.").stdout
        for seed in ("7", "7", "8")
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    schema = '{"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}'
    shaped = run_hub("run", CHAT, "--max-tokens", "40", "--schema", schema, "How old are you?")
    assert isinstance(json.loads(shaped.stdout)["age"], int)


def test_system_instructions_reach_the_model(run_hub: RunHub) -> None:
    count = [
        json.loads(run_hub("run", CHAT, "--json", "--max-tokens", "1", *given, "Hi").stdout)["results"][0]
        for given in ([], ["--system", "Answer in the style of a very old pirate who has lost his ship."])
    ]
    assert count[0]["prompt_tokens"] != count[1]["prompt_tokens"]


def test_vectors_are_lines_of_json_in_a_pipe(run_hub: RunHub) -> None:
    result = run_hub("run", EMBED, "a cat", "a dog")
    vectors = [json.loads(line) for line in result.stdout.splitlines()]
    assert [len(vector) for vector in vectors] == [384, 384]
    assert sum(number**2 for number in vectors[0]) == pytest.approx(1, abs=1e-5)


def test_output_goes_to_the_file_alone(run_hub: RunHub, tmp_path: Path) -> None:
    target = tmp_path / "vectors.jsonl"
    result = run_hub("run", EMBED, "--output", str(target), "a cat")
    assert result.stdout == ""
    assert len(json.loads(target.read_text())) == 384
    refused = run_hub("run", EMBED, "--output", str(target), "a dog")
    assert refused.returncode == 2
    assert "--force" in refused.stderr


def test_a_worker_answers_the_same(run_hub: RunHub) -> None:
    arguments = ("run", CHAT, "--max-tokens", "6", "Name a colour.")
    assert run_hub(*arguments, "--worker").stdout == run_hub(*arguments).stdout


def test_a_prompt_that_is_too_long_is_refused_with_numbers(run_hub: RunHub) -> None:
    result = run_hub("run", CHAT, "--context-length", "256", "word " * 400)
    assert result.returncode == 2
    assert "256" in result.stderr
    assert result.stdout == ""


def test_a_text_that_is_cut_because_that_was_asked_is_told(run_hub: RunHub) -> None:
    refused = run_hub("run", EMBED, "word " * 600)
    assert refused.returncode == 2
    cut = run_hub("run", EMBED, "--option", "truncate=true", "word " * 600)
    assert cut.returncode == 0
    assert "cut to the first" in cut.stderr


def test_an_option_of_another_task_names_those_there_are(run_hub: RunHub) -> None:
    result = run_hub("run", EMBED, "--seed", "3", "a cat")
    assert result.returncode == 2
    assert "normalize" in result.stderr


def test_without_the_plugin_the_error_says_what_to_do(run_hub: RunHub) -> None:
    result = run_hub("run", CHAT, "hi", env={"HUB_DISABLE_PLUGINS": "*"})
    assert result.returncode == 3
    assert "is switched off" in result.stderr
    assert "HUB_DISABLE_PLUGINS" in result.stderr


def test_a_read_only_home_answers(run_hub: RunHub, weights_home: Path) -> None:
    import os

    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    weights_home.chmod(0o555)
    try:
        assert run_hub("run", CHAT, "--max-tokens", "1", "hi").returncode == 0
    finally:
        weights_home.chmod(0o755)


def test_ctrl_c_ends_a_one_shot_answer_with_130() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "hub", "run", CHAT, "Tell a very long story about the sea."],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(5)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert said == b"\nStopped.\n"


def test_a_reader_that_leaves_ends_the_answer(weights_home: Path) -> None:
    result = subprocess.run(
        ["bash", "-c", f'"$0" -m hub run {CHAT} "Tell a very long story." < /dev/null | head -c 3', sys.executable],
        capture_output=True,
        timeout=120,
    )
    assert len(result.stdout) == 3
    assert result.stderr == b""
