"""Where else a client may go: what fits, what does not, and what comes first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from directory.catalogue.models import key_of
from directory.database import Database, upgrade
from directory.referrals.alternatives import alternatives, tried
from directory.referrals.views import ServiceName, View
from directory.search.engine import Engine
from directory.search.finding import Finder
from directory.search.listing import Lister
from directory.search.upkeep import Upkeep
from tests.factories import NOW, TODAY, location, saved, service_draft
from tests.referral_house import CLINIC, SHELTER
from tests.referral_house import house as built

BERGEN = location() | {
    "postal_code": "5003",
    "city": "Bergen",
    "municipality": "Bergen",
    "municipality_no": "4601",
    "county": "Vestland",
    "latitude": 60.393,
    "longitude": 5.324,
}
IN_BERGEN: dict[str, Any] = {
    "locations": [BERGEN],
    "areas": [{"extent": "municipality", "code": "4601", "name": "Bergen"}],
}
SERVICES = (
    service_draft("first", needs=["hiv-testing"]),
    service_draft("unknown-capacity", needs=["hiv-testing"]),
    service_draft("with-capacity", needs=["hiv-testing"], capacity="capacity"),
    service_draft("full", needs=["hiv-testing"], capacity="no-capacity"),
    service_draft("waiting", needs=["hiv-testing"], capacity="waitlist", languages=[{"code": "so"}]),
    service_draft("for-another-need", needs=["naloxone"], capacity="capacity"),
    service_draft("far", needs=["hiv-testing"], **IN_BERGEN),
    service_draft("far-too", needs=["naloxone", "hiv-testing"], **IN_BERGEN),
)


@pytest.fixture(scope="module")
def small(finder: Finder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finder]:
    folder: Path = tmp_path_factory.mktemp("small")
    upgrade(f"sqlite:///{folder / 'directory.db'}")
    database = Database(f"sqlite:///{folder / 'directory.db'}")
    with database.unit_of_work() as session:
        saved(session, *SERVICES)
        session.commit()
    engine = Engine(folder / "index")
    lister = Lister(finder.needs, finder.places, finder.understand.compounds)
    Upkeep(database, folder / "index", lister, "for tests", engine.seals).rebuild(TODAY)
    yield Finder(finder.needs, finder.places, engine, address="/services/")
    database.close()


def view(slug: str | None, **said: Any) -> View:
    """A referral to that service, of which nothing else matters."""
    nothing: dict[str, Any] = dict.fromkeys(View.__slots__)
    of = ServiceName(key_of("service", slug) if slug else uuid4(), slug, {})
    return View(**(nothing | {"service": of, "needs": ("hiv-testing",), "languages": ()} | said))


def found(small: Finder, slug: str | None, tried: frozenset[UUID] = frozenset(), **said: Any) -> list[str]:
    return [one["slug"] for one in alternatives(small, view(slug, **said), NOW, "nb", tried=tried)]


def test_the_nearest_three_come_those_with_capacity_first_and_none_without(small: Finder) -> None:
    three = found(small, "first")
    assert three[0] == "with-capacity"
    assert set(three) == {"with-capacity", "unknown-capacity", "waiting"}
    in_bergen = found(small, "far")
    assert in_bergen[:2] == ["far-too", "with-capacity"]  # which is 300 km away


def test_what_was_tried_is_no_alternative(small: Finder) -> None:
    gone_to = frozenset({key_of("service", "with-capacity"), key_of("service", "unknown-capacity")})
    assert not {"with-capacity", "unknown-capacity"} & set(found(small, "first", gone_to))


def test_whoever_does_not_speak_the_language_is_none(small: Finder) -> None:
    assert found(small, "first", languages=("so",)) == ["waiting"]
    assert found(small, "waiting", languages=("so",)) == []


def test_a_referral_that_names_no_needs_is_for_those_of_its_service(small: Finder) -> None:
    assert found(small, "first", needs=()) == found(small, "first")
    assert found(small, "for-another-need", needs=()) == ["far-too"]


def test_a_service_that_has_left_is_not_near_anything_but_its_needs_are_met(small: Finder) -> None:
    assert len(found(small, None)) == 3
    assert found(small, None, needs=()) == []
    assert found(small, "first", needs=("a-need-that-there-was",)) == []


def test_each_is_told_as_a_search_tells_it(small: Finder) -> None:
    first = alternatives(small, view("first"), NOW, "en")[0]
    assert (first["name"], first["distance_km"]) == ("The with-capacity", 0.0)
    assert "network" not in first["trust"]
    regarded = alternatives(small, view("first"), NOW, "en", regards={})
    assert regarded[0]["trust"]["network"] is None


def test_what_came_before_was_tried_however_long_the_chain(database: Database) -> None:
    house = built(database)
    first = house.requested(service_id=CLINIC)
    house.step(house.receiver, first, "rejected", reason="not-eligible")
    second = house.requested(service_id=SHELTER, refers_on=str(first.id))
    house.step(house.third, second, "rejected", reason="not-eligible")
    third = house.requested(service_id=CLINIC, refers_on=str(second.id))
    with database.reading() as session:
        assert tried(session, house.sender, third) == {key_of("service", SHELTER), key_of("service", CLINIC)}
        assert tried(session, house.sender, first) == frozenset()
