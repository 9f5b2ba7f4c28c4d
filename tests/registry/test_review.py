"""What a change may do, judged from the registry alone."""

from __future__ import annotations

import json

import pytest

from hub.registry.decode import decode
from hub.registry.differences import compare
from hub.registry.review import review
from tests.support.registries import changed, file, model, registry, variant

BASE = registry(
    model("acme/tiny", owners=["ada"], variants=[variant("int8"), variant("fp32")]),
    model("google/whisper", owners=["goo"]),
    maintainers=["mia"],
    plugins=[{"package": "hub-thing", "summary": "Thing.", "owners": ["ada"]}],
)


def judged(after: bytes, *, before: bytes | None = BASE, author: str = "ada"):
    old = None if before is None else decode(before, name="before")
    new = decode(after, name="after")
    return review(old, new, compare(old, new), author=author)


def levels(after: bytes, check: str, **options):
    return [(each.level, each.message) for each in judged(after, **options) if each.check == check]


def with_model(**changes) -> bytes:
    document = json.loads(BASE)
    document["models"].append(model(**changes))
    return json.dumps(document).encode()


def with_text(text: str) -> bytes:
    return changed(BASE, "models.0.summary", text)


def test_nothing_is_judged_where_nothing_changed():
    assert judged(BASE) == []


def test_a_new_summary_by_the_owner_passes_everything():
    found = judged(with_text("Another line."))
    assert {each.level for each in found} == {"ok"}
    assert {each.check for each in found} == {"versions", "names", "text", "formats", "licence", "owners"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("models.0.variants.0.files.0.sha256", "1" * 64),
        ("models.0.variants.0.files.0.size", 11),
        ("models.0.variants.0.files.0.path", "other.gguf"),
        ("models.0.variants.0.format", "onnx"),
        ("models.0.variants.0.steps", ["prune"]),
        ("models.0.variants.0.files", [file(), file("b.gguf")]),
    ],
)
def test_listed_bytes_never_change_under_their_name(path, value):
    ((level, message),) = levels(changed(BASE, path, value), "versions")
    assert level == "fault"
    assert "list them under a name of their own: int8-v2" in message


def test_one_more_source_of_the_same_bytes_is_no_change_of_them():
    after = changed(BASE, "models.0.variants.0.files.0.sources", ["https://example.org/a", "https://example.org/b"])
    assert levels(after, "versions") == [("ok", "what was listed keeps its bytes")]


def test_a_variant_or_entry_that_is_taken_away_is_to_be_yanked():
    ((level, message),) = levels(changed(BASE, "models.0.variants.1", ...), "versions")
    assert (level, message) == ("fault", "'fp32' is gone; yank it, with the reason")
    ((level, message),) = levels(changed(BASE, "models.1", ...), "versions", author="goo")
    assert level == "fault"
    assert "hub registry yank google/whisper" in message
    ((level, message),) = levels(changed(BASE, "plugins.0", ...), "versions")
    assert "hub registry yank hub-thing" in message


def test_a_yank_passes_and_taking_it_back_is_for_a_maintainer():
    yanked = changed(BASE, "models.0.variants.0.yanked", "wrong tokenizer")
    assert levels(yanked, "versions") == [("ok", "what was listed keeps its bytes")]
    assert ("review", "'int8' was yanked (wrong tokenizer)") in levels(BASE, "versions", before=yanked)


@pytest.mark.parametrize(
    ("author", "level"), [("ada", "ok"), ("ADA", "ok"), ("mia", "ok"), ("eve", "fault"), ("", "skipped")]
)
def test_an_entry_is_changed_by_its_owners_and_the_maintainers(author, level):
    assert [each for each, _ in levels(with_text("New."), "owners", author=author)] == [level]


def test_who_makes_himself_an_owner_is_none_yet():
    ((level, message),) = levels(changed(BASE, "models.1.owners", ["eve", "goo"]), "owners", author="eve")
    assert level == "fault"
    assert "it belongs to goo, and eve is none of them" in message


def test_a_maintainer_is_not_made_by_a_change_of_his_own():
    after = changed(changed(BASE, "maintainers", ["eve"]), "models.1.summary", "Mine.")
    found = judged(after, author="eve")
    assert ("fault", "google/whisper") in {(each.level, each.entry) for each in found if each.check == "owners"}
    assert ("review", "acme") in {(each.level, each.entry) for each in found if each.check == "owners"}


def test_a_new_entry_of_somebody_elses_publisher_is_refused():
    ((level, _),) = levels(with_model(name="google/tiny2"), "owners", author="eve")
    assert level == "fault"
    assert levels(with_model(name="google/tiny2"), "owners", author="goo")[0][0] == "ok"
    assert levels(with_model(name="fresh/tiny2"), "owners", author="eve")[0][0] == "review"


@pytest.mark.parametrize(
    ("name", "alias", "said"),
    [
        ("fresh/vvhisper", "x-alias", "'vvhisper' looks like 'whisper'"),
        ("g00gle/other", "x-alias", "'g00gle' looks like 'google'"),
        ("fresh/other", "tlny", "'tlny' looks like 'tiny'"),
        ("fresh/other", "registry", "'registry' is a word"),
        ("hf/other", "x-alias", "'hf' is a word"),
        ("fresh/nul", "x-alias", "'nul' is the name of a device"),
    ],
)
def test_squatted_names_and_lookalikes_are_refused(name, alias, said):
    found = levels(with_model(name=name, aliases=[alias]), "names", author="eve")
    assert [level for level, message in found if said in message] == ["fault"]


def test_a_name_one_letter_off_is_for_a_maintainer():
    found = levels(with_model(name="fresh/whispr", aliases=[]), "names", author="eve")
    assert found == [("review", "'whispr' is one letter from 'whisper', which is somebody else's")]


def test_a_publisher_may_name_models_like_its_own():
    assert levels(with_model(name="google/whispers", aliases=[]), "names", author="goo")[0][0] == "ok"


def test_a_package_that_looks_like_another_is_refused():
    document = json.loads(BASE)
    document["plugins"].append({"package": "hub-th1ng", "summary": "Thing."})
    found = levels(json.dumps(document).encode(), "names", author="eve")
    assert found == [("fault", "'hub-th1ng' looks like 'hub-thing', which is somebody else's")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\x1b[2J\x1b[31mred", "U+001B"),
        ("safe\u202egnp.exe", "U+202E"),
        ("a\u200bb", "U+200B"),
        ("<script>alert(1)</script>", "'<script>'"),
        ('<img src=x onerror="x">', "markup"),
        ("[x](javascript:alert(1))", "'javascript:'"),
        ("!!python/object/apply:os.system [id]", "'!!python/'"),
        ("${{ secrets.TOKEN }}", "'${{'"),
        ("fine\n::set-output name=x::y", "U+000A"),
        ("::add-mask::x", "'::add-mask'"),
    ],
)
def test_hostile_text_is_refused_wherever_it_stands(text, said):
    for path in ("models.0.summary", "models.0.example", "models.0.tags", "models.0.variants.0.yanked"):
        value = [text[:64]] if path.endswith("tags") else text
        found = [message for level, message in levels(changed(BASE, path, value), "text") if level == "fault"]
        assert found, path
        assert any(said in message for message in found), found


@pytest.mark.parametrize(
    "text",
    ["Für 100 Sprachen: 日本語, العربية", "a < b and c > d", "Paris is the <mask>.", "costs $5 {really}", "👩‍🔬 model"],
)
def test_plain_text_of_every_language_passes(text):
    assert levels(with_text(text), "text") == [("ok", "plain text")]


def test_a_licence_that_is_not_on_the_list_is_for_a_person_to_read():
    after = changed(BASE, "models.0.license", "LicenseRef-acme-community")
    assert levels(after, "licence")[0][0] == "review"


@pytest.mark.parametrize("path", ["model.pt", "run.PY", "lib.so", "weights.npz"])
def test_files_that_can_run_code_are_refused(path):
    after = with_model(name="acme/more", variants=[variant(files=[file(), file(path)])])
    assert [level for level, _ in levels(after, "formats")] == ["fault"]


def test_pickle_that_is_declared_is_for_a_maintainer():
    after = with_model(name="acme/more", variants=[variant("pth", format="pickle", files=[file("m.pth")])])
    assert [level for level, _ in levels(after, "formats")] == ["review"]
