"""Whatever sender, receiver, clients and time do to referrals, in whatever order and two at once: each is as the
contract says, each sees what it may, and the trail of events holds."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from directory.database import Database
from directory.errors import Conflict, DirectoryError, IllegalStep, InvalidInput, NotFound, StaleVersion
from directory.partners.access import Party
from directory.referrals import audit, retention, seeing
from directory.referrals.consent import day_of
from tests.factories import NOW
from tests.referral_house import VAULT, House
from tests.referral_house import house as built
from tests.referral_oracle import STATUSES, Agreed, Modelled, said_with

PEOPLE = ("sender", "receiver", "third")
WHO = st.sampled_from(PEOPLE)
REASONS = st.sampled_from(["no-capacity", "no-capacity", "consent-withdrawn"])
COVERS = st.frozensets(st.sampled_from(["receiver", "content"]), min_size=1)
CONSENTS = st.one_of(st.none(), *2 * [st.tuples(COVERS, st.one_of(st.none(), st.integers(0, 4)))])


class Network(RuleBasedStateMachine):
    """Runs against the database of ``House``; events of runs before stay, as nothing deletes them."""

    house: House
    known = Bundle("known")

    @initialize()
    def begin(self) -> None:
        with self.house.database.engine.begin() as connection:
            connection.execute(text("DELETE FROM referral_message"))
            connection.execute(text("DELETE FROM referral"))
            count = connection.execute(text("SELECT count(*) FROM referral_event"))
            self.events_before: int = count.scalar_one()
        self.now = NOW
        self.referrals: list[Modelled] = []

    @property
    def today(self) -> date:
        return day_of(self.now)

    @property
    def at(self) -> House:
        house = self.house
        return House(house.database, house.sender, house.receiver, house.third, self.now)

    def who(self, name: str) -> Any:
        return getattr(self.house, name)

    def agreed(self, consent: tuple[frozenset[str], int | None] | None) -> tuple[Agreed | None, Any]:
        """As the model has it, and as it is said."""
        if consent is None:
            return None, None
        covers, days = consent
        ends = None if days is None else self.today + timedelta(days=days)
        said = {"given_on": str(self.today), "method": "oral", "covers": sorted(covers)}
        return Agreed(covers, ends), said | ({"expires_on": str(ends)} if ends else {})

    @rule(
        target=known,
        delivery=st.sampled_from(["sent", "sent", "carried"]),
        requested=st.booleans(),
        consent=CONSENTS,
        message=st.booleans(),
    )
    def create(self, delivery: str, requested: bool, consent: Any, message: bool) -> Any:
        agreed, said = self.agreed(consent)
        carried = delivery == "carried"
        model = Modelled(
            id=None,  # type: ignore[arg-type]
            status="requested" if requested else "draft",
            carried=carried,
            consent=agreed,
            message=message and not carried,
            sent=requested,
            events=["created"],
            kept=not carried,
        )
        body = {"delivery": delivery, "status": model.status, "consent": said}
        body |= {"message": "Ønsker tid"} if model.message else {}
        if requested and not model.can_be_sent(self.today):
            with pytest.raises(InvalidInput):
                self.at.create(**body)
            return multiple()
        sent = self.at.create(**body)
        model.id, model.code = sent.view.id, sent.code
        assert (sent.code is not None) == (carried and requested)
        self.referrals.append(model)
        return model

    @rule(model=known, consent=CONSENTS, message=st.booleans())
    def change(self, model: Modelled, consent: Any, message: bool) -> None:
        agreed, said = self.agreed(consent)
        body = {"consent": said} | ({} if model.carried else {"message": "Ønsker tid" if message else None})
        view = self.read_quietly(model)
        if model.status != "draft":
            with pytest.raises(Conflict):
                self.at.change(view, **body)
            return
        after = self.at.change(view, **body)
        message = message and not model.carried
        if after.version > model.version:
            model.events.append("changed")
            model.version += 1
            model.erased = False
            model.kept = not model.carried
        model.consent, model.message, model.withdrawn = agreed, message, False
        assert (after.version, after.message is not None) == (model.version, message)

    @rule(
        model=known,
        who=WHO,
        to=st.sampled_from(STATUSES),
        reason=REASONS,
        stale=st.sampled_from([0, 0, 0, 1]),
    )
    def step(self, model: Modelled, who: str, to: str, reason: str, stale: int) -> None:
        view = self.read_quietly(model)
        object.__setattr__(view, "version", view.version - stale)
        said = said_with(to, reason)
        expected: type[DirectoryError] | None = None
        if not model.parts(who, self.today):
            expected = NotFound
        elif stale:
            expected = StaleVersion
        elif to not in model.legal(who, self.today):
            expected = IllegalStep
        elif to == "requested" and not model.can_be_sent(self.today):
            expected = InvalidInput
        if expected is not None:
            with pytest.raises(expected):
                self.at.step(self.who(who), view, to, **said)
            return
        sent = self.at.step(self.who(who), view, to, **said)
        after = model.stepped(who, to, reason, self.today)
        after.code = sent.code or after.code
        assert (sent.code is not None) == (model.carried and to == "requested")
        model.__dict__.update(after.__dict__)
        assert (sent.view.status, sent.view.version) == (model.status, model.version)

    @rule(model=known, chosen=st.tuples(st.integers(0, 99), st.integers(0, 99)))
    def two_steps_at_once(self, model: Modelled, chosen: tuple[int, int]) -> None:
        """The model says which steps are legal; of two, one wins, and it is the model's new state. Which one does is
        chance, so what is drawn may not depend on it: ``chosen`` counts round what is legal."""
        moves = [
            (who, to)
            for who in PEOPLE
            for to in model.legal(who, self.today)
            if to != "requested" or model.can_be_sent(self.today)
        ]
        if not moves:
            return
        pair = [moves[number % len(moves)] for number in chosen]
        view = self.read_quietly(model)
        ready = threading.Barrier(2)
        answers: list[Any] = [None, None]

        def run(place: int) -> None:
            who, to = pair[place]
            ready.wait()
            try:
                answers[place] = self.at.step(self.who(who), view, to, **said_with(to))
            except DirectoryError as error:
                answers[place] = error

        threads = [threading.Thread(target=run, args=(place,)) for place in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lost = [isinstance(answer, StaleVersion) for answer in answers]
        assert sorted(lost) == [False, True], answers
        won = lost.index(False)
        after = model.stepped(*pair[won], "no-capacity", self.today)
        after.code = answers[won].code or after.code
        model.__dict__.update(after.__dict__)

    @rule(model=known, who=WHO)
    def read(self, model: Modelled, who: str) -> None:
        parts = model.parts(who, self.today)
        if not parts:
            with pytest.raises(NotFound):
                self.at.read(self.who(who), model.id)
            return
        view = self.at.read(self.who(who), model.id)
        model.touched(self.today)
        model.events.append("read")
        if who == "receiver" and not model.received:
            model.received = True
            model.version += 1
        assert (view.status, view.version) == (model.status, model.version)
        assert (view.your_part, list(view.next)) == (parts, model.legal(who, self.today))
        covered = who == "sender" or (model.consent is not None and "content" in model.consent.covers)
        assert (view.message is not None) == (model.message and covered)
        assert (view.erased_at is not None, view.received_at is not None) == (model.erased, model.received)

    @rule(model=known, who=WHO)
    def write(self, model: Modelled, who: str) -> None:
        expected: type[DirectoryError] | None = None
        if not model.parts(who, self.today):
            expected = NotFound
        elif model.carried or not model.sent or model.erased or model.withdrawn or model.ended(self.today):
            expected = Conflict
        elif model.consent is None or "content" not in model.consent.covers:
            expected = InvalidInput
        if expected is not None:
            with pytest.raises(expected):
                self.at.write(self.who(who), model.id, "Hei")
            return
        self.at.write(self.who(who), model.id, "Hei")
        model.events.append("message")
        model.texts += 1

    @rule(model=known, who=WHO)
    def withdraw(self, model: Modelled, who: str) -> None:
        view = self.read_quietly(model)
        if not model.parts(who, self.today):
            with pytest.raises(NotFound):
                self.at.withdraw(self.who(who), view)
            return
        after = self.at.withdraw(self.who(who), view)
        if not model.withdrawn:
            if "cancelled" in model.legal(who, self.today):
                model.status = "cancelled"
            model.version += 1
            model.events.append("consent-withdrawn")
            model.withdrawn = True
            model.erase()
        assert (after.status, after.version) == (model.status, model.version)

    @rule(model=known, who=WHO)
    def redeem(self, model: Modelled, who: str) -> None:
        if model.code is None or who != "receiver" or model.ended(self.today):
            with pytest.raises(NotFound):
                self.at.redeem(self.who(who), model.code or "AHF4-Q7ZK-20WX-0")
            return
        self.at.redeem(self.who(who), model.code)
        model.code, model.redeemed, model.received = None, True, True
        model.version += 1
        model.events.append("redeemed")

    @rule()
    def a_day_passes(self) -> None:
        self.now += timedelta(days=1)

    @rule()
    def expired_consents_are_erased(self) -> None:
        with self.house.database.unit_of_work() as session:
            erased = retention.expire_consents(session, self.now)
            session.commit()
        due = [model for model in self.referrals if model.ended(self.today) and model.kept]
        for model in due:
            model.erase()
            model.version += 1
            model.events.append("erased")
        assert erased == len(due)

    @invariant()
    def each_sees_in_its_list_what_it_may(self) -> None:
        with self.house.database.reading() as session:
            for who in PEOPLE:
                page = seeing.list_referrals(session, VAULT, self.who(who), now=self.now, per_page=500)
                told = {(item.id, item.status, item.version) for item in page.items}
                expected = {
                    (model.id, model.status, model.version)
                    for model in self.referrals
                    if model.parts(who, self.today)
                }
                assert told == expected

    @invariant()
    def what_is_erased_is_gone(self) -> None:
        with self.house.database.engine.connect() as connection:
            rows = connection.execute(
                text("SELECT count(*) FROM referral WHERE client_ref IS NOT NULL OR message IS NOT NULL")
            )
            texts = connection.execute(text("SELECT count(*) FROM referral_message WHERE text IS NOT NULL"))
            assert rows.scalar_one() == sum(model.kept for model in self.referrals)
            assert texts.scalar_one() == sum(model.texts for model in self.referrals if not model.erased)

    def teardown(self) -> None:
        if not hasattr(self, "referrals"):
            return
        with self.house.database.reading() as session:
            events = sum(len(model.events) for model in self.referrals)
            assert audit.verify(session) == self.events_before + events
            for model in self.referrals:
                told = seeing.events(session, self.house.sender, model.id, now=self.now)
                assert [event.action for event in told] == model.events
                assert [event.sequence for event in told] == list(range(1, len(told) + 1))

    def read_quietly(self, model: Modelled) -> Any:
        """As the sender sees it now, without the event of reading."""
        with self.house.database.reading() as session:
            referral, parts = seeing.found(session, self.house.sender, model.id, self.today, lock=False)
            assert parts == {Party.SENDER}
            return seeing.views_of(session, VAULT, [(referral, parts)], now=self.now, in_list=False)[0]


def test_referrals_live_as_the_contract_says_whatever_happens(database: Database, store: str) -> None:
    class OnThisStore(Network):
        house = built(database)

    run_state_machine_as_test(
        OnThisStore,
        settings=settings(
            max_examples=30 if store == "sqlite" else 15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
