"""What a referral holds of the client: sealed when written, opened for whoever may read it, erased when consent
ends.

Erasing leaves what is counted (service, needs, status, times) and the events; nothing that a person wrote, and
nothing that points to a client.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, Table, and_, or_, select, update
from sqlmodel import Session

from directory.database import ERASES
from directory.encryption import Vault
from directory.referrals import audit
from directory.referrals.consent import day_of
from directory.referrals.models import Referral, ReferralMessage

BATCH = 500  # rows gone over at a time
ERASED = frozenset({"message", "contact", "client_ref"})  # the fields that go

_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]
_MESSAGE: Table = ReferralMessage.__table__  # type: ignore[attr-defined]
_SEALED = tuple(column for column in _REFERRAL.c if isinstance(column.type, LargeBinary))


@dataclass(frozen=True, slots=True)
class Contents:
    """``contact``: {"phone" | "email" | "other": text}."""

    client_ref: str | None = None
    message: str | None = None
    contact: dict[str, str] | None = None


def seal(referral: Referral, vault: Vault, contents: Contents) -> None:
    """Put the contents in. What is as it was keeps its bytes."""
    before = opened(referral, vault)
    for name in ("client_ref", "message", "contact"):
        value = getattr(contents, name)
        if value != getattr(before, name):
            setattr(referral, name, None if value is None else vault.seal(value))


def opened(referral: Referral, vault: Vault) -> Contents:
    """Raises UnsafeSettings when a key is missing."""

    def of(sealed: bytes | None) -> Any:
        return None if sealed is None else vault.open(sealed)

    return Contents(of(referral.client_ref), of(referral.message), of(referral.contact))


def erase(session: Session, referral: Referral, now: datetime) -> None:
    """All that was written about it is gone, and a code that the client carries leads nowhere. The row stays."""
    referral.client_ref = referral.message = referral.contact = referral.code_hash = None
    referral.erased_at = referral.updated_at = now
    session.info[ERASES] = True
    session.execute(update(_MESSAGE).where(_MESSAGE.c.referral_id == referral.id).values(text=None))


def erase_if_ended(session: Session, referral: Referral, now: datetime) -> None:
    """What is looked at when its consent has ended is erased there and then, though ``retention`` is still to come;
    that is an event of the service's own. The caller holds the row.
    """
    ended = referral.consent_expires_on is not None and referral.consent_expires_on < day_of(now)
    if ended and holds_contents(session, referral):
        erase(session, referral, now)
        audit.record(session, referral, None, "erased", now)


def written() -> ColumnElement[bool]:
    """What of the table of referrals has anything that was written: ``holds_contents``, for the store."""
    texts = select(_MESSAGE.c.id).where(
        _MESSAGE.c.referral_id == _REFERRAL.c.id, _MESSAGE.c.text.is_not(None)
    )
    return or_(*(column.is_not(None) for column in _SEALED), texts.exists())


def reencrypt(
    session: Session, vault: Vault, told: Callable[[int], None] = lambda rows: None, *, batch: int = BATCH
) -> int:
    """Seal all that an older key has sealed by the newest one, in the caller's transaction; after it the older
    keys can go. ``told``: called with the number of rows gone over since it was last called. Answers how many
    rows changed.

    Versions stay: nobody's text has changed. What is changed or erased meanwhile is left as it then is.
    """
    return sum(
        _reencrypt(session, vault, table, columns, told, batch)
        for table, columns in ((_REFERRAL, _SEALED), (_MESSAGE, (_MESSAGE.c.text,)))
    )


def _reencrypt(
    session: Session,
    vault: Vault,
    table: Table,
    columns: tuple[Any, ...],
    told: Callable[[int], None],
    batch: int,
) -> int:
    changed, last = 0, UUID(int=0)
    while True:
        query = select(table.c.id, *columns).where(table.c.id > last).order_by(table.c.id).limit(batch)
        rows = session.execute(query).all()
        for row in rows:
            renewed = {}
            for column in columns:
                sealed = getattr(row, column.name)
                new = None if sealed is None else vault.renewed(sealed)
                if new is not None:
                    renewed[column] = (sealed, new)
            if renewed:
                same = and_(*(column == old for column, (old, _) in renewed.items()))
                values = {column.name: new for column, (_, new) in renewed.items()}
                session.execute(update(table).where(table.c.id == row.id, same).values(values))
                changed += 1
        told(len(rows))
        if len(rows) < batch:
            return changed
        last = rows[-1].id


def holds_contents(session: Session, referral: Referral) -> bool:
    """Whether anything that was written of it is kept."""
    if any(getattr(referral, column.name) is not None for column in _SEALED):
        return True
    written = select(_MESSAGE.c.id).where(_MESSAGE.c.referral_id == referral.id, _MESSAGE.c.text.is_not(None))
    return session.execute(written.limit(1)).first() is not None
