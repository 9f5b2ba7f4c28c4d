"""EfficientNet-Lite0: its pickle is read only if that is allowed, once, and what it becomes answers rightly."""

import pytest

import hub
from hub.errors import PolicyError

pytestmark = pytest.mark.weights

EXPECTED = {"chelsea.png": "Egyptian cat", "coffee.png": "espresso", "rocket.jpg": "missile"}


@pytest.fixture
def home(vision_home, monkeypatch):
    monkeypatch.setenv("HUB_HOME", str(vision_home))
    return vision_home


def best(model, photos):
    return {name: model.infer(photos / name)[0]["label"] for name in EXPECTED}


def test_the_module_has_the_names_and_shapes_of_the_weights(home):
    from hub_torch.pickles import read_tensors
    from hub_vision.efficientnet.architecture import EfficientNetLite

    artifact = hub.pull("efficientnet-lite0")
    tensors = read_tensors(artifact.path / "efficientnet-lite0-57934424.pth")
    shapes = {name: tuple(tensor.shape) for name, tensor in EfficientNetLite().state_dict().items()}
    assert shapes == {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def test_photos_are_labelled_through_torch_once_the_pickle_is_allowed(home, photos):
    with hub.load("efficientnet-lite0", allow_pickle=True, backend="torch", threads=2) as model:
        assert best(model, photos) == EXPECTED
        [cat, coffee] = model.infer([photos / "chelsea.png", photos / "coffee.png"])
    assert cat[0]["score"] == pytest.approx(0.39, abs=0.1)
    assert coffee[0]["score"] == pytest.approx(0.94, abs=0.05)


def test_photos_are_labelled_through_the_export(home, photos):
    with hub.load("efficientnet-lite0", allow_pickle=True, backend="onnx", threads=2) as model:
        assert best(model, photos) == EXPECTED


def test_the_pickle_is_refused_where_it_is_not_allowed(vision_home, monkeypatch, tmp_path):
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "fresh"))
    with pytest.raises(PolicyError, match="pickle"):
        hub.load("efficientnet-lite0")
