from __future__ import annotations

import json

import pytest

from tests.conftest import ROOT
from tests.support.registries import model, registry

LISTED = {entry["aliases"][0] for entry in json.loads((ROOT / "registry.json").read_bytes())["models"]}

FIELDS = {
    "name", "id", "task", "license", "summary", "parameters", "size", "memory", "formats", "variants", "tags",
    "registry", "score", "near",
}  # fmt: skip


def test_a_search_prints_a_row_for_each_model(run_hub):
    result = run_hub("search", "sentence", "embeddings")
    assert result.returncode == 0
    name, task, parameters, size, licence, summary = result.stdout.rstrip("\n").split("\t")
    assert (name, task, parameters, licence) == ("all-minilm-l6-v2", "feature-extraction", "22.7M", "Apache-2.0")
    assert size == "91.0 MB"
    assert "embeddings" in summary
    assert result.stderr == ""


def test_json_has_the_documented_fields(run_hub):
    hits = json.loads(run_hub("search", "--json").stdout)
    assert {hit["name"] for hit in hits} == LISTED
    assert all(set(hit) == FIELDS for hit in hits)


@pytest.mark.parametrize(
    ("options", "found", "left"),
    [
        (["--task", "text-generation"], {"smollm2-135m"}, {"all-minilm-l6-v2", "whisper-tiny.en"}),
        (["--license", "MIT"], {"whisper-tiny.en"}, {"smollm2-135m", "all-minilm-l6-v2"}),
        (
            ["--license", "MIT", "--license", "Apache-2.0", "--format", "onnx"],
            {"all-minilm-l6-v2", "piper-joe"},
            {"smollm2-135m", "whisper-tiny.en"},
        ),
        (["--max-size", "50MB"], {"all-minilm-l6-v2"}, {"smollm2-135m", "whisper-tiny.en"}),
        (["--max-memory", "100MB"], {"all-minilm-l6-v2"}, {"smollm2-135m"}),
        (["--installed"], set(), LISTED),
    ],
)
def test_filters_of_the_command_are_those_of_the_search(run_hub, options, found, left):
    names = {hit["name"] for hit in json.loads(run_hub("search", "--json", *options).stdout)}
    assert found <= names
    assert not names & left


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("automatic-speech-recognition", "whisper-tiny.en"),
        ("text-to-speech", "piper-joe"),
        ("voice-activity-detection", "silero-vad"),
        ("image-to-text", "ppocr"),
        ("image-classification", "efficientnet-lite0"),
        ("file-type", "magika"),
        ("language-identification", "lid176"),
    ],
)
def test_a_task_finds_its_models(run_hub, task, name):
    assert name in [hit["name"] for hit in json.loads(run_hub("search", "--json", "--task", task).stdout)]


def test_finding_nothing_is_said_and_is_no_error(run_hub):
    result = run_hub("search", "zzzzzz")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "Nothing found. See all: hub search\n"
    assert run_hub("search", "zzzzzz", "--json").stdout == "[]\n"


def test_a_misspelt_name_finds_what_is_near_and_says_so(run_hub):
    result = run_hub("search", "smolm2")
    assert result.stdout.startswith("smollm2-135m\t")
    assert "Nothing is called 'smolm2'; this comes near." in result.stderr


def test_a_size_that_is_none_is_the_callers_fault(run_hub):
    result = run_hub("search", "--max-size", "big")
    assert (result.returncode, result.stdout) == (2, "")
    assert "'big' is not a size" in result.stderr


def test_a_registry_that_is_broken_is_a_warning_and_the_rest_is_found(run_hub, tmp_path):
    (tmp_path / "broken.json").write_text("{")
    result = run_hub("search", env={"HUB_REGISTRIES": str(tmp_path / "broken.json")})
    assert result.returncode == 0
    assert {line.split("\t")[0] for line in result.stdout.splitlines()} == LISTED
    assert result.stderr.startswith("Warning: registry ")


def test_a_stranger_cannot_steer_the_terminal(run_hub, tmp_path):
    path = tmp_path / "evil.json"
    path.write_bytes(registry(model("evil/one", summary="nice\x1b]0;owned\x07\u202emodel\nfake-model\ttext")))
    result = run_hub("search", "evil/one", env={"HUB_REGISTRIES": str(path)})
    (line,) = result.stdout.splitlines()
    assert line.split("\t")[-1] == "nice]0;ownedmodel fake-model text"
