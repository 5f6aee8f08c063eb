"""What a coordinator can show: how many referrals the partner sent or received, how soon they were answered, and what
came of them.

Numbers leave the house in fives, rounded down, so that neither a report nor what two of them differ by tells of a few
people: see docs/decisions/reports-count-in-fives.md. Rows come in an order that the numbers have no part in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session

from directory.errors import InvalidInput, NotFound
from directory.partners.access import Identity
from directory.referrals.counting import Box, Fact, facts, median_within_hours, months_later
from directory.referrals.lifecycle import FINAL, OUTCOMES, REASONS
from directory.referrals.views import ServiceName, service_names

FIVE = 5
BY = ("month", "service", "reason", "outcome")  # in the order of columns
LONGEST = 120  # months


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a group of referrals. Each in fives, rounded down; None: under five, and perhaps none."""

    sent: int | None
    answered: int | None  # accepted or rejected
    accepted: int | None
    rejected: int | None
    completed: int | None
    failed: int | None
    cancelled: int | None
    open: int | None  # not ended, answered or not
    answered_within_hours: int | None  # half of those answered, or more; of five at least


@dataclass(frozen=True, slots=True)
class Row:
    """What it is asked by is set, where it has any: a month by its first day; no reason and no outcome are None."""

    month: date | None
    service: ServiceName | None
    reason: str | None
    outcome: str | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class Report:
    box: Box
    first: date
    last: date
    by: tuple[str, ...]
    total: Counts
    rows: tuple[Row, ...]  # those of five or more; by month alone, all months


_Key = tuple[date | None, UUID | None, str | None, str | None]


def report(
    session: Session, identity: Identity, *, box: Box, first: date, last: date, by: Collection[str] = ()
) -> Report:
    """Of the own partner's referrals that were sent in the months from ``first`` to ``last``, each named by its first
    day. ``by``: some of BY; without any only the total.

    Raises InvalidInput by field, NotFound for one who is of no partner.
    """
    if identity.partner_id is None:
        raise NotFound
    _check(box, first, last, by)
    found = list(facts(session, first, last, box=box, partner_id=identity.partner_id))
    chosen = tuple(name for name in BY if name in by)
    return Report(box, first, last, chosen, _counts(found), tuple(_rows(session, found, first, last, chosen)))


def in_fives(number: int) -> int | None:
    """Rounded down to a multiple of five; None under five."""
    return number - number % FIVE or None


def _check(box: str, first: date, last: date, by: Collection[str]) -> None:
    errors: dict[str, list[str]] = {}
    if box not in ("out", "in"):
        errors["box"] = ["takes out or in"]
    if set(by) - set(BY):
        errors["by"] = [f"takes {', '.join(BY)}"]
    if last < first:
        errors["to"] = ["takes a month that is not before from"]
    elif months_later(first, LONGEST) <= last:
        errors["from"] = [f"takes a month that is at most {LONGEST} months before to"]
    if errors:
        raise InvalidInput(errors)


def _rows(
    session: Session, found: Iterable[Fact], first: date, last: date, by: tuple[str, ...]
) -> Iterable[Row]:
    if not by:
        return
    groups: defaultdict[_Key, list[Fact]] = defaultdict(list)
    if by == ("month",):
        groups.update({(month, None, None, None): [] for month in _months(first, last)})
    for fact in found:
        groups[
            fact.month if "month" in by else None,
            fact.service_id if "service" in by else None,
            fact.reason if "reason" in by else None,
            fact.outcome if "outcome" in by else None,
        ].append(fact)
    counted = {key: _counts(group) for key, group in groups.items()}
    told = [key for key, counts in counted.items() if counts.sent or by == ("month",)]
    names = service_names(session, {key[1] for key in told if key[1] is not None})

    def place(key: _Key) -> tuple[date, str, str, int, int]:
        month, service, reason, outcome = key
        slug = (names[service].slug or "") if service else ""
        return month or first, slug, str(service), _place(reason, REASONS), _place(outcome, OUTCOMES)

    for key in sorted(told, key=place):
        month, service, reason, outcome = key
        yield Row(month, names[service] if service else None, reason, outcome, counted[key])


def _place(word: str | None, words: Sequence[str]) -> int:
    """Those without any come last."""
    return len(words) if word is None else words.index(word)


def _months(first: date, last: date) -> Iterable[date]:
    while first <= last:
        yield first
        first = months_later(first, 1)


def _counts(found: Sequence[Fact]) -> Counts:
    def number(kept: Iterable[Fact]) -> int | None:
        return in_fives(sum(fact.number for fact in kept))

    def of(status: str) -> int | None:
        return number(f for f in found if f.status == status)

    answered = number(f for f in found if f.answered_within_hours is not None)
    return Counts(
        sent=number(found),
        answered=answered,
        accepted=number(f for f in found if f.accepted),
        rejected=of("rejected"),
        completed=of("completed"),
        failed=of("failed"),
        cancelled=of("cancelled"),
        open=number(f for f in found if f.status not in FINAL),
        answered_within_hours=median_within_hours(found) if answered else None,
    )
