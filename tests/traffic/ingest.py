"""A stand-in for the hub's front door, for those who knock: it shows what they sent, and answers as it is told."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

from tests.traffic.day import Message


class Ingest(ThreadingHTTPServer):
    """A stand-in for the hub's front door: answers what it is told to, and keeps what it accepted."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.accepted: list[Message] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Ingest
    timeout: ClassVar[float] = 5

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers)))
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        if status == 200:
            unpacked = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
            self.server.accepted += json.loads(unpacked)["batch"]
        self._answer(status, headers, {"success": status == 200, "refused": []})

    def _answer(self, status: int, headers: dict[str, str], body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing: a request line is no news here."""


@contextmanager
def serving(port: int = 0) -> Iterator[Ingest]:
    """Serve on a port of the loopback, any free one by default."""
    with Ingest(port) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
