"""Processes that deliver what the outbox holds, and are to be killed.

Run as a program, it forks one after the other: what dies is replaced at once, which costs milliseconds, as all is
loaded. For each that died its successor's clock is three minutes further, so that what the dead had leased is free
again. It ends when stdin does.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread

from directory.config import Settings, read_settings
from directory.database import Database
from directory.encryption import Vault
from directory.outbox import delivering, targets
from directory.outbox.mail import sender_of
from directory.outbox.webhooks import WebhookSender

PASSES = timedelta(minutes=3)


def clock_of(deaths: int) -> datetime:
    return datetime.now(UTC) + deaths * PASSES


def senders_of(settings: Settings) -> delivering.Senders:
    """Costly to begin, so to be begun once: whom to trust is read from files."""
    return delivering.Senders(WebhookSender(targets.look_up, loopback=True), sender_of(settings))


def deliver(settings: Settings, senders: delivering.Senders, deaths: int) -> None:
    database = Database(settings.database)
    vault = Vault(settings.all_encryption_keys, settings.signing_key)
    parent = os.getppid()
    while os.getppid() == parent:
        if not delivering.deliver(database, vault, settings, lambda: clock_of(deaths), senders=senders):
            Event().wait(0.01)


def main() -> None:
    settings = read_settings()
    senders = senders_of(settings)
    child, deaths, forking = 0, 0, Lock()

    def end() -> None:
        sys.stdin.read()
        with forking:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os._exit(0)

    Thread(target=end, daemon=True).start()
    while True:
        with forking:
            child = os.fork()
        if child == 0:
            try:
                deliver(settings, senders, deaths)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            os._exit(1)  # it was not killed, it broke
        deaths += 1


if __name__ == "__main__":
    main()
