"""A change to a registry, checked with its sources and models: what is wrong is named."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from hub.publish.checking import Extent, check
from hub.publish.confined import without_secrets
from hub.publish.contents import content_fault
from hub.publish.lines import line_of
from hub.publish.trial import example_for, why_empty
from hub.registry.writing import formatted
from tests.support.changing import toy
from tests.support.registries import changed, registry, variant

PLAIN = Extent(author="ada", plugins=False)


def checked(after: bytes, before: bytes | None = None, **changes):
    return check(before, formatted(after), name="registry.json", extent=replace(PLAIN, **changes))


def said(result, *checks: str) -> list[tuple[str, str]]:
    return [(each.level, each.message) for each in result.findings if not checks or each.check in checks]


def test_an_entry_is_fetched_hashed_looked_at_and_answers(files, with_toy):
    result = checked(registry(toy(files)))
    assert said(result, "sources", "contents", "answer") == [
        ("ok", f"{files.put('', b'').rstrip('/')} serves 1 file, as promised"),
        ("ok", "files are what they are called"),
        ("ok", "answers with toy: hello there"),
    ]
    assert result.faults == 0


def test_each_source_is_asked_for_itself_and_what_it_serves_is_hashed(files):
    mirror = files.put("elsewhere/a.toy", b"other!!").replace("127.0.0.1", "localhost")
    entry = toy(files)
    entry["variants"][0]["files"][0]["sources"].append(mirror)
    result = checked(registry(entry), smoke=False)
    (ok, message), (fault, why), *_ = said(result, "sources")
    assert (ok, fault) == ("ok", "fault")
    assert "serves 1 file" in message
    assert mirror in why
    assert "not what was promised" in why
    assert files.asked == ["/acme/toy/a.toy", "/elsewhere/a.toy", "/elsewhere/a.toy"]


def test_a_file_that_is_not_there_and_a_wrong_hash_are_faults(files):
    gone = changed(registry(toy(files)), "models.0.variants.0.files.0.sources.0", files.put("", b"") + "gone.toy")
    assert any("404" in message for level, message in said(checked(gone), "sources") if level == "fault")
    wrong = changed(registry(toy(files)), "models.0.variants.0.files.0.sha256", "0" * 64)
    result = checked(wrong)
    assert any("expected sha256 000000" in message for level, message in said(result, "sources") if level == "fault")
    assert said(result, "answer") == [("skipped", "its files cannot be had")]


def test_only_what_a_change_touches_is_fetched(files):
    before = formatted(registry(toy(files), toy(files, "acme/other", b"others", aliases=["other"])))
    after = changed(before, "models.1.variants", [*json.loads(before)["models"][1]["variants"]])
    after = changed(after, "models.0.summary", "Another line.")
    files.asked.clear()
    result = checked(after, before)
    assert [change.entry for change in result.changes.models] == ["acme/toy"]
    assert files.asked == []
    document = json.loads(before)
    document["models"][1]["variants"].append(variant("more", format="toy", files=[files.listed("new/a.toy", b"newer")]))
    checked(json.dumps(document).encode(), before, smoke=False)
    assert files.asked == ["/new/a.toy"]


def test_a_pickle_under_a_safe_name_is_found(files):
    entry = toy(files, content=b"\x80\x04\x95\x10\x00\x00\x00.")
    result = checked(registry(entry), smoke=False)
    assert ("fault", "a.toy is a pickle under another name") in said(result, "contents")


@pytest.mark.parametrize(
    ("example", "level", "message"),
    [("raise", "fault", "ZeroDivisionError"), ("  ", "fault", "the prompt is empty"), ("die", "fault", "signal 9")],
)
def test_a_model_that_fails_to_answer_is_a_fault(files, with_toy, example, level, message):
    result = checked(registry(toy(files, example=example)))
    (found,) = said(result, "answer")
    assert found[0] == level
    assert message in found[1]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"generated_text": " \n"}, "an empty text"),
        ([], ""),
        (None, "nothing"),
        (np.array([1.0, np.nan]), "not finite"),
        (np.zeros(3), "zeros alone"),
        (np.array([0.0, 1.0]), ""),
        ([{"label": "cat", "score": 0.9}], ""),
        ({"generated_text": "4"}, ""),
    ],
)
def test_an_answer_that_is_none_is_told(answer, why):
    assert why in why_empty(answer)
    assert bool(why) == bool(why_empty(answer))


def test_the_example_is_asked_and_a_sample_of_the_task_where_there_is_none():
    assert example_for("text-generation", "hello") == "hello"
    assert example_for("text-generation", "") == "What is 2+2?"
    assert example_for("no-such-task", "hello") == "hello"


def test_a_model_of_files_is_asked_a_sample_and_not_the_name_of_a_file():
    pytest.importorskip("hub_files")
    assert example_for("file-type", "README.md") not in {"README.md", None}


def test_a_model_that_hangs_is_stopped(files, with_toy):
    result = checked(registry(toy(files, example="deaf")), minutes=0.06)
    assert ("fault", "the process that tries it was stopped after 0.06 minutes") in said(result, "answer")


def test_a_model_that_no_installed_plugin_runs_is_skipped_and_its_format_is_named(files, monkeypatch):
    monkeypatch.setenv("HUB_DISABLE_PLUGINS", "*")
    (found,) = said(checked(registry(toy(files))), "answer")
    assert found[0] == "skipped"
    assert "no installed backend opens toy" in found[1]


def test_faults_of_the_schema_come_alone_with_their_path():
    result = checked(changed(registry(), "models.0.license", "Apache 2"))
    (fault,) = result.findings
    assert (fault.check, fault.level, fault.path) == ("schema", "fault", "$.models[0].license")


def test_a_registry_that_was_in_form_stays_so(files):
    before = formatted(registry(toy(files)))
    after = json.dumps({**json.loads(before), "maintainers": []}).encode()
    result = check(before, after, name="x", extent=replace(PLAIN, sources=False))
    assert said(result, "form") == [("fault", "not in form: hub registry format")]
    loose = json.dumps(json.loads(before)).encode()
    result = check(loose, after, name="x", extent=replace(PLAIN, sources=False))
    assert said(result, "form") == []


def test_a_child_gets_none_of_our_secrets(monkeypatch, tmp_path):
    secret = (
        "HF_TOKEN",
        "GITHUB_TOKEN",
        "AWS_REGION",
        "MY_API_KEY",
        "TWINE_PASSWORD",
        "HUB_TOKEN_TEAM",
        "ACTIONS_RUNTIME_URL",
    )
    kept = ("PIP_INDEX_URL", "HF_ENDPOINT", "PATH", "HUB_DISABLE_PLUGINS", "REQUESTS_CA_BUNDLE")
    for name in (*secret, *kept[:2], *kept[3:]):
        monkeypatch.setenv(name, "x")
    env = without_secrets(tmp_path)
    assert not set(secret) & set(env)
    assert set(kept) <= set(env)
    assert env["HUB_HOME"].startswith(str(tmp_path))
    assert env["HF_HOME"] != os.environ.get("HF_HOME")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("m.safetensors", b"\x10\0\0\0\0\0\0\0" + b'{"a": {}}       ', ""),
        ("m.safetensors", b"\x80\x02\0\0\0\0\0\0" + b'{"a.b": {}}'.ljust(640), ""),
        ("m.safetensors", b"\x80\x02}.", "is a pickle"),
        ("m.safetensors", b"\xff" * 16, "its header is not one"),
        ("m.safetensors", b"\x02\0\0\0\0\0\0\0{x", "its header is no JSON"),
        ("m.gguf", b"GGUF\x03", ""),
        ("m.gguf", b"GGML", "is no GGUF file"),
        ("m.onnx", b"\x08\x07", ""),
        ("m.onnx", b"\x80\x02}.", "is a pickle"),
        ("m.bin", b"PK\x03\x04archive/data.pkl", "is a pickle"),
        ("run.toy", b"#!/bin/sh\nrm", "is a program"),
        ("lib.gguf", b"\x7fELF\x02", "is a program"),
        ("config.json", b'{"a": 1}', ""),
        ("config.json", b"{", "is no JSON"),
        ("vocab.txt", b"a\0b", "is no text"),
    ],
)
def test_first_bytes_tell_what_a_file_is(tmp_path, name, content, why):
    path = tmp_path / "blob"
    path.write_bytes(content)
    found = content_fault(path, name)
    assert (why in found) if why else found == ""


def test_a_path_is_found_on_its_line():
    text = '{\n "a": "x:{[",\n "models": [\n  {"id": 1},\n  {\n   "odd key": [1,\n    2]\n  }\n ]\n}\n'
    assert line_of(text, "$") == 1
    assert line_of(text, "$.models[0].id") == 4
    assert line_of(text, "$.models[1]") == 5
    assert line_of(text, "$.models[1]['odd key'][1]") == 7
    assert line_of(text, "$.models[7].id") == 3
    assert line_of("{", "$.a.b") == 1
