"""Source `hf:`: the real `huggingface_hub` client in a process of its own, against a real hub on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.hub_on_loopback import HubOnLoopback, Repository

WEIGHTS = os.urandom(25_000_000)
CONFIG = b'{"model_type": "bert"}'
ODD = "sub/ä b#%41.bin"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(hub: HubOnLoopback) -> Repository:
    return hub.add("org/model", {"config.json": CONFIG, "w.safetensors": WEIGHTS, ODD: b"odd"})


def ask(hub: HubOnLoopback, *arguments: str, **env: str) -> list[dict[str, object]]:
    """Run the source; gives what the sink saw, or the error, of each locator."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.support.try_source", "hf", *arguments],
        env={**os.environ, **hub.env, **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    held: list[dict[str, object]] = json.loads(result.stdout)
    return held


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def cached(name: str = "") -> list[Path]:
    """Files of the shared cache, links included."""
    return [path for path in Path(os.environ["HF_HOME"]).rglob(f"hub/**/*{name}") if not path.is_dir()]


def test_file_is_adopted_where_the_shared_cache_has_it(hub: HubOnLoopback, repository: Repository) -> None:
    small, large, odd = ask(hub, "org/model@main/config.json", "org/model@main/w.safetensors", f"org/model@main/{ODD}")
    assert [small["sha256"], large["sha256"], odd["sha256"]] == [sha256(CONFIG), sha256(WEIGHTS), sha256(b"odd")]
    assert str(large["adopted"]).startswith(os.environ["HF_HOME"])
    assert Path(str(large["adopted"])).name == sha256(WEIGHTS)


def test_received_bytes_are_noted_once(hub: HubOnLoopback, repository: Repository) -> None:
    (large,) = ask(hub, "org/model@main/w.safetensors")
    assert large["noted"] == len(WEIGHTS)


def test_what_the_cache_has_is_taken_without_the_network(hub: HubOnLoopback, repository: Repository) -> None:
    commit = repository.refs["main"]
    locators = [f"org/model@{commit}/w.safetensors", f"org/model@{commit}/{ODD}"]
    ask(hub, *locators)
    before = len(hub.requests)
    pinned = ask(hub, *locators)
    assert len(hub.requests) == before
    assert [each["noted"] for each in pinned] == [0, 0]
    assert ask(hub, "org/model@main/config.json", *locators, HF_HUB_OFFLINE="1")[1:] == pinned
    assert ask(hub, *locators, "--offline") == pinned


@pytest.mark.parametrize(
    ("arguments", "env", "told"), [((), {"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE"), (("--offline",), {}, "HUB_OFFLINE")]
)
def test_offline_and_not_cached_says_which_switch(
    hub: HubOnLoopback, repository: Repository, arguments: tuple[str, ...], env: dict[str, str], told: str
) -> None:
    (file,) = ask(hub, "org/model@main/config.json", *arguments, **env)
    (listing,) = ask(hub, "--list", "org/model", *arguments, **env)
    assert [file["error"], listing["error"]] == ["Offline", "Offline"]
    assert file["hint"] == f"Let it use the network: unset {told}"
    assert hub.requests == []


def test_listing_resolves_the_revision_and_gives_sizes_and_hashes(hub: HubOnLoopback, repository: Repository) -> None:
    first = repository.refs["main"]
    second = repository.commit({"w.safetensors": b"new"}, branch="feature/x")
    main, branch, commit = ask(hub, "--list", "org/model", "org/model@feature%2Fx", f"org/model@{first}")
    assert main["revision"] == first
    assert main["files"] == {
        ".gitattributes": [main["files"][".gitattributes"][0], None, f"hf:org/model@{first}/.gitattributes"],
        "config.json": [len(CONFIG), None, f"hf:org/model@{first}/config.json"],
        ODD: [3, sha256(b"odd"), f"hf:org/model@{first}/{ODD}"],
        "w.safetensors": [len(WEIGHTS), sha256(WEIGHTS), f"hf:org/model@{first}/w.safetensors"],
    }
    assert branch["revision"] == second
    assert commit == main
    (file,) = ask(hub, "org/model@feature%2Fx/w.safetensors")
    assert file["sha256"] == sha256(b"new")


def test_each_refusal_has_its_own_message(hub: HubOnLoopback, repository: Repository) -> None:
    hub.add("org/private", {"a.bin": b"1"}, private=True)
    hub.add("org/gated", {"a.bin": b"1"}, gated=True)
    locators = [
        "org/gated@main/a.bin",
        "org/private@main/a.bin",
        "org/nothing@main/a.bin",
        "org/model@gone/config.json",
        "org/model@main/gone.json",
    ]
    anonymous = ask(hub, *locators)
    stranger = ask(hub, *locators, HF_TOKEN=hub.stranger)
    assert [each["error"] for each in anonymous] == ["AccessDenied"] * 3 + ["NotFound"] * 2
    assert [each["error"] for each in stranger] == ["AccessDenied"] + ["NotFound"] * 4
    assert "gated" in str(anonymous[0]["message"])
    assert "hf auth login" in str(anonymous[0]["hint"])
    assert f"{hub.url}/org/gated" in str(stranger[0]["hint"])
    assert "no token is set" in str(anonymous[1]["message"])
    assert "your token may not read it" in str(stranger[1]["message"])
    assert "no revision 'gone'" in str(anonymous[3]["message"])
    assert "no file 'gone.json'" in str(anonymous[4]["message"])
    assert f"{hub.url}/org/model/tree/main" in str(anonymous[4]["hint"])


def test_listing_says_the_same_refusals(hub: HubOnLoopback, repository: Repository) -> None:
    hub.add("org/private", {"a.bin": b"1"}, private=True)
    nothing, private, revision = ask(hub, "--list", "org/nothing", "org/private", "org/model@gone")
    assert [nothing["error"], private["error"], revision["error"]] == ["AccessDenied", "AccessDenied", "NotFound"]
    assert "revision" in ask(hub, "--list", "org/private", HF_TOKEN=hub.member)[0]


def test_token_opens_what_it_may_open(hub: HubOnLoopback) -> None:
    hub.add("org/private", {"a.bin": b"1"}, private=True)
    hub.add("org/gated", {"a.bin": b"2"}, gated=True)
    private, gated = ask(hub, "org/private@main/a.bin", "org/gated@main/a.bin", HF_TOKEN=hub.member)
    assert [private["sha256"], gated["sha256"]] == [sha256(b"1"), sha256(b"2")]


def test_token_that_is_not_valid_is_told(hub: HubOnLoopback) -> None:
    hub.add("org/private", {"a.bin": b"1"}, private=True)
    (error,) = ask(hub, "org/private@main/a.bin", HF_TOKEN="expired")
    assert error["error"] == "AccessDenied"
    assert "expired" not in str(error)
    assert "hf auth login" in str(error["hint"])


def test_download_that_is_cut_goes_on_where_it_was(hub: HubOnLoopback, repository: Repository) -> None:
    hub.faults.cuts, hub.faults.cut_after = 2, 8_000_000
    (large,) = ask(hub, "org/model@main/w.safetensors")
    assert large["sha256"] == sha256(WEIGHTS)
    assert hub.downloads() == 3
    assert large["noted"] == len(WEIGHTS)


def test_connection_that_never_holds_is_not_called_offline(hub: HubOnLoopback, repository: Repository) -> None:
    hub.faults.cuts, hub.faults.cut_after = 100, 0
    (error,) = ask(hub, "org/model@main/w.safetensors")
    assert error["error"] == "SourceError"
    assert "broke off" in str(error["message"])
    assert cached("w.safetensors") == []


def test_server_that_fails_is_named_with_its_status(hub: HubOnLoopback, repository: Repository) -> None:
    hub.faults.status = 501  # one that the client does not ask again for, half a minute long
    (file,) = ask(hub, "org/model@main/config.json")
    (listing,) = ask(hub, "--list", "org/model")
    assert [file["error"], listing["error"]] == ["SourceError", "SourceError"]
    assert "501" in str(file["message"])
    assert "501" in str(listing["message"])


def test_server_out_of_reach_is_offline(hub: HubOnLoopback) -> None:
    (listing,) = ask(hub, "--list", "org/model", HF_ENDPOINT="http://127.0.0.1:9")
    assert listing["error"] == "Offline"
    assert "http://127.0.0.1:9 is out of reach" in str(listing["message"])


def test_other_bytes_than_promised_do_not_stay_in_the_shared_cache(hub: HubOnLoopback, repository: Repository) -> None:
    hub.faults.other_bytes["w.safetensors"] = bytes(len(WEIGHTS))
    (error,) = ask(hub, "org/model@main/w.safetensors", "--sha256", sha256(WEIGHTS))
    assert error["error"] == "VerificationError"
    assert "removed" in str(error["message"])
    assert cached("w.safetensors") == []
    assert cached(sha256(WEIGHTS)) == []
    hub.faults.other_bytes.clear()
    (mended,) = ask(hub, "org/model@main/w.safetensors", "--sha256", sha256(WEIGHTS))
    assert mended["sha256"] == sha256(WEIGHTS)


def test_file_that_rotted_in_the_shared_cache_is_refused_named_and_left_alone(
    hub: HubOnLoopback, repository: Repository
) -> None:
    (large,) = ask(hub, "org/model@main/w.safetensors")
    blob = Path(str(large["adopted"]))
    blob.write_bytes(b"rotten")
    commit = repository.refs["main"]
    for _ in range(2):
        (error,) = ask(hub, f"org/model@{commit}/w.safetensors", "--sha256", sha256(WEIGHTS))
        assert error["error"] == "VerificationError"
        assert error["hint"] == f"Remove it and pull again: rm {blob}"
    assert blob.read_bytes() == b"rotten"
    subprocess.run(str(error["hint"]).partition(": ")[2], shell=True, check=True)
    (mended,) = ask(hub, f"org/model@{commit}/w.safetensors", "--sha256", sha256(WEIGHTS))
    assert mended["sha256"] == sha256(WEIGHTS)


def test_listing_with_a_path_that_climbs_is_refused(hub: HubOnLoopback, repository: Repository) -> None:
    hub.faults.climbing = "../../evil"
    (error,) = ask(hub, "--list", "org/model")
    assert error["error"] == "PolicyError"
    assert "../../evil" in str(error["message"])


def test_server_that_answers_with_another_commit_or_none_is_refused(hub: HubOnLoopback, repository: Repository) -> None:
    hub.faults.commit = "f" * 40
    (other,) = ask(hub, "--list", f"org/model@{repository.refs['main']}")
    assert other["error"] == "VerificationError"
    hub.faults.commit = "../../evil"
    (none,) = ask(hub, "--list", "org/model")
    assert none["error"] == "SourceError"


def test_locator_that_names_nothing_is_refused_before_anything_is_asked(hub: HubOnLoopback) -> None:
    locators = [
        "model@main/x",
        "../x@main/a",
        "org/model@main/../x",
        "org/model@main/",
        "org/model@/x",
        "org/model",
        "",
    ]
    locators += ["org/model@..%2F../x", "org/model@-x/a", "org/mo del@main/x", "org/model@main/a\\b", "org/a@b@c//x"]
    assert {each["error"] for each in ask(hub, *locators)} == {"BadReference"}
    assert hub.requests == []


def test_shared_cache_that_cannot_be_written_is_a_storage_error(
    hub: HubOnLoopback, repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    (error,) = ask(hub, "org/model@main/config.json", HF_HUB_CACHE=str(tmp_path / "file" / "cache"))
    assert error["error"] == "StorageError"
    assert "HF_HUB_CACHE" in str(error["hint"])
