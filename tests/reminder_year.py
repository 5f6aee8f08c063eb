"""A year of referrals, as it is lived, and a second time as whoever counts by hand would say who is reminded when.

Each referral takes one of ``COURSES``. Things happen at half past some hour; whoever reminds looks on the hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import count, cycle
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from directory.referrals.views import View
from tests.referral_house import CLINIC, SHELTER, House
from tests.referral_oracle import said_with
from tests.working_days import FREE

OSLO = ZoneInfo("Europe/Oslo")
FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)
DAY = timedelta(days=1)
LEAVES = datetime(2027, 7, 1, 12, 30, tzinfo=OSLO)  # when one partner takes part no longer
OVER = ("rejected", "completed", "failed", "cancelled")


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), OSLO)


def is_working(day: date) -> bool:
    return day.weekday() not in (5, 6) and day not in FREE


def working_days_later(day: date, number: int) -> date:
    later = [d for n in range(1, 40) if is_working(d := day + n * DAY)]
    return later[number - 1]


class Then(NamedTuple):
    """What it is from then on."""

    at: datetime
    status: str
    revisit_on: date | None = None


@dataclass
class Life:
    """One referral: what was said of it, and what became of it when."""

    course: str
    days: int  # working days to answer
    reachable: bool
    follow_up_on: date | None = None
    ends: date | None = None  # consent's last day
    begun: date | None = None  # when it reached the receiver
    view: View = field(init=False)
    since: datetime = field(init=False)  # it stands as it does, and lies with whom it does
    states: list[Then] = field(default_factory=list)
    words: list[datetime] = field(default_factory=list)  # messages

    @property
    def leaves(self) -> bool:
        """Whether it is to the partner who leaves."""
        return self.course == "to a partner who leaves"

    def state(self, now: datetime) -> Then | None:
        known = [then for then in self.states if then.at <= now]
        return known[-1] if known else None

    def reminders(self, now: datetime) -> Iterator[tuple[str, str]]:
        """(kind, party) that are right at this very hour, and at no other."""
        state, today = self.state(now), now.date()
        if state is None or state.status in OVER:
            return
        if state.status == "requested" and self.begun is not None and self.begun < today:
            until = working_days_later(self.begun, self.days)
            before = max(d for n in range(1, 20) if is_working(d := until - n * DAY))
            soon = before if before > self.begun else until
            if now == at(soon, 8):
                yield "answer-soon", "receiver"
            if now == at(until, 14):
                yield "answer-due", "receiver"
            if now == at(working_days_later(until, 1), 8):
                yield "unanswered", "sender"
        if not self.reachable or now != at(today, 8):
            return
        if state.status == "on-hold" and state.revisit_on == today:
            yield "revisit", "sender"
        if self.follow_up_on == today:
            yield "follow-up", "sender"
        held = state.status == "on-hold" and state.revisit_on is None
        if state.status in ("accepted", "in-progress") or held:
            last = max([state.at, *(word for word in self.words if word <= now)]).date()
            if today != last and (today - last).days % 90 == 0:
                yield "silent", "sender"
                yield "silent", "receiver"


class Year:
    """``now`` goes on with ``until``; what is planned happens on its way."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.lives: list[Life] = []
        self._plan: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()
        self.now = at(FIRST, 0)
        for number, (day, course) in enumerate(beginnings()):
            self._begin(number, day, course)

    def until(self, now: datetime) -> None:
        while self._plan and self._plan[0][0] <= now:
            self.now, _, happens = heappop(self._plan)
            happens()
        self.now = now

    def plan(self, when: datetime, happens: Callable[[], None]) -> None:
        if when > self.now:
            heappush(self._plan, (when, next(self._numbers), happens))

    def reminders(self, now: datetime) -> Iterator[tuple[Life, str, str]]:
        """What is to be told at this hour: (referral, kind, party)."""
        if now.hour not in (8, 14):
            return
        for life in self.lives:
            blind = life.ends is not None and life.ends < now.date()
            away = life.leaves and now > LEAVES
            for kind, party in life.reminders(now):
                if party == "sender" or not (blind or away):
                    yield life, kind, party

    def expired(self, now: datetime) -> None:
        """What nobody has answered for 60 days, drafts that nobody has touched for 30, and codes that nobody has
        brought for 180, are over.
        """
        for life in self.lives:
            state = life.states[-1]
            lost = life.course == "carried and lost"
            days = {"requested": 180 if lost else 60, "draft": 30}.get(state.status)
            if days is not None and life.since + timedelta(days=days) <= now:
                life.states.append(Then(now, "cancelled"))

    @property
    def _house(self) -> House:
        return replace(self.house, now=self.now.astimezone(UTC))

    def _begin(self, number: int, day: date, course: str) -> None:
        urgency = ("urgent", "soon", "routine")[number % 3]
        context = ("none", "discharge", "none", "release-from-prison", "after-overdose")[number % 5]
        carried = course.startswith("carried")
        said: dict[str, Any] = {"urgency": urgency, "service_id": CLINIC, "delivery": "sent"}
        if carried:
            said["delivery"], context = "carried", "none"
        else:
            said |= {"context": context, "contact_preference": "none" if number % 4 == 0 else "via-sender"}
        released = context in ("discharge", "release-from-prison")
        days = 1 if released else {"urgent": 1, "soon": 3, "routine": 7}[urgency]
        life = Life(course, days, reachable=said.get("contact_preference") == "via-sender")
        if course in ("followed up", "followed up in vain", "draft"):
            life.follow_up_on = day + (6 if course == "draft" else 10) * DAY
            said["follow_up_on"] = str(life.follow_up_on)
        if course == "consent ends":
            life.ends = day
        if course == "to a partner who leaves":
            said["service_id"] = SHELTER
        status = "draft" if course.startswith("draft") else "requested"
        consent = {"given_on": str(day), "method": "oral", "covers": ["receiver", "content"]}
        if life.ends:
            consent["expires_on"] = str(life.ends)
        if not carried:
            said["consent"] = consent
        hour, minute = ((9, 30), (16, 30), (0, 30), (23, 30))[number % 4]

        def begins() -> None:
            sent = self._house.create(status=status, **said)
            life.view, code = sent.view, sent.code
            self.lives.append(life)
            self._is_now(life, status)
            if status == "requested" and not carried:
                life.begun = day
            for days_later, to, more in COURSES[course]:
                self._plan_step(life, day, days_later, to, more, code)

        self.plan(at(day, hour, minute), begins)

    def _plan_step(
        self, life: Life, day: date, days: int, to: str, more: dict[str, Any], code: str | None
    ) -> None:
        revisit_on = day + more["revisit"] * DAY if "revisit" in more else None

        def happens() -> None:
            house = self._house
            if to == "message":
                house.write(house.receiver, life.view.id, "Hei")
                life.words.append(self.now)
            elif to == "redeemed":
                assert code is not None
                life.view, life.begun = house.redeem(house.receiver, code), self.now.date()
                life.since = self.now
            elif to == "withdrawn":
                life.view = house.withdraw(house.receiver, life.view)
                self._is_now(life, "cancelled")
            else:
                who = house.sender if more.get("by") == "sender" else house.receiver
                said = said_with(to) | ({"revisit_on": str(revisit_on)} if revisit_on else {})
                life.view = house.step(who, life.view, to, **said).view
                self._is_now(life, to, revisit_on)
                if to == "requested":
                    life.begun = self.now.date()

        self.plan(at(day + days * DAY, more.get("hour", 7), 30), happens)

    def _is_now(self, life: Life, status: str, revisit_on: date | None = None) -> None:
        life.states.append(Then(self.now, status, revisit_on))
        life.since = self.now


def beginnings() -> list[tuple[date, str]]:
    """When each begins: every sixth day, and on days before many free ones."""
    courses = cycle(course for course in COURSES if course != "to a partner who leaves")
    days = [FIRST + n * DAY for n in range(0, 365, 6)]
    days += [date(2027, month, day) for month, day in ((3, 23), (3, 24), (5, 5), (5, 14), (12, 22), (12, 23))]
    found = [(day, next(courses)) for day in days]
    return [*found, *((LEAVES.date() - n * DAY, "to a partner who leaves") for n in (1, 2, 3))]


SENDERS = {"by": "sender"}
COURSES: dict[str, list[tuple[int, str, dict[str, Any]]]] = {
    "unanswered": [],
    "answered at once": [(1, "accepted", {}), (4, "completed", {})],
    "answered late": [(16, "accepted", {"hour": 10}), (20, "in-progress", {}), (40, "completed", {})],
    "silent": [(1, "accepted", {}), (150, "message", {"hour": 12})],
    "silent in progress": [(1, "accepted", {}), (3, "in-progress", {})],
    "held": [
        (1, "accepted", {}),
        (2, "on-hold", {"revisit": 20}),
        (25, "in-progress", {}),
        (30, "failed", {}),
    ],
    "held for less long": [(1, "accepted", {}), (2, "on-hold", {"revisit": 20}), (15, "in-progress", {})],
    "held twice": [
        *((1, "accepted", {}), (2, "on-hold", {"revisit": 20}), (9, "in-progress", {})),
        *((21, "on-hold", {"revisit": 33}), (33, "cancelled", SENDERS)),  # an hour before it is looked at
    ],
    "held for good": [(1, "accepted", {}), (2, "on-hold", {})],
    "followed up": [(1, "accepted", {}), (15, "completed", {})],
    "followed up in vain": [(3, "rejected", {"hour": 15})],
    "draft": [],
    "draft held": [
        *((1, "on-hold", {"revisit": 12} | SENDERS), (13, "draft", SENDERS), (14, "requested", SENDERS)),
    ],
    "carried": [(5, "redeemed", {"hour": 10})],
    "carried and lost": [],
    "withdrawn": [(1, "withdrawn", {})],
    "consent ends": [],
    "to a partner who leaves": [],
}
