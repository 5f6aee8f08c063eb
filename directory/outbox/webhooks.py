"""A message to a partner's system: signed and sent as Standard Webhooks 1.0.0 has it (standardwebhooks.com).

Thin: which event, of which referral, when. Whoever wants more asks the API by a key. Sent to an address that was looked
at just before, in so many seconds in all; no redirect is followed, no proxy asked, and no answer read.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from threading import Timer
from time import monotonic
from uuid import UUID

import orjson
from standardwebhooks.webhooks import Webhook
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as TimeoutFailure

from directory.errors import InvalidInput
from directory.outbox.attempts import Outcome, Result, asked_wait
from directory.outbox.targets import Resolver, Target, allowed

SECONDS = 15.0  # in all, from the connection to the first line of the answer
SECRET_BYTES = 32
MOST_ADDRESSES = 2  # of one name that are tried
AGENT = "Veiviser-webhooks/1"
_LATE = "no answer came in time"
_GONE, _WAITS = 410, frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Notice:
    """What is sent: made anew for each attempt. ``signing``: one secret, or two while they change."""

    url: str
    message_id: UUID
    event: str
    referral_id: UUID | None
    created_at: datetime
    signing: tuple[str, ...]


def new_secret() -> str:
    return f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def body_of(notice: Notice) -> bytes:
    data = {} if notice.referral_id is None else {"referral_id": str(notice.referral_id)}
    return orjson.dumps({"type": notice.event, "timestamp": notice.created_at.isoformat(), "data": data})


def headers_of(notice: Notice, body: bytes, now: datetime) -> dict[str, str]:
    """``webhook-id`` stays the same however often it is sent; the time is that of the attempt."""
    message_id = f"msg_{notice.message_id.hex}"
    signatures = (Webhook(secret).sign(message_id, now, body.decode()) for secret in notice.signing)
    return {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "Accept-Encoding": "identity",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


class WebhookSender:
    """``tls``: whom to trust, for https; None: whom this machine trusts. ``seconds``: in all."""

    def __init__(
        self,
        resolver: Resolver,
        *,
        loopback: bool = False,
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._resolver, self._loopback = resolver, loopback
        self._tls, self._seconds = tls or ssl.create_default_context(), seconds

    def send(self, notice: Notice, now: datetime) -> Outcome:
        """Never raises for what the receiver or the network does."""
        end = monotonic() + self._seconds
        try:
            target = allowed(notice.url, self._resolver, self._loopback)
        except InvalidInput as error:
            return _failed(f"the address {error.errors['url'][0]}")
        body = body_of(notice)
        headers = headers_of(notice, body, now) | {"Host": _host(target)}
        tried = target.addresses[:MOST_ADDRESSES]
        for more, address in zip(range(len(tried))[::-1], tried, strict=True):
            seconds = max(end - monotonic(), 0.1)
            connection = _connection(target, address, seconds, seconds / (1 + more), self._tls)
            try:
                connection.request("POST", target.path, body=body, headers=headers, preload_content=False)
                with connection.getresponse() as answer:
                    if connection.cut:  # within the headers, which looks like their end
                        return _failed(_LATE)
                    return _outcome(answer.status, answer.headers.get("Retry-After", ""), now)
            except (HTTPError, HTTPException, OSError, ValueError) as error:
                if connection.connected or not more:
                    return _failed(_words(error, connection.cut))
            finally:
                connection.close()
        raise AssertionError("there is an address, and each leads to a return")


class _Bounded:
    """Of a connection: it is cut when its time is over, whatever it does then. A time-out of the socket alone begins
    anew with each byte.
    """

    end: float  # as ``monotonic`` tells it
    cut = connected = False
    _timer: Timer | None = None
    _line: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        self.connected = True
        # Another handle of the same line, which stays open when TLS takes over the first.
        self._line = socket.fromfd(made.fileno(), made.family, made.type)
        left = max(self.end - monotonic(), 0.1)
        made.settimeout(left)
        self._timer = Timer(left, self._cut)
        self._timer.daemon = True
        self._timer.start()
        return made

    def _cut(self) -> None:
        self.cut = True
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._line is not None:
            self._line.close()
            self._line = None
        super().close()  # type: ignore[misc]


class _Plain(_Bounded, HTTPConnection):
    pass


class _Secure(_Bounded, HTTPSConnection):
    pass


def _connection(
    target: Target, address: str, seconds: float, to_connect: float, tls: ssl.SSLContext
) -> _Plain | _Secure:
    """``seconds``: in all; ``to_connect``: of them."""
    connection: _Plain | _Secure
    if target.secure:
        name = target.host.removesuffix(".")
        connection = _Secure(address, target.port, timeout=to_connect, ssl_context=tls, server_hostname=name)
    else:
        connection = _Plain(address, target.port, timeout=to_connect)
    connection.end = monotonic() + seconds
    return connection


def _host(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == (443 if target.secure else 80) else f"{host}:{target.port}"


def _words(error: Exception, cut: bool) -> str:
    if cut or (
        isinstance(error, TimeoutError | TimeoutFailure) and not isinstance(error, NewConnectionError)
    ):
        return _LATE
    return "no safe connection could be made" if isinstance(error, ssl.SSLError) else "the connection failed"


def _outcome(status: int, retry_after: str, now: datetime) -> Outcome:
    if 200 <= status < 300:
        return Outcome(Result.SENT)
    error = f"it answered {status}"
    if status == _GONE:
        return Outcome(Result.GONE, error)
    return _failed(error, asked_wait(retry_after, now) if status in _WAITS else None)


def _failed(error: str, wait: timedelta | None = None) -> Outcome:
    return Outcome(Result.FAILED, error, wait, halts=True)
