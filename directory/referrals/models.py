"""What is kept of a referral. All that a person wrote, and all that could point to the client, is encrypted.

The bytes are made and read by ``directory.encryption`` only. An event says who did what when, never why in words: it
is kept for ever, in a chain of hashes, and the database itself refuses to change or delete it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    Uuid,
)
from sqlmodel import Field, SQLModel

from directory.database import UtcDateTime


def _sealed() -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True))


def _strings() -> Any:
    return Field(default_factory=list, sa_type=JSON, nullable=False)


_VERSION = Column("version", Integer, nullable=False)


class Referral(SQLModel, table=True):
    """FHIR Task in all but name. ``version`` grows with each change, and two changes of one version can't both win."""

    __table_args__ = (
        Index("ix_referral_sender", "sender_id", "created_at", "id"),
        Index("ix_referral_receiver", "receiver_id", "created_at", "id"),
        # What waits is asked for each minute, among all that have ended.
        Index("ix_referral_status", "status", "updated_at"),
        Index("ix_referral_follow_up", "status", "follow_up_on"),
    )
    __mapper_args__ = {"version_id_col": _VERSION}
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    version: int = Field(default=1, sa_column=_VERSION)
    sender_id: UUID = Field(foreign_key="partner.id")
    # The partner who answers for the service. Of a carried one: who redeemed it, None until then.
    receiver_id: UUID | None = Field(default=None, foreign_key="partner.id")
    service_id: UUID  # no foreign key: a service may leave the catalogue
    refers_on: UUID | None = None  # the rejected or failed referral that this one follows
    delivery: str  # sent, carried
    status: str  # FHIR TaskStatus; see ``lifecycle``
    reason: str | None = None  # of the last step
    outcome: str | None = None
    needs: list[str] = _strings()
    languages: list[str] = _strings()
    urgency: str
    context: str
    contact_preference: str
    appointment_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    follow_up_on: date | None = None
    revisit_on: date | None = None  # when an on-hold one is to be looked at again
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime
    )  # first time requested; None: never sent
    received_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # first seen by the receiver
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # accepted or rejected
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    code_hash: str | None = Field(default=None, unique=True)  # of a carried one not yet redeemed; keyed
    consent_given_on: date | None = None
    consent_method: str | None = None
    consent_covers: list[str] = _strings()
    consent_expires_on: date | None = None  # its last day
    consent_withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # content is gone
    client_ref: bytes | None = _sealed()
    message: bytes | None = _sealed()
    contact: bytes | None = _sealed()


class ReferralMessage(SQLModel, table=True):
    """What partners write to each other about a referral: a message, or the note of a step."""

    __tablename__ = "referral_message"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    referral_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("referral.id", ondelete="CASCADE"), index=True, nullable=False)
    )
    sequence: int  # of the event that it came with
    partner_id: UUID
    kind: str  # message, note
    at: datetime = Field(sa_type=UtcDateTime)
    text: bytes | None = _sealed()  # None: erased


class ReferralEvent(SQLModel, table=True):
    """One step, or one reading. ``hash`` is of all the rest and of the hash before: see ``audit``."""

    __tablename__ = "referral_event"
    __table_args__ = (UniqueConstraint("referral_id", "sequence"),)
    position: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    )
    referral_id: UUID
    sequence: int  # 1, 2, … of its referral
    at: datetime = Field(sa_type=UtcDateTime)
    action: str  # see ``audit``
    actor: str  # person, key, system
    actor_id: UUID | None = None
    partner_id: UUID | None = None
    from_status: str | None = None
    to_status: str | None = None
    reason: str | None = None
    outcome: str | None = None
    hash: str


class AuditHead(SQLModel, table=True):
    """Where the chain of events ends: one row, which whoever adds an event holds until the end of the transaction."""

    __tablename__ = "audit_head"
    id: int = Field(default=1, primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    position: int = Field(sa_type=BigInteger)
    hash: str


class ReferralReminder(SQLModel, table=True):
    """A reminder that was given, so that none is given twice. ``day``: the one that it was about."""

    __tablename__ = "referral_reminder"
    referral_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("referral.id", ondelete="CASCADE"), primary_key=True)
    )
    kind: str = Field(primary_key=True)  # see ``reminders``
    day: date = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


class ReferralCount(SQLModel, table=True):
    """What is left of referrals that ended long ago: how many of a month were alike in all this."""

    __tablename__ = "referral_count"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    month: date  # the first day of the month, in Norway, in which it was sent
    sender_id: UUID = Field(index=True)
    receiver_id: UUID | None = Field(default=None, index=True)
    service_id: UUID
    delivery: str
    status: str
    reason: str | None = None
    outcome: str | None = None
    accepted: bool = False
    answered_within_hours: int | None = None  # see ``reports.WITHIN_HOURS``; None: not answered
    count: int


class ServiceFigure(SQLModel, table=True):
    """How a service answers referrals, as counsellors may see it; only of services with enough of them."""

    __tablename__ = "service_figure"
    service_id: UUID = Field(primary_key=True)
    computed_on: date
    answers_within_hours: int | None = None
    acceptance: int | None = None  # per cent, rounded to tens
    closure: int | None = None  # per cent of the accepted that came to a told end, rounded to tens
