"""How the catalogue changes: versions, the change log, and who loses against whom."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select, text

from directory.catalogue import models as m
from directory.catalogue.editing import edit_service, remove_service, save_organizations, save_service
from directory.catalogue.reading import changes_since, entry, last_position
from directory.errors import InvalidInput, NotFound, StaleVersion
from tests.factories import NEEDS, NOW, TODAY, location, organization_draft, saved, service_draft

LATER = NOW + timedelta(hours=1)


def _save(database, *drafts, now=NOW, origin="local"):
    with database.unit_of_work() as session:
        done = saved(session, *drafts, now=now, origin=origin)
        session.commit()
    return done


def _log(database) -> list[str]:
    with database.reading() as session:
        return [change for _, _, change in changes_since(session, 0)]


def _count(database, table) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(table.__table__)).scalar_one()


def test_a_new_service_is_version_one_and_stands_in_the_log(database):
    (done,) = _save(database, service_draft())
    with database.reading() as session:
        assert changes_since(session, 0) == [(1, str(done.id), "saved")]
        found = entry(session, "test-station", today=TODAY)
    assert (found.version, found.updated_at, found.id) == (1, NOW, str(done.id))


def test_its_key_follows_from_its_slug(database):
    (done,) = _save(database, service_draft())
    assert done.id == m.key_of("service", "test-station")


def test_saying_the_same_again_changes_nothing(database):
    _save(database, service_draft())
    (again,) = _save(database, service_draft(), now=LATER)
    assert (again.changed, again.version) == (False, 1)
    assert _log(database) == ["saved"]
    with database.reading() as session:
        assert entry(session, "test-station", today=TODAY).updated_at == NOW


def test_a_change_gives_a_new_version_and_replaces_every_part(database):
    _save(database, service_draft())
    place = location("second") | {
        "accessibility": ["wheelchair"],
        "schedule": {"opening_hours": "Mo 10:00-12:00"},
    }
    draft = service_draft(
        needs=["pep"],
        languages=[],
        phones=[],
        locations=[place],
        capacity="waitlist",
        schedule={"opening_hours": "24/7"},
    )
    (done,) = _save(database, draft, now=LATER)
    assert (done.changed, done.version) == (True, 2)
    with database.reading() as session:
        found = entry(session, "test-station", today=TODAY)
    assert found.needs == ("pep",) and found.languages == () and found.phones == ()
    assert [place.accessibility for place in found.locations] == [("wheelchair",)]
    assert (
        found.locations[0].schedule.opening_hours == "Mo 10:00-12:00"
        and found.schedule.opening_hours == "24/7"
    )
    assert (found.capacity, found.updated_at) == ("waitlist", LATER)
    assert (_count(database, m.Location), _count(database, m.Address)) == (1, 1)
    assert _log(database) == ["saved", "saved"]


def test_a_removed_service_leaves_nothing_but_its_log_row(database):
    _save(database, service_draft(cost_options=[{"amount": 100.0, "currency": "NOK"}], capacity="capacity"))
    with database.unit_of_work() as session:
        remove_service(session, "test-station", now=LATER)
        session.commit()
    assert _log(database) == ["saved", "removed"]
    for table in (*m.OF_SERVICE, m.Service, m.Location, m.Address, m.Accessibility):
        assert _count(database, table) == 0, table
    with database.reading() as session, pytest.raises(NotFound):
        entry(session, "test-station", today=TODAY)


def test_what_is_not_there_cannot_be_removed(database):
    with database.unit_of_work() as session, pytest.raises(NotFound):
        remove_service(session, "nothing", now=NOW)


def test_an_unknown_need_is_refused_with_its_neighbours_named(database):
    with pytest.raises(InvalidInput) as caught:
        _save(database, service_draft(needs=["pep", "hiv-test"]))
    assert list(caught.value.errors) == ["needs.1"]
    assert "hiv-testing" in caught.value.errors["needs.1"][0]
    assert _log(database) == [] and _count(database, m.Service) == 0


def test_an_unknown_organization_is_refused(database):
    with database.unit_of_work() as session, pytest.raises(InvalidInput) as caught:
        save_service(session, service_draft(), needs=NEEDS, now=NOW)
    assert "the-clinic" in caught.value.errors["organization"][0]


def test_a_change_on_an_old_version_is_refused_and_nothing_is_lost(database):
    _save(database, service_draft())
    _save(database, service_draft(email="a@example.org"))
    with pytest.raises(StaleVersion):
        edit_service(
            database, service_draft(email="b@example.org"), needs=NEEDS, now=LATER, expected_version=1
        )
    with database.reading() as session:
        assert entry(session, "test-station", today=TODAY).email == "a@example.org"


def test_of_two_who_change_the_same_version_at_once_one_wins_and_one_is_told(database):
    _save(database, service_draft())
    start, outcome = Barrier(2), []

    def change(email: str) -> None:
        start.wait()
        try:
            edit_service(database, service_draft(email=email), needs=NEEDS, now=LATER, expected_version=1)
            outcome.append("won")
        except StaleVersion:
            outcome.append("told")

    threads = [Thread(target=change, args=(f"{name}@example.org",)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome) == ["told", "won"] and _log(database) == ["saved", "saved"]


def test_a_new_name_of_an_organization_is_a_change_of_its_services(database):
    _save(database, service_draft("one"), service_draft("two", published=False))
    with database.unit_of_work() as session:
        save_organizations(session, [organization_draft(names={"nb": "New name"})], now=LATER)
        session.commit()
    with database.reading() as session:
        found = entry(session, "one", today=TODAY)
        assert (found.organization.name, found.version, found.updated_at) == ("New name", 2, LATER)
        assert len(changes_since(session, 0)) == 2  # the one that nobody may see is not told of


def test_withdrawing_a_service_from_the_public_is_a_removal_in_the_log(database):
    _save(database, service_draft())
    _save(database, service_draft(published=False))
    _save(database, service_draft(published=False, email="a@example.org"))
    _save(database, service_draft(status="inactive"))
    _save(database, service_draft())
    assert _log(database) == ["saved", "removed", "saved"]


def test_a_position_is_never_given_twice(database):
    _save(database, service_draft())
    with database.unit_of_work() as session:
        session.execute(text("DELETE FROM change_log"))
        session.commit()
    _save(database, service_draft(email="a@example.org"))
    with database.reading() as session:
        assert last_position(session) == 2 and changes_since(session, 1)[0][0] == 2


def test_the_log_stands_at_nought_before_anything(database):
    with database.reading() as session:
        assert last_position(session) == 0 and changes_since(session, 0) == []
