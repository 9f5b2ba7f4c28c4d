"""Keys and usage in a real PostgreSQL, where one can be started."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.errors import StorageError, UsageError
from hub.server.access.database import Database, Use
from hub.server.access.keys import make_key

TOOLS = {name: shutil.which(name) for name in ("initdb", "postgres")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def other_user() -> str | None:
    """PostgreSQL does not run as root."""
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    pytest.importorskip("psycopg")
    if not all(TOOLS.values()):
        pytest.skip("there is no PostgreSQL on this machine")
    user = other_user()
    folder = Path("/tmp") / f"hub-pg-{os.getpid()}"
    folder.mkdir(mode=0o755)
    data, port = folder / "data", free_port()
    data.mkdir()
    if user is not None:
        shutil.chown(data, user)
        shutil.chown(folder, user)
    run = {"user": user} if user is not None else {}
    quiet = {"check": True, "capture_output": True, "cwd": folder}
    process = None
    try:
        made = [TOOLS["initdb"], "-D", data, "-U", "hub", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(made, **quiet, **run)
        flags = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        process = subprocess.Popen(
            [TOOLS["postgres"], "-D", data, "-p", str(port), *flags],
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            **run,
        )
        for line in process.stderr:
            if "ready to accept connections" in line:
                break
        else:
            pytest.fail("PostgreSQL did not start")
        yield f"postgresql+psycopg://hub@127.0.0.1:{port}/postgres"
    finally:
        if process is not None:
            process.terminate()
            process.wait(30)
            process.stderr.close()
        shutil.rmtree(folder)


def test_keys_and_usage_are_kept(address):
    database = Database(address)
    _, key = make_key("team", models=["acme/*"], tokens=5)
    database.add_key(key)
    with pytest.raises(UsageError, match="there is a key 'team' already"):
        database.add_key(key)
    assert database.all_keys() == [key]
    database.revoke("team")
    assert database.all_keys()[0].revoked
    use = Use(key=key.id, model="m", day="2026-01-31", requests=1, prompt_tokens=2, seconds=0.5)
    others = [Database(address) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:  # servers that share it
        list(pool.map(lambda other: [other.add_uses([use]) for _ in range(5)], others))
    assert [(each.requests, each.prompt_tokens, each.seconds) for each in database.usage()] == [(20, 40, 10.0)]
    database.add_audit("local", "keys.add", {"name": "team"})
    assert database.audits()[0]["action"] == "keys.add"
    for each in (database, *others):
        each.close()


def test_a_database_that_is_gone_is_said_without_its_password(address):
    gone = address.replace("hub@", "hub:secret@").replace("/postgres", "/nothing")
    with pytest.raises(StorageError, match="does not exist") as caught:
        Database(gone)
    assert "secret" not in str(caught.value)
