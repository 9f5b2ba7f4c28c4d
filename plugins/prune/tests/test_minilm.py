"""all-MiniLM-L6-v2, pruned through the real command: opened by a backend, near to its origin, and not done twice."""

import json

import numpy as np
import pytest

import hub

pytestmark = [pytest.mark.weights, pytest.mark.slow]

NEWS = [
    "The storm left three people missing off the northern coast on Sunday.",
    "Shares closed lower after the central bank raised its rate again.",
    "The striker scored twice before half time and left the field injured.",
    "Farmers fear that the drought will cost them most of this year's harvest.",
    "A court ordered the airline to pay back passengers for the cancelled flights.",
    "Researchers found the fossil of a small bird in a quarry in the north.",
]
ASKED = ["Rescue crews searched the sea for a second day.", "The bank kept its rate.", "She won in two sets."]


def test_a_pruned_model_answers_nearly_as_its_origin(weights_home, tmp_path, run_hub, monkeypatch):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        folder = str(hub.pull("all-minilm-l6-v2:safetensors").path)
    words = [sentence.rstrip(".").split() for sentence in NEWS]
    mixed = [" ".join(one[:6] + other[4:]) + "." for one in words for other in words]
    (tmp_path / "news.txt").write_text("\n".join(mixed), encoding="utf-8")
    recipe = f"prune:ffn=0.25,data={tmp_path / 'news.txt'}"
    done = run_hub("run", folder, *ASKED, "--json", "--compress", recipe, timeout=290)
    assert done.returncode == 0, done.stderr
    assert "pruned layer 6 of 6" in done.stderr
    after = np.array([each["vector"] for each in json.loads(done.stdout)["results"]])
    with hub.load(folder) as model:
        cosine = (model.infer(ASKED) * after).sum(axis=1)
    assert 0.9 < cosine.min() < 0.99999
    monkeypatch.setattr("hub_prune.pruning.prune", None)  # it was done: nobody calls it
    with hub.load(folder, compress=recipe) as model:
        np.testing.assert_allclose(model.infer(ASKED), after, atol=1e-5)
