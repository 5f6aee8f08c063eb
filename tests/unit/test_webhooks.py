"""Webhooks over the wire, against a server that answers in every way there is."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from directory.outbox.attempts import LONGEST_ASKED, Outcome, Result
from directory.outbox.webhooks import AGENT, Notice, WebhookSender, new_secret
from tests.certificates import Certified, certified
from tests.factories import NOW
from tests.hook_server import HookServer

SECRET = new_secret()
MESSAGE, REFERRAL = uuid4(), uuid4()


@pytest.fixture(scope="module")
def server() -> Iterator[HookServer]:
    with HookServer() as running:
        yield running


@pytest.fixture(scope="module")
def certificates() -> Certified:
    return certified("hooks.example.org")


def sent(
    url: str, *, seconds: float = 10, now: datetime = NOW, signing: tuple[str, ...] = (SECRET,)
) -> Outcome:
    sender = WebhookSender(lambda name, port: ["127.0.0.1"], loopback=True, seconds=seconds)
    return sender.send(Notice(url, MESSAGE, "referral.accepted", REFERRAL, NOW, signing), now)


def test_what_is_sent_is_thin_and_signed_as_the_standard_has_it(server: HookServer) -> None:
    now = datetime.now(UTC)  # the library that verifies asks the clock of this machine
    assert sent(server.url("/200?key=1"), now=now).result is Result.FAILED  # the server reads no query
    server.answers["/hook?key=1"] = (204, {})
    assert sent(server.url("/hook?key=1"), now=now) == Outcome(Result.SENT)
    got = server.got[-1]
    assert json.loads(got.body) == {
        "type": "referral.accepted",
        "timestamp": NOW.isoformat(),
        "data": {"referral_id": str(REFERRAL)},
    }
    assert got.headers["webhook-id"] == f"msg_{MESSAGE.hex}"
    assert got.headers["host"] == f"127.0.0.1:{server.port}"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"] == AGENT
    assert Webhook(SECRET).verify(got.body, got.headers)["type"] == "referral.accepted"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body.replace(b"accepted", b"rejected"), got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(got.body, got.headers)


def test_while_secrets_change_either_verifies(server: HookServer) -> None:
    other = new_secret()
    sent(server.url("/200"), now=datetime.now(UTC), signing=(other, SECRET))
    for secret in (other, SECRET):
        Webhook(secret).verify(server.got[-1].body, server.got[-1].headers)


def test_a_secret_is_of_32_bytes_and_another_each_time() -> None:
    assert SECRET.startswith("whsec_") and len(SECRET) == 50
    assert new_secret() != SECRET


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_answer_of_success_is_one(server: HookServer, status: int) -> None:
    assert sent(server.url(f"/{status}")) == Outcome(Result.SENT)


@pytest.mark.parametrize("status", [300, 301, 304, 307, 400, 401, 404, 429, 500, 503])
def test_any_other_answer_is_a_failure(server: HookServer, status: int) -> None:
    outcome = sent(server.url(f"/{status}"))
    assert outcome == Outcome(Result.FAILED, f"it answered {status}", halts=True)


def test_a_redirect_is_not_followed(server: HookServer) -> None:
    server.answers["/moved"] = (301, {"Location": server.url("/200")})
    before = len(server.got)
    assert sent(server.url("/moved")).error == "it answered 301"
    assert [got.path for got in server.got[before:]] == ["/moved"]


def test_an_endpoint_says_by_410_that_it_wants_nothing_more(server: HookServer) -> None:
    assert sent(server.url("/410")).result is Result.GONE


@pytest.mark.parametrize(
    ("status", "said", "wait"),
    [
        (429, "120", timedelta(minutes=2)),
        (503, "120", timedelta(minutes=2)),
        (429, "Sun, 22 Nov 2026 13:00:00 GMT", timedelta(hours=1)),
        (429, "Sun, 22 Nov 2020 13:00:00 GMT", timedelta(0)),
        (429, "99999999999999", LONGEST_ASKED),
        (429, "Fri, 22 Nov 2999 13:00:00 GMT", LONGEST_ASKED),
        (429, "soon", None),
        (429, "-5", None),
        (500, "120", None),
    ],
)
def test_retry_after_is_heard(server: HookServer, status: int, said: str, wait: timedelta | None) -> None:
    server.answers["/busy"] = (status, {"Retry-After": said})
    assert sent(server.url("/busy")).wait == wait


@pytest.mark.parametrize("path", ["/hang", "/drip"])
def test_one_that_hangs_or_drips_is_cut_off_in_time(server: HookServer, path: str) -> None:
    began = monotonic()
    assert sent(server.url(path), seconds=0.3) == Outcome(Result.FAILED, "no answer came in time", halts=True)
    assert monotonic() - began < 10  # it would never end by itself


def test_an_answer_that_does_not_end_is_not_read(server: HookServer) -> None:
    assert sent(server.url("/endless")) == Outcome(Result.SENT)


def test_noise_is_a_failure(server: HookServer) -> None:
    assert sent(server.url("/noise")).error == "the connection failed"


def test_nobody_there_is_a_failure() -> None:
    with HookServer() as gone:
        url = gone.url("/200")
    assert sent(url).error == "the connection failed"


def test_no_proxy_of_the_environment_is_asked(server: HookServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert sent(server.url("/200")).result is Result.SENT


def secure(certificates: Certified, url: str, tls: ssl.SSLContext | None) -> Outcome:
    sender = WebhookSender(lambda name, port: ["127.0.0.1"], loopback=True, tls=tls, seconds=10)
    return sender.send(Notice(url, MESSAGE, "referral.accepted", UUID(int=1), NOW, (SECRET,)), NOW)


def test_the_certificate_must_be_of_the_name_though_the_address_is_what_is_connected_to(
    certificates: Certified,
) -> None:
    with HookServer(tls=certificates.server) as served:
        right = served.url("/200", "hooks.example.org")
        assert secure(certificates, right, certificates.client).result is Result.SENT
        assert served.got[-1].headers["host"] == f"hooks.example.org:{served.port}"
        for url, trusted in (
            (served.url("/200", "other.example.org"), certificates.client),
            (served.url("/200"), certificates.client),
            (right, None),
        ):
            assert secure(certificates, url, trusted).error == "no safe connection could be made"
        assert len(served.got) == 1
