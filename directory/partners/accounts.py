"""Signing in: by password and one-time code, or by an OpenID Connect issuer; and who is signed in.

Whatever is wrong is answered alike and takes as long: SignInFailed. Functions that take the ``Database`` commit by
themselves: an attempt must stay counted although it fails, and a password is not hashed while a transaction waits.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Table, delete, or_, update
from sqlmodel import Session, col, select

from directory.database import Database
from directory.encryption import Vault
from directory.errors import NotFound, SignInFailed
from directory.partners import lockout, one_time_codes, passwords
from directory.partners.access import Identity, Role
from directory.partners.addresses import LONGEST, known_as
from directory.partners.models import Account, Partner, SignedIn

IDLE = timedelta(minutes=30)  # a sign-in ends when nothing was asked for so long,
ABSOLUTE = timedelta(hours=12)  # and in any case
SEEN_EVERY = timedelta(minutes=1)  # so often at most is it written down that something was asked

_FAILED = "Address, password or code is wrong, or this account takes no sign-in."
_SIGNED_IN: Table = SignedIn.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is signed in. ``until``: when that ends unless something is asked before."""

    account: Account
    identity: Identity
    until: datetime


def sign_in(
    database: Database,
    vault: Vault,
    *,
    email: str,
    password: str,
    code: str | None,
    network: str,
    cookie: str,
    now: datetime,
) -> tuple[Account, str]:
    """The account, and a token that stands for this sign-in; commits. ``code``: from the owner's device, where the
    account asks for one. ``network``: the asker's address. ``cookie``: what ``lockout.remembered`` gave this browser;
    after a sign-in it is to be given a new one, for ``account.email``.

    Raises SignInFailed, and TooManyAttempts before anything is looked at.
    """
    address = known_as(email)
    counts = lockout.of_signing_in(
        vault, address or _as_typed(email), network=network, cookie=cookie, now=now
    )
    with database.unit_of_work() as session:
        lockout.attempt(session, counts, now)
        found = _account(session, address)
        session.commit()
    kept = found.password_hash if found else None
    right = passwords.matches(kept, password)
    renewed = passwords.hashed(password) if right and kept and passwords.outdated(kept) else None
    with database.unit_of_work() as session:
        account = _account(session, address, changing=True)
        if account is None or not right or account.password_hash != kept or not may_sign_in(session, account):
            raise SignInFailed(_FAILED)
        if account.totp_confirmed and not one_time_codes.take(vault, account, code or "", now):
            raise SignInFailed(_FAILED)
        if renewed:
            account.password_hash = renewed
        lockout.succeeded(session, counts, now)
        token = _begin(session, account, now)
        session.commit()
    return account, token


def sign_in_by_issuer(
    session: Session,
    *,
    issuer: str,
    subject: str,
    email: str | None,
    email_verified: bool,
    now: datetime,
) -> tuple[Account, str]:
    """As ``sign_in``, for whom an OpenID Connect issuer vouches for (its ID token is verified already).

    An account is known by issuer and subject; the first time by its address, if the issuer has verified that and no
    other subject has the account. Nobody gets an account by it. Whether a second factor is asked for is the issuer's
    concern. Raises SignInFailed.
    """
    is_linked = (col(Account.oidc_issuer) == issuer, col(Account.oidc_subject) == subject)
    account = session.exec(select(Account).where(*is_linked).with_for_update()).first()
    if account is None and email_verified is True:
        account = _account(session, known_as(email or ""), changing=True)
        if account is not None and account.oidc_subject is not None:
            account = None
    if account is None or not may_sign_in(session, account):
        raise SignInFailed("The issuer's account is not that of anybody who may sign in here.")
    account.oidc_issuer, account.oidc_subject = issuer, subject
    return account, _begin(session, account, now)


def who(database: Database, token: str, now: datetime) -> Present | None:
    """Who is signed in by this token; None when nobody is, or no longer. Commits when it notes that something was
    asked, once a minute at most; otherwise it only reads.
    """
    key = _hash(token)
    query = (
        select(SignedIn, Account, Partner)
        .join(Account, col(Account.id) == col(SignedIn.account_id))
        .join(Partner, col(Partner.id) == col(Account.partner_id), isouter=True)
        .where(SignedIn.token_hash == key)
    )
    with database.reading() as session:
        found = session.exec(query).first()
    if found is None:
        return None
    signed_in, account, partner = found
    end = signed_in.began_at + ABSOLUTE
    if not account.active or (partner is not None and not partner.active):
        return None
    if now >= min(signed_in.seen_at + IDLE, end):
        return None
    seen_at = signed_in.seen_at
    if now - seen_at >= SEEN_EVERY:
        with database.unit_of_work() as session:
            session.execute(
                update(_SIGNED_IN)
                .where(_SIGNED_IN.c.token_hash == key, _SIGNED_IN.c.seen_at < now)
                .values(seen_at=now)
            )
            session.commit()
        seen_at = now
    return Present(account, identity_of_account(account), min(seen_at + IDLE, end))


def sign_out(session: Session, token: str) -> None:
    session.execute(delete(_SIGNED_IN).where(_SIGNED_IN.c.token_hash == _hash(token)))


def end_sign_ins(session: Session, account_ids: list[UUID]) -> None:
    """End all of these people's sign-ins, on all devices."""
    session.execute(delete(_SIGNED_IN).where(_SIGNED_IN.c.account_id.in_(account_ids)))


def forget_ended(session: Session, now: datetime) -> int:
    """Take away the sign-ins that have ended by themselves, and counts of attempts that count no more; returns how
    many."""
    idle, began = _SIGNED_IN.c.seen_at <= now - IDLE, _SIGNED_IN.c.began_at <= now - ABSOLUTE
    ended = session.execute(delete(_SIGNED_IN).where(or_(idle, began)))
    return int(ended.rowcount) + lockout.forget_old(session, now)  # type: ignore[attr-defined]


def account_of(session: Session, email: str) -> Account:
    """The account that is known by this address. Raises NotFound."""
    account = _account(session, known_as(email))
    if account is None:
        raise NotFound(f"There is no account {email}.")
    return account


def may_sign_in(session: Session, account: Account) -> bool:
    """Whether the account and its partner are active."""
    if not account.active:
        return False
    partner = session.get(Partner, account.partner_id) if account.partner_id else None
    return partner is None or partner.active


def identity_of_account(account: Account) -> Identity:
    return Identity(account.id, account.partner_id, frozenset(Role(role) for role in account.roles))


def _account(session: Session, address: str | None, *, changing: bool = False) -> Account | None:
    query = select(Account).where(Account.email == (address or ""))  # nobody's is empty
    return session.exec(query.with_for_update() if changing else query).first()


def _begin(session: Session, account: Account, now: datetime) -> str:
    forget_ended(session, now)
    token = secrets.token_urlsafe(32)
    session.add(SignedIn(token_hash=_hash(token), account_id=account.id, began_at=now, seen_at=now))
    session.add(account)
    session.flush()
    return token


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _as_typed(email: str) -> str:
    """What is no address is counted like one."""
    return email[:LONGEST].strip().lower().encode("utf-8", "replace").decode()
