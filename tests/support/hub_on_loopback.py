"""A Hugging Face Hub for the tests of `hf:`: a real mirror, filled through the real client, at the end of a line.

Repositories are made from bytes or files; each change is a commit. Only what no true server does, such as lies and cut
connections, is put in by the line. Knows nothing of the core.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from tests.support.line import Faults, Line
from tests.support.mirror import Mirror

Content = bytes | Path
FIRST = ".gitattributes"
"""What every repository has from its first commit on."""


class Repository:
    """A model repository: its commits, and what the branches that were committed to point at."""

    def __init__(self, api: HfApi, name: str) -> None:
        self._api = api
        self.name = name
        self.commits: list[str] = []
        self.refs: dict[str, str] = {}

    def commit(self, files: Mapping[str, Content], *, branch: str = "main") -> str:
        """Make these files the state of the branch, beside `.gitattributes`; gives the commit."""
        if self.refs and branch not in self.refs:
            self._api.create_branch(self.name, branch=branch)
        there = set(self._api.list_repo_files(self.name, revision=branch)) - {FIRST}
        operations = [CommitOperationDelete(path) for path in sorted(there - set(files))]
        operations += [CommitOperationAdd(path, content) for path, content in files.items()]
        with warnings.catch_warnings():  # what the client itself warns of: how it uses its own transport
            warnings.filterwarnings("ignore", "Use 'content=", DeprecationWarning)
            made = self._api.create_commit(self.name, operations, commit_message="state", revision=branch).oid
        self.commits.append(made)
        self.refs[branch] = made
        return made


class HubOnLoopback:
    """The hub as one test sees it; use it as a context manager, which leaves the mirror without repositories.

    `root` may do everything; `member` may read what is private or gated; `stranger` has a token and no rights.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._api = mirror.api("root")
        self._line = Line(mirror.url)
        self._made: list[str] = []
        self.member = mirror.tokens["member"]
        self.stranger = mirror.tokens["stranger"]

    def __enter__(self) -> Self:
        self._line.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.stop()
        for name in self._made:
            self._api.delete_repo(name)

    @property
    def url(self) -> str:
        return self._line.url

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Method and path of what came through the line."""
        return self._line.requests

    @property
    def faults(self) -> Faults:
        return self._line.faults

    @property
    def env(self) -> dict[str, str]:
        """Environment of a process that is to use this hub."""
        return {"HF_ENDPOINT": self.url, "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1"}

    def downloads(self) -> int:
        """How many times bytes of a file were asked for."""
        return self._line.downloads()

    def add(self, name: str, files: Mapping[str, Content], *, private: bool = False, gated: bool = False) -> Repository:
        owner = name.partition("/")[0]
        if owner not in self._mirror.tokens:
            self._mirror.add_org(owner, member="read")
            self._mirror.tokens[owner] = ""
        self._api.create_repo(name, private=private)
        self._made.append(name)
        if gated:
            self._api.update_repo_settings(name, gated="manual")
            self._api.grant_access(name, "member")
        repository = Repository(self._api, name)
        repository.commit(files)
        return repository
