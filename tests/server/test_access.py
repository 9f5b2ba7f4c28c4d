"""Keys, what they allow, what they use, and who may ask without one."""

from __future__ import annotations

import asyncio
import csv
import io
import shutil
import sqlite3
import ssl
import subprocess

import httpx
import pytest
from click.testing import CliRunner

from hub import connect
from hub.cli.usage import command
from hub.errors import SourceError, UsageError
from hub.server.access.database import Database, Use
from hub.server.access.guard import Guard
from hub.server.access.keys import make_key
from hub.server.access.metering import Metering
from tests.server.conftest import clean_environment
from tests.support.serving import Served, toy_home


def ask(served, key="", model="toy", text="one two three"):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    return served.post("/v1/chat/completions", body, headers=headers)


@pytest.fixture(scope="module")
def keyed(toy_folder, tmp_path_factory):
    """A server that asks for keys, and the keys."""
    patch = clean_environment()
    home, env = toy_home(toy_folder)
    folder = tmp_path_factory.mktemp("keyed")
    address = f"sqlite:///{folder / 'keys.sqlite'}"
    database, keys = Database(address), {}
    for name, rights in {
        "plain": {},
        "narrow": {"models": ["tests/oth*"]},
        "vectors": {"tasks": ["feature-extraction"]},
        "slow": {"rate": 1},
        "poor": {"tokens": 5},
        "boss": {"admin": True},
        "gone": {},
    }.items():
        keys[name], key = make_key(name, **rights)
        database.add_key(key)
    database.revoke("gone")
    database.close()
    arguments = ("toy", "--pull", "--host", "0.0.0.0", "--database", address)
    with Served(*arguments, home=home, folder=folder, env=env) as served:
        served.url = served.url.replace("0.0.0.0", "127.0.0.1")
        served.http.base_url = served.url
        yield served, keys, address
    patch.undo()


def test_without_a_key_that_holds_nothing_is_told(keyed):
    served, keys, _ = keyed
    for key in ("", "wrong", keys["plain"][:-1], keys["gone"]):
        for path in ("/v1/models", "/hub/v1/ps", "/metrics", "/api/tags", "/v2"):
            answer = served.http.get(path, headers={"Authorization": f"Bearer {key}"} if key else {})
            assert answer.status_code == 401, path
    assert ask(served, "wrong").json()["error"]["code"] == "invalid_api_key"
    assert served.http.get("/healthz").status_code == 200


def test_a_key_is_taken_in_both_headers(keyed):
    served, keys, _ = keyed
    assert ask(served, keys["plain"]).status_code == 200
    assert served.http.get("/v1/models", headers={"X-Api-Key": keys["plain"]}).status_code == 200


def test_scopes_limit_what_is_seen_and_used(keyed):
    served, keys, _ = keyed
    assert ask(served, keys["narrow"]).status_code == 403
    assert ask(served, keys["narrow"], model="other").status_code == 200
    assert ask(served, keys["vectors"]).status_code == 403
    ask(served, keys["plain"])
    narrow = {"Authorization": f"Bearer {keys['narrow']}"}
    listed = served.http.get("/v1/models", headers=narrow).json()["data"]
    assert {model["id"] for model in listed} <= {"tests/other"}
    for path in ("/v2/models/toy", "/v2/models/toy/ready"):
        assert served.http.get(path, headers=narrow).status_code == 403
    for model, status in (("toy", 403), ("other", 200)):
        assert served.post("/api/show", {"model": model}, headers=narrow).status_code == status


def test_rates_and_quotas_hold(keyed):
    served, keys, _ = keyed
    assert ask(served, keys["slow"]).status_code == 200
    refused = ask(served, keys["slow"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert ask(served, keys["poor"]).status_code == 200  # 6 tokens of 5
    assert ask(served, keys["poor"]).json()["error"]["code"] == "insufficient_quota"


def test_only_an_admin_sees_and_changes_the_server(keyed):
    served, keys, _ = keyed
    plain, boss = ({"Authorization": f"Bearer {keys[name]}"} for name in ("plain", "boss"))
    assert served.http.get("/hub/v1/ps", headers=plain).status_code == 403
    assert served.http.get("/hub/v1/ps", headers=boss).status_code == 200
    made = served.post("/hub/v1/keys", {"name": "new", "rate": 9}, headers=boss)
    assert made.status_code == 201
    assert made.json()["key"].startswith("hub-")
    assert served.post("/hub/v1/keys", {"name": "new"}, headers=boss).status_code == 400
    assert served.http.delete("/hub/v1/keys/new", headers=boss).json() == {"revoked": "new"}
    for wrong in ({"name": ""}, {"name": "x" * 129}, {"name": "a\nb"}, {"name": "n", "rate": -1}):
        assert served.post("/hub/v1/keys", wrong, headers=boss).status_code == 400, wrong
    assert served.post("/hub/v1/keys", {"name": "of/two"}, headers=boss).status_code == 201
    assert served.http.delete("/hub/v1/keys/of%2Ftwo", headers=boss).json() == {"revoked": "of/two"}
    actions = [row["action"] for row in served.http.get("/hub/v1/audit", headers=boss).json()["audit"]]
    assert actions[:2] == ["keys.revoke", "keys.add"]


def test_usage_is_metered_and_another_keys_is_not_shown(keyed):
    served, keys, _ = keyed
    assert ask(served, keys["plain"]).status_code == 200
    ask(served, keys["poor"])
    own = served.http.get("/hub/v1/usage", headers={"Authorization": f"Bearer {keys['plain']}"}).json()["usage"]
    assert {use["key"] for use in own} == {"plain"}
    assert own[0]["requests"] >= 1
    assert own[0]["prompt_tokens"] == own[0]["generated_tokens"] == 3 * own[0]["requests"]
    shown = served.command("usage", "--csv", "--server", served.url, "--key", keys["boss"])
    rows = list(csv.DictReader(io.StringIO(shown.stdout)))
    assert {"plain", "poor"} <= {row["key"] for row in rows}


def test_nothing_of_a_key_or_a_prompt_is_kept(keyed):
    served, keys, address = keyed
    ask(served, keys["plain"], text="remarkablesecret")
    served.http.get("/hub/v1/usage", headers={"Authorization": f"Bearer {keys['boss']}"})
    with sqlite3.connect(address.removeprefix("sqlite:///")) as connection:
        dumped = "\n".join(connection.iterdump())
    for secret in ("remarkablesecret", *keys.values()):
        assert secret not in dumped
        assert secret not in served.log.read_text()


def test_a_server_for_others_needs_a_key(toy_folder, tmp_path, run_hub):
    home, env = toy_home(toy_folder)
    database = f"sqlite:///{tmp_path / 'none.sqlite'}"
    refused = run_hub(
        "serve", "--host", "0.0.0.0", "--port", "0", "--database", database, env={**env, "HUB_HOME": str(home)}
    )
    assert refused.returncode == 2
    assert "other machines could use this server" in refused.stderr
    assert "hub keys add NAME" in refused.stderr


def test_while_nobody_needs_a_key_other_machines_are_no_admins(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'none.sqlite'}")

    async def admins(*clients):
        guard = Guard(database, "token")
        return [(await guard.caller("", client)).rights["admin"] for client in clients]

    assert asyncio.run(admins("127.0.0.1", "::1", "192.0.2.7", "")) == [True, True, False, False]
    database.close()


def test_the_command_makes_lists_and_revokes_keys(run_hub):
    made = run_hub("keys", "add", "team", "--model", "acme/*", "--tokens", "1000")
    assert made.returncode == 0
    assert made.stdout.startswith("hub-")
    assert made.stdout.strip() not in made.stderr
    assert run_hub("keys", "add", "team").returncode == 2
    assert run_hub("keys", "revoke", "team").returncode == 0
    listed = run_hub("keys", "list").stdout
    assert "acme/*" in listed
    assert "revoked" in listed


@pytest.mark.parametrize("option", ["--since", "--until"])
def test_the_command_refuses_what_is_no_day(option):
    found = CliRunner().invoke(command, [option, "2026-13-01", "--database", "sqlite://"])
    assert isinstance(found.exception, UsageError)
    assert option in found.exception.message


def test_uses_are_summed_by_key_model_and_day(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'books.sqlite'}")
    use = Use(key="k", model="m", day="2026-01-31", requests=1, prompt_tokens=3, seconds=0.5)
    database.add_uses([use, use, Use(key="k", model="m", day="2026-02-01", requests=1)])
    database.add_uses([use])
    found = database.usage(until="2026-01-31")
    assert [(each.requests, each.prompt_tokens, each.seconds) for each in found] == [(3, 9, 1.5)]
    assert len(database.usage()) == 2
    database.close()


def test_what_cannot_be_written_is_kept_said_and_written_later(tmp_path):
    address = tmp_path / "books.sqlite"
    database = Database(f"sqlite:///{address}")

    def tell(statement):
        with sqlite3.connect(address) as connection:
            connection.execute(statement)
        connection.close()

    async def live():
        books = Metering(database)
        tell("ALTER TABLE usage RENAME TO away")
        books.add("k", "m", requests=1)
        await books.write()
        books.add("k", "m", requests=2)
        assert "no such table" in books.fault
        assert books.unwritten == 1
        tell("ALTER TABLE away RENAME TO usage")
        await books.stop()
        assert (books.fault, books.unwritten) == ("", 0)

    asyncio.run(live())
    assert [use.requests for use in database.usage()] == [3]
    database.close()


@pytest.mark.parametrize("address", ["nonsense", "postgresql+nothing://x/y"])
def test_an_address_that_is_no_database_is_refused(address):
    with pytest.raises(UsageError):
        Database(address)


def test_a_server_speaks_tls_and_to_the_pages_that_it_is_told_of(toy_folder, tmp_path, monkeypatch):
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate")
    certificate, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    files = ("-keyout", str(private), "-out", str(certificate))
    subprocess.run(["openssl", "req", *kind, *names, *files], check=True, capture_output=True)
    home, env = toy_home(toy_folder)
    given = ("--certificate", str(certificate), "--private-key", str(private), "--cors", "https://app.example")
    with Served("--pull", *given, home=home, folder=tmp_path, env=env) as served:
        assert served.url.startswith("https://127.0.0.1:")
        with httpx.Client(verify=ssl.create_default_context(cafile=certificate), trust_env=False) as client:
            asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
            allowed = client.options(f"{served.url}/v1/chat/completions", headers=asks)
            assert allowed.status_code == 204
            assert allowed.headers["access-control-allow-origin"] == "https://app.example"
            refused = client.options(f"{served.url}/v1/models", headers={**asks, "Origin": "https://evil.example"})
            assert refused.status_code == 403
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with connect(served.url).load("toy") as model:
            assert model.infer("over a safe line")["generated_text"] == "over a safe line"
        monkeypatch.setenv("SSL_CERT_FILE", str(private))
        with pytest.raises(SourceError):
            connect(served.url).load("toy")
