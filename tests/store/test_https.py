"""The web source against servers that do what servers do wrong."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from hub.errors import AccessDenied, NotFound, Offline, SourceError, VerificationError
from hub.sources import SourceContext
from hub.store.sources import connection
from hub.store.sources.https import HttpsSource
from hub.store.store import Store
from hub.types import WeightFile
from tests.support.faulty_server import (
    FaultyServer,
    announce,
    cut,
    drip,
    drip_headers,
    gzipped,
    hold,
    long_redirect,
    no_range,
    other,
    other_range,
    redirect,
    status,
    unannounced,
    whole,
)
from tests.support.store import Heard, Impatient, noise, quick, tree, weight

CONTENT = noise(3_000_000)
SMALL = noise(40_000, seed=1)


@pytest.fixture
def server():
    with FaultyServer() as running:
        yield running


@pytest.fixture
def store(hub_home: Path) -> Store:
    return Store()


def pull(store: Store, content: bytes, *urls: str, **options: object) -> bytes:
    artifact = store.pull([weight("m", content, *urls)], label="m", sources=quick, **options)
    return (artifact.path / "m").read_bytes()


def test_a_connection_that_closes_early_is_resumed_by_range(store, server):
    url = server.put("/m", CONTENT, cut(1_000_000), cut(500_000), whole)
    assert pull(store, CONTENT, url) == CONTENT
    assert server.ranges("/m") == ["", "bytes=1000000-", "bytes=1500000-"]
    assert server.seen[1].if_range == server.seen[2].if_range != ""


def test_a_server_that_always_closes_early_is_given_up_and_what_came_is_kept(store, server):
    url = server.put("/m", CONTENT, cut(1000))
    with pytest.raises(SourceError, match="attempts"):
        pull(store, CONTENT, url)
    assert store.download_size([weight("m", CONTENT, url)]) == len(CONTENT) - 1000 * len(server.seen)


def test_a_server_that_ignores_range_is_read_from_the_start(store, server):
    url = server.put("/m", CONTENT, cut(1_000_000), no_range)
    heard = Heard()
    assert pull(store, CONTENT, url, progress=heard) == CONTENT
    assert server.ranges("/m") == ["", "bytes=1000000-"]
    assert heard.bytes == {"m": len(CONTENT)}


def test_a_file_that_changed_between_two_requests_is_not_glued_together(store, server):
    changed = noise(len(CONTENT), seed=7)
    url = server.put("/m", CONTENT, cut(1_000_000), other(changed))
    assert pull(store, changed, url) == changed
    assert server.ranges("/m") == ["", "bytes=1000000-"]


def test_a_range_that_was_not_asked_for_is_not_taken(store, server):
    url = server.put("/m", CONTENT, cut(1_000_000), other_range, whole)
    assert pull(store, CONTENT, url) == CONTENT
    assert server.ranges("/m") == ["", "bytes=1000000-", ""]


def test_a_range_that_cannot_be_satisfied_starts_again(store, server):
    url = server.put("/m", CONTENT, cut(1_000_000), status(416), whole)
    assert pull(store, CONTENT, url) == CONTENT
    assert server.ranges("/m") == ["", "bytes=1000000-", ""]


@pytest.mark.parametrize("code", [500, 502, 503, 429])
def test_a_server_that_fails_some_times_is_asked_again(store, server, code):
    url = server.put("/m", SMALL, status(code), status(code), whole)
    assert pull(store, SMALL, url) == SMALL


def test_a_server_that_always_fails_is_given_up_with_its_status(store, server):
    with pytest.raises(SourceError, match=r"HTTP 500 \(4 attempts\)"):
        pull(store, SMALL, server.put("/m", SMALL, status(500)))
    assert len(server.seen) == 4


@pytest.mark.parametrize(
    ("code", "kind"), [(401, AccessDenied), (403, AccessDenied), (404, NotFound), (410, NotFound), (400, SourceError)]
)
def test_a_refusal_is_not_tried_again(store, server, code, kind):
    with pytest.raises(kind, match=f"HTTP {code}"):
        pull(store, SMALL, server.put("/m", SMALL, status(code)))
    assert len(server.seen) == 1


@pytest.mark.parametrize("difference", [-1000, 1000])
def test_a_server_that_announces_another_length_is_refused(store, server, difference):
    url = server.put("/m", SMALL, announce(len(SMALL) + difference))
    with pytest.raises(VerificationError, match=f"expected {len(SMALL)} bytes, got {len(SMALL) + difference}"):
        pull(store, SMALL, url)
    assert tree(store.layout.root) == set()


def test_a_server_that_sends_more_than_the_file_has_is_stopped_at_once(store, server):
    url = server.put("/m", SMALL, unannounced(b"more" * 1000))
    with pytest.raises(VerificationError, match=f"more than {len(SMALL)} bytes"):
        pull(store, SMALL, url)
    assert tree(store.layout.root) == set()


def test_a_longer_file_is_refused_also_where_nobody_says_its_length(store, server):
    url = server.put("/m", SMALL, unannounced(b"x"))
    with pytest.raises(VerificationError):
        pull(store, SMALL[:-1], url)


def test_redirects_are_followed_but_not_forever(store, server):
    server.put("/loop", b"", redirect(server.url("/loop")))
    with pytest.raises(SourceError, match="redirects more than 10 times"):
        pull(store, SMALL, server.url("/loop"))
    server.put("/there", SMALL)
    assert pull(store, SMALL, server.put("/here", b"", redirect(server.url("/there")))) == SMALL


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x", "data:,x"])
def test_a_redirect_leads_to_the_web_alone(store, server, address):
    with pytest.raises(SourceError, match="not on the web"):
        pull(store, SMALL, server.put("/m", b"", redirect(address)))


def test_the_body_of_a_redirect_is_not_read(store, server):
    url = server.put("/m", b"", long_redirect(server.put("/there", SMALL)))
    assert pull(store, SMALL, url) == SMALL
    assert "/m" not in server.finished


def test_a_relative_redirect_is_followed_with_the_range(store, server):
    server.put("/data/m", SMALL, cut(10_000), whole)
    assert pull(store, SMALL, server.put("/m", b"", redirect("data/m"))) == SMALL
    assert server.ranges("/data/m") == ["", "bytes=10000-"]


def test_headers_that_drip_are_hung_up_on(store, server, monkeypatch):
    monkeypatch.setattr(connection, "_HEADERS_SECONDS", 0.2)
    url = server.put("/m", SMALL, drip_headers(0.01), whole)
    assert pull(store, SMALL, url) == SMALL
    assert len(server.seen) == 2


def test_a_server_that_drips_is_given_up(store, server):
    with pytest.raises(SourceError, match="too slow"):
        pull(store, SMALL, server.put("/m", SMALL, drip(0.01)))


def test_a_server_that_falls_silent_is_given_up_and_resumed(store, server):
    never = threading.Event()
    url = server.put("/m", SMALL, hold(10_000, never), whole)
    assert pull(store, SMALL, url) == SMALL
    assert server.ranges("/m") == ["", "bytes=10000-"]


def test_an_encoding_that_was_not_asked_for_is_refused(store, server):
    with pytest.raises(SourceError, match="gzip"):
        pull(store, SMALL, server.put("/m", SMALL, gzipped))


def test_a_server_that_is_not_there_says_so(store):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceError, match=r"cannot be reached: .*refused"):
        pull(store, SMALL, f"http://127.0.0.1:{port}/m")


def test_a_server_that_speaks_no_http_says_so(store):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"220 welcome to something else\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(SourceError):
            pull(store, SMALL, f"http://127.0.0.1:{listener.getsockname()[1]}/m")
        listener.shutdown(socket.SHUT_RDWR)


def test_a_certificate_that_nobody_signed_is_refused_until_it_is_trusted(store, tmp_path, monkeypatch):
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    monkeypatch.setattr(Impatient, "scheme", "https")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-nodes"]
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *names]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with FaultyServer(tls=context) as server:
        file = weight("m", SMALL, server.put("/m", SMALL))
        with pytest.raises(SourceError, match="certificate is not trusted"):
            store.pull([file], label="m", sources=lambda scheme: Impatient)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        artifact = store.pull([file], label="m", sources=lambda scheme: Impatient)
    assert (artifact.path / "m").read_bytes() == SMALL


def test_offline_asks_nobody(store, server):
    url = server.put("/m", SMALL)
    with pytest.raises(Offline):
        pull(store, SMALL, url, offline=True)
    assert server.seen == []


@pytest.mark.parametrize("locator", ["host/path", "/path", ""])
def test_what_is_no_address_is_refused(tmp_path, locator):
    class Nowhere:
        file = WeightFile(path="m", size=1, sha256=None, sources=())
        offset = 0

    with pytest.raises(SourceError, match="not an address"):
        HttpsSource(SourceContext(scratch=tmp_path)).fetch(locator, Nowhere())


def test_there_is_no_listing(tmp_path):
    with pytest.raises(SourceError, match="no listing"):
        Impatient(SourceContext(scratch=tmp_path)).listing("//host")
