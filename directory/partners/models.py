"""Who takes part: partners, their people, keys, and what signing in leaves behind.

Secrets are never kept as they were handed out: passwords as argon2id, keys and tokens as SHA-256 (they are random and
long), one-time password seeds encrypted. Tables do not validate: see ``partnering``, ``accounts`` and ``keys``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, LargeBinary, UniqueConstraint, Uuid
from sqlmodel import Field, SQLModel

from directory.database import UtcDateTime


def _of(table: str, **more: Any) -> Any:
    return Column(Uuid, ForeignKey(f"{table}.id", ondelete="CASCADE"), **more)


class Partner(SQLModel, table=True):
    """An organization that takes part. One that is disabled can do nothing, and receives nothing."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    slug: str = Field(unique=True)
    name: str
    active: bool = True
    mailbox: str | None = None  # an address of its own that notices go to; None: to its people
    origins: list[str] = Field(  # "https://example.org": the sites that may hold its widget
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )
    created_at: datetime = Field(sa_type=UtcDateTime)


class PartnerOrganization(SQLModel, table=True):
    """Which organizations of the catalogue a partner answers for; each has at most one partner.

    No foreign key: an organization may leave the catalogue with one seed and come back with the next.
    """

    __tablename__ = "partner_organization"
    organization_id: UUID = Field(primary_key=True)
    partner_id: UUID = Field(sa_column=_of("partner", index=True, nullable=False))


class Account(SQLModel, table=True):
    """A person who signs in, known by an e-mail address alone. Stewards and admins may be of no partner."""

    __table_args__ = (UniqueConstraint("oidc_issuer", "oidc_subject"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    partner_id: UUID | None = Field(default=None, sa_column=_of("partner", index=True, nullable=True))
    email: str = Field(unique=True)  # lower case
    roles: list[str] = Field(default_factory=list, sa_type=JSON, nullable=False)
    active: bool = True
    password_hash: str | None = None  # argon2id; None: not chosen yet, or OpenID Connect only
    totp_secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))  # encrypted
    totp_confirmed: bool = False  # asked for at sign-in only when its owner has shown to have it
    totp_used: int | None = None  # the 30-second step of the last code taken: none is taken twice
    oidc_issuer: str | None = None
    oidc_subject: str | None = None
    notices: str = "all"  # all, none: whether it gets mail about referrals
    created_at: datetime = Field(sa_type=UtcDateTime)


class SignedIn(SQLModel, table=True):
    """One sign-in on one device."""

    __tablename__ = "signed_in"
    token_hash: str = Field(primary_key=True)
    account_id: UUID = Field(sa_column=_of("account", index=True, nullable=False))
    began_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class OneTimeLink(SQLModel, table=True):
    """An invitation, or leave to choose a new password. Gone when used."""

    __tablename__ = "one_time_link"
    token_hash: str = Field(primary_key=True)
    account_id: UUID = Field(sa_column=_of("account", index=True, nullable=False))
    purpose: str  # invitation, reset
    expires_at: datetime = Field(sa_type=UtcDateTime)


class SignInFailures(SQLModel, table=True):
    """Failed sign-ins for one account by one source; see ``lockout``. Both are keyed hashes: an unknown address leaves
    the same traces as a known one."""

    __tablename__ = "sign_in_failures"
    account: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    failures: int
    last_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)  # nothing is tried before


class ApiKey(SQLModel, table=True):
    """A key by which a partner's system asks. ``hint``: its first characters, by which people tell keys apart."""

    __tablename__ = "api_key"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    partner_id: UUID = Field(sa_column=_of("partner", index=True, nullable=False))
    label: str
    hint: str
    key_hash: str = Field(unique=True)
    scopes: list[str] = Field(default_factory=list, sa_type=JSON, nullable=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_on: date | None = None  # the last day on which it asked


class IdempotentRequest(SQLModel, table=True):
    """What was answered to a request that must not be done twice; see ``idempotency``."""

    __tablename__ = "idempotent_request"
    __table_args__ = (CheckConstraint("(status IS NULL) = (body IS NULL)", name="answered"),)
    actor_id: UUID = Field(primary_key=True)  # account or key
    key_hash: str = Field(primary_key=True)
    request_hash: str  # keyed
    began_at: datetime = Field(sa_type=UtcDateTime)
    status: int | None = None  # None: not answered yet
    headers: dict[str, str] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))  # encrypted
