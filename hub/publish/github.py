"""Opens a pull request on GitHub through its REST API, with the person's token, or names the address that does it.

API: https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request. The token travels in a header alone. Knows
nothing of git or of registries.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from hub.errors import AccessDenied, HubError, NotFound

__all__ = ["GitHub", "Project", "project_of"]

_VERSION = "2022-11-28"
_REMOTE = re.compile(r"(?:https?://(?:[^@/]+@)?|ssh://git@|git@)([^/:]+)[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
_FORK_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A repository on GitHub or a server like it."""

    host: str
    owner: str
    name: str

    def compare(self, base: str, head: str) -> str:
        """Address where a person opens the pull request by hand."""
        return f"https://{self.host}/{self.owner}/{self.name}/compare/{quote(base)}...{quote(head, safe=':')}?expand=1"


def project_of(remote: str) -> Project | None:
    """The project that a remote is of; `None` where it is none of GitHub's, such as a path."""
    found = _REMOTE.fullmatch(remote)
    if found is None or (found[1] != "github.com" and not os.environ.get("GITHUB_API_URL")):
        return None
    return Project(host=found[1], owner=found[2], name=found[3])


class GitHub:
    """The API of one server, with a token."""

    def __init__(self, token: str) -> None:
        self._api = (os.environ.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/")
        self._headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": _VERSION,
        }

    def login(self) -> str:
        """Account of the token."""
        return str(self._call("GET", "/user")["login"])

    def may_push(self, project: Project) -> bool:
        """Whether the token may push to the project itself."""
        found = self._call("GET", f"/repos/{project.owner}/{project.name}")
        return bool(found.get("permissions", {}).get("push"))

    def fork(self, project: Project, login: str) -> Project:
        """A fork of the account, made where there is none; waits until it can be pushed to."""
        found = self._call("POST", f"/repos/{project.owner}/{project.name}/forks", {"default_branch_only": True})
        own = Project(host=project.host, owner=login, name=str(found["name"]))
        end = time.monotonic() + _FORK_SECONDS
        while True:
            try:
                self._call("GET", f"/repos/{own.owner}/{own.name}")
            except NotFound:
                if time.monotonic() > end:
                    raise
                time.sleep(1)
            else:
                return own

    def pull_request(self, project: Project, *, head: str, base: str, title: str, body: str) -> tuple[str, bool]:
        """Address of the pull request, and whether it is new: one that is open already is kept.

        Parameters
        ----------
        head
            `owner:branch`.
        """
        path = f"/repos/{project.owner}/{project.name}/pulls"
        there = self._call("GET", f"{path}?state=open&head={quote(head)}&base={quote(base)}")
        if there:
            return str(there[0]["html_url"]), False
        made = self._call("POST", path, {"title": title, "head": head, "base": base, "body": body})
        return str(made["html_url"]), True

    def _call(self, method: str, path: str, content: dict[str, object] | None = None) -> Any:  # Any: JSON
        try:
            answer = requests.request(
                method, self._api + path, headers=self._headers, json=content, timeout=(5, 30), allow_redirects=False
            )
        except requests.RequestException as error:
            raise HubError(f"{self._api} cannot be reached: {type(error).__name__}") from error
        if answer.ok:
            return answer.json()
        said = _message(answer)
        if answer.status_code in {401, 403}:
            raise AccessDenied(
                f"the GitHub token may not {method} {path.partition('?')[0]}: {said}",
                hint="It needs to read and write contents and pull requests (classic: the scope public_repo)",
            )
        if answer.status_code == 404:
            raise NotFound(f"{self._api}{path.partition('?')[0]} is not there, or the token may not see it")
        raise HubError(f"GitHub refuses {method} {path.partition('?')[0]}: {answer.status_code} {said}")


def _message(answer: requests.Response) -> str:
    try:
        content = answer.json()
    except ValueError:
        return answer.reason or ""
    errors = [str(each.get("message", each)) for each in content.get("errors", ()) if isinstance(each, dict)]
    return "; ".join([str(content.get("message", "")), *errors])[:300]
