"""A real classifier of sentiment, made here of all-MiniLM-L6-v2, through every backend that opens it."""

import json
import warnings

import numpy as np
import pytest

import hub
from tests.conftest import RunHub

made = pytest.importorskip("plugins.text.tests.models_made", reason="the classifier is made with transformers")

import torch  # noqa: E402 - both come with what is asked for above
import transformers  # noqa: E402

pytestmark = [pytest.mark.weights, pytest.mark.slow]
HELD_OUT = 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory, minilm_folder, polarity):
    """The classifier as safetensors and as ONNX: MiniLM as it is, and a head that was trained on three quarters."""
    place = tmp_path_factory.mktemp("sentiment")
    torch.manual_seed(0)
    tokenizer = transformers.AutoTokenizer.from_pretrained(minilm_folder)
    config = transformers.AutoConfig.from_pretrained(
        minilm_folder, num_labels=2, id2label={0: "neg", 1: "pos"}, label2id={"neg": 0, "pos": 1}
    )
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    model = transformers.AutoModelForSequenceClassification.from_pretrained(minilm_folder, config=config).eval()
    texts, labels = zip(*shuffled(polarity)[HELD_OUT:], strict=True)
    train_head(model, tokenizer, texts, [config.label2id[label] for label in labels])
    model.save_pretrained(place)
    tokenizer.save_pretrained(place)
    export(model, tokenizer, place / "model.onnx")
    return place


def shuffled(polarity):
    order = np.random.default_rng(0).permutation(len(polarity))
    return [polarity[place] for place in order]


def train_head(model, tokenizer, texts, labels):
    """Train pooler and classifier on what the encoder, which stays as it is, says of each text."""
    with torch.no_grad():
        feeds = tokenizer(list(texts), padding=True, truncation=True, max_length=128, return_tensors="pt")
        hidden = model.bert(**feeds).last_hidden_state
    head = [*model.bert.pooler.parameters(), *model.classifier.parameters()]
    optimizer, targets = torch.optim.AdamW(head, lr=1e-3, weight_decay=0.1), torch.tensor(labels)
    for _ in range(40):
        loss = torch.nn.functional.cross_entropy(model.classifier(model.bert.pooler(hidden)), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def export(model, tokenizer, path):
    feeds = dict(tokenizer(["one text", "another one, which is longer"], padding=True, return_tensors="pt"))
    model.config.return_dict = False
    dims = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch's exporter calls what torch itself deprecates
        torch.onnx.export(
            model,
            kwargs=feeds,
            f=str(path),
            input_names=list(feeds),
            output_names=["logits"],
            dynamic_shapes=dict.fromkeys(feeds, dims),
            external_data=False,
            dynamo=True,
            verbose=False,
        )


@pytest.fixture(scope="module", params=["torch", "onnx"])
def classifier(request, folder):
    pytest.importorskip(f"hub_{request.param}.backend", reason=f"it runs through openmodelhub-{request.param}")
    with hub.load(str(folder), backend=request.param, threads=2) as model:
        yield model


def test_every_sentence_gets_the_labels_and_scores_of_the_pipeline(classifier, folder, polarity):
    texts = [text for text, _ in shuffled(polarity)[:40]]
    found = classifier.infer(texts)
    assert [len(rows) for rows in found] == [2] * len(texts)
    for rows, expected in zip(found, made.peer("text-classification", folder)(texts, top_k=None), strict=True):
        assert [row["label"] for row in rows] == [row["label"] for row in expected]
        np.testing.assert_allclose([row["score"] for row in rows], [row["score"] for row in expected], atol=1e-4)


def test_it_tells_praise_from_blame(classifier, polarity):
    def accuracy(part):
        found = classifier.infer([text for text, _ in part], top_k=1)
        return np.mean([rows[0]["label"] == label for rows, (_, label) in zip(found, part, strict=True)])

    assert accuracy(shuffled(polarity)[HELD_OUT:]) > 0.85
    assert accuracy(shuffled(polarity)[:HELD_OUT]) > 0.6  # chance is 0.5


def test_the_command_shows_labels_and_their_scores(folder, polarity, run_hub: RunHub):
    texts = [text for text, _ in polarity[:2]]
    result = run_hub("run", str(folder), "--json", "--option", "top_k=1", *texts)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["task"] == "text-classification"
    for each, [expected] in zip(
        document["results"], made.peer("text-classification", folder)(texts, top_k=1), strict=True
    ):
        assert each["labels"] == [{"label": expected["label"], "score": pytest.approx(expected["score"], abs=1e-4)}]
