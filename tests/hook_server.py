"""A system that is told by webhooks, on this machine: it answers by the path, and some paths are bad manners.

``/<status>`` answers that; ``/hang`` never; ``/drip`` a byte at a time and never to the end; ``/redirect`` leads to
``/204``; ``/noise`` answers what is no HTTP; ``/endless`` 200 with a body that does not end.
"""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass
class HookServer:
    """``answers``: path -> status and headers, instead of what the path says."""

    got: list[Got] = field(default_factory=list)
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None

    def __enter__(self) -> HookServer:
        self._end = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, self._end))
        if self.tls:
            self._server.socket = self.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, path: str, name: str = "127.0.0.1") -> str:
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}{path}"


def _handler(server: HookServer, end: Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.got.append(Got(self.path, headers, body))
            with contextlib.suppress(OSError):
                self._answer()

        def _answer(self) -> None:
            if self.path in server.answers:
                status, headers = server.answers[self.path]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif self.path == "/hang":
                end.wait()
            elif self.path == "/drip":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not end.wait(0.02):
                    self.wfile.write(b"x")
            elif self.path == "/noise":
                self.wfile.write(b"what do you want?\r\n\r\n")
            elif self.path == "/endless":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                while not end.is_set():
                    self.wfile.write(b"x" * 65536)
            else:
                self.send_response(int(self.path.strip("/") or 200))
                self.send_header("Content-Length", "0")
                self.end_headers()

        def handle(self) -> None:
            with contextlib.suppress(OSError):  # a handshake that the other side breaks off
                super().handle()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
