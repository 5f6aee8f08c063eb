"""What waits for a partner today, the urgent first: to answer, to look at again, to follow up, and what has long been
silent. ``waiting`` says what waits for whom.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, or_, select
from sqlmodel import Session

from directory.encryption import Vault
from directory.errors import InvalidInput
from directory.partners.access import Identity, Party, parties
from directory.referrals import clocks, waiting
from directory.referrals.consent import day_of
from directory.referrals.models import Referral
from directory.referrals.seeing import PER_PAGE, Page, of_party, standing_of
from directory.referrals.views import views_of

_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]

_Place = tuple[int, date, UUID]  # in how many working days it had to be answered; the first day; id


def due_list(
    session: Session,
    vault: Vault,
    identity: Identity,
    now: datetime,
    *,
    box: Literal["in", "out"] | None = None,
    status: Collection[str] = (),
    cursor: str | None = None,
    per_page: int = PER_PAGE,
) -> Page:
    """The referrals of the identity's partner that wait for it today; ``due`` of each says why, and since or until
    which day. The urgent ones first, of those the one that has waited longest; box and status as in ``seeing``.

    Not an event: nothing that was written is in a list. Raises InvalidInput on box, status or cursor.
    """
    today = day_of(now)
    query = select(Referral).where(of_party(identity, box, status, today), _waits(identity))
    after = None if cursor is None else _read_cursor(cursor)
    query = query.execution_options(populate_existing=True)
    found = session.execute(query, waiting.at(clocks.midnight_after(today), today)).scalars().all()
    written = waiting.last_written(session, found, today)
    rows: list[tuple[_Place, Referral, frozenset[Party]]] = []
    for referral in found:
        parts = parties(identity, standing_of(referral), today)
        if due := waiting.dues(referral, parts, today, written.get(referral.id)):
            days = clocks.working_days_to_answer(referral.urgency, referral.context)
            rows.append(((days, min(one.day for one in due), referral.id), referral, parts))
    rows.sort(key=lambda row: row[0])
    if after is not None:
        rows = [row for row in rows if row[0] > after]
    page = [(referral, parts) for _, referral, parts in rows[:per_page]]
    more = _cursor(rows[per_page - 1][0]) if len(rows) > per_page else None
    return Page(tuple(views_of(session, vault, page, now=now, in_list=True)), more)


def _waits(identity: Identity) -> ColumnElement[bool]:
    sends = _REFERRAL.c.sender_id == identity.partner_id
    return or_(
        and_(
            _REFERRAL.c.receiver_id == identity.partner_id,
            waiting.whose_answer_is_waited_for(clocks.ANSWER_SOON),
        ),
        and_(sends, waiting.whose_answer_is_waited_for(clocks.UNANSWERED)),
        waiting.TO_REVISIT,
        and_(sends, waiting.TO_FOLLOW_UP),
        waiting.THAT_ARE_SILENT,
    )


def _cursor(place: _Place) -> str:
    return urlsafe_b64encode(" ".join(map(str, place)).encode()).decode()


def _read_cursor(cursor: str) -> _Place:
    try:
        days, day, key = urlsafe_b64decode(cursor).decode().split(" ")
        return int(days), date.fromisoformat(day), UUID(key)
    except (ValueError, binascii.Error, UnicodeError):
        raise InvalidInput.of("cursor", "takes the cursor of the page before") from None
