"""Pages for people."""

from __future__ import annotations

import requests
from huggingface_hub import CommitOperationAdd


def test_pages_show_lists_cards_files_history_and_discussions(api, repo, shared):
    card = b"---\ntags: [green]\n---\n# A title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![p](pic.png) [doc](docs/a.md) [out](https://example.org)\n"
    api.create_commit(
        repo,
        [CommitOperationAdd("README.md", card), CommitOperationAdd("d/\u00fc #1.txt", b"inside <b>")],
        commit_message="a <b>commit</b>",
    )
    api.create_discussion(repo, title="a <i>question</i>", description="**bold** <script>x</script>")
    api.upload_file(path_or_fileobj=b"new\n", path_in_repo="n.txt", repo_id=repo, create_pr=True)
    sha = api.model_info(repo).sha

    def text(path: str) -> str:
        answer = requests.get(shared.url + path, timeout=60)
        assert answer.status_code == 200, path
        assert "<script" not in answer.text
        assert "<i>question" not in answer.text
        assert "<b>commit" not in answer.text
        return answer.text

    assert repo in text(f"/?search={repo[4:]}")
    assert repo in text("/ada")
    page = text(f"/{repo}")
    assert "<h1>A title</h1>" in page
    assert "<td>1</td>" in page
    assert f'src="/{repo}/resolve/main/pic.png"' in page
    assert f'href="/{repo}/resolve/main/docs/a.md"' in page
    assert 'rel="nofollow noopener noreferrer"' in page
    assert "green" in page
    assert "d/" in text(f"/{repo}/tree/main")
    assert "%C3%BC%20%231.txt" in text(f"/{repo}/tree/main/d")
    assert "inside &lt;b&gt;" in text(f"/{repo}/blob/main/d/%C3%BC%20%231.txt")
    assert "a &lt;b&gt;commit" in text(f"/{repo}/commits/main")
    assert "+inside &lt;b&gt;" in text(f"/{repo}/commit/{sha}")
    assert "a &lt;i&gt;question" in text(f"/{repo}/discussions")
    assert "<strong>bold</strong>" in text(f"/{repo}/discussions/1")
    assert "+new" in text(f"/{repo}/discussions/2")
    assert text("/static/style.css").startswith(":root")


def test_pages_of_private_repositories_are_for_who_may_see_them(api, repo, shared):
    api.update_repo_settings(repo, private=True)
    for path in (f"/{repo}", f"/{repo}/tree/main", f"/{repo}/commits/main"):
        answer = requests.get(shared.url + path, headers={"Accept": "text/html"}, timeout=60)
        assert answer.status_code == 401
        assert "Basic" in answer.headers["WWW-Authenticate"]
        assert requests.get(shared.url + path, auth=("ada", api.token), timeout=60).status_code == 200
        assert requests.get(shared.url + path, auth=("bob", shared.tokens["bob"]), timeout=60).status_code == 404
    assert repo not in requests.get(f"{shared.url}/?search={repo[4:]}", timeout=60).text.replace(
        f'value="{repo[4:]}"', ""
    )


def test_the_access_log_has_no_secrets(own):
    ada = own.add_user("ada")
    own.start()
    ada.create_repo("ada/x")
    ada.upload_file(path_or_fileobj=b"\0" * 100, path_in_repo="w.bin", repo_id="ada/x")
    own.stop()
    log = own.log.read_text()
    assert '"user":"ada"' in log
    assert "/lfs/" in log
    assert ada.token not in log
    assert "sig=" not in log
