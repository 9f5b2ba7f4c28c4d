"""Proposes a change of a registry in a git repository: a branch and a commit in a clone, pushed, and a request.

Where GitHub holds it and there is a token, the pull request is opened; else the person gets the address, or the
commands, that do it. The same change makes the same branch, so running it again adds nothing. Knows nothing of models.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import tempfile
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hub.errors import AccessDenied, HubError, UsageError
from hub.publish.git import Git
from hub.publish.github import GitHub, Project, project_of
from hub.registry.editing import Editor

__all__ = ["Proposal", "Proposed", "github_token", "propose"]

Edit = Callable[[Editor], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What to propose, and where.

    Parameters
    ----------
    remote
        Address or path of the git repository.
    path
        The registry in it.
    slug
        Part of the branch's name, such as the model's id.
    fork
        Where the branch is pushed; the repository itself, or the account's fork, by default.
    """

    remote: str
    path: str
    title: str
    body: str
    slug: str
    fork: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposed:
    """What came of it. `url` is the pull request, `compare` the address that opens one; both may be empty."""

    branch: str
    commit: str
    pushed: bool
    url: str = ""
    compare: str = ""
    commands: tuple[str, ...] = ()
    new: bool = True


def propose(proposal: Proposal, edit: Edit, *, token: str = "", push: bool = True) -> Proposed | None:
    """Propose a change; `None` where the registry says all of it already.

    Parameters
    ----------
    edit
        Changes the registry, and says whether that changed anything.
    token
        Of GitHub; empty: none.
    push
        Without it, the clone is left for the person, who gets the commands.

    Raises
    ------
    HubError
        git or GitHub refuses; what was done stays, and the same call goes on.
    AccessDenied
        The token may not.
    """
    if proposal.remote.startswith("-") or "::" in proposal.remote:
        raise UsageError(f"'{proposal.remote}' is no git repository")
    project = project_of(proposal.remote)
    forge = GitHub(token) if project is not None and token else None
    with tempfile.TemporaryDirectory(prefix="hub-propose-") as folder:
        clone = _clone(proposal, Path(folder) / "clone", token if project else "")
        editor = Editor(clone.folder / proposal.path)
        if not edit(editor) or not editor.save():
            return None
        branch = f"hub/{_slug(proposal.slug)}-{hashlib.sha256(editor.content).hexdigest()[:8]}"
        commit = _commit(clone, proposal, branch)
        base = clone.run("rev-parse", "--abbrev-ref", "origin/HEAD").removeprefix("origin/")
        if not push:
            return _by_hand(proposal, branch, commit, base, project)
        return _push(clone, proposal, branch, commit, base, project, forge)


def _clone(proposal: Proposal, folder: Path, token: str) -> Git:
    """A shallow clone; the token goes into the environment of git, where no process list shows it."""
    folder.mkdir(parents=True)
    env = {}
    if token and proposal.remote.startswith("https://"):
        basic = b64encode(f"x-access-token:{token}".encode()).decode()
        env = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{_host(proposal.remote)}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        }
    git = Git(folder, env)
    git.run("clone", "--quiet", "--depth=1", "--no-tags", "--", _address(proposal.remote), str(folder))
    if not (folder / proposal.path).resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"'{proposal.path}' leads out of the repository")
    return git


def _commit(clone: Git, proposal: Proposal, branch: str) -> str:
    who = [] if clone.run("config", "--default", "", "user.email") else _ANONYMOUS
    clone.run("switch", "--quiet", "--create", branch)
    clone.run("add", "--", proposal.path)
    message = f"{proposal.title}\n\n{proposal.body}"
    clone.run(*who, "commit", "--quiet", "--no-gpg-sign", "--message", message, "--", proposal.path)
    return clone.run("rev-parse", "HEAD")


_ANONYMOUS = ["-c", "user.name=hub publish", "-c", "user.email=hub-publish@localhost"]


def _push(
    clone: Git,
    proposal: Proposal,
    branch: str,
    commit: str,
    base: str,
    project: Project | None,
    forge: GitHub | None,
) -> Proposed:
    target, owner = proposal.fork or proposal.remote, ""
    if forge is not None and project is not None:
        owner = project.owner
        if not proposal.fork and not forge.may_push(project):
            fork = forge.fork(project, forge.login())
            target, owner = f"https://{fork.host}/{fork.owner}/{fork.name}.git", fork.owner
    if proposal.fork and (of_fork := project_of(proposal.fork)) is not None:
        owner = of_fork.owner
    there = clone.run("ls-remote", "--heads", _address(target), branch).partition("\t")[0]
    if there:
        commit = there
    else:
        try:
            clone.run("push", "--quiet", _address(target), f"{branch}:refs/heads/{branch}")
        except HubError as error:
            raise AccessDenied(
                f"the branch cannot be pushed to {target}",
                details=error.details,
                hint="Push to a fork of yours (--fork ADDRESS), or set GITHUB_TOKEN, which makes one",
            ) from error
    head = f"{owner}:{branch}" if owner else branch
    if forge is None or project is None:
        compare = project.compare(base, head) if project else ""
        return Proposed(branch=branch, commit=commit, pushed=True, compare=compare, new=not there)
    url, new = forge.pull_request(project, head=head, base=base, title=proposal.title, body=proposal.body)
    return Proposed(branch=branch, commit=commit, pushed=True, url=url, new=new)


def _by_hand(proposal: Proposal, branch: str, commit: str, base: str, project: Project | None) -> Proposed:
    name = proposal.remote.rstrip("/").rpartition("/")[2].removesuffix(".git")
    commands = (
        f"git clone {proposal.remote} && cd {name}",
        f"git switch --create {branch}",
        f"# list the entry that is shown above: hub registry add ENTRY.json --registry {proposal.path}",
        f"git commit --message {shlex.quote(proposal.title)} -- {proposal.path}",
        f"git push origin {branch}",
    )
    compare = project.compare(base, branch) if project else ""
    return Proposed(branch=branch, commit=commit, pushed=False, compare=compare, commands=commands)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "entry"


def _address(remote: str) -> str:
    return remote if "://" in remote or remote.startswith("git@") else str(Path(remote).expanduser().absolute())


def _host(remote: str) -> str:
    return "/".join(remote.split("/")[:3])


def github_token() -> str:
    """The person's token for GitHub; empty where there is none."""
    return os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN") or ""
