"""Tasks that answer with labels, against the pipelines of transformers on the same weights."""

import json
import math
from contextlib import closing
from typing import ClassVar

import pytest
from hub_text import samples
from hub_text.labelling.filling import FillMask
from hub_text.labelling.ranking import TextRanking

import hub
from hub.errors import ContextOverflow, InferenceError, InputError, OptionError
from hub.testing import ModelContract, Opening

pytest.importorskip("hub_torch.backend", reason="the models run through openmodelhub-torch")
made = pytest.importorskip("plugins.text.tests.models_made", reason="the models are made with transformers")

FAMILIES = ("bert", "roberta")
NLI = ("contradiction", "neutral", "entailment")
NER = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def flat(values):
    """Every text in a nest of samples."""
    if isinstance(values, str):
        return [values]
    parts = values.values() if isinstance(values, dict) else values if isinstance(values, list) else ()
    return [text for part in parts for text in flat(part)]


TEXTS = [*flat(samples.text_classification()), *samples.token_classification(), *flat(samples.text_ranking())]
TEXTS += [*flat(samples.zero_shot_classification()), *samples.fill_mask()]


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    """Folder of a small model, made once for each family, head and set of labels."""
    kept = {}

    def folder(family, head, **config):
        key = json.dumps([family, head, config])
        if key not in kept:
            kept[key] = made.save(tmp_path_factory.mktemp(head), family, head, TEXTS, **config)
        return kept[key]

    return folder


def load(folder, **options):
    return hub.load(str(folder), backend="torch", threads=2, dtype="float32", **options)


def rows(found):
    """Rows in the order of their fields, with scores that are compared to 1e-4."""
    if isinstance(found, dict):
        return {key: pytest.approx(value, abs=1e-4) if key == "score" else value for key, value in found.items()}
    return [rows(item) for item in found]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "config",
    [
        {"labels": ("bad", "so so", "good")},
        {"labels": ("bad", "so so", "good"), "problem_type": "multi_label_classification"},
        {"labels": ("stars",), "problem_type": "regression"},
    ],
    ids=["softmax", "sigmoid", "none"],
)
def test_texts_and_pairs_are_classified_as_the_pipeline_does(folder_of, family, config):
    folder = folder_of(family, "SequenceClassification", **config)
    expected = [made.peer("text-classification", folder)(item, top_k=None) for item in samples.text_classification()]
    with load(folder) as model:
        assert model.task == "text-classification"
        assert model.infer(samples.text_classification(), top_k=0) == [rows(item) for item in expected]
        assert model.infer("I love it.", top_k=1) == rows(expected[0][:1])


def test_a_model_that_was_trained_without_type_ids_is_fed_none(folder_of):
    folder = folder_of("bert", "SequenceClassification", labels=("bad", "good"), seed=3)  # its files are changed
    pair = samples.text_classification()[2]
    with load(folder) as model:
        with_types = model.infer(pair)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(
        json.dumps({**config, "model_input_names": ["input_ids", "attention_mask"]})
    )
    expected = made.peer("text-classification", folder)(pair, top_k=None)
    with load(folder) as model:
        assert model.infer(pair) == rows(expected)
    assert with_types != rows(expected)


def test_the_function_of_the_scores_can_be_chosen(folder_of):
    folder = folder_of("bert", "SequenceClassification", labels=("bad", "so so", "good"))
    pipeline = made.peer("text-classification", folder)
    with load(folder) as model:
        for name in ("softmax", "sigmoid", "none"):
            expected = pipeline("I love it.", top_k=None, function_to_apply=name)
            assert model.infer("I love it.", top_k=0, function_to_apply=name) == rows(expected)


@pytest.mark.filterwarnings("ignore:Tokenizer does not support real words:UserWarning")
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("strategy", ["none", "simple", "first", "average", "max"])
def test_tokens_are_labelled_and_joined_as_the_pipeline_does(folder_of, family, strategy):
    folder = folder_of(family, "TokenClassification", labels=NER)
    pipeline = made.peer("token-classification", folder)
    texts = [*samples.token_classification(), "Zürich 猫 (Sarah's)", "  Ünïcode   in   Aachen "]
    with load(folder) as model:
        found = model.infer(texts, aggregation_strategy=strategy, ignore_labels=[""])
        for text, answer in zip(texts, found, strict=True):
            assert answer == rows(pipeline(text, aggregation_strategy=strategy, ignore_labels=[]))
        usual = model.infer(texts, aggregation_strategy=strategy)
        assert usual == [rows(pipeline(text, aggregation_strategy=strategy)) for text in texts]
    assert sum(map(len, found)) > sum(map(len, usual)) > 0


@pytest.mark.parametrize("family", FAMILIES)
def test_words_are_filled_in_as_the_pipeline_does(folder_of, family):
    folder = folder_of(family, "MaskedLM")
    pipeline = made.peer("fill-mask", folder)
    mask = pipeline.tokenizer.mask_token
    texts = [text.replace("[MASK]", mask) for text in [*samples.fill_mask(), "The [MASK] of [MASK]."]]
    with load(folder) as model:
        assert model.infer(samples.fill_mask()) == model.infer(texts[:-1])
        assert model.infer(texts) == [rows(pipeline(text)) for text in texts]
        assert model.infer(texts[0], top_k=2) == rows(pipeline(texts[0], top_k=2))
        everything = model.infer(texts[0], top_k=0)
        assert len(everything) == len(pipeline.tokenizer)
        assert sum(row["score"] for row in everything) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_words_are_chosen_among_targets_as_the_pipeline_does(folder_of, family, caplog):
    folder = folder_of(family, "MaskedLM")
    pipeline = made.peer("fill-mask", folder)
    text = samples.fill_mask()[0].replace("[MASK]", pipeline.tokenizer.mask_token)
    targets = ["a", "the", "xylophone"]
    with load(folder) as model:
        assert model.infer(text, targets=targets) == rows(pipeline(text, targets=targets))
        assert "'xylophone' is no token of this model" in caplog.text
        with pytest.raises(InputError, match="leaves no word out"):
            model.infer("Paris is the capital.")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("labels", [NLI, NLI[::-1], ("entailment", "not_entailment")])
@pytest.mark.parametrize("multi_label", [False, True])
def test_labels_that_the_caller_names_are_scored_as_the_pipeline_does(folder_of, family, labels, multi_label):
    folder = folder_of(family, "SequenceClassification", labels=labels)
    pipeline = made.peer("zero-shot-classification", folder)
    text, candidates = samples.zero_shot_classification()[0]["text"], ["sports", "politics", "cooking"]
    with load(folder) as model:
        assert model.task == "zero-shot-classification"
        for names in (candidates, candidates[:1]):
            expected = pipeline(text, names, multi_label=multi_label, hypothesis_template="It is about {}.")
            pairs = zip(expected["labels"], expected["scores"], strict=True)
            found = model.infer(
                text, candidate_labels=names, multi_label=multi_label, hypothesis_template="It is about {}."
            )
            assert found == rows([{"label": label, "score": score} for label, score in pairs])


def test_labels_come_with_the_input_or_as_an_option_or_between_commas(folder_of):
    folder = folder_of("bert", "SequenceClassification", labels=NLI)
    text = {"text": "It rained.", "candidate_labels": ["wet", "dry"], "multi_label": True}
    with load(folder) as model:
        whole = model.infer(text)
        assert whole == model.infer("It rained.", candidate_labels="wet, dry", multi_label=True)
        assert whole == model.infer({"text": "It rained."}, candidate_labels=["wet", "dry"], multi_label=True)
        for given, options, reason in (
            ("It rained.", {}, "no labels to choose from"),
            ("It rained.", {"candidate_labels": ", "}, "labels are empty"),
            ("It rained.", {"candidate_labels": "a", "hypothesis_template": "no place"}, "has no {}"),
            ({**text, "labels": []}, {}, "'labels', which is not known"),
            ({**text, "multi_label": "yes"}, {}, "true or false"),
            ({**text, "candidate_labels": [3]}, {}, r"candidate_labels\[0\]"),
            ({**text, "text": " "}, {}, "empty"),
            ({"candidate_labels": ["a"]}, {}, "has no text"),
        ):
            with pytest.raises((InputError, OptionError), match=reason):
                model.infer(given, **options)


def test_a_classifier_with_other_labels_scores_no_labels_of_the_caller(folder_of):
    folder = folder_of("bert", "SequenceClassification", labels=("bad", "so so", "good"))
    with pytest.raises(InferenceError, match="no label 'entailment'"):
        load(folder, task="zero-shot-classification")


@pytest.mark.parametrize("family", FAMILIES)
def test_documents_are_sorted_by_the_score_of_their_pair(folder_of, family):
    folder = folder_of(family, "SequenceClassification", labels=("LABEL_0",))
    pipeline = made.peer("text-classification", folder)
    with load(folder) as model:
        assert model.task == "text-ranking"
        for sample, found in zip(samples.text_ranking(), model.infer(samples.text_ranking()), strict=True):
            pairs = [{"text": sample["query"], "text_pair": document} for document in sample["documents"]]
            scores = [pipeline(pair)["score"] for pair in pairs]
            order = sorted(range(len(scores)), key=lambda place, scores=scores: -scores[place])
            expected = [{"score": scores[i], "index": i, "text": sample["documents"][i]} for i in order]
            assert found == rows(expected)


def test_documents_come_with_the_query_or_as_an_option(folder_of):
    folder = folder_of("bert", "SequenceClassification", labels=("LABEL_0",))
    query, documents = "How many?", ["one", "two", "three"]
    with load(folder) as model:
        whole = model.infer({"query": query, "documents": documents})
        assert whole == model.infer(query, documents=documents)
        assert whole == model.infer({"query": query, "documents": [{"text": text} for text in documents]})
        assert model.infer({"query": query, "documents": documents, "top_k": 1, "return_documents": False}) == [
            {key: whole[0][key] for key in ("score", "index")}
        ]
        raw = model.infer(query, documents=documents, raw_scores=True)
        logits = [math.log(row["score"] / (1 - row["score"])) for row in whole]
        assert raw == rows([{**row, "score": logit} for row, logit in zip(whole, logits, strict=True)])
        for given, reason in (
            (query, "has no documents"),
            ({"documents": documents}, "has no query"),
            ({"query": query, "documents": ["one", 2]}, r"documents\[1\] of input 0 is no text"),
            ({"query": query, "documents": documents, "top_k": -1}, "top_k"),
        ):
            with pytest.raises(InputError, match=reason):
                model.infer(given)


@pytest.mark.parametrize(
    ("config", "raw"),
    [
        ({"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"}, True),
        ({"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}}, False),
        ({"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}, True),
    ],
)
def test_the_function_of_a_ranking_model_is_its_own(folder_of, config, raw):
    folder = folder_of("bert", "SequenceClassification", labels=("LABEL_0",), **config)
    with load(folder) as model:
        given = samples.text_ranking()[0]
        assert (model.infer(given) == model.infer(given, raw_scores=True)) is raw


def test_a_text_that_is_too_long_is_refused_or_cut_as_the_pipeline_cuts_it(folder_of):
    folder = folder_of("bert", "SequenceClassification", labels=("bad", "so so", "good"))
    pipeline = made.peer("text-classification", folder)
    long = {"text": "a " * 200, "text_pair": "b " * 90}
    with load(folder) as model:
        with pytest.raises(ContextOverflow, match="1 of 2 texts are longer than the 128 tokens"):
            model.infer(["fine", long])
        for item in (long, {"text": "a " * 20, "text_pair": "b " * 190}, "a " * 200):
            expected = pipeline(item, top_k=None, truncation=True, max_length=128)
            assert model.infer(item, truncate=True) == rows(expected)


def test_a_premise_that_is_too_long_is_cut_and_the_label_is_not(folder_of):
    folder = folder_of("bert", "SequenceClassification", labels=NLI)
    pipeline = made.peer("zero-shot-classification", folder)
    text, names = "a rainy day " * 100, ["weather", "sports"]
    expected = pipeline(text, names)
    with load(folder) as model:
        with pytest.raises(ContextOverflow, match="2 of 2 texts"):
            model.infer(text, candidate_labels=names)
        found = model.infer(text, candidate_labels=names, truncate=True)
    pairs = zip(expected["labels"], expected["scores"], strict=True)
    assert found == rows([{"label": label, "score": score} for label, score in pairs])


def test_positions_of_a_roberta_end_before_its_table_does(folder_of):
    folder = folder_of("roberta", "SequenceClassification", labels=("bad", "so so", "good"))
    with load(folder) as model:
        with pytest.raises(ContextOverflow, match="longer than the 128 tokens"):
            model.infer("a " * 300)
        assert len(model.infer("a " * 300, truncate=True)) == 3


def test_what_is_compared_of_words_and_documents_are_labels(folder_of):
    folder = folder_of("bert", "MaskedLM")
    opening = Opening.of(str(folder), backend="torch", threads=2)
    with closing(opening.session()) as session:
        model = FillMask({"": session}, "run", folder, opening.plan.facts)
        options = {"batch_size": 8, "truncate": False, "top_k": 2, "targets": []}
        one, several = model.evaluate(["The [MASK].", "The [MASK] of [MASK]."], options)
        assert [set(row) for row in one] == [{"label", "score"}] * 2
        assert [len(row["label"].split()) for row in several] == [2]
    folder = folder_of("bert", "SequenceClassification", labels=("LABEL_0",))
    opening = Opening.of(str(folder), backend="torch", threads=2)
    with closing(opening.session()) as session:
        model = TextRanking({"": session}, "run", folder, opening.plan.facts)
        options = {"batch_size": 8, "truncate": False, "top_k": 0, "return_documents": True, "raw_scores": False}
        (found,) = model.evaluate([samples.text_ranking()[0]], options)
        assert sorted(row["label"] for row in found) == ["0", "1", "2"]


class Labelling(ModelContract):
    """The conformance tests; scores of a text in a batch differ from those alone in the last digits."""

    backend = "torch"
    head, labels = "SequenceClassification", ()

    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, folder_of):
        config = {"labels": cls.labels} if cls.labels else {}
        return Opening.of(str(folder_of("bert", cls.head, **config)), backend="torch", threads=2)

    def assert_agrees(self, one, other):
        assert one == rows(other)


class TestTextClassification(Labelling):
    labels = ("bad", "so so", "good")


class TestTokenClassification(Labelling):
    head, labels = "TokenClassification", NER


class TestFillMask(Labelling):
    head = "MaskedLM"


class TestZeroShotClassification(Labelling):
    labels = NLI
    call_options: ClassVar = {"candidate_labels": ["a", "b"]}


class TestTextRanking(Labelling):
    labels = ("LABEL_0",)
