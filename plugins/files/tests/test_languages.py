"""Languages of texts with the real model, from Python and from the shell."""

from __future__ import annotations

import json

import pytest

from hub.errors import InputError
from hub.testing import get_host

pytestmark = pytest.mark.weights

RIGHT = ["en", "fr", "de", "ja", "ru", "ar"]


def samples():
    from hub_files.samples import texts

    return texts()


def test_the_samples_are_told_apart(loaded):
    found = loaded("lid176").infer(samples())
    assert [labels[0]["label"] for labels in found] == RIGHT
    assert all(0.5 < labels[0]["score"] <= 1 for labels in found)
    assert all(sorted(labels, key=lambda each: -each["score"]) == labels for labels in found)


def test_scores_are_those_of_the_library(loaded, weights):
    import fasttext

    model = loaded("lid176")
    bare = fasttext.load_model(str(next(weights.rglob("lid.176.ftz"))))
    for text, found in zip(samples(), model.infer(samples(), top_k=5, threshold=0.0), strict=True):
        labels, scores = bare.predict(text, k=5)
        assert [each["label"] for each in found] == [label.removeprefix("__label__") for label in labels]
        assert [each["score"] for each in found] == pytest.approx(scores, abs=1e-4)


def test_top_k_and_threshold_limit_what_is_given(loaded):
    model = loaded("lid176")
    assert len(model.infer("hello there", top_k=1)) == 1
    assert len(model.infer("hello there", top_k=50, threshold=0.0)) == 50
    assert len(model.infer("hello there", top_k=50, threshold=1.0)) == 1  # the first one always


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_a_text_with_nothing_in_it_is_refused(loaded, text):
    with pytest.raises(InputError, match="nothing in it"):
        loaded("lid176").infer(text)


def test_a_long_text_of_many_lines_is_one_text(loaded):
    text = "\n".join(["Der Ausschuss tritt am Donnerstag erneut zusammen."] * 5000)
    assert loaded("lid176").infer(text)[0]["label"] == "de"


def test_the_shell_answers_with_json(weights, run_hub):
    done = run_hub("run", "lid176", "--json", *samples(), env={"HUB_HOME": str(weights)})
    assert done.returncode == 0, done.stderr
    assert [each["labels"][0]["label"] for each in json.loads(done.stdout)["results"]] == RIGHT


def test_search_and_info_show_it(weights, run_hub):
    env = {"HUB_HOME": str(weights)}
    assert "lid176" in run_hub("search", "--task", "language-identification", env=env).stdout
    shown = run_hub("info", "lid176", env=env)
    assert "CC-BY-SA-3.0" in shown.stdout
    assert "hub run lid176 'Wie geht es dir?'" in shown.stderr


def test_the_package_gives_what_the_registry_says():
    record = next(each for each in get_host().plugins if each.distribution == "openmodelhub-files")
    assert record.state == "ok", record.faults
