"""An input at an https address is fetched into memory, up to a size, and never over a line that others can read."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import InputError
from hub.runtime.kinds.addresses import fetch_input, is_address
from tests.support.faulty_server import FaultyServer, redirect, status

CONTENT = bytes(range(256)) * 100


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    """A server with a certificate that this machine trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-nodes"]
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *names]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with FaultyServer(tls=context) as server:
        yield server


def test_the_bytes_at_an_address_are_given(server: FaultyServer) -> None:
    assert fetch_input(server.put("/a.png", CONTENT)) == CONTENT


def test_a_redirect_is_followed(server: FaultyServer) -> None:
    server.put("/b.png", CONTENT)
    assert fetch_input(server.put("/a.png", b"", redirect(server.url("/b.png")))) == CONTENT


def test_a_redirect_to_a_line_without_encryption_is_not(server: FaultyServer) -> None:
    with FaultyServer() as plain:
        address = server.put("/a.png", b"", redirect(plain.put("/b.png", CONTENT)))
        with pytest.raises(InputError, match="which is not encrypted"):
            fetch_input(address)
        assert plain.seen == []


def test_more_than_the_limit_is_refused_as_it_comes(server: FaultyServer) -> None:
    with pytest.raises(InputError, match="larger than"):
        fetch_input(server.put("/a.png", CONTENT * 1000), largest=1 << 20)


@pytest.mark.parametrize("code", [403, 404, 400])
def test_what_the_server_refuses_is_a_bad_input(server: FaultyServer, code: int) -> None:
    with pytest.raises(InputError, match="cannot be fetched"):
        fetch_input(server.put("/a.png", b"", status(code)))


def test_only_addresses_of_the_web_are_addresses() -> None:
    assert is_address("https://example.org/a.png")
    assert is_address("HTTP://example.org")
    assert not any(is_address(text) for text in ("a.png", "file:///etc/passwd", "C:/a.png", "httpsomething"))
    with pytest.raises(InputError, match="over https alone"):
        fetch_input("http://127.0.0.1/a.png")
