"""Mistakes in entries: who reports one stays unknown, a steward decides, and what is decided goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, func, select

from directory.api.corrections import identity_numbers
from directory.catalogue import corrections, editing
from directory.catalogue.corrections import MOST_OPEN, TooManyOpen
from directory.catalogue.models import Correction
from directory.config import Settings
from directory.database import Database
from directory.errors import Conflict, InvalidInput, NotFound
from directory.referrals import retention
from tests.factories import NOW, saved, service_draft

SETTINGS = Settings(_env_file=None)
RIGHT = {"about": "phone", "text": "Nummeret går til en frisør."}


@pytest.fixture
def session(database: Database) -> Any:
    with database.unit_of_work() as session:
        saved(session, service_draft(), service_draft("hidden", published=False))
        session.commit()
        yield session


def report(session: Session, slug: str = "test-station", **said: Any) -> Correction:
    said = {"now": NOW, "tells_who": identity_numbers} | RIGHT | said
    return corrections.report(session, slug, said.pop("about"), said.pop("text"), **said)


def wrong(session: Session, **said: Any) -> set[str]:
    with pytest.raises(InvalidInput) as error:
        report(session, **said)
    return set(error.value.errors)


def test_a_mistake_is_kept_as_it_was_told_and_waits(session: Session) -> None:
    report(session, text="  Feil nummer.\r\nRett: 22 00 00 01.\n")
    (found,), total = corrections.corrections(session)
    assert (found.text, found.about, found.state, total) == (
        "Feil nummer.\nRett: 22 00 00 01.",
        "phone",
        "open",
        1,
    )
    assert (found.slug, found.names["en"]) == ("test-station", "The test-station")


def test_nothing_is_kept_of_who_reports() -> None:
    assert set(Correction.model_fields) == {
        "id", "service_id", "about", "text", "state", "created_at", "decided_at",
    }  # fmt: skip


def test_that_a_place_has_closed_down_needs_no_words(session: Session) -> None:
    assert report(session, about="closed-down", text=None).text == ""
    assert wrong(session, text=" \r\n ") == {"text"}


@pytest.mark.parametrize("text", ["x" * 1001, "a\0b", "\ud800", "Jeg er født 01017000027", "010170 00027"])
def test_what_is_too_long_or_no_text_or_tells_who_somebody_is_is_not_kept(
    session: Session, text: str
) -> None:
    assert wrong(session, text=text) == {"text"}
    assert wrong(session, text=text, about="closed-down") == {"text"}
    assert session.execute(select(func.count()).select_from(Correction)).scalar_one() == 0


def test_the_longest_text_is_kept_and_so_is_a_phone_number(session: Session) -> None:
    assert len(report(session, text="x" * 1000).text) == 1000
    assert report(session, text="Rett nummer er 22 00 00 01, post@example.org").text


def test_all_that_is_wrong_is_told_at_once(session: Session) -> None:
    assert wrong(session, about="weather", text="") == {"about", "text"}
    assert wrong(session, about=None) == {"about"}


@pytest.mark.parametrize("slug", ["hidden", "nowhere", "3f0d7a52-6a2b-4e0c-9f43-0c8b7d0d7a11"])
def test_only_what_the_public_may_see_can_be_wrong(session: Session, slug: str) -> None:
    with pytest.raises(NotFound):
        report(session, slug)


def test_so_many_wait_for_one_entry_and_no_more_until_one_is_decided(session: Session) -> None:
    made = [report(session) for _ in range(MOST_OPEN)]
    with pytest.raises(TooManyOpen):
        report(session)
    corrections.decide(session, made[0].id, "declined", NOW)
    report(session)


def test_two_at_once_do_not_pass_the_limit_together(database: Database) -> None:
    with database.unit_of_work() as session:
        saved(session, service_draft())
        for _ in range(MOST_OPEN - 1):
            report(session)
        session.commit()

    def one(_: int) -> bool:
        try:
            with database.unit_of_work() as session:
                report(session)
                session.commit()
        except TooManyOpen:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [False, False, False, True]


def test_what_waits_comes_the_oldest_first_and_what_is_decided_the_newest(session: Session) -> None:
    made = [report(session, text=str(n), now=NOW + timedelta(minutes=n)) for n in (2, 0, 1)]
    session.flush()
    assert [one.text for one in corrections.corrections(session)[0]] == ["0", "1", "2"]
    assert [one.text for one in corrections.corrections(session, page=2, per_page=2)[0]] == ["2"]
    for minute, one in enumerate(made):
        corrections.decide(session, one.id, "mended", NOW + timedelta(hours=1, minutes=minute))
    assert [one.text for one in corrections.corrections(session, "mended")[0]] == ["1", "0", "2"]
    assert corrections.corrections(session) == ([], 0)


def test_what_is_decided_stays_decided(session: Session) -> None:
    made = report(session)
    later = NOW + timedelta(hours=1)
    decided = corrections.decide(session, made.id, "mended", later)
    assert (decided.state, decided.decided_at, decided.slug) == ("mended", later, "test-station")
    with pytest.raises(Conflict):
        corrections.decide(session, made.id, "declined", NOW)
    with pytest.raises(NotFound):
        corrections.decide(session, uuid4(), "declined", NOW)
    with pytest.raises(InvalidInput):
        corrections.decide(session, report(session).id, "open", NOW)


def test_a_mistake_outlives_the_entry_that_it_is_about(session: Session) -> None:
    made = report(session)
    editing.remove_service(session, "test-station", now=NOW)
    (found,), _ = corrections.corrections(session)
    assert (found.id, found.slug, found.names) == (made.id, None, {})
    assert corrections.decide(session, made.id, "mended", NOW).slug is None


def test_decided_ones_go_after_ninety_days_and_others_after_a_year(
    session: Session, database: Database
) -> None:
    decided, waiting = report(session, text="decided"), report(session, text="waiting")
    corrections.decide(session, decided.id, "declined", NOW)
    session.commit()

    def left(days: float) -> tuple[int, set[str]]:
        purged = retention.purge(database, SETTINGS, NOW + timedelta(days=days)).corrections
        with database.reading() as reading:
            return purged, set(reading.execute(select(Correction.text)).scalars())

    assert left(89.9) == (0, {"decided", "waiting"})
    assert left(90) == (1, {"waiting"})
    assert left(364.9) == (0, {"waiting"})
    assert left(365) == (1, set())
    assert waiting.state == "open"
