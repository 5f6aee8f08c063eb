"""Three partners and the services that they answer for, and what each of them does with a referral.

``sender`` refers, ``receiver`` answers for the clinic, ``third`` for the shelter; nobody answers for the night cafe.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography.fernet import Fernet
from sqlmodel import Session

from directory.catalogue.models import key_of
from directory.database import Database
from directory.encryption import Vault
from directory.partners.access import Identity, Role
from directory.partners.models import Partner
from directory.partners.partnering import add_partner
from directory.referrals import composing, referring
from directory.referrals.composing import Sent
from directory.referrals.views import View
from tests.factories import NEEDS, NOW, saved, service_draft

KEY = Fernet.generate_key().decode()
VAULT = Vault([KEY], "a hash key for tests, long enough for anyone")
CLINIC, SHELTER, CAFE = "clinic", "shelter", "night-cafe"
CONSENT = {"given_on": "2026-11-20", "method": "oral", "covers": ["receiver", "content"]}


@dataclass
class House:
    """``now`` moves when a test moves it. Each call is one transaction."""

    database: Database
    sender: Identity
    receiver: Identity
    third: Identity
    now: datetime = NOW

    def later(self, **by: float) -> House:
        return replace(self, now=self.now + timedelta(**by))

    def create(self, identity: Identity | None = None, **said: Any) -> Sent:
        with self.database.unit_of_work() as session:
            body = {"service_id": CLINIC} | said
            sent = composing.create(session, VAULT, identity or self.sender, body, needs=NEEDS, now=self.now)
            session.commit()
            return sent

    def requested(self, **said: Any) -> View:
        return self.create(status="requested", **({"consent": CONSENT} | said)).view

    def change(self, view: View, **said: Any) -> View:
        with self.database.unit_of_work() as session:
            changed = composing.change(
                session, VAULT, self.sender, view.id, said, version=view.version, needs=NEEDS, now=self.now
            )
            session.commit()
            return changed

    def step(self, identity: Identity, view: View, to: str, **said: Any) -> Sent:
        with self.database.unit_of_work() as session:
            sent = referring.take_step(
                session, VAULT, identity, view.id, {"to": to} | said, version=view.version, now=self.now
            )
            session.commit()
            return sent

    def read(self, identity: Identity, key: UUID) -> View:
        with self.database.unit_of_work() as session:
            view = referring.read(session, VAULT, identity, key, now=self.now)
            session.commit()
            return view

    def write(self, identity: Identity, key: UUID, text: str) -> referring.Message:
        with self.database.unit_of_work() as session:
            message = referring.write_message(session, VAULT, identity, key, {"text": text}, now=self.now)
            session.commit()
            return message

    def messages(self, identity: Identity, key: UUID) -> list[referring.Message]:
        with self.database.unit_of_work() as session:
            messages = referring.read_messages(session, VAULT, identity, key, now=self.now)
            session.commit()
            return messages

    def withdraw(self, identity: Identity, view: View) -> View:
        with self.database.unit_of_work() as session:
            left = referring.withdraw_consent(
                session, VAULT, identity, view.id, version=view.version, now=self.now
            )
            session.commit()
            return left

    def redeem(self, identity: Identity, code: str) -> View:
        with self.database.unit_of_work() as session:
            view = referring.redeem(session, VAULT, identity, code, now=self.now)
            session.commit()
            return view


def person_of(partner: Partner) -> Identity:
    return Identity(uuid4(), partner.id, frozenset({Role.COUNSELLOR}))


def house(database: Database) -> House:
    with database.unit_of_work() as session:
        saved(
            session,
            *(
                service_draft(slug, organization=f"{slug}-house")
                for slug in ("street-team", CLINIC, SHELTER, CAFE)
            ),
        )
        sender = _partner(session, "street", "street-team-house")
        receiver = _partner(session, "clinic", "clinic-house")
        third = _partner(session, "shelter", "shelter-house")
        session.commit()
    return House(database, person_of(sender), person_of(receiver), person_of(third))


def service(slug: str) -> UUID:
    return key_of("service", slug)


def _partner(session: Session, slug: str, organization: str) -> Partner:
    return add_partner(session, slug=slug, name=slug.title(), organizations=[organization], now=NOW)
