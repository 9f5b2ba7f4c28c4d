"""A pull request through GitHub's REST API: git is real, and a small server answers as its documentation says."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler

import pytest

from hub.errors import AccessDenied, HubError
from hub.publish.github import Project, project_of
from hub.publish.proposal import Proposal, propose
from tests.support.changing import git
from tests.support.registries import model
from tests.support.threaded import Threaded

UPSTREAM = "https://github.com/team/registry.git"
FORK = "https://github.com/ada/registry.git"


class Api(Threaded):
    """What GitHub answers: https://docs.github.com/en/rest."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.bodies: list[dict] = []
        self.pushes = True
        self.refuses = 0
        self.open: list[dict] = []
        self.forked = False
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer("GET", {})

            def do_POST(self):
                self.answer("POST", json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def answer(self, method, body):
                api.asked.append((method, self.path, self.headers.get("Authorization", "")))
                status, content = api.reply(method, self.path.partition("?")[0], body)
                data = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        super().__init__(Handler)
        self.url = f"http://{self.netloc}"

    def reply(self, method, path, body):
        if self.refuses:
            return self.refuses, {"message": "Resource not accessible by personal access token"}
        if path == "/user":
            return 200, {"login": "ada"}
        if path.endswith("/forks"):
            self.forked = True
            return 202, {"name": "registry"}
        if path == "/repos/ada/registry":
            return (200, {"default_branch": "main"}) if self.forked else (404, {})
        if path == "/repos/team/registry":
            return 200, {"default_branch": "main", "permissions": {"push": self.pushes}}
        if path == "/repos/team/registry/pulls" and method == "GET":
            return 200, self.open
        if path == "/repos/team/registry/pulls":
            self.bodies.append(body)
            self.open = [{"html_url": "https://github.com/team/registry/pull/7"}]
            return 201, self.open[0]
        return 404, {"message": "Not Found"}


@pytest.fixture
def api(monkeypatch, remote, tmp_path):
    git(tmp_path, "clone", "--quiet", "--bare", str(remote), str(tmp_path / "fork.git"))
    places = {UPSTREAM: remote, FORK: tmp_path / "fork.git"}
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    (tmp_path / "gitconfig").write_text(
        "".join(f'[url "{path}"]\n\tinsteadOf = {address}\n' for address, path in places.items())
    )
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Api() as api:
        monkeypatch.setenv("GITHUB_API_URL", api.url)
        yield api


def proposal(**changes):
    fields = {"remote": UPSTREAM, "path": "registry.json", "title": "Add acme/new", "body": "New.", "slug": "acme/new"}
    return Proposal(**{**fields, **changes})


def add(editor):
    before = json.dumps(editor.document)
    editor.add_model(model("acme/new", aliases=["fresh"]))
    return json.dumps(editor.document) != before


def test_a_pull_request_is_opened_once(api, remote):
    done = propose(proposal(), add, token="secret")
    assert (done.url, done.new) == ("https://github.com/team/registry/pull/7", True)
    assert api.bodies == [{"title": "Add acme/new", "head": f"team:{done.branch}", "base": "main", "body": "New."}]
    assert git(remote, "rev-parse", done.branch) == done.commit
    again = propose(proposal(), add, token="secret")
    assert (again.url, again.new, again.branch) == (done.url, False, done.branch)
    assert len(api.bodies) == 1
    assert {authorization for _, _, authorization in api.asked} == {"Bearer secret"}


def test_who_may_not_push_proposes_from_a_fork(api, remote, tmp_path):
    api.pushes = False
    done = propose(proposal(), add, token="secret")
    assert api.bodies[0]["head"] == f"ada:{done.branch}"
    assert git(tmp_path / "fork.git", "rev-parse", done.branch) == done.commit
    assert git(remote, "branch", "--list", "hub/*") == ""


def test_a_token_without_rights_is_named_with_what_it_needs(api):
    api.refuses = 403
    with pytest.raises(AccessDenied, match="Resource not accessible") as caught:
        propose(proposal(), add, token="secret")
    assert "pull requests" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_the_token_is_on_no_command_line_and_in_no_file(api, remote, monkeypatch):
    from hub.publish import git as module

    seen = []
    run = module.subprocess.run
    monkeypatch.setattr(module.subprocess, "run", lambda command, **more: seen.append(command) or run(command, **more))
    propose(proposal(), add, token="sesame")
    assert seen
    assert not [each for each in seen if "sesame" in " ".join(each)]
    assert "sesame" not in (remote / "config").read_text()


def test_by_hand_the_branch_is_named_and_nothing_is_pushed(api, remote):
    done = propose(proposal(title="It's new"), add, push=False)
    assert not done.pushed
    assert done.compare.startswith("https://github.com/team/registry/compare/main...hub%2Facme-new-")
    assert f"git push origin {done.branch}" in done.commands
    assert git(remote, "branch", "--list", "hub/*") == ""


@pytest.mark.parametrize("remote_", ["--upload-pack=touch x", "ext::sh -c id"])
def test_a_remote_that_would_run_something_is_refused(remote_):
    with pytest.raises(HubError, match="is no git repository"):
        propose(proposal(remote=remote_), add)


def test_a_path_that_leads_out_of_the_repository_is_refused(api):
    with pytest.raises(HubError, match="leads out of the repository"):
        propose(proposal(path="../../etc/passwd"), add, push=False)


@pytest.mark.parametrize(
    ("remote_", "project"),
    [
        ("https://github.com/a/b", Project(host="github.com", owner="a", name="b")),
        ("https://github.com/a/b.git", Project(host="github.com", owner="a", name="b")),
        ("git@github.com:a/b.git", Project(host="github.com", owner="a", name="b")),
        ("ssh://git@github.com/a/b.git", Project(host="github.com", owner="a", name="b")),
        ("/srv/git/b.git", None),
        ("https://gitlab.com/a/b", None),
    ],
)
def test_what_is_on_github_is_told_by_its_address(remote_, project, monkeypatch):
    monkeypatch.delenv("GITHUB_API_URL", raising=False)
    assert project_of(remote_) == project
