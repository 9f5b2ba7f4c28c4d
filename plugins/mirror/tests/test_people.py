"""Who may do what: tokens, private and gated repositories, organisations with roles."""

from __future__ import annotations

import json
import secrets

import pytest
import requests
from click.testing import CliRunner
from hub_mirror.commands import command
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from hub.errors import HubError
from tests.support.mirror import Mirror


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Mirror:
    """A hub with two users, a reader, and an organisation with one member for each role."""
    mirror = Mirror(tmp_path_factory.mktemp("house") / "root")
    mirror.add_user("root", "--admin")
    for name in ("eve", "amy", "wes", "con", "rae"):
        mirror.add_user(name)
    mirror.add_user("reader", role="read")
    mirror.add_org("acme", amy="admin", wes="write", con="contributor", rae="read")
    mirror.start()
    yield mirror
    mirror.stop()


@pytest.fixture
def secret(house: Mirror) -> str:
    """A private repository of the organisation with a file."""
    name = f"acme/s{secrets.token_hex(5)}"
    amy = house.api("amy")
    amy.create_repo(name, private=True)
    amy.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=name)
    return name


def status(call, *arguments, **options) -> int:
    """Status with which a call ends; 200 where it does not fail."""
    try:
        call(*arguments, **options)
    except HfHubHTTPError as error:
        return error.response.status_code
    return 200


def write(api: HfApi, repo: str) -> int:
    return status(api.upload_file, path_or_fileobj=b"y", path_in_repo="y.txt", repo_id=repo)


def test_a_token_says_who_somebody_is(house):
    who = house.api("wes").whoami()
    assert (who["name"], who["type"], [org["name"] for org in who["orgs"]]) == ("wes", "user", ["acme"])
    assert who["auth"]["accessToken"]["role"] == "write"
    with pytest.raises(HfHubHTTPError):
        HfApi(endpoint=house.url, token="hf_wrong").whoami()


@pytest.mark.parametrize(
    ("name", "reads", "writes", "administers"),
    [
        ("amy", 200, 200, 200),
        ("wes", 200, 200, 403),
        ("con", 200, 403, 403),
        ("rae", 200, 403, 403),
        ("eve", 404, 404, 404),
        ("root", 200, 200, 200),
        ("", 401, 401, 401),
    ],
)
def test_roles_are_held_on_a_private_repository(house, secret, name, reads, writes, administers):
    api = house.api(name)
    assert status(api.model_info, secret) == reads
    assert (
        requests.get(
            f"{house.url}/{secret}/resolve/main/x.txt",
            headers={"Authorization": f"Bearer {api.token}"} if api.token else {},
            timeout=60,
        ).status_code
        == reads
    )
    assert (secret in [model.id for model in api.list_models()]) == (reads == 200)
    assert write(api, secret) == writes
    assert status(api.update_repo_settings, secret, gated="auto") == administers
    assert status(api.delete_repo, secret) == administers


def test_a_contributor_writes_to_what_is_its_own(house):
    con = house.api("con")
    con.create_repo("acme/of-con")
    assert write(con, "acme/of-con") == 200
    assert write(house.api("rae"), "acme/of-con") == 403
    assert status(house.api("rae").create_repo, "acme/of-rae") == 403
    assert status(house.api("eve").create_repo, "acme/of-eve") == 403
    assert status(house.api("eve").create_repo, "wes/of-eve") == 403


def test_a_token_for_reading_changes_nothing(house):
    reader = house.api("reader")
    assert status(reader.create_repo, "reader/x") == 403
    root = house.api("root")
    root.create_repo("reader/mine", private=True)
    assert status(reader.model_info, "reader/mine") == 200
    assert write(reader, "reader/mine") == 403
    assert status(reader.create_branch, "reader/mine", branch="b") == 403
    assert status(reader.create_discussion, "reader/mine", title="a title") == 403
    assert status(reader.delete_repo, "reader/mine") == 403
    assert status(reader.auth_check, "reader/mine") == 200


def test_a_revoked_or_expired_token_is_refused_at_once(house):
    token = house.command("token", "add", "eve", "--name", "short").stdout.strip()
    api = HfApi(endpoint=house.url, token=token)
    assert api.whoami()["name"] == "eve"
    house.command("token", "revoke", "eve", "--name", "short")
    assert status(api.whoami) == 401
    assert token not in (house.root / "catalogue.sqlite").read_bytes().decode("latin-1")


def test_files_of_a_gated_repository_are_asked_for_and_granted(house, tmp_path):
    amy, eve, anybody = house.api("amy"), house.api("eve"), house.api()
    amy.create_repo("acme/gated")
    amy.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="acme/gated")
    amy.update_repo_settings("acme/gated", gated="manual")

    def fetch(api: HfApi) -> str:
        return api.hf_hub_download("acme/gated", "x.txt", cache_dir=tmp_path)

    amy.upload_file(path_or_fileobj=b"inside", path_in_repo="p.txt", repo_id="acme/gated", create_pr=True)
    assert "inside" in amy.get_discussion_details("acme/gated", 1).diff
    assert eve.get_discussion_details("acme/gated", 1).diff is None
    assert requests.get(f"{house.url}/acme/gated/discussions/1", timeout=60).status_code == 401
    assert anybody.model_info("acme/gated").gated == "manual"
    for who in (eve, anybody):
        with pytest.raises(GatedRepoError):
            fetch(who)
        with pytest.raises(GatedRepoError):
            who.auth_check("acme/gated")
    headers = {"Authorization": f"Bearer {eve.token}"}
    asked = requests.post(f"{house.url}/acme/gated/ask-access", headers=headers, timeout=60)
    assert asked.json() == {"status": "pending"}
    (request,) = amy.list_pending_access_requests("acme/gated")
    assert request.username == "eve"
    with pytest.raises(GatedRepoError):
        fetch(eve)
    amy.accept_access_request("acme/gated", "eve")
    assert fetch(eve)
    amy.reject_access_request("acme/gated", "eve", rejection_reason="no")
    with pytest.raises(GatedRepoError):
        eve.hf_hub_download("acme/gated", "x.txt", cache_dir=tmp_path / "other")
    amy.grant_access("acme/gated", "eve")
    assert eve.hf_hub_download("acme/gated", "x.txt", cache_dir=tmp_path / "third")
    with pytest.raises(HfHubHTTPError):
        list(eve.list_pending_access_requests("acme/gated"))


def test_where_the_gate_is_automatic_asking_is_enough(house, tmp_path):
    amy, eve = house.api("amy"), house.api("eve")
    amy.create_repo("acme/auto")
    amy.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="acme/auto")
    amy.update_repo_settings("acme/auto", gated="auto")
    headers = {"Authorization": f"Bearer {eve.token}"}
    assert requests.post(f"{house.url}/acme/auto/ask-access", headers=headers, timeout=60).json() == {
        "status": "accepted"
    }
    assert eve.hf_hub_download("acme/auto", "x.txt", cache_dir=tmp_path)


def test_a_form_of_another_site_cannot_ask_in_the_name_of_a_browser(house):
    amy, eve = house.api("amy"), house.api("eve")
    amy.create_repo("acme/form")
    amy.update_repo_settings("acme/form", gated="auto")
    basic = ("eve", eve.token)
    assert requests.post(f"{house.url}/acme/form/ask-access", auth=basic, timeout=60).status_code == 403
    page = requests.get(f"{house.url}/acme/form", auth=basic, timeout=60).text
    proof = page.partition('name="proof" value="')[2].partition('"')[0]
    answer = requests.post(f"{house.url}/acme/form/ask-access", auth=basic, data={"proof": proof}, timeout=60)
    assert answer.json() == {"status": "accepted"}
    created = requests.post(f"{house.url}/api/repos/create", auth=basic, json={"name": "x"}, timeout=60)
    assert created.status_code == 401


def test_a_content_of_another_repository_is_not_had_by_its_hash(house):
    import hashlib

    content = b"\0secret" * 100
    sha256 = hashlib.sha256(content).hexdigest()
    amy, eve = house.api("amy"), house.api("eve")
    amy.create_repo("acme/hidden", private=True)
    amy.upload_file(path_or_fileobj=content, path_in_repo="s.bin", repo_id="acme/hidden")
    eve.create_repo("eve/thief")
    lines = [
        {"key": "header", "value": {"summary": "take"}},
        {"key": "lfsFile", "value": {"path": "s.bin", "algo": "sha256", "oid": sha256, "size": len(content)}},
    ]
    answer = requests.post(
        f"{house.url}/api/models/eve/thief/commit/main",
        data="\n".join(map(json.dumps, lines)),
        headers={"Authorization": f"Bearer {eve.token}"},
        timeout=60,
    )
    assert answer.status_code == 400
    assert "was not uploaded" in answer.json()["error"]
    eve.upload_file(path_or_fileobj=content, path_in_repo="s.bin", repo_id="eve/thief")  # who has it may send it


def test_a_closed_hub_shows_nothing_without_a_token(own, tmp_path):
    ada = own.add_user("ada")
    own.options = ("--login",)
    own.start()
    ada.create_repo("ada/x")
    assert requests.get(f"{own.url}/api/models", timeout=60).status_code == 401
    assert requests.get(f"{own.url}/ada/x", timeout=60).status_code == 401
    with pytest.raises(RepositoryNotFoundError):
        own.api().model_info("ada/missing", token=own.tokens["ada"])
    assert [model.id for model in ada.list_models()] == ["ada/x"]


def test_metrics_are_for_this_machine_and_for_who_runs_the_hub(house):
    def ask(name: str, **headers: str) -> int:
        token = {"Authorization": f"Bearer {house.tokens[name]}"} if name else {}
        return requests.get(f"{house.url}/metrics", headers={**token, **headers}, timeout=60).status_code

    far = {"X-Forwarded-For": "10.0.0.9"}  # as the proxy of this machine says it
    assert [ask(""), ask("", **far), ask("eve", **far), ask("root", **far)] == [200, 403, 403, 200]


def test_members_are_shown_to_members(house):
    assert {user.username for user in house.api("rae").list_organization_members("acme")} == {
        "amy",
        "wes",
        "con",
        "rae",
    }
    assert status(lambda: list(house.api("eve").list_organization_members("acme"))) == 403
    assert house.api().get_organization_overview("acme").fullname == "Acme Inc."


@pytest.fixture
def hub_mirror(house):
    """Run `hub mirror …` on the house, in this process; gives exit code (`None` for an error of hub's) and output."""

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(command, [*arguments, "--root", str(house.root)])
        if isinstance(result.exception, HubError):
            return result.exception.exit_code, str(result.exception)
        return result.exit_code, result.output

    return run


def test_accounts_that_own_something_stay(house, hub_mirror):
    house.api("eve").create_repo("eve/kept", exist_ok=True)
    code, said = hub_mirror("user", "remove", "eve")
    assert (code, "owns" in said) == (2, True)
    assert hub_mirror("user", "add", "eve")[0] == 2
    assert hub_mirror("user", "add", "../x")[0] == 2
    assert hub_mirror("org", "remove", "eve")[0] == 1


def test_organisations_are_made_joined_limited_and_removed(house, hub_mirror):
    assert hub_mirror("org", "add", "guild", "--fullname", "The Guild", "--quota", "1MB")[0] == 0
    assert hub_mirror("org", "join", "guild", "eve", "--role", "write") == (0, "eve is write in guild\n")
    assert hub_mirror("org", "join", "guild", "nobody")[0] == 1
    assert json.loads(hub_mirror("org", "members", "guild", "--json")[1]) == [{"name": "eve", "role": "write"}]
    assert "guild\torg\t0 B of 1.0 MB\tThe Guild" in hub_mirror("org", "list")[1]
    eve = house.api("eve")
    eve.create_repo("guild/x")
    with pytest.raises(HfHubHTTPError, match="Storage limit"):
        eve.upload_file(path_or_fileobj=b"\0" * 2_000_000, path_in_repo="w.bin", repo_id="guild/x")
    assert hub_mirror("org", "quota", "guild")[1] == "organisation guild: no limit\n"
    eve.upload_file(path_or_fileobj=b"\0" * 2_000_000, path_in_repo="w.bin", repo_id="guild/x")
    assert hub_mirror("org", "leave", "guild", "eve")[0] == 0
    assert write(eve, "guild/x") == 403
    house.api("root").delete_repo("guild/x")
    assert hub_mirror("org", "remove", "guild")[0] == 0
    assert "guild" not in hub_mirror("org", "list")[1]


def test_tokens_are_listed_without_what_they_are(house, hub_mirror):
    token = hub_mirror("token", "add", "rae", "--name", "ci", "--days", "3")[1].strip()
    assert hub_mirror("token", "add", "rae", "--name", "ci")[0] == 2
    listed = hub_mirror("token", "list", "rae", "--json")[1]
    assert {row["name"]: row["role"] for row in json.loads(listed)} == {"default": "write", "ci": "read"}
    assert token not in listed
    assert hub_mirror("token", "revoke", "rae", "--name", "ci")[0] == 0
    assert hub_mirror("token", "revoke", "rae", "--name", "ci")[0] == 1
