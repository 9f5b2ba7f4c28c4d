"""Cuts texts into tokens over the HTTP of a small llama.cpp server, since the library has no other way to ask.

Knows nothing of how the server is started, or of scores.
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from hub.errors import InferenceError
from hub_llamacpp.scoring import Vocabulary

__all__ = ["ServedVocabulary"]


class ServedVocabulary(Vocabulary):
    """The tokenizer of a GGUF file. The socket lies in a private folder, behind a key; both go with `close`.

    Parameters
    ----------
    start
        Starts a server that listens at the first argument and asks for the key that is the second.
    """

    def __init__(self, start: Callable[[str, str], object]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hub-")
        self._key = secrets.token_urlsafe(32)
        self._socket = "" if sys.platform == "win32" else f"{self._folder.name}/vocabulary.sock"
        self._server: Any = start(self._socket or "127.0.0.1", self._key)  # Any: the library has no types
        [model] = self._ask("GET", "/v1/models")["data"]
        self.size = int(model["meta"]["n_vocab"])

    def tokens(self, text: str) -> tuple[int, ...]:
        """Ids of a text, with what the model expects at the beginning of one."""
        found = self._ask("POST", "/tokenize", {"content": text, "add_special": True, "parse_special": True})
        return tuple(map(int, found["tokens"]))

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self._server = None
        self._folder.cleanup()

    def _ask(self, method: str, path: str, body: object = None) -> Any:  # Any: JSON
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            content = answer.read()
        except OSError as error:
            raise InferenceError(f"llama.cpp does not tokenise: {error}") from error
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise InferenceError(f"llama.cpp does not tokenise: {content.decode(errors='replace')}")
        return json.loads(content)

    def _connection(self) -> http.client.HTTPConnection:
        if self._socket:
            return _UnixConnection(self._socket)
        host, _, port = str(self._server.listening_address).rpartition("//")[2].rpartition(":")
        return http.client.HTTPConnection(host, int(port))


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)
