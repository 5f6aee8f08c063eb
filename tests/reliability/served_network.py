"""A partner network behind a real server of two workers, over the directory that ships, on either store."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from directory.api.rooms import rooms
from directory.config import Settings
from directory.database import Database
from directory.encryption import Vault
from directory.partners import keys
from directory.partners.partnering import add_partner
from directory.referrals import audit
from directory.referrals.models import Referral
from tests.databases import Cluster
from tests.real_server import RealServer, real_server
from tests.referral_doors import BOTH, REFERRALS
from tests.reliability.house_for_faults import copied

SERVICE, ORGANIZATION = "olafiaklinikken", "oslo-universitetssykehus"  # of the directory that ships
SENT = {
    "service_id": SERVICE,
    "status": "requested",
    "message": "Noen som kan russisk.",
    "consent": {"given_on": "2026-01-02", "method": "oral", "covers": ["receiver", "content"]},
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Served:
    """A server of two workers, and a key for each of three partners; the second answers for the service."""

    server: RealServer
    database: Database
    vault: Vault
    team: str
    clinic: str
    third: str

    @contextmanager
    def lines(self, so_many: int = 2) -> Iterator[list[http.client.HTTPConnection]]:
        """Connections, to one worker and the other in turn."""
        workers = self.server.workers
        pids = workers.all_pids()
        with ExitStack() as stack:
            yield [
                stack.enter_context(closing(workers.connected(pids[number % 2]))) for number in range(so_many)
            ]

    def events(self) -> int:
        """How many there are, all of them in a chain that holds."""
        with self.database.reading() as session:
            return audit.verify(session)

    def referrals(self) -> int:
        with self.database.reading() as session:
            return int(session.execute(select(func.count()).select_from(Referral)).scalar_one())


def ask(
    connection: http.client.HTTPConnection,
    who: str,
    method: str,
    path: str = "",
    body: object = None,
    **headers: str,
) -> Answer:
    """``headers``: as If_Match."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent |= {"Authorization": f"Bearer {who}"}
    if body is not None:
        sent |= {"Content-Type": "application/json"}
    connection.request(method, REFERRALS + path, None if body is None else json.dumps(body), sent)
    response = connection.getresponse()
    return Answer(response.status, dict(response.getheaders()), response.read())


def create(line: http.client.HTTPConnection, who: str, key: str, said: object = SENT) -> Answer:
    return ask(line, who, "POST", "", said, Idempotency_Key=key)


@contextmanager
def served_network(request: pytest.FixtureRequest, app: Flask, data: Path, store: str) -> Iterator[Served]:
    """``data``: a folder that is not there yet. ``app``: the directory that ships, whose data is copied."""
    with app.app_context():
        ready: Settings = rooms().settings
    copied(ready.data_dir, data)
    url = f"sqlite:///{data / 'directory.db'}"
    if store == "postgresql":
        cluster: Cluster = request.getfixturevalue("postgresql")
        url = cluster.url(cluster.migrated())
    with real_server(data, VEIVISER_DATABASE_URL=url, WEB_CONCURRENCY="2") as server:
        database = Database(url)
        vault = Vault(ready.all_encryption_keys, ready.signing_key)
        try:
            yield Served(server, database, vault, *_three(database))
        finally:
            database.close()


def _three(database: Database) -> list[str]:
    """The keys of three partners."""
    found, now = [], datetime.now(UTC)
    with database.unit_of_work() as session:
        for slug, organizations in (("team", []), ("clinic", [ORGANIZATION]), ("third", [])):
            partner = add_partner(session, slug=slug, name=slug, organizations=organizations, now=now)
            found.append(keys.create(session, partner, label="journal", scopes=BOTH, now=now)[1])
        session.commit()
    return found
