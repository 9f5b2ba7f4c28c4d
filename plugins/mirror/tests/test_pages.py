"""Pages for people."""

from __future__ import annotations

import pytest
import requests
from hub_mirror.rendering import card_html
from huggingface_hub import CommitOperationAdd
from markupsafe import escape


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
    assert '<h1 id="a-title">A title</h1>' in page
    assert "<td>1</td>" in page
    assert f'src="/{repo}/resolve/main/pic.png"' in page
    assert f'href="/{repo}/blob/main/docs/a.md"' in page
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


def test_a_card_keeps_the_html_that_only_shows(api, repo, shared):
    card = """<div align="center" style="position:fixed" class="x"><img src="pic.png" width="9" onload="x()"></div>

[up](#top-9) <a href="docs/a.md">doc</a> <form action="/x"><input name="token"></form> <svg onload="x()"></svg>
![other](https://example.org/p.png) <img src="//example.org/q.png"> <img src="data:image/svg+xml,x">
<a href="data:text/html,x">d</a> <a href="javascript:x()">j</a> <base href="https://example.org">

## Top 9
## Top 9
"""
    api.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=repo)
    page = requests.get(f"{shared.url}/{repo}", timeout=60).text.partition("<article>")[2].partition("</article>")[0]
    assert f'<div align="center"><img src="/{repo}/resolve/main/pic.png" width="9"></div>' in page
    assert f'<a href="/{repo}/blob/main/docs/a.md"' in page
    assert '<a href="#top-9"' in page
    assert '<h2 id="top-9">' in page
    assert '<h2 id="top-9-1">' in page
    for gone in ("style", "class", "onload", "<form", "<input", "<svg", "<base", "data:", "javascript", "example.org"):
        assert gone not in page, gone


@pytest.mark.parametrize("piece", ["![[](", "<div>", "**a_ ", "~~a", "`a``", "[a]: b\n"])
def test_a_card_that_would_take_long_to_read_is_shown_as_it_is_written(piece):
    text = "---\nlicense: mit\n---\n" + piece * (150_000 // len(piece))
    assert card_html(text, "/ada/x").startswith(f"<pre>{escape(piece)}{escape(piece)}")
    assert not card_html(piece * 100, "/ada/x").startswith("<pre>")


def test_a_browser_is_told_in_a_page_what_a_client_is_told_in_json(api, repo, shared):
    browser = {"Accept": "text/html,*/*"}
    for path in ("/ada/none", f"/{repo}/tree/none", f"/{repo}/blob/main/none.txt", "/nobody-at-all", "/a/b/c/d/e/f"):
        shown = requests.get(shared.url + path, headers=browser, auth=("ada", api.token), timeout=60)
        told = requests.get(shared.url + path, auth=("ada", api.token), timeout=60)
        assert shown.status_code == told.status_code == 404
        assert shown.headers.get("X-Error-Code") == told.headers.get("X-Error-Code")
        assert "<h1>Not Found</h1>" in shown.text
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
        assert told.json()["error"].partition("'")[0] in shown.text
    assert requests.get(f"{shared.url}/api/models/ada/none", headers=browser, timeout=60).json()["error"]


def test_who_logs_in_is_led_back_and_nowhere_else(api, repo, shared):
    asked = requests.get(f"{shared.url}/login", headers={"Accept": "text/html"}, timeout=60)
    assert (asked.status_code, asked.headers["WWW-Authenticate"].split()[0]) == (401, "Basic")
    for wanted, led in (
        (f"/{repo}/tree/main?x=1", f"/{repo}/tree/main?x=1"),
        ("https://example.org/", "/"),
        ("//example.org/", "/"),
        ("/\\example.org/", "/"),
        ("/a\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
    ):
        answer = requests.get(
            f"{shared.url}/login",
            params={"next": wanted},
            auth=("ada", api.token),
            allow_redirects=False,
            timeout=60,
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, led)


def test_lists_are_narrowed_and_sorted_by_links(api, repo, shared):
    api.upload_file(path_or_fileobj=b"---\npipeline_tag: fill-mask\n---\n", path_in_repo="README.md", repo_id=repo)
    name = repo.partition("/")[2]

    def text(query: str) -> str:
        return requests.get(f"{shared.url}/models?{query}", timeout=60).text

    assert f'href="/{repo}"' in text(f"search={name}&pipeline_tag=fill-mask")
    assert f'href="/{repo}"' not in text(f"search={name}&pipeline_tag=summarization")
    page = text(f"search={name}&pipeline_tag=fill-mask&filter=fill-mask")
    assert f'href="?search={name}&amp;filter=fill-mask"' in page
    assert 'name="pipeline_tag" value="fill-mask"' in page
    assert 'aria-sort="descending"><a href="?sort=downloads">' in text("sort=downloads")


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
