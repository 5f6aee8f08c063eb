"""Mistakes in entries: anyone reports one, a steward decides. Nothing is kept of who did.

What is decided goes after DECIDED_KEPT; what nobody decided, after OPEN_KEPT.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Table, and_, delete, func, or_, select
from sqlmodel import Session

from directory.catalogue import models as m
from directory.catalogue import reading
from directory.catalogue.entries import Texts
from directory.database import ERASES
from directory.errors import Conflict, InvalidInput, NotFound

ABOUT = ("phone", "address", "opening-hours", "closed-down", "language", "cost", "other")
SAYS_ALL = "closed-down"  # which needs no words beside it
OPEN = "open"
DECISIONS = ("mended", "declined")
STATES = (OPEN, *DECISIONS)
LONGEST = 1000  # characters
MOST_OPEN = 50  # of one service: who reads them has enough to go by
DECIDED_KEPT = timedelta(days=90)
OPEN_KEPT = timedelta(days=365)

_CORRECTION: Table = m.Correction.__table__  # type: ignore[attr-defined]
_SERVICE: Table = m.Service.__table__  # type: ignore[attr-defined]


class TooManyOpen(Conflict):
    """So many mistakes of the entry wait to be looked at that it takes no more."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A correction, and what its service is called. ``slug`` None, ``names`` empty: it has left the catalogue."""

    id: UUID
    service_id: UUID
    slug: str | None
    names: Texts
    about: str
    text: str
    state: str
    created_at: datetime
    decided_at: datetime | None


def report(
    session: Session,
    id_or_slug: str,
    about: str | None,
    text: str | None,
    *,
    tells_who: Callable[[str], Sequence[str]],
    now: datetime,
) -> m.Correction:
    """Keep what somebody says is wrong with a public service.

    ``tells_who``: what in a text would tell who a person is, in words; nothing of that is kept. Raises NotFound,
    InvalidInput, TooManyOpen.
    """
    key = UUID(reading.entry(session, id_or_slug, today=now.date()).id)
    said = (text or "").replace("\r\n", "\n").strip()
    if errors := _wrong(about, said, tells_who):
        raise InvalidInput(errors)
    # Two at once are counted one after the other. SQLite has one writer anyway.
    session.execute(select(_SERVICE.c.id).where(_SERVICE.c.id == key).with_for_update())
    waiting = and_(_CORRECTION.c.service_id == key, _CORRECTION.c.state == OPEN)
    if session.execute(select(func.count()).where(waiting)).scalar_one() >= MOST_OPEN:
        raise TooManyOpen("Many mistakes of this entry wait to be looked at already: it takes no more now.")
    correction = m.Correction(service_id=key, about=str(about), text=said, created_at=now)
    session.add(correction)
    session.flush()
    return correction


def _wrong(about: str | None, text: str, tells_who: Callable[[str], Sequence[str]]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if about not in ABOUT:
        errors["about"] = [f"Takes one of: {', '.join(ABOUT)}."]
    if not text and about != SAYS_ALL:
        errors["text"] = ["Is needed: what is wrong, and what is right?"]
    elif len(text) > LONGEST or not _can_be_kept(text):
        errors["text"] = [f"Takes at most {LONGEST} characters of text."]
    elif found := tells_who(text):
        errors["text"] = [f"Holds {', '.join(found)}, which may not stand here."]
    return errors


def _can_be_kept(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:  # half a pair of UTF-16
        return False


def corrections(
    session: Session, state: str = OPEN, *, page: int = 1, per_page: int = 50
) -> tuple[list[Reported], int]:
    """Those in the state, and how many there are in all: what waits, the oldest first; else the newest first."""
    of_state = _CORRECTION.c.state == state
    order = (
        (_CORRECTION.c.created_at, _CORRECTION.c.id)
        if state == OPEN
        else (_CORRECTION.c.decided_at.desc(), _CORRECTION.c.id)
    )
    query = (
        select(*_CORRECTION.c, _SERVICE.c.slug, _SERVICE.c.names)
        .outerjoin(_SERVICE, _SERVICE.c.id == _CORRECTION.c.service_id)
        .where(of_state)
        .order_by(*order)
        .limit(per_page)
        .offset((page - 1) * per_page)
    )
    total = session.execute(select(func.count()).select_from(_CORRECTION).where(of_state)).scalar_one()
    return [
        Reported(**dict(row._mapping) | {"names": row.names or {}}) for row in session.execute(query)
    ], total


def decide(session: Session, id: UUID, state: str, now: datetime) -> Reported:
    """``state``: one of DECISIONS. Raises InvalidInput, NotFound, and Conflict where it is decided already."""
    if state not in DECISIONS:
        raise InvalidInput.of("state", f"Takes one of: {', '.join(DECISIONS)}.")
    correction = session.get(m.Correction, id, with_for_update=True)
    if correction is None:
        raise NotFound()
    if correction.state != OPEN:
        raise Conflict("This is decided already.", {"state": [f"Is {correction.state} already."]})
    correction.state, correction.decided_at = state, now
    session.add(correction)
    session.flush()
    service = session.get(m.Service, correction.service_id)
    return Reported(
        slug=service.slug if service else None,
        names=service.names if service else {},
        **correction.model_dump(),
    )


def forget_old(session: Session, now: datetime) -> int:
    """Answers how many there were."""
    old = or_(
        _CORRECTION.c.decided_at <= now - DECIDED_KEPT,
        and_(_CORRECTION.c.state == OPEN, _CORRECTION.c.created_at <= now - OPEN_KEPT),
    )
    gone = session.execute(delete(_CORRECTION).where(old)).rowcount  # type: ignore[attr-defined]
    if gone:
        session.info[ERASES] = True
    return int(gone)
