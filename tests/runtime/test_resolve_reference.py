from __future__ import annotations

import pytest

from hub.errors import BadReference
from hub.runtime.references.reference import Reference, parse_reference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tiny", {"kind": "name", "name": "tiny"}),
        ("tiny:q8_0", {"kind": "name", "name": "tiny", "variant": "q8_0"}),
        ("acme/tiny:onnx-int8", {"kind": "name", "name": "acme/tiny", "variant": "onnx-int8"}),
        ("team/acme/tiny", {"kind": "name", "name": "team/acme/tiny"}),
        ("hf:acme/tiny", {"kind": "repository", "scheme": "hf", "name": "acme/tiny"}),
        ("hf:acme/tiny@v1.0", {"kind": "repository", "scheme": "hf", "name": "acme/tiny", "revision": "v1.0"}),
        (
            "hf:acme/tiny@refs/pr/3:q4_k_m",
            {"kind": "repository", "scheme": "hf", "name": "acme/tiny", "revision": "refs/pr/3", "variant": "q4_k_m"},
        ),
        ("./tiny:q8", {"kind": "path", "name": "./tiny:q8"}),
        ("../x", {"kind": "path", "name": "../x"}),
        ("~/models/x", {"kind": "path", "name": "~/models/x"}),
        ("/abs/path", {"kind": "path", "name": "/abs/path"}),
        (".", {"kind": "path", "name": "."}),
        ("C:\\models\\x", {"kind": "path", "name": "C:\\models\\x"}),
        ("model.gguf", {"kind": "name", "name": "model.gguf"}),
        ("modèle à moi.gguf", {"kind": "path", "name": "modèle à moi.gguf"}),
    ],
)
def test_a_reference_is_taken_apart(text, expected):
    assert parse_reference(text) == Reference(text=text, **expected)


def test_a_scheme_that_a_plugin_brings_takes_the_first_colon():
    assert parse_reference("ms:acme/tiny:q8", schemes=("hf", "ms")).scheme == "ms"


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\x1b[2Jb", "a\x00"])
def test_what_cannot_name_anything_is_refused(text):
    with pytest.raises(BadReference, match="is not the name of a model"):
        parse_reference(text)


@pytest.mark.parametrize(
    "text", ["hf:tiny", "hf:", "hf:a/b/c", "hf:a/b@", "hf:a/b@x..y", "hf:a/b:", "hf:../b", "hf:a/b@x y", "hf:a/b:q/8"]
)
def test_what_is_no_repository_shows_how_one_is_written(text):
    with pytest.raises(BadReference) as caught:
        parse_reference(text)
    assert caught.value.hint == "Write: hf:org/repo[@revision][:VARIANT]"


@pytest.mark.parametrize("text", ["https://huggingface.co/acme/tiny/tree/main", "http://www.hf.co/acme/tiny?x"])
def test_the_address_of_a_page_shows_the_reference(text):
    with pytest.raises(BadReference) as caught:
        parse_reference(text)
    assert caught.value.hint == "Write: hf:acme/tiny"


@pytest.mark.parametrize("text", ["https://example.org/x.gguf", "file:/x.gguf", "pypi:x==1/x.gguf"])
def test_a_source_is_not_a_model(text):
    with pytest.raises(BadReference, match="is where a file lies"):
        parse_reference(text)
