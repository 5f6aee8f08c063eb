"""Those who are told: a web server and a mail server on this machine that remember what they were sent, in order."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

REFUSED = "/always-refused"  # answers 500


@dataclass(frozen=True)
class Heard:
    """``where``: the path of a webhook, the address of a mail."""

    where: str
    id: str
    referral: str
    event: str  # of a webhook; of a mail nothing
    body: bytes


@dataclass
class Post:
    port: int = 0
    smtp_port: int = 0
    heard: list[Heard] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def note(self, heard: Heard) -> None:
        with self.changed:
            self.heard.append(heard)
            self.changed.notify_all()

    def first(self, where: str) -> dict[str, list[Heard]]:
        """What came there for each referral, in order of its first coming."""
        found: dict[str, list[Heard]] = {}
        seen: set[str] = set()
        for one in self.heard:
            if one.where == where and one.id not in seen:
                seen.add(one.id)
                found.setdefault(one.referral, []).append(one)
        return found


@contextmanager
def listening_post() -> Iterator[Post]:
    post = Post()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = json.loads(body)
            post.note(
                Heard(self.path, self.headers["webhook-id"], said["data"]["referral_id"], said["type"], body)
            )
            self.send_response(500 if self.path == REFUSED else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # who was killed hangs up

    class Mailboxes:
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content)
            text = message.get_payload(decode=True)
            assert isinstance(text, bytes)
            link = re.search(rb"/desk/referrals/([0-9a-f-]{36})", text)
            for address in envelope.rcpt_tos:
                post.note(Heard(address, message["Message-ID"], link[1].decode() if link else "", "", text))
            return "250 OK"

    server = Server(("127.0.0.1", 0), Handler)
    post.port = server.server_address[1]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        post.smtp_port = free.getsockname()[1]
    mail = Controller(Mailboxes(), hostname="127.0.0.1", port=post.smtp_port)
    mail.start()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield post
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        mail.stop()
