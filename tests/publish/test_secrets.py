from __future__ import annotations

import pytest

from hub.publish.secrets import secret_in

KEY = "-----BEGIN " + "OPENSSH PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("README.md", "export HF_TOKEN=hf_" + "aB3" * 12, "a Hugging Face token on line 2"),
        ("config.json", '{"t": "ghp_' + "a1B2" * 9 + '"}', "a GitHub token on line 2"),
        ("notes.txt", "AKIA" + "ABCDEFGHIJKLMNOP", "an AWS key on line 2"),
        ("notes.txt", "sk-proj-" + "a1" * 20, "an API key on line 2"),
        ("notes.txt", KEY, "a private key on line 2"),
        ("notes.txt", "https://me:hunter22@index.example.org/simple", "credentials in an address on line 2"),
        ("model.gguf", "hf_" + "a" * 34, "a Hugging Face token"),
        (".env", "", "of the kind that holds secrets"),
        ("keys/id_ed25519", "", "of the kind that holds secrets"),
        ("server.pem", "", "of the kind that holds secrets"),
    ],
)
def test_a_secret_is_found_and_told_without_being_shown(tmp_path, name, text, kind):
    path = tmp_path / "file"
    path.write_text(f"first line\n{text}\n")
    found = secret_in(path, name)
    assert kind in found
    assert not text or text[-12:] not in found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vocab.txt", "hf_\nsk-\nghp_token\nAKIA\nhf_hub_download\nsk-learn-classification"),
        ("README.md", "https://user@example.org and http://localhost:8080/x@y"),
        ("tokenizer.json", '{"vocab": {"-----BEGIN": 1, "PRIVATE": 2}}'),
        ("environment.json", "{}"),
        ("keys.json", "{}"),
    ],
)
def test_words_that_only_begin_like_one_are_none(tmp_path, name, text):
    path = tmp_path / "file"
    path.write_text(text)
    assert secret_in(path, name) == ""
