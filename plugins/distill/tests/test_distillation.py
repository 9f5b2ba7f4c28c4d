"""Whole distillations of tiny models of each kind: what is learnt, what is written, what is refused."""

from __future__ import annotations

import json
import math

import pytest
import torch
from hub_distill.distillation import distill
from hub_distill.kinds import KINDS
from hub_distill.loading import open_model
from safetensors.torch import load_file, save_file

from hub.errors import InferenceError, InputError, OptionError, UsageError
from plugins.distill.tests.conftest import WORDS, metrics_of, request_of, sentences, write_tiny, write_tokenizer

TEXTS = sentences(120)


def learnt(out) -> tuple[float, float]:
    """Validation loss at the start, and the best."""
    checks = [line["validation"] for line in metrics_of(out)[1]]
    return checks[0], min(checks)


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("feature-extraction", {"keep_layers": 2}),
        ("feature-extraction", {"keep_ffn": 0.5, "optimizer": "sgd", "learning_rate": 0.02}),
        ("text-generation", {"keep_layers": 2, "learning_rate": 2e-3}),
        ("text-generation", {"keep_layers": 2, "learning_rate": 2e-3, "alpha_hidden": 1, "layer_map": "even"}),
        ("text-classification", {"keep_layers": 2, "learning_rate": 2e-3}),
        ("text-ranking", {"keep_layers": 2, "learning_rate": 2e-3}),
        ("token-classification", {"keep_layers": 2, "schedule": "cosine", "learning_rate": 2e-3}),
        ("fill-mask", {"keep_layers": 2, "learning_rate": 2e-3}),
    ],
)
def test_a_student_comes_nearer_to_its_teacher_on_texts_that_it_did_not_learn(tmp_path, task, options) -> None:
    folder = write_tiny(tmp_path / "teacher", task)
    told: list[str] = []
    request = request_of(folder, task, tmp_path / "out", TEXTS, **{"steps": 60, **options})
    distill(replaced(request, tell=told.append))
    start, best = learnt(tmp_path / "out")
    assert best < 0.85 * start
    assert any(line.startswith("a student of") for line in told)
    assert any("step 30/60, loss" in line and "left" in line for line in told)
    assert told[-1].startswith("kept the student of step")
    found = open_model(tmp_path / "out", KINDS[task], "student")
    assert found.config["num_hidden_layers"] == options.get("keep_layers", 4)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "config.json",
        "model.safetensors",
        "distill-metrics.jsonl",
        "distill-loss.png",
    }


def replaced(request, **changes):
    from dataclasses import replace

    return replace(request, **changes)


def test_metrics_hold_every_step_and_the_plot_is_a_picture(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    distill(
        request_of(
            folder, "feature-extraction", tmp_path / "out", TEXTS, keep_layers=2, steps=12, validate_every=5, warmup=0.3
        )
    )
    steps, checks = metrics_of(tmp_path / "out")
    assert [line["step"] for line in steps] == list(range(1, 13))
    assert [line["step"] for line in checks] == [0, 5, 10, 12]
    for line in steps:
        assert line["loss"] == pytest.approx(line["hidden"] + line["cosine"], rel=1e-5)
        assert math.isfinite(line["gradient"])
    rates = [line["rate"] for line in steps]
    assert rates.index(max(rates)) == 4
    assert rates[0] < rates[1] < rates[4] > rates[-1] > 0
    assert (tmp_path / "out" / "distill-loss.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_run_gives_the_same_bytes_and_another_seed_others(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        distill(request_of(folder, "feature-extraction", tmp_path / name, TEXTS, keep_layers=2, seed=seed))
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name
    assert (tmp_path / "a/model.safetensors").read_bytes() != (tmp_path / "c/model.safetensors").read_bytes()


def test_altered_copies_are_learnt_from_and_words_that_the_text_lacks_are_known(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    few = [" ".join(WORDS[place % 16] for place in range(start, start + 6)) for start in range(40)]
    others = [" ".join(text.split()) for text in sentences(60, seed=9)]
    found, told = [], []
    for augment in (0, 8):
        out = tmp_path / f"{augment}"
        options = {"keep_layers": 2, "augment": augment, "steps": 120, "learning_rate": 2e-3}
        distill(replaced(request_of(folder, "feature-extraction", out, few, **options), tell=told.append))
        write_tokenizer(out)
        still = {"steps": 1, "learning_rate": 0.0, "validation": 0.5, "augment": 0}
        distill(request_of(out, "feature-extraction", tmp_path / f"{augment}-on", others, origin=folder, **still))
        found.append(metrics_of(tmp_path / f"{augment}-on")[1][0]["validation"])
    assert found[1] < 0.9 * found[0]
    plans = [line for line in told if line.startswith("a student of")]
    assert [" altered ones, " in line for line in plans] == [False, True]


def test_the_best_validation_is_kept_and_not_the_last(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    options = {"keep_layers": 2, "steps": 40, "schedule": "constant", "learning_rate": 0.03, "clip": 0, "warmup": 0}
    options["validate_every"] = 1
    distill(request_of(folder, "feature-extraction", tmp_path / "out", TEXTS, **options))
    checks = [line["validation"] for line in metrics_of(tmp_path / "out")[1]]
    assert 0 < checks.index(min(checks)) < 40
    write_tokenizer(tmp_path / "out")
    still = {"steps": 1, "learning_rate": 0.0}
    distill(request_of(tmp_path / "out", "feature-extraction", tmp_path / "again", TEXTS, origin=folder, **still))
    assert metrics_of(tmp_path / "again")[1][0]["validation"] == pytest.approx(min(checks), rel=1e-4)
    assert min(checks) < 0.99 * checks[-1]


def test_token_embeddings_stay_where_they_are_the_teachers(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    name = "embeddings.word_embeddings.weight"
    before = load_file(folder / "model.safetensors")[name]
    for way, same in (("auto", True), ("train", False)):
        distill(request_of(folder, "feature-extraction", tmp_path / way, TEXTS, keep_layers=2, embeddings=way))
        assert torch.equal(load_file(tmp_path / way / "model.safetensors")[name], before) is same


def test_a_student_of_another_width_learns_through_a_map_that_is_not_kept(tmp_path) -> None:
    teacher = write_tiny(tmp_path / "teacher", "text-generation")
    from transformers import LlamaConfig, LlamaForCausalLM

    from plugins.distill.tests.conftest import LLAMA

    torch.manual_seed(3)
    smaller = {**LLAMA, "hidden_size": 16, "num_hidden_layers": 1}
    LlamaForCausalLM(LlamaConfig(**smaller)).save_pretrained(tmp_path / "student")
    out = tmp_path / "out"
    options = {"student": str(tmp_path / "student"), "alpha_hidden": 1, "learning_rate": 5e-3, "steps": 60}
    distill(request_of(teacher, "text-generation", out, TEXTS, **options))
    start, best = learnt(out)
    assert best < 0.9 * start
    found = open_model(out, KINDS["text-generation"], "student")
    assert (found.config["hidden_size"], found.config["num_hidden_layers"]) == (16, 1)
    assert not [name for name in load_file(out / "model.safetensors") if "maps" in name]


def test_a_pruned_artifact_learns_from_what_the_recipe_began_with(tmp_path) -> None:
    origin, pruned = tmp_path / "origin", tmp_path / "pruned"
    write_tiny(origin, "feature-extraction")
    distill(request_of(origin, "feature-extraction", pruned, TEXTS, keep_layers=2, steps=1, learning_rate=0.0))
    write_tokenizer(pruned)
    distill(request_of(pruned, "feature-extraction", tmp_path / "out", TEXTS, origin=origin))
    start, best = learnt(tmp_path / "out")
    assert best < 0.9 * start
    assert not (tmp_path / "out" / "config.json").exists()


def test_a_named_teacher_teaches(tmp_path) -> None:
    student = write_tiny(tmp_path / "student", "text-classification", seed=1)
    teacher = write_tiny(tmp_path / "teacher", "text-classification", seed=2)
    options = {"teacher": str(teacher), "learning_rate": 3e-3, "steps": 60}
    distill(request_of(student, "text-classification", tmp_path / "out", TEXTS, **options))
    start, best = learnt(tmp_path / "out")
    assert best < 0.9 * start


def test_a_language_model_learns_the_next_token_of_the_text_too(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "text-generation")
    text = [" ".join([WORDS[number], *WORDS[:6]]) for number in range(64)]
    options = {"keep_layers": 2, "alpha_labels": 1, "alpha_logits": 0.1, "learning_rate": 3e-3, "steps": 60}
    distill(request_of(folder, "text-generation", tmp_path / "out", text, **options))
    checks = metrics_of(tmp_path / "out")[1]
    assert checks[-1]["validation_labels"] < 0.7 * checks[0]["validation_labels"]


def test_a_model_is_not_its_own_teacher(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    with pytest.raises(UsageError, match="is its own teacher") as caught:
        distill(request_of(folder, "feature-extraction", tmp_path / "out", TEXTS))
    assert "layers=N" in caught.value.hint


def test_labels_and_tokens_must_be_the_same(tmp_path) -> None:
    three, one = (write_tiny(tmp_path / task, task) for task in ("text-classification", "text-ranking"))
    with pytest.raises(UsageError, match="the student has 3 labels and the teacher 1"):
        distill(request_of(three, "text-classification", tmp_path / "out", TEXTS, teacher=str(one)))
    write_tokenizer(one, WORDS[::-1])
    with pytest.raises(UsageError, match="the teacher has another tokenizer"):
        distill(request_of(three, "text-classification", tmp_path / "out", TEXTS, teacher=str(one)))
    with pytest.raises(UsageError, match="is no folder of a model"):
        distill(request_of(three, "text-classification", tmp_path / "out", TEXTS, teacher=str(tmp_path / "none")))


def test_bad_data_is_refused_before_anything_is_learnt(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    with pytest.raises(InputError, match="learning needs at least 8"):
        distill(request_of(folder, "feature-extraction", tmp_path / "out", TEXTS[:3], keep_layers=2))
    with pytest.raises(InputError, match="input 0 of the data is bytes"):
        distill(request_of(folder, "feature-extraction", tmp_path / "out", [b"x"], keep_layers=2))
    assert not list((tmp_path / "out").iterdir())


def test_damaged_weights_of_a_teacher_are_named(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    weights = load_file(folder / "model.safetensors")
    weights["encoder.layer.2.output.dense.weight"][3, 4] = math.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        InferenceError, match=r"the teacher gives .* not finite, first in .*'encoder.layer.2.output.dense"
    ):
        distill(request_of(folder, "feature-extraction", tmp_path / "out", TEXTS, keep_layers=2))


def test_a_loss_that_is_not_finite_names_step_and_layer_and_keeps_nothing(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "text-generation")
    options = {"keep_layers": 2, "optimizer": "sgd", "learning_rate": 1e35, "clip": 0, "warmup": 0, "steps": 20}
    request = request_of(
        folder, "text-generation", tmp_path / "out", TEXTS, **options, validate_every=20, checkpoint_every=1
    )
    with pytest.raises(
        InferenceError, match=r"not finite at step \d+ of 20: layer 'model\.\S+' of the student"
    ) as caught:
        distill(request)
    assert "learning_rate=2e+34" in caught.value.hint
    assert not list(request.out.iterdir())
    assert not list(request.work.iterdir())


def test_a_device_that_is_not_there_is_refused(tmp_path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    with pytest.raises(OptionError, match="finds no cuda here"):
        distill(request_of(folder, "feature-extraction", tmp_path / "out", TEXTS, keep_layers=2, device="cuda"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_student_learns_on_a_gpu(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "text-generation")
    options = {"keep_layers": 2, "learning_rate": 2e-3, "steps": 60, "device": "cuda", "precision": "auto"}
    distill(request_of(folder, "text-generation", tmp_path / "out", TEXTS, **options))
    start, best = learnt(tmp_path / "out")
    assert best < 0.85 * start


def test_bfloat16_learns_as_well(tmp_path) -> None:
    folder = write_tiny(tmp_path / "teacher", "feature-extraction")
    distill(
        request_of(folder, "feature-extraction", tmp_path / "out", TEXTS, keep_layers=2, steps=60, precision="bfloat16")
    )
    start, best = learnt(tmp_path / "out")
    assert best < 0.85 * start
    assert json.loads((tmp_path / "out/config.json").read_text())["num_hidden_layers"] == 2
