"""Mail over the wire, by a server on this machine, and into a folder; and what it says, which is next to nothing."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from socket import create_connection
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from directory.config import Settings
from directory.outbox.attempts import Outcome, Result
from directory.outbox.events import EVENTS
from directory.outbox.letters import LETTERS, SORT_OF
from directory.outbox.mail import BySmtp, Letter, Server, ToFolder, composed, sender_of
from tests.certificates import certified
from tests.factories import NOW

FROM = "post@help.example.org"
LINK, ONE_TIME = (
    "https://help.example.org/desk/referrals/1",
    f"https://help.example.org/desk/received/{'a' * 64}",
)
LETTER = Letter("anne@clinic.example.org", UUID(int=7), "referral.requested", NOW, LINK, ONE_TIME)


@dataclass
class Box:
    """Refuses who begins with ``no`` for good, and with ``later`` for now."""

    got: list[Envelope] = field(default_factory=list)
    answer: str = "250 OK"
    names: list[str] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("no"):
            return "550 no such mailbox: told to nobody"
        if address.startswith("later"):
            return "451 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.got.append(envelope)
        return self.answer

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        self.names.append(str(getattr(data, "login", b"").decode()))
        return AuthResult(success=getattr(data, "password", b"") == b"right")


class _Controller(Controller):
    def _trigger_server(self) -> None:
        """A look at itself that says nothing: its own speaks plainly where TLS is spoken, and to the port as given."""
        create_connection(self.server.sockets[0].getsockname()).close()  # type: ignore[union-attr]


@contextmanager
def served(
    box: Box, tls: ssl.SSLContext | None = None, *, at_once: bool = False, auth: bool = False
) -> Iterator[int]:
    options: dict[str, Any] = {}
    if auth:
        options |= {"authenticator": box.login, "auth_required": True, "auth_require_tls": tls is not None}
    controller = _Controller(
        box,
        hostname="127.0.0.1",
        port=0,
        ssl_context=tls if at_once else None,
        tls_context=None if at_once else tls,
        **options,
    )
    controller.start()
    try:
        yield controller.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    finally:
        controller.stop()


def by(
    port: int, tls: str = "offered", *, trusted: ssl.SSLContext | None = None, user: str | None = None
) -> BySmtp:
    server = Server("localhost", port, tls, user, "right" if user else None)  # type: ignore[arg-type]
    return BySmtp(server, FROM, "nb", tls=trusted)


def to(address: str) -> Letter:
    return Letter(address, UUID(int=8), "referral.accepted", NOW, LINK)


def test_a_mail_arrives_with_the_same_id_however_often_it_is_sent() -> None:
    box = Box()
    with served(box) as port:
        assert by(port).send(LETTER, NOW) == by(port).send(LETTER, NOW) == Outcome(Result.SENT)
    first, second = (message_from_bytes(one.original_content or b"", policy=POLICY) for one in box.got)
    assert first["Message-ID"] == second["Message-ID"] == f"<{UUID(int=7).hex}@help.example.org>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["To"] == "anne@clinic.example.org" and first["From"] == FROM
    assert first.get_content_type() == "text/plain"
    text = first.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert LINK in text and ONE_TIME in text


def test_one_address_that_is_refused_for_good_is_told_from_one_that_is_for_now() -> None:
    box = Box()
    with served(box) as port:
        assert by(port).send(to("no@x.example.org"), NOW) == Outcome(
            Result.REFUSED, "the mail server does not take this address (550)"
        )
        assert by(port).send(to("later@x.example.org"), NOW) == Outcome(
            Result.FAILED, "the mail server does not take this address (451)"
        )
        box.answer = "554 spam"
        assert by(port).send(to("yes@x.example.org"), NOW) == Outcome(
            Result.FAILED, "the mail server does not take the mail (554)"
        )


def test_a_server_that_is_not_there_halts_all_mail() -> None:
    with served(Box()) as port:
        pass
    assert by(port).send(LETTER, NOW) == Outcome(
        Result.FAILED, "the mail server cannot be reached", halts=True
    )


def test_tls_is_spoken_where_it_is_offered_and_nothing_is_sent_where_it_is_needed_and_is_not() -> None:
    certificates, box = certified("localhost"), Box()
    with served(box, certificates.server) as port:
        assert by(port, trusted=certificates.client).send(LETTER, NOW).result is Result.SENT
        assert by(port, "needed", trusted=certificates.client).send(LETTER, NOW).result is Result.SENT
        assert by(port).send(LETTER, NOW).result is Result.FAILED  # a certificate that nobody vouches for
    with served(box) as port:
        outcome = by(port, "needed").send(LETTER, NOW)
    assert outcome == Outcome(Result.FAILED, "the mail server offers no STARTTLS", halts=True)
    with served(box, certificates.server, at_once=True) as port:
        assert by(port, "at-once", trusted=certificates.client).send(LETTER, NOW).result is Result.SENT
    assert len(box.got) == 3


def test_a_user_signs_in() -> None:
    certificates, box = certified("localhost"), Box()
    with served(box, certificates.server, auth=True) as port:
        assert (
            by(port, "needed", trusted=certificates.client, user="us").send(LETTER, NOW).result is Result.SENT
        )
    assert box.names == ["us"]


@pytest.mark.parametrize(
    ("url", "environment", "expected"),
    [
        ("smtp://mail.example.org", "development", Server("mail.example.org", 587, "offered")),
        ("smtp://mail.example.org:25", "production", Server("mail.example.org", 25, "needed")),
        (
            "smtp://u%40x:p%3Aw@mail.example.org",
            "development",
            Server("mail.example.org", 587, "needed", "u@x", "p:w"),
        ),
        ("smtps://mail.example.org", "production", Server("mail.example.org", 465, "at-once")),
        ("smtp://127.0.0.1:25", "production", Server("127.0.0.1", 25, "never")),
        ("smtp://localhost", "production", Server("localhost", 587, "never")),
    ],
)
def test_the_address_of_the_server_says_how_it_is_spoken_to(
    url: str, environment: str, expected: Server
) -> None:
    sender = sender_of(settings(smtp_url=url, mail_from=FROM, environment=environment))
    assert isinstance(sender, BySmtp)
    assert sender.server == expected


def test_without_a_server_production_sends_no_mail_and_development_writes_files(tmp_path: Path) -> None:
    assert sender_of(settings(environment="production")) is None
    for made in (settings(data_dir=tmp_path / "var"), settings(smtp_url=f"file:{tmp_path}/my%20mail")):
        sender = sender_of(made)
        assert isinstance(sender, ToFolder)
        for _ in range(2):
            assert sender.send(LETTER, NOW) == Outcome(Result.SENT)
    for folder in (tmp_path / "var" / "mail", tmp_path / "my mail"):
        (file,) = folder.iterdir()
        assert file.name == f"20261122T120000Z-{UUID(int=7).hex}.eml"
        assert file.stat().st_mode & 0o777 == 0o600
        assert message_from_bytes(file.read_bytes(), policy=POLICY)["To"] == "anne@clinic.example.org"


def test_a_folder_that_cannot_be_written_to_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")
    assert ToFolder(tmp_path / "mail", FROM, "nb").send(LETTER, NOW).result is Result.FAILED


def test_a_mail_says_the_same_whatever_the_referral_is_about_and_nothing_of_it() -> None:
    words = set()
    for language, texts in LETTERS.items():
        for event in EVENTS:
            letter = Letter("a@x.example.org", UUID(int=7), event, NOW, LINK)
            message = composed(letter, FROM, language, NOW)
            assert message["Subject"] == texts["subject"] and message["Content-Language"] == language
            words |= set(_text(message).lower().split())
    for told in (
        "henvis",
        "refer",
        "klient",
        "client",
        "hiv",
        "help",
        "hjelp",
        "helse",
        "health",
        "haster",
        "urgent",
    ):
        assert not any(told in word for word in words if not word.startswith("https:")), told
    assert set(SORT_OF) == set(EVENTS)


@pytest.mark.parametrize(
    ("language", "subject"), [("nn", "Noko ventar på deg"), ("de", "Something is waiting for you")]
)
def test_the_language_is_that_of_the_setting_and_english_where_we_lack_it(
    language: str, subject: str
) -> None:
    assert composed(LETTER, FROM, language, NOW)["Subject"] == subject


def test_each_language_has_all_the_words() -> None:
    assert len({frozenset(words) for words in LETTERS.values()}) == 1


def settings(**said: Any) -> Settings:
    return Settings(_env_file=None, **said)


def _text(message: EmailMessage) -> str:
    body = message.get_body()
    assert body is not None
    return str(body.get_content())
