"""Which layers go."""

import torch
from hub_prune.pruning import prune

from plugins.prune.tests.conftest import error, loaded, request, texts


def test_a_layer_that_does_nothing_goes_first(decoder, tmp_path):
    model, folder = decoder
    idle = model.model.layers[2]
    for linear in (idle.self_attn.o_proj, idle.mlp.down_proj):
        linear.weight.data.zero_()
    model.save_pretrained(folder)
    said = []
    asked = request(
        folder, tmp_path / "out", "text-generation", layers=1, inputs=[" ".join(map(str, row)) for row in texts()]
    )
    object.__setattr__(asked, "tell", said.append)
    prune(asked)
    assert said[0] == "dropped layer 3, 1 of 1"
    assert error(loaded(tmp_path / "out", "AutoModelForCausalLM"), model) < 1e-6


def test_the_layers_that_stay_keep_their_order(encoder, tmp_path):
    prune(request(encoder[1], tmp_path / "out", "feature-extraction", layers=2, reconstruct=False))
    before = [layer.attention.self.query.weight for layer in encoder[0].encoder.layer]
    after = [layer.attention.self.query.weight for layer in loaded(tmp_path / "out").encoder.layer]
    places = [next(at for at, each in enumerate(before) if torch.equal(each, found)) for found in after]
    assert places == sorted(places)
    assert len(set(places)) == 2
