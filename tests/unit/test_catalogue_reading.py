"""What the public may read, and what not."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event, update

from directory.catalogue import models as m
from directory.catalogue import reading
from directory.catalogue.editing import save_organizations
from directory.catalogue.freshness import Limits, trust_of
from directory.errors import NotFound
from directory.partners import partnering
from tests.factories import NOW, TODAY, location, organization_draft, saved, service_draft


@pytest.fixture
def put(database):
    def put(*drafts):
        with database.unit_of_work() as session:
            done = saved(session, *drafts)
            session.commit()
        return done

    return put


def _entry(database, slug="test-station", **said):
    with database.reading() as session:
        return reading.entry(session, slug, today=TODAY, **said)


def test_an_entry_says_all_that_was_said(database, put):
    draft = service_draft(
        descriptions={"nb": "Norsk", "en": "English"},
        alerts={"nb": "Ring først"},
        languages=[{"code": "nb"}, {"code": "mul", "mode": "interpreter"}],
        phones=[{"number": "22 00 00 00"}, {"number": "400 00 000", "type": "sms"}],
        public_body=True,
        free=True,
        anonymous=False,
        remote=True,
        reach="regional",
        minimum_age=12,
        maximum_age=24,
        genders=["female"],
        audiences=["youth"],
        audience_text="12–24 år",
        chat_url="https://example.org/chat",
        email="post@example.org",
    )
    put(draft)
    found = _entry(database)
    said = draft.model_dump()
    same = {
        "slug",
        "names",
        "descriptions",
        "alerts",
        "kind",
        "needs",
        "email",
        "chat_url",
        "free",
        "anonymous",
    }
    same |= {
        "remote",
        "reach",
        "country",
        "minimum_age",
        "maximum_age",
        "genders",
        "audiences",
        "audience_text",
    }
    for name in same | {"capacity", "status"}:
        assert getattr(found, name) == said[name], name
    assert [(one.code, one.mode) for one in found.languages] == [("nb", "spoken"), ("mul", "interpreter")]
    assert [(one.number, one.type) for one in found.phones] == [
        ("22 00 00 00", "voice"),
        ("400 00 000", "sms"),
    ]
    assert found.interpreter_by_law is True
    assert [(one.extent, one.code, one.name) for one in found.areas] == [("municipality", "0301", "Oslo")]
    assert [(one.reference, one.checked) for one in found.sources] == [("https://example.org/", "2024")]
    place = found.locations[0]
    assert (place.address_1, place.postal_code, place.municipality_no) == ("Storgata 1", "0155", "0301")
    assert (place.latitude, place.longitude, place.precision) == (59.913, 10.751, "postcode")
    assert (found.organization.slug, found.organization.name) == ("the-clinic", "The-Clinic")


def test_the_interpreter_by_law_is_norway_s(database, put):
    put(service_draft(public_body=True, country="DK"))
    assert _entry(database).interpreter_by_law is False


def test_slug_and_id_both_find_it(database, put):
    (done,) = put(service_draft())
    assert _entry(database, str(done.id)) == _entry(database, "test-station")


@pytest.mark.parametrize("asked", ["nothing", "2834a74b-1b5a-4a9a-a0a6-0caa0625e429", ""])
def test_what_is_not_there_is_not_found(database, asked):
    with database.reading() as session:
        for ask in (
            lambda: reading.entry(session, asked, today=TODAY),
            lambda: reading.organization(session, asked),
            lambda: reading.location(session, asked, today=TODAY),
        ):
            with pytest.raises(NotFound):
                ask()


@pytest.mark.parametrize("said", [{"published": False}, {"status": "inactive"}])
def test_what_is_not_public_is_not_there_by_any_way(database, put, said):
    (done,) = put(service_draft(**said))
    place = m.key_of("location", "test-station/main")
    with database.reading() as session:
        assert reading.number_published(session) == 0
        assert list(reading.entries(session, today=TODAY)) == []
        assert list(reading.entries(session, [done.id], today=TODAY)) == []
        for ask in (
            lambda: reading.entry(session, "test-station", today=TODAY),
            lambda: reading.organization(session, "the-clinic"),
            lambda: reading.location(session, str(place), today=TODAY),
        ):
            with pytest.raises(NotFound):
                ask()


def test_a_hidden_address_is_not_told(database, put):
    place = location() | {"address_visibility": "hidden", "precision": "town"}
    put(service_draft(locations=[place]))
    found = _entry(database).locations[0]
    assert found.address_withheld and (found.address_1, found.postal_code) == (None, None)
    assert (found.city, found.precision) == ("Oslo", "town")
    assert "Storgata" not in repr(_entry(database)) and "0155" not in repr(_entry(database))


def test_of_an_area_address_the_street_is_not_told(database, put):
    put(service_draft(locations=[location() | {"address_visibility": "area"}]))
    found = _entry(database).locations[0]
    assert found.address_withheld and (found.address_1, found.postal_code) == (None, "0155")


@pytest.mark.parametrize("visibility", ["hidden", "area"])
def test_a_point_that_gives_a_withheld_address_away_is_not_told_even_if_it_is_stored(
    database, put, visibility
):
    put(service_draft())
    with database.unit_of_work() as session:
        session.execute(
            update(m.Location.__table__).values(address_visibility=visibility, precision="address")
        )
        session.commit()
    found = _entry(database).locations[0]
    assert (found.latitude, found.longitude, found.precision, found.address_1) == (None, None, None, None)


def test_a_partners_phone_is_not_told(database, put):
    put(
        service_draft(phones=[{"number": "22 00 00 00"}, {"number": "22 00 00 99", "visibility": "partners"}])
    )
    assert [phone.number for phone in _entry(database).phones] == ["22 00 00 00"]


def test_trust_comes_from_a_check_of_ours_and_from_nothing_else(database, put):
    source = {"reference": "https://example.org/", "checked": "2026-11-20", "checked_on": "2026-11-20"}
    put(
        service_draft("listed", sources=[source]),
        service_draft("verified", sources=[source, source | {"by": "Kari", "method": "phone"}]),
        service_draft("doubtful", sources=[source | {"by": "Kari"}], verify_before_publish=True),
        service_draft("old", sources=[source | {"by": "Kari", "checked_on": "2024-01-01"}]),
    )
    trust = {slug: _entry(database, slug).trust for slug in ("listed", "verified", "doubtful", "old")}
    assert [trust[slug].state for slug in trust] == ["listed", "verified", "listed", "stale"]
    assert (trust["verified"].verified_on, trust["verified"].by) == (date(2026, 11, 20), "Kari")
    assert trust["listed"].source == "https://example.org/"
    assert trust["doubtful"].verified_on is None and "not confirmed" in trust["doubtful"].source


def test_what_an_active_partner_answers_for_is_named_as_such_and_follows_the_partner(database, put):
    put(service_draft())
    before = _entry(database)
    assert not before.trust.partner
    with database.unit_of_work() as session:
        partnering.add_partner(session, slug="us", name="Us", organizations=["the-clinic"], now=NOW)
        session.commit()
    assert _entry(database).trust.partner and _entry(database).version > before.version
    for active in (False, True):
        position = _position(database)
        with database.unit_of_work() as session:
            partner = partnering.partner_of(session, "us")
            partnering.set_active(session, partner, active, now=NOW)
            partnering.set_active(session, partner, active, now=NOW)
            session.commit()
        assert _entry(database).trust.partner is active
        assert _position(database) == position + 1  # the search follows, once
    with database.unit_of_work() as session:
        partnering.unlink(session, partnering.partner_of(session, "us"), ["the-clinic"], now=NOW)
        session.commit()
    assert not _entry(database).trust.partner and _position(database) == position + 2


def _position(database) -> int:
    with database.reading() as session:
        return reading.last_position(session)


def test_some_are_read_by_id(database, put):
    done = put(*(service_draft(f"s-{i}") for i in range(5)))
    with database.reading() as session:
        some = list(reading.entries(session, [done[1].id, str(done[3].id), uuid4()], today=TODAY))
        assert reading.number_published(session) == 5
    assert {one.slug for one in some} == {"s-1", "s-3"}


def test_thousands_are_read_with_as_many_queries_as_one_chunk(database, put, monkeypatch):
    put(*(service_draft(f"s-{i}", locations=[location(), location("b")]) for i in range(23)))
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    monkeypatch.setattr(reading, "CHUNK", 10)
    with database.reading() as session:
        found = list(reading.entries(session, today=TODAY))
    assert len({one.slug for one in found}) == 23
    assert all(len(one.locations) == 2 and one.needs for one in found)
    # the services, their places, accessibility and eight parts, each for 10, 10 and 3 services
    assert len([sql for sql in asked if sql.startswith("SELECT")]) == 3 * 11 + 1  # once: who takes part


def test_an_organization_lists_its_public_services_and_changes_with_them(database, put):
    put(service_draft("one"), service_draft("two"), service_draft("three", published=False))
    with database.reading() as session:
        before = reading.organization(session, "the-clinic")
    assert [one.slug for one in sorted(before.services, key=lambda s: s.slug)] == ["one", "two"]
    put(service_draft("one", email="a@example.org"))
    with database.reading() as session:
        assert reading.organization(session, before.id).version > before.version


def test_an_organization_is_called_by_its_own_name(database):
    with database.unit_of_work() as session:
        names = {"en": "Coalition", "nb": "Koalisjonen"}
        save_organizations(session, [organization_draft("o", names=names)], now=NOW)
        saved(session, service_draft())
        save_organizations(session, [organization_draft(names={"ru": "Имя"})], now=NOW)
        session.commit()
    assert _entry(database).organization.name == "Имя"


def test_a_location_is_read_with_its_service(database, put):
    put(service_draft())
    key = _entry(database).locations[0].id
    with database.reading() as session:
        found = reading.location(session, key, today=TODAY)
    assert found.place == _entry(database).locations[0]
    assert [one.slug for one in found.services] == [
        "test-station"
    ] and found.organization.slug == "the-clinic"


@pytest.mark.parametrize(
    ("days", "state"), [(0, "verified"), (180, "verified"), (181, "stale"), (-1, "listed")]
)
def test_a_check_holds_for_so_many_days(days, state):
    assert trust_of(TODAY - timedelta(days=days), "Kari", TODAY) == state


def test_a_check_holds_as_long_as_it_is_told():
    week = Limits(verified_days=7)
    assert trust_of(TODAY - timedelta(days=7), "Kari", TODAY, week) == "verified"
    assert trust_of(TODAY - timedelta(days=8), "Kari", TODAY, week) == "stale"


def test_nobody_s_check_is_none():
    assert trust_of(TODAY, None, TODAY) == "listed" and trust_of(None, "Kari", TODAY) == "listed"
