"""The whole application over a small network: who signs in there, and whose systems ask by key.

``sender`` refers, ``receiver`` answers for the clinic, ``third`` for the shelter; nobody answers for the night cafe.
Staff (stewards, admins) are of no partner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from directory.api.rooms import KEY, Rooms
from directory.database import Database
from directory.encryption import Vault
from directory.identity import SESSION
from directory.partners import accounts, invitations, keys, members
from directory.partners.access import Role, Scope
from directory.partners.models import Account, Partner
from directory.partners.partnering import add_partner
from tests.factories import NOW, saved, service_draft

SERVICES = {"sender": "street-team", "receiver": "clinic", "third": "shelter", "nobody": "night-cafe"}
STAFF = frozenset({Role.STEWARD, Role.ADMIN})
PASSWORD = "en lang setning om ingenting"


@dataclass
class Network:
    """``now`` moves when a test moves it."""

    app: Flask
    house: Rooms
    partners: dict[str, Partner]
    now: datetime = NOW

    @property
    def database(self) -> Database:
        return self.house.database

    @property
    def vault(self) -> Vault:
        return self.house.vault

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def nobody(self) -> FlaskClient:
        return self.app.test_client()

    def account(self, partner: str | None, *roles: Role, email: str | None = None) -> Account:
        """Somebody of these roles, made at the first call."""
        email = email or f"{'-'.join(roles)}@{partner or 'staff'}.example.org"
        with self.database.unit_of_work() as session:
            for known in members.accounts(session):
                if known.email == email:
                    return known
            account = members.add_account(
                session,
                email=email,
                roles=roles,
                partner=self.partners[partner] if partner else None,
                now=self.now,
            )
            session.commit()
        return account

    def with_password(self, partner: str | None, *roles: Role, email: str | None = None) -> Account:
        account = self.account(partner, *roles, email=email)
        with self.database.unit_of_work() as session:
            token = invitations.invite(session, account, self.now)
            session.commit()
        return invitations.choose_password(self.database, token, PASSWORD, self.now)

    def token(self, account: Account) -> str:
        with self.database.unit_of_work() as session:
            _, token = accounts.sign_in_by_issuer(
                session,
                issuer="https://issuer.example.org",
                subject=account.email,
                email=account.email,
                email_verified=True,
                now=self.now,
            )
            session.commit()
        return token

    def person(self, partner: str | None, *roles: Role, email: str | None = None) -> FlaskClient:
        """A browser in which this person is signed in, on our own pages."""
        client = self.nobody()
        client.set_cookie(SESSION, self.token(self.account(partner, *roles, email=email)))
        client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        return client

    def key(self, partner: str, *scopes: Scope) -> tuple[UUID, str]:
        with self.database.unit_of_work() as session:
            key, text = keys.create(
                session, self.partners[partner], label="a system", scopes=scopes, now=self.now
            )
            session.commit()
        return key.id, text

    def system(self, partner: str, *scopes: Scope) -> FlaskClient:
        return self.asking_by(self.key(partner, *scopes)[1])

    def asking_by(self, key: str) -> FlaskClient:
        client = self.nobody()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        return client


@pytest.fixture
def network(directory_app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """The application that all tests share, over a database of this test's own, in both stores."""
    with database.unit_of_work() as session:
        saved(session, *(service_draft(slug, organization=f"{slug}-house") for slug in SERVICES.values()))
        partners = {
            name: add_partner(session, slug=name, name=name.title(), organizations=[f"{slug}-house"], now=NOW)
            for name, slug in SERVICES.items()
            if name != "nobody"
        }
        session.commit()
    house: Rooms = replace(directory_app.extensions[KEY], database=database, clock=lambda: made.now)
    made = Network(directory_app, house, partners)
    monkeypatch.setitem(directory_app.extensions, KEY, house)
    yield made
