"""Mail: that something waits, in words that tell a stranger nothing, with a link that needs a login.

It names neither need nor client, no organization, service, language or urgency: a mail is read on locked screens and by
whoever sees to the mailbox. Plain text, nothing that tells when it is read.
"""

from __future__ import annotations

import contextlib
import os
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from directory.config import Settings
from directory.outbox.attempts import Outcome, Result
from directory.outbox.letters import LETTERS, SORT_OF

SECONDS = 10.0  # for each word of the server's
SUBMISSION, OVER_TLS = 587, 465  # ports, where the address names none
_PERMANENT = range(500, 600)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent: made anew for each attempt. ``acknowledge``: the address of a one-time link, where there is one."""

    to: str
    message_id: UUID
    event: str
    created_at: datetime
    link: str
    acknowledge: str | None = None


class MailSender(Protocol):
    def send(self, letter: Letter, now: datetime) -> Outcome:
        """Never raises for what the server or the network does."""


@dataclass(frozen=True, slots=True)
class Server:
    """``tls``: from the first byte; when the server offers it; always, or nothing is sent; never."""

    host: str
    port: int
    tls: Literal["at-once", "offered", "needed", "never"]
    user: str | None = None
    password: str | None = None


def sender_of(settings: Settings) -> MailSender | None:
    """How this installation sends mail; None when it sends none."""
    sender = settings.mail_from or "veiviser@localhost"
    if settings.smtp_url is None:
        if settings.environment == "production":
            return None
        return ToFolder(settings.data_dir / "mail", sender, settings.default_language)
    parts = urlsplit(settings.smtp_url.get_secret_value())
    if parts.scheme == "file":
        return ToFolder(Path(unquote(parts.path)), sender, settings.default_language)
    host = parts.hostname or ""
    secure = parts.scheme == "smtps"
    here = _is_this_machine(host)
    server = Server(
        host,
        parts.port or (OVER_TLS if secure else SUBMISSION),
        # A server on this machine is reached without a network, and seldom has a certificate that holds for it.
        "at-once"
        if secure
        else "never"
        if here
        else "needed"
        if parts.username or settings.environment == "production"
        else "offered",
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )
    return BySmtp(server, sender, settings.default_language)


def composed(letter: Letter, sender: str, language: str, now: datetime) -> EmailMessage:
    words = LETTERS.get(language, LETTERS["en"])
    parts = [words[SORT_OF[letter.event]], f"{words['read']}\n{letter.link}"]
    if letter.acknowledge:
        parts.append(f"{words['acknowledge']}\n{letter.acknowledge}")
    parts.append(words["automatic"])
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, letter.to
    message["Subject"] = words["subject"]
    message["Date"] = format_datetime(now)
    # The same however often it is tried: a mailbox that has it already can tell.
    message["Message-ID"] = f"<{letter.message_id.hex}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(parts) + "\n", charset="utf-8")
    message["Content-Language"] = language if language in LETTERS else "en"
    return message


class ToFolder:
    """One file a mail, for trying out. The same mail again is the same file."""

    def __init__(self, folder: Path, sender: str, language: str) -> None:
        self._folder, self._sender, self._language = folder, sender, language

    def send(self, letter: Letter, now: datetime) -> Outcome:
        content = composed(letter, self._sender, self._language, now).as_bytes()
        name = f"{letter.created_at:%Y%m%dT%H%M%SZ}-{letter.message_id.hex}.eml"
        aside = self._folder / f".{name}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.rename(self._folder / name)
        except OSError:
            return Outcome(Result.FAILED, "the folder for mail cannot be written to", halts=True)
        return Outcome(Result.SENT)


class BySmtp:
    """``tls``: whom to trust; None: whom this machine trusts."""

    def __init__(
        self, server: Server, sender: str, language: str, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.server, self._sender, self._language = server, sender, language
        self._tls = tls or ssl.create_default_context()

    def send(self, letter: Letter, now: datetime) -> Outcome:
        message = composed(letter, self._sender, self._language, now)
        try:
            connection = self._connected()
        except _NotSafe as error:
            return Outcome(Result.FAILED, str(error), halts=True)
        except (smtplib.SMTPException, OSError):
            return Outcome(Result.FAILED, "the mail server cannot be reached", halts=True)
        try:
            connection.send_message(message, self._sender, [letter.to])
            return Outcome(Result.SENT)
        except smtplib.SMTPRecipientsRefused as error:
            code = error.recipients[letter.to][0]
            refused = Result.REFUSED if code in _PERMANENT else Result.FAILED
            return Outcome(refused, f"the mail server does not take this address ({code})")
        except smtplib.SMTPResponseException as error:
            return Outcome(Result.FAILED, f"the mail server does not take the mail ({error.smtp_code})")
        except (smtplib.SMTPException, OSError):
            return Outcome(Result.FAILED, "the mail server broke off", halts=True)
        finally:
            # What it has taken is taken, also if it does not say goodbye.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        server = self.server
        connection: smtplib.SMTP
        if server.tls == "at-once":
            connection = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=self._tls)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        try:
            connection.ehlo()
            if server.tls in ("offered", "needed"):
                if connection.has_extn("starttls"):
                    connection.starttls(context=self._tls)
                    connection.ehlo()
                elif server.tls == "needed":
                    raise _NotSafe("the mail server offers no STARTTLS")
            if server.user is not None:
                connection.login(server.user, server.password or "")
        except BaseException:
            connection.close()
            raise
        return connection


class _NotSafe(Exception):
    pass


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
