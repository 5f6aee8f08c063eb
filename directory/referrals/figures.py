"""How each service answers referrals, from everybody's of the last twelve months, as counsellors may see it.

Only what at least FEWEST referrals tell is a figure, and figures are coarse, so that no single one can be read
off them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, insert, select
from sqlmodel import Session

from directory.referrals.answering import month_of
from directory.referrals.consent import day_of
from directory.referrals.counting import Fact, facts, median_within_hours, months_later
from directory.referrals.models import ServiceFigure
from directory.search.regarding import Regard, Regards

FEWEST = 5
MONTHS = 12  # this one, and those before it
SILENT = timedelta(days=90)  # accepted, and no step since: nobody is told how it ended
_IN_HAND = frozenset({"accepted", "in-progress"})
_TOLD = frozenset({"completed", "failed"})

# What an answer within so many hours is worth, from -1 to 1; a later one is worth the least.
_PROMPTNESS = ((24, 1.0), (72, 0.5), (168, 0.0), (336, -0.5))
_SHARE = 0.05  # of each of the three figures in the factor: all at their best make 1.15

_FIGURE: Table = ServiceFigure.__table__  # type: ignore[attr-defined]


def compute(session: Session, now: datetime) -> int:
    """Every service's figures anew, in the caller's transaction. Says of how many services there are any."""
    last = month_of(now)
    of_service: defaultdict[UUID, list[Fact]] = defaultdict(list)
    for fact in facts(session, months_later(last, 1 - MONTHS), last):
        of_service[fact.service_id].append(fact)
    figures = [
        figure for service_id, found in of_service.items() if (figure := _figure(service_id, found, now))
    ]
    session.execute(delete(_FIGURE))
    if figures:
        session.execute(insert(_FIGURE), figures)
    return len(figures)


def regards(session: Session, service_ids: Collection[UUID] | None = None) -> Regards:
    """What is known of these services, or of all: only those that have figures are in it, by their id as text.

    ``told`` has answers_within_hours, acceptance and closure (per cent), each None where too few tell it.
    """
    query = select(*_FIGURE.c)
    if service_ids is not None:
        query = query.where(_FIGURE.c.service_id.in_(service_ids))
    return {
        str(row.service_id): Regard(
            factor(row.answers_within_hours, row.acceptance, row.closure),
            {
                "answers_within_hours": row.answers_within_hours,
                "acceptance": row.acceptance,
                "closure": row.closure,
            },
        )
        for row in session.execute(query)
    }


def factor(answers_within_hours: int | None, acceptance: int | None, closure: int | None) -> float:
    """Of the score of a service with these figures, from 0.85 to 1.15; what is not known counts neither way."""
    worth = 0.0
    if answers_within_hours is not None:
        worth += next((worth for hours, worth in _PROMPTNESS if answers_within_hours <= hours), -1.0)
    worth += sum(share / 50 - 1 for share in (acceptance, closure) if share is not None)
    return 1 + _SHARE * worth


def _figure(service_id: UUID, found: Sequence[Fact], now: datetime) -> dict[str, Any] | None:
    figure: dict[str, Any] = dict.fromkeys(_FIGURE.c.keys())
    figure |= {"service_id": service_id, "computed_on": day_of(now)}
    answered = [f for f in found if f.answered_within_hours is not None]
    if (of_all := _count(answered)) >= FEWEST:
        figure["answers_within_hours"] = median_within_hours(answered)
        figure["acceptance"] = _tens(_count([f for f in answered if f.accepted]), of_all)
    # who cancels an accepted one may be the client: that tells nothing of the service
    accepted = [f for f in found if f.accepted]
    told = _count([f for f in accepted if f.status in _TOLD])
    due = told + _count([f for f in accepted if _is_silent(f, now)])
    if due >= FEWEST:
        figure["closure"] = _tens(told, due)
    return None if of_all < FEWEST and due < FEWEST else figure


def _is_silent(fact: Fact, now: datetime) -> bool:
    return fact.status in _IN_HAND and fact.changed_at is not None and fact.changed_at < now - SILENT


def _count(found: Sequence[Fact]) -> int:
    return sum(fact.number for fact in found)


def _tens(part: int, whole: int) -> int:
    """Per cent, to the nearest ten."""
    return (part * 20 + whole) // (2 * whole) * 10
