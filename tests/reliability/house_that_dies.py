"""Two partners who refer to each other and are told of everything, while who serves and who delivers is killed."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from directory.config import Settings
from directory.database import Database
from directory.encryption import Vault
from directory.outbox.models import WebhookEndpoint
from directory.outbox.webhooks import new_secret
from directory.partners import keys
from directory.partners.partnering import add_partner, set_mailbox
from directory.serving import ROOT
from tests.listening_post import REFUSED, Post
from tests.real_server import RealServer
from tests.referral_doors import BOTH
from tests.reliability.preloaded_gunicorn import ASKS
from tests.reliability.referring_clients import Acknowledged, Refers
from tests.worker_connections import children, is_alive, keeps

CLIENTS = 3
TOLD_OF_A_STEP, BACKLOG = 3, 20  # messages, about
AT_ONCE = 0.3  # of the kills follow the one before without a wait
PATIENCE_S = 30.0
AT_TEAM, AT_CLINIC = "/team", "/clinic"
TEAM_BOX, CLINIC_BOX = "inbox@team.example.org", "inbox@clinic.example.org"
SERVES, DELIVERS = "serves", "delivers"

Living = Callable[[], list[int]]  # the process ids of those who may be killed


@dataclass
class House:
    """A directory with two partners who are told of everything, and what its processes are told of it."""

    post: Post
    settings: dict[str, str]
    database: Database
    service: str  # slug
    team: str  # keys
    clinic: str


@contextmanager
def house(url: str, data: Path, post: Post, service: str, organization: str) -> Iterator[House]:
    """``service`` is of the ``organization`` that the clinic answers for; both are in the directory already."""
    told = {
        "VEIVISER_DATA_DIR": str(data),
        "VEIVISER_DATABASE_URL": url,
        "VEIVISER_RATE_LIMITS": "off",
        "VEIVISER_BASE_URL": "http://127.0.0.1:8000",  # whoever sends it, a mail leads to the same place
        "VEIVISER_WEBHOOKS_TO_THIS_MACHINE": "true",
        "VEIVISER_SMTP_URL": f"smtp://127.0.0.1:{post.smtp_port}",
        "VEIVISER_MAIL_FROM": "veiviser@example.org",
    }
    database, now = Database(url), datetime.now(UTC)
    vault = vault_of(settings_of(told))
    made = {}
    with database.unit_of_work() as session:
        for slug, organizations, box, paths in (
            ("team", [], TEAM_BOX, [AT_TEAM]),
            ("clinic", [organization], CLINIC_BOX, [REFUSED, AT_CLINIC]),
        ):
            partner = add_partner(session, slug=slug, name=slug, organizations=organizations, now=now)
            set_mailbox(session, partner, box)
            made[slug] = keys.create(session, partner, label="journal", scopes=BOTH, now=now)[1]
            for path in paths:
                secret = vault.seal(new_secret())
                session.add(
                    WebhookEndpoint(partner_id=partner.id, url=post.url(path), secret=secret, created_at=now)
                )
        session.commit()
    try:
        yield House(post, told, database, service, made["team"], made["clinic"])
    finally:
        database.close()


def settings_of(told: dict[str, str]) -> Settings:
    values = {name.removeprefix("VEIVISER_").lower(): value for name, value in told.items()}
    return Settings(_env_file=None, **values)


def vault_of(settings: Settings) -> Vault:
    return Vault(settings.all_encryption_keys, settings.signing_key)


@contextmanager
def served(here: House) -> Iterator[tuple[int, Living]]:
    """The port of a gunicorn that is quick to replace its workers, and who they are."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-c", "tests/reliability/preloaded_gunicorn.py"]
    program = subprocess.Popen(
        [*command, "-b", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env=os.environ | here.settings | {ASKS: here.team},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield port, lambda: children(program.pid)
    finally:
        program.terminate()
        program.wait(PATIENCE_S)


@contextmanager
def delivered(here: House) -> Iterator[Living]:
    """Who delivers: one process after the other."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.doomed_work"],
        cwd=ROOT,
        env=os.environ | here.settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield lambda: children(program.pid)
    finally:
        assert program.stdin is not None
        program.stdin.close()
        assert program.wait(PATIENCE_S) == 0, "who delivered broke, and was not killed"


def live(
    here: House,
    port: int,
    serving: Living,
    delivering: Living,
    kills: list[str],
    chance: random.Random,
) -> Acknowledged:
    """Partners refer and answer while who serves and who delivers is killed, in the order of ``kills``."""
    book, stop = Acknowledged(), Event()
    said = {
        "service_id": here.service,
        "status": "requested",
        "consent": {"given_on": "2026-01-02", "method": "oral", "covers": ["receiver"]},
    }

    def waits() -> bool:
        """There is always something to be delivered, and never more than is soon done."""
        return TOLD_OF_A_STEP * len(book.steps) > len(here.post.heard) + BACKLOG

    clients = [Refers(port, here.team, here.clinic, said, book, stop, waits) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        wait_for_more(book.steps, 1, PATIENCE_S)  # before that, there is nobody to kill
        wait_for_more(here.post.heard, 1, PATIENCE_S)
        for who in kills:
            if chance.random() >= AT_ONCE:
                things, most = (book.steps, 3) if who == SERVES else (here.post.heard, 8)
                wait_for_more(things, chance.randint(0, most))
            Event().wait(chance.uniform(0, 0.01))
            kill_one_of(serving if who == SERVES else delivering, chance)
    finally:
        stop.set()
        for client in clients:
            client.join(PATIENCE_S)
    assert not any(client.is_alive() for client in clients)
    assert book.wrong == []
    return book


def wait_for_more(things: list[Any], more: int, patience_s: float = 2) -> None:
    """Until there are so many more; not for ever: who is to bring them may be waiting for something else."""
    there = len(things) + more
    for _ in range(int(patience_s / 0.004)):
        if len(things) >= there:
            return
        Event().wait(0.004)


def kill_one_of(living: Living, chance: random.Random) -> None:
    for _ in range(int(PATIENCE_S * 500)):
        if pids := [pid for pid in living() if is_alive(pid)]:
            break
        Event().wait(0.002)
    os.kill(chance.choice(pids), signal.SIGKILL)


def of_a_real_one(server: RealServer) -> tuple[Living, Living]:
    """Who serves, and who works beside it, of ``veiviser serve``."""

    def delivering() -> list[int]:
        keeper = next(pid for pid in children(server.process.pid) if keeps(pid))
        return children(keeper)

    return server.workers.pids, delivering
