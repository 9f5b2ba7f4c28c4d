"""What a pickle becomes is told from facts alone."""

import pytest
from hub_torch.facts import accepts
from hub_torch.pickles_facts import predict
from hub_torch.steps import accepts as accepts_step

from hub.types import Facts, WeightFile

OWN = {"torch": "somewhere:build"}


def facts(*names, architectures=None, weights=("model.pth",)):
    files = tuple(WeightFile(path=name, size=100, sha256="0" * 64, sources=()) for name in (*names, *weights))
    return Facts(
        task="image-classification",
        family="of-its-own",
        format="pickle",
        files=files,
        parts={"": weights},
        size=100 * len(files),
        architectures=architectures or {},
    )


def test_the_same_tensors_come_out_and_assets_stay():
    found = predict(facts("labels.txt", architectures=OWN), {})
    assert found.format == "safetensors"
    assert found.parts == {"": ("model.safetensors",)}
    assert {file.path: file.size for file in found.files} == {
        "labels.txt": 100,
        "config.json": None,
        "model.safetensors": 100,
    }
    assert found.architectures == OWN


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (facts("labels.txt"), "nothing says how to compute"),
        (facts(architectures=OWN, weights=("a.pth", "b.pth")), "there are 2"),
    ],
)
def test_what_cannot_be_computed_with_is_refused(given, reason):
    assert reason in predict(given, {})


def test_a_config_says_how_to_compute_too():
    assert predict(facts("config.json"), {}).format == "safetensors"


def test_a_module_of_a_model_plugin_is_accepted_whatever_its_family_is():
    assert accepts(facts(architectures=OWN), "run") is None
    assert "no architecture 'of-its-own'" in accepts(facts(), "run")
    assert "not with embed" in accepts(facts(architectures=OWN), "embed")


def test_steps_of_torchao_are_for_models_of_transformers():
    pytest.importorskip("torchao")
    assert "a module that a model plugin brings" in accepts_step(facts(architectures=OWN), {})
