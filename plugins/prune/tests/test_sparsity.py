"""Single weights at zero."""

import pytest
import torch
from hub_prune.pruning import prune
from hub_prune.sparsity import zeroed

from plugins.prune.tests.conftest import error, loaded, request

EVERY = [("magnitude", "unstructured"), ("magnitude", "2:4"), ("wanda", "unstructured"), ("wanda", "2:4")]


@pytest.mark.parametrize(("method", "pattern"), EVERY)
def test_half_of_the_weights_of_each_layer_are_zero(encoder, tmp_path, method, pattern):
    asked = {"sparsity": 0.5, "method": method, "pattern": pattern}
    prune(request(encoder[1], tmp_path / "out", "feature-extraction", **asked))
    model = loaded(tmp_path / "out")
    for name, weight in model.encoder.named_parameters():
        if weight.ndim == 2:
            assert float((weight == 0).float().mean()) == pytest.approx(0.5, abs=0.01), name
            if pattern == "2:4":
                assert ((weight.reshape(-1, 4) == 0).sum(dim=1) == 2).all()
    assert torch.equal(model.embeddings.word_embeddings.weight, encoder[0].embeddings.word_embeddings.weight)


def test_activations_tell_which_weights_matter(encoder, tmp_path):
    origin, folder = encoder
    for layer in origin.encoder.layer:
        layer.attention.output.LayerNorm.weight.data[:8] *= 8  # some inputs are far larger than others
    origin.save_pretrained(folder)
    for method in ("magnitude", "wanda"):
        prune(request(folder, tmp_path / method, "feature-extraction", sparsity=0.5, method=method))
    assert error(loaded(tmp_path / "wanda"), origin) < error(loaded(tmp_path / "magnitude"), origin)


def test_the_smallest_go():
    weight = torch.tensor([[0.1, -4.0, 0.2, 3.0], [5.0, 0.3, -6.0, 0.4]])
    assert zeroed(weight, 0.5, "unstructured", None).tolist() == [[0, -4, 0, 3], [5, 0, -6, 0]]
    lengths = torch.tensor([100.0, 1.0, 1.0, 1.0])
    assert zeroed(weight, 0.25, "unstructured", lengths)[0, 0] == pytest.approx(0.1)
    assert zeroed(weight, 0.25, "unstructured", lengths)[0, 2] == 0


def test_zeros_come_after_what_is_removed(encoder, tmp_path):
    prune(request(encoder[1], tmp_path / "out", "feature-extraction", ffn=0.25, sparsity=0.5, layers=1))
    model = loaded(tmp_path / "out")
    weight = model.encoder.layer[0].output.dense.weight
    assert weight.shape == (32, 48)
    assert float((weight == 0).float().mean()) == pytest.approx(0.5, abs=0.01)
