from __future__ import annotations

import json

import pytest

from hub.errors import BadReference, RegistryError, SchemaError, UsageError
from hub.registry.editing import Editor
from hub.registry.writing import formatted, in_form
from tests.support.registries import ZEROS, file, model, registry, variant


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "registry.json"
    path.write_bytes(formatted(registry(model(), plugins=[{"package": "hub-thing", "summary": "Thing."}])))
    return path


def entry(path):
    return json.loads(path.read_bytes())["models"][0]


def test_our_registry_is_in_form():
    from tests.registry.test_schema import OURS

    assert formatted(OURS.read_bytes()) == OURS.read_bytes()


def test_the_form_keeps_fields_of_a_later_version_and_letters_of_every_language():
    document = json.loads(registry(model(summary="Größe 日本", novel={"x": 1})))
    again = formatted(json.dumps(document).encode())
    assert json.loads(again) == document
    assert "Größe 日本" in again.decode()
    assert formatted(again) == again
    assert in_form(again)
    assert not in_form(again + b"\n")
    assert not in_form(json.dumps(document).encode())


def test_a_model_is_added_and_what_stood_there_keeps_its_place(path):
    before = path.read_text()
    editor = Editor(path)
    assert editor.add_model(model("acme/more")) == ["acme/more"]
    editor.save()
    assert [each["id"] for each in json.loads(path.read_bytes())["models"]] == ["acme/tiny", "acme/more"]
    assert path.read_text().startswith(before[: before.index('"plugins"')].rstrip()[:-6].rstrip())


def test_other_bytes_of_a_name_get_its_next_version(path):
    editor = Editor(path)
    other = variant(files=[file(sha256="1" * 64)])
    third = variant(files=[file(sha256="2" * 64)])
    assert editor.add_model(model(variants=[other])) == ["acme/tiny:gguf-v2"]
    assert editor.add_model(model(variants=[other])) == []
    assert editor.add_model(model(variants=[third])) == ["acme/tiny:gguf-v3"]
    editor.save()
    assert [each["files"][0]["sha256"][0] for each in entry(path)["variants"]] == ["0", "1", "2"]


def test_the_same_files_as_another_part_are_another_variant(path):
    moved = variant(files=[file(part="decoder")])
    assert Editor(path).add_model(model(variants=[moved])) == ["acme/tiny:gguf-v2"]


def test_the_same_bytes_from_one_more_source_get_the_source(path):
    editor = Editor(path)
    assert editor.add_model(model(variants=[variant(files=[file(sources=["https://mirror.example/x"])])])) == []
    editor.save()
    (only,) = entry(path)["variants"][0]["files"]
    assert only["sources"] == ["https://example.org/tiny.gguf", "https://mirror.example/x"]


def test_fields_are_set_and_taken_away_but_never_who_it_is_or_its_bytes(path):
    editor = Editor(path)
    editor.set_fields("tiny-alias", {"summary": "New.", "tags": ["a"]})
    editor.set_fields("acme/tiny", {"tags": None})
    editor.save()
    assert entry(path)["summary"] == "New."
    assert "tags" not in entry(path)
    for field in ("id", "variants"):
        with pytest.raises(UsageError, match="stays as it is"):
            editor.set_fields("acme/tiny", {field: []})


def test_a_variant_a_model_and_a_plugin_are_yanked_and_listed_again(path):
    editor = Editor(path)
    assert editor.yank("acme/tiny:GGUF", "broken") == ["acme/tiny:gguf"]
    assert editor.yank("hub_thing", "gone") == ["hub-thing"]
    editor.save()
    assert entry(path)["variants"][0]["yanked"] == "broken"
    assert editor.yank("acme/tiny", "") == ["acme/tiny:gguf"]
    editor.yank("hub-thing", "")
    editor.save()
    assert "yanked" not in path.read_text()


def test_what_breaks_the_rules_is_not_written(path):
    before = path.read_bytes()
    editor = Editor(path)
    editor.set_fields("acme/tiny", {"license": "No Such Licence"})
    with pytest.raises(SchemaError) as caught:
        editor.save()
    assert "is not an SPDX licence expression" in caught.value.details[0]
    assert path.read_bytes() == before


def test_what_is_not_listed_is_named_with_what_is_near(path):
    with pytest.raises(BadReference, match="lists no model 'acme/tyni'") as caught:
        Editor(path).yank("acme/tyni", "x")
    assert "acme/tiny" in caught.value.hint
    with pytest.raises(BadReference, match="has no variant 'onnx'; it has gguf"):
        Editor(path).yank("acme/tiny:onnx", "x")


def test_a_file_that_is_none_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        Editor(tmp_path / "none.json")
    (tmp_path / "odd.json").write_text('{"schema": 1, "name": "x", "models": {}}')
    with pytest.raises(RegistryError, match="no list of entries"):
        Editor(tmp_path / "odd.json").yank("x", "y")


def test_saving_through_a_link_changes_the_file_it_leads_to(path, tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(path)
    editor = Editor(link)
    editor.set_fields("acme/tiny", {"summary": "Through a link."})
    assert editor.save()
    assert link.is_symlink()
    assert entry(path)["summary"] == "Through a link."
    assert ZEROS in path.read_text()
