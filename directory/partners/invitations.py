"""One-time links: an invitation to somebody new, or leave to choose a new password.

Whoever holds a link becomes that person, so it is long, kept as its SHA-256, short-lived, and gone when used. An
account has one at most: a new one ends the one before.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from sqlalchemy import Table, delete
from sqlmodel import Session, select

from directory.database import Database
from directory.errors import Conflict, NotFound
from directory.partners import one_time_codes, passwords
from directory.partners.accounts import end_sign_ins, may_sign_in
from directory.partners.models import Account, OneTimeLink

Purpose = Literal["invitation", "reset", "recovery"]
LASTS: dict[Purpose, timedelta] = {
    "invitation": timedelta(days=7),
    "reset": timedelta(hours=1),
    "recovery": timedelta(hours=1),  # a reset that also asks for no one-time codes any more
}

_LINK: Table = OneTimeLink.__table__  # type: ignore[attr-defined]
_DEAD = "This link was used already, is too old, or is none of ours. Ask for a new one."


def invite(session: Session, account: Account, now: datetime) -> str:
    """The token of a link by which somebody new chooses a password, within a week."""
    return _new(session, account, "invitation", now)


def reset(session: Session, account: Account, now: datetime, *, forget_codes: bool = False) -> str:
    """The token of a link by which the owner chooses another password, within an hour. Until then the old one holds.
    ``forget_codes``: from then on no one-time codes are asked for either, for who has lost the device.
    """
    return _new(session, account, "recovery" if forget_codes else "reset", now)


def address_of(base_url: str, purpose: Purpose, token: str) -> str:
    """The link. The token stands behind the #, which no browser sends: it is in no log."""
    return f"{base_url}/desk/{'invitation' if purpose == 'invitation' else 'reset'}#{token}"


def choose_password(database: Database, token: str, password: str, now: datetime) -> Account:
    """Give the link's account this password, and end its sign-ins and links; commits. Whoever calls signs nobody in,
    but may have the browser ``remembered``: its owner then can't be locked out.

    Raises NotFound when the link holds no more, and InvalidInput on ``password``, which leaves the link as it is.
    """
    key = sha256(token.encode("utf-8", "replace")).hexdigest()
    with database.reading() as session:
        email = _account(session, key, now)[0].email
    passwords.refuse_weak(password, email)
    kept = passwords.hashed(password)
    with database.unit_of_work() as session:
        account, purpose = _account(session, key, now, changing=True)
        account.password_hash = kept
        session.add(account)
        if purpose == "recovery":
            one_time_codes.forget(session, account)
        session.execute(delete(_LINK).where(_LINK.c.account_id == account.id))
        end_sign_ins(session, [account.id])
        session.commit()
    return account


def forget_old(session: Session, now: datetime) -> int:
    """Take away the links that hold no more; returns how many."""
    return int(session.execute(delete(_LINK).where(_LINK.c.expires_at <= now)).rowcount)  # type: ignore[attr-defined]


def _new(session: Session, account: Account, purpose: Purpose, now: datetime) -> str:
    if not may_sign_in(session, account):
        raise Conflict(f"{account.email} or its partner is disabled.")
    session.flush()
    session.execute(delete(_LINK).where((_LINK.c.account_id == account.id) | (_LINK.c.expires_at <= now)))
    token = secrets.token_urlsafe(32)
    key = sha256(token.encode()).hexdigest()
    session.add(
        OneTimeLink(token_hash=key, account_id=account.id, purpose=purpose, expires_at=now + LASTS[purpose])
    )
    session.flush()
    return token


def _account(session: Session, key: str, now: datetime, *, changing: bool = False) -> tuple[Account, str]:
    """Whose link it is, and what it is for."""
    query = select(OneTimeLink).where(OneTimeLink.token_hash == key)
    link = session.exec(query.with_for_update() if changing else query).first()
    account = session.get(Account, link.account_id) if link and now < link.expires_at else None
    if link is None or account is None or not may_sign_in(session, account):
        raise NotFound(_DEAD)
    return account, link.purpose
