"""What may be said of a service, and what may not."""

from __future__ import annotations

import pytest

from directory.catalogue.drafts import ServiceDraft, check
from directory.errors import InvalidInput
from tests.factories import location, service_draft


def _wrong(**said) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        service_draft(**said)
    return caught.value.errors


@pytest.mark.parametrize(
    ("said", "field", "message"),
    [
        ({"names": {}}, "names", "at least one language"),
        ({"names": {"nb": "  "}}, "names", "no text for nb"),
        ({"names": {"norsk": "X"}}, "names", "BCP 47"),
        ({"slug": "Not A Slug"}, "slug", "pattern"),
        ({"languages": [{"code": "xx"}]}, "languages.0.code", "BCP 47"),
        ({"languages": [{"code": "nb"}, {"code": "nb"}]}, "languages", "twice"),
        ({"phones": [{"number": "ring oss"}]}, "phones.0.number", "digits"),
        ({"phones": [{"number": "12"}]}, "phones.0.number", "digits"),
        ({"schedule": {"opening_hours": "whenever"}}, "schedule.opening_hours", "OpenStreetMap"),
        ({"schedule": {"opening_hours": "24/7", "timezone": "Mars/Olympus"}}, "schedule.timezone", "IANA"),
        ({"locations": [location() | {"latitude": 95.0}]}, "locations.0.latitude", "90"),
        ({"locations": [location() | {"longitude": -181.0}]}, "locations.0.longitude", "-180"),
        ({"locations": [location() | {"longitude": None}]}, "locations.0", "together"),
        ({"locations": [location() | {"postal_code": "15"}]}, "locations.0", "four digits"),
        ({"locations": [location(), location()]}, "(the whole)", "same slug"),
        ({"minimum_age": 30, "maximum_age": 20}, "(the whole)", "above"),
        ({"minimum_age": -1}, "minimum_age", "0"),
        ({"minimum_age": "12"}, "minimum_age", "integer"),
        ({"free": "yes"}, "free", "boolean"),
        ({"url": "olafia.no"}, "url", "http"),
        ({"email": "post"}, "email", "e-mail"),
        ({"capacity": "full"}, "capacity", "waitlist"),
        ({"audiences": ["everyone"]}, "audiences.0", "youth"),
        ({"needs": ["pep", "pep"]}, "needs", "twice"),
        ({"areas": [{"extent": "municipality", "code": "Oslo", "name": "Oslo"}]}, "areas.0", "municipality"),
        ({"sources": [{"reference": "x", "by": "Kari"}]}, "sources.0", "day"),
        ({"nickname": "x"}, "nickname", "not permitted"),
        ({"audience_text": "nul\0"}, "audience_text", "pattern"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(said, field, message):
    errors = _wrong(**said)
    assert field in errors and message in " ".join(errors[field])


def test_all_that_is_wrong_is_named_at_once():
    errors = _wrong(names={}, kind="A kind", free=1)
    assert set(errors) == {"names", "kind", "free"}


@pytest.mark.parametrize("said", [None, [], "x", 5, {"slug": "\ud800"}, {}])
def test_what_is_no_service_at_all_is_refused(said):
    with pytest.raises(InvalidInput):
        check(ServiceDraft, said)


@pytest.mark.parametrize(
    ("visibility", "precision", "allowed"),
    [
        ("full", "address", True),
        ("area", "address", False),
        ("area", "postcode", True),
        ("hidden", "address", False),
        ("hidden", "postcode", False),
        ("hidden", "town", True),
    ],
)
def test_a_withheld_address_has_no_point_that_gives_it_away(visibility, precision, allowed):
    place = location() | {"address_visibility": visibility, "precision": precision}
    if allowed:
        assert service_draft(locations=[place]).locations[0].precision == precision
    else:
        assert "may not be exact" in str(_wrong(locations=[place]))


def test_saying_the_same_in_another_order_is_saying_the_same():
    one, other = service_draft(names={"nb": "A", "en": "B"}), service_draft(names={"en": "B", "nb": "A"})
    assert one.digest() == other.digest() != service_draft(names={"nb": "A", "en": "C"}).digest()


@pytest.mark.parametrize(
    "number", ["113", "116117", "08588", "915 08 588", "+46 33-10 69 70", "+45 70 20 12 01"]
)
def test_phone_numbers_as_people_write_them_are_taken(number):
    assert service_draft(phones=[{"number": number}]).phones[0].number == number
