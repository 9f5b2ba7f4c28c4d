from __future__ import annotations

import json

import pytest

from hub.errors import BadReference, PolicyError, StorageError
from hub.plugin.host import Host
from hub.plugin.records import Provided
from hub.plugin.specs import ModelSpec
from hub.runtime.references import claims
from hub.runtime.references.resolve import PATH, resolve
from tests.support.gguf import ARCHITECTURE, gguf, number
from tests.support.registries import model, registry, variant


@pytest.fixture
def team(tmp_path, monkeypatch):
    """A registry of the team with one model of two variants."""
    path = tmp_path / "team.json"
    path.write_bytes(registry(model(aliases=["tiny"], variants=[variant("q8_0"), variant("F16")]), name="team"))
    monkeypatch.setenv("HUB_REGISTRIES", str(path))


@pytest.mark.parametrize(("text", "name"), [("tiny", None), ("acme/tiny:f16", "F16"), ("TINY:Q8-0", "q8_0")])
def test_a_listed_model_is_found_with_the_variant_as_its_entry_spells_it(team, text, name):
    target = resolve(text)
    assert (target.model.id, target.variant, target.origin, target.root) == ("acme/tiny", name, "team", None)
    assert target.notice == ""


def test_the_variants_of_a_target_are_those_that_were_asked_for(team):
    assert [each.name for each in resolve("tiny").variants()] == ["q8_0", "F16"]
    assert [each.name for each in resolve("tiny:f16").variants()] == ["F16"]


def test_an_unknown_variant_names_those_that_are_there(team):
    with pytest.raises(BadReference, match="'tiny' has no variant 'q9'; it has q8_0, F16") as caught:
        resolve("tiny:q9")
    assert caught.value.hint.startswith("Write: tiny:")


def test_an_unknown_id_shows_how_to_take_it_from_the_hugging_face_hub():
    with pytest.raises(BadReference) as caught:
        resolve("someone/something:q8_0")
    assert "hf:someone/something:q8_0" in caught.value.hint


def test_a_listed_model_is_found_without_loading_the_host(monkeypatch, team):
    monkeypatch.setattr("hub.plugin.host.get_host", lambda: pytest.fail("the host was loaded"))
    assert resolve("tiny").origin == "team"


def test_a_registry_wins_over_a_folder_of_the_same_name_and_dot_slash_means_the_folder(team, tmp_path, monkeypatch):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "x.gguf").write_bytes(gguf(ARCHITECTURE))
    monkeypatch.chdir(tmp_path)
    assert resolve("tiny").origin == "team"
    assert resolve("./tiny").root == tmp_path / "tiny"


@pytest.mark.parametrize("name", ["model.gguf", "mon modèle.gguf", "./model.gguf"])
def test_a_file_is_taken_as_it_is_and_sized_by_its_head(tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_bytes(gguf(ARCHITECTURE, number("llama.block_count", 2), number("llama.context_length", 128)))
    monkeypatch.chdir(tmp_path)
    target = resolve(name)
    assert (target.origin, target.root, target.model.family) == (PATH, tmp_path, "llama")
    assert target.model.context_length == 128
    (file,) = target.model.variants[0].weights()
    assert (file.path, file.size, file.sha256) == (path.name, path.stat().st_size, None)
    assert file.sources == (f"file:{path}",)


def test_a_folder_is_told_by_its_files(tmp_path):
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").write_bytes(b"x")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "max_position_embeddings": 512}))
    target = resolve(str(tmp_path))
    assert [each.name for each in target.model.variants] == ["onnx"]
    assert (target.model.family, target.model.context_length) == ("bert", 512)


def test_a_path_that_is_not_there_says_so():
    with pytest.raises(BadReference, match=r"there is no file or folder '\./gone'"):
        resolve("./gone")


@pytest.mark.parametrize("text", ["a" * 5000, "./" + "a" * 5000, "~nobody-of-this-name/x", "~nobody-of-this-name"])
def test_a_name_that_no_system_takes_is_a_bad_reference(text):
    with pytest.raises(BadReference):
        resolve(text)


def test_a_pickle_on_disk_is_refused(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"x")
    with pytest.raises(PolicyError, match="pickle alone"):
        resolve(str(tmp_path / "model.pt"))


def test_a_damaged_config_is_named(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"x")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(StorageError, match=r"config\.json cannot be read"):
        resolve(str(tmp_path))


def host(**specs: ModelSpec) -> Host:
    provided = {
        name: Provided(spec=spec, plugin=name, distribution=f"hub-{name}", version="1") for name, spec in specs.items()
    }
    tables = {name: {} for name in ("tasks", "formats", "backends", "transforms", "models", "sources", "kinds")}
    return Host((), {**tables, "models": provided})


def spec(name: str, task: str, claim: str, *families: str) -> ModelSpec:
    target = f"{__name__}:{claim}"
    return ModelSpec(id=name, task=task, families=families or ("*",), verbs=("run",), target="x:y", claims=target)


def always(files, config):
    return True


def never(files, config):
    return False


def raises(files, config):
    raise KeyError("model_type")


def test_the_plugin_that_claims_files_tells_their_task(monkeypatch):
    monkeypatch.setattr(Host, "resolve", lambda self, provided, target: globals()[target.rpartition(":")[2]])
    asked = host(a=spec("a", "text-generation", "never"), b=spec("b", "feature-extraction", "always"))
    assert claims.claimed_task(asked, ("x",), {}, reference="hf:a/b") == ("feature-extraction", "", ())


def test_the_one_plugin_that_claims_files_tells_the_family_that_they_do_not(monkeypatch):
    monkeypatch.setattr(Host, "resolve", lambda self, provided, target: globals()[target.rpartition(":")[2]])
    one, other = spec("a", "text-to-speech", "always", "piper"), spec("b", "text-to-speech", "always", "vits", "mms")
    assert claims.claimed_task(host(a=one), ("x",), {}, reference="hf:a/b").family == "piper"
    assert claims.claimed_task(host(b=other), ("x",), {}, reference="hf:a/b").family == ""
    assert claims.claimed_task(host(a=one, b=other), ("x",), {}, reference="hf:a/b").family == ""


def test_two_claims_for_different_tasks_are_an_error_that_asks(monkeypatch):
    monkeypatch.setattr(Host, "resolve", lambda self, provided, target: globals()[target.rpartition(":")[2]])
    asked = host(a=spec("a", "text-generation", "always"), b=spec("b", "feature-extraction", "always"))
    with pytest.raises(BadReference, match="could be for feature-extraction or text-generation") as caught:
        claims.claimed_task(asked, ("x",), {}, reference="hf:a/b")
    assert caught.value.hint == "Say which: hub run hf:a/b --task feature-extraction"
    assert caught.value.details == ("feature-extraction: b (hub-b 1)", "text-generation: a (hub-a 1)")


def test_a_plugin_that_fails_to_look_is_named_and_the_others_are_asked(monkeypatch):
    monkeypatch.setattr(Host, "resolve", lambda self, provided, target: globals()[target.rpartition(":")[2]])
    asked = host(a=spec("a", "text-generation", "raises"), b=spec("b", "feature-extraction", "always"))
    task, _, faults = claims.claimed_task(asked, ("x",), {}, reference="hf:a/b")
    assert task == "feature-extraction"
    assert "plugin 'a' (1) failed to look at hf:a/b: KeyError('model_type')" in faults[0]


def test_a_task_that_is_given_is_not_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "hub.runtime.references.claims.claimed_task", lambda *_, **__: pytest.fail("plugins were asked")
    )
    (tmp_path / "x.gguf").write_bytes(gguf(ARCHITECTURE))
    assert resolve(str(tmp_path), task="feature-extraction").model.task == "feature-extraction"


@pytest.mark.parametrize("command", ["plan", "run"])
def test_where_nothing_tells_the_task_the_hint_names_an_option_that_is_there(run_hub, tmp_path, command):
    (tmp_path / "model.onnx").write_bytes(b"x")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vits"}))
    words = [command, str(tmp_path), *(["hello"] if command == "run" else [])]
    result = run_hub(*words)
    assert result.returncode == 1
    assert "--task" in result.stderr
    assert "what '" not in run_hub(*words, "--task", "feature-extraction").stderr
    assert "No such option" not in run_hub(*words, "--task", "feature-extraction").stderr
