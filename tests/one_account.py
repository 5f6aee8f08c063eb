"""One counsellor who has a password, and what tests do with her account."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from sqlmodel import select

from directory.config import DEVELOPMENT_ENCRYPTION_KEY
from directory.database import Database
from directory.encryption import Vault
from directory.partners import accounts, invitations, members, one_time_codes, partnering
from directory.partners.models import Account
from tests.factories import NOW

VAULT = Vault([DEVELOPMENT_ENCRYPTION_KEY], "a key for hashes")
EMAIL, PASSWORD = "kari@example.org", "fire ord som er ulike"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # as one of long ago
MINUTE = timedelta(minutes=1)
STEP = timedelta(seconds=one_time_codes.STEP_S)


def add_counsellor(database: Database) -> UUID:
    with database.unit_of_work() as session:
        partner = partnering.add_partner(session, slug="clinic", name="Clinic", organizations=(), now=NOW)
        account = members.add_account(session, email=EMAIL, roles=["counsellor"], partner=partner, now=NOW)
        account.password_hash = CHEAP.hash(PASSWORD)
        session.commit()
    return account.id


def sign_in(database: Database, now: datetime = NOW, **said: Any) -> tuple[Account, str]:
    asked = {"email": EMAIL, "password": PASSWORD, "code": None, "network": "192.0.2.1", "cookie": ""}
    return accounts.sign_in(database, VAULT, **(asked | said), now=now)


def present(database: Database, token: str, now: datetime = NOW) -> bool:
    return accounts.who(database, token, now) is not None


def kept(database: Database) -> Account:
    with database.reading() as session:
        return session.exec(select(Account)).one()


def change(database: Database, id: UUID, **values: Any) -> None:
    with database.unit_of_work() as session:
        account = session.get_one(Account, id)
        for name, value in values.items():
            setattr(account, name, value)
        session.commit()


def enrolled(database: Database, kari: UUID) -> pyotp.TOTP:
    """The owner's device, after it was confirmed in the step before."""
    with database.unit_of_work() as session:
        device = pyotp.TOTP(one_time_codes.start(session, VAULT, kari).secret)
        one_time_codes.confirm(session, VAULT, kari, device.at(NOW - 2 * STEP), NOW - 2 * STEP)
        session.commit()
    return device


def link(database: Database, kari: UUID, now: datetime = NOW, *, forget_codes: bool = False) -> str:
    with database.unit_of_work() as session:
        token = invitations.reset(session, session.get_one(Account, kari), now, forget_codes=forget_codes)
        session.commit()
    return token
