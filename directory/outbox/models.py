"""What is still to be told to others, and where systems want to be told.

Nothing here says what a referral is about: a message holds what happened and to which referral, nothing else. Its words
are put together when it is sent, and the address is looked up then, so that neither is kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Uuid
from sqlmodel import Field, SQLModel

from directory.database import UtcDateTime


def _of(table: str, **more: Any) -> Any:
    return Column(Uuid, ForeignKey(f"{table}.id", ondelete="CASCADE"), **more)


class WebhookEndpoint(SQLModel, table=True):
    """Where a partner's system is told what happens (standardwebhooks.com)."""

    __tablename__ = "webhook_endpoint"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    partner_id: UUID = Field(sa_column=_of("partner", index=True, nullable=False))
    url: str
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # encrypted
    # The one before it, which signs as well until then.
    previous_secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    previous_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    active: bool = True
    disabled_because: str | None = None  # by-hand, gone (it answered 410)
    created_at: datetime = Field(sa_type=UtcDateTime)


class OutboxMessage(SQLModel, table=True):
    """One message to one receiver. ``id`` stays the same however often it is tried."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint("(channel = 'webhook') = (endpoint_id IS NOT NULL)", name="endpoint"),
        Index("ix_outbox_message_due", "state", "next_at"),
        Index("ix_outbox_message_referral", "referral_id", "position"),
    )
    position: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    id: UUID = Field(default_factory=uuid4, unique=True)
    referral_id: UUID | None = None  # no foreign key: what is told outlives what it is about
    partner_id: UUID = Field(sa_column=_of("partner", index=True, nullable=False))  # who is told
    channel: str  # mail, webhook
    endpoint_id: UUID | None = Field(default=None, sa_column=_of("webhook_endpoint", nullable=True))
    # Of mail: to this person; None: to the partner's mailbox.
    account_id: UUID | None = Field(default=None, sa_column=_of("account", nullable=True))
    event: str  # see ``events``
    created_at: datetime = Field(sa_type=UtcDateTime)
    state: str = "waiting"  # waiting, sent, dead, dropped (nobody is to be told any more)
    attempts: int = 0
    next_at: datetime = Field(sa_type=UtcDateTime)  # not tried before
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)  # a worker is at it until then
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = None  # why the last attempt failed, in words of ours
