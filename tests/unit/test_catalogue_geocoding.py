"""Points for edited addresses, asked of a local server that speaks as Nominatim does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from directory.catalogue.editing import edit_service, save_organizations
from directory.catalogue.geocoding import Geocoder, located, nominatim
from directory.catalogue.reading import entry
from tests.factories import NEEDS, NOW, TODAY, location, organization_draft, service_draft

HOUSE = {
    "lat": "59.91200",
    "lon": "10.75100",
    "display_name": "1, Storgata",
    "address": {"house_number": "1"},
}
STREET = {"lat": "59.91000", "lon": "10.75000", "display_name": "Storgata", "address": {"road": "Storgata"}}


class Nominatim:
    """Answers every question with ``answer``, and keeps the questions."""

    def __init__(self) -> None:
        self.questions: list[dict[str, str]] = []
        self.agents: list[str] = []
        self.answer: tuple[int, object] = (200, [HOUSE])
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.questions.append(
                    {name: value[0] for name, value in parse_qs(urlsplit(self.path).query).items()}
                )
                outer.agents.append(self.headers["User-Agent"])
                status, body = outer.answer
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.domain = f"127.0.0.1:{self.server.server_port}"


@pytest.fixture
def server() -> Iterator[Nominatim]:
    served = Nominatim()
    thread = Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.server.shutdown()
    thread.join()
    served.server.server_close()


@pytest.fixture
def geocoder(database, server) -> Geocoder:
    return nominatim(
        database, user_agent="veiviser-test", domain=server.domain, scheme="http", minimum_delay=0
    )


def _point(draft, geocoder):
    place = located(draft, geocoder).locations[0]
    return place.latitude, place.longitude, place.precision


def test_a_house_gets_its_point(geocoder, server):
    assert _point(service_draft(), geocoder) == (59.912, 10.751, "address")
    (asked,) = server.questions
    assert (asked["street"], asked["postalcode"], asked["city"]) == ("Storgata 1", "0155", "Oslo")
    assert asked["countrycodes"] == "no" and server.agents == ["veiviser-test"]


def test_what_stands_in_brackets_is_for_people(geocoder, server):
    _point(service_draft(locations=[location() | {"address_1": "Storgata 1 (2. etasje)"}]), geocoder)
    assert server.questions[0]["street"] == "Storgata 1"


def test_the_same_address_is_asked_once(geocoder, server):
    for _ in range(3):
        assert _point(service_draft(), geocoder)[2] == "address"
    assert len(server.questions) == 1


def test_that_nobody_knows_it_is_remembered_too(geocoder, server):
    server.answer = (200, [])
    for _ in range(2):
        assert _point(service_draft(), geocoder) == (59.913, 10.751, "postcode")
    assert len(server.questions) == 1


def test_a_street_is_no_house(geocoder, server):
    server.answer = (200, [STREET])
    assert _point(service_draft(), geocoder) == (59.913, 10.751, "postcode")


@pytest.mark.parametrize("answer", [(500, b""), (403, b""), (429, b""), (200, b"<html>")])
def test_a_failing_geocoder_leaves_the_entry_as_it_is_and_is_asked_again(geocoder, server, answer):
    server.answer = answer
    assert _point(service_draft(), geocoder) == (59.913, 10.751, "postcode")
    server.answer = (200, [HOUSE])
    assert _point(service_draft(), geocoder)[2] == "address"


def test_a_geocoder_that_is_not_there_leaves_the_entry_as_it_is(database, server):
    server.server.server_close()
    geocoder = nominatim(
        database, user_agent="t", domain=server.domain, scheme="http", minimum_delay=0, timeout=0.5
    )
    assert _point(service_draft(), geocoder) == (59.913, 10.751, "postcode")


@pytest.mark.parametrize(
    "place",
    [
        location() | {"address_visibility": "hidden", "precision": "town"},
        location() | {"address_visibility": "area"},
        location() | {"address_1": None},
        location() | {"precision": "address"},
        location() | {"postal_code": None, "city": None},
    ],
)
def test_a_withheld_a_vague_and_an_exact_address_are_never_asked(geocoder, server, place):
    draft = service_draft(locations=[place])
    assert located(draft, geocoder) == draft and server.questions == []


def _edit(database, draft, geocoder=None):
    return edit_service(database, draft, needs=NEEDS, now=NOW, geocoder=geocoder)


@pytest.fixture
def clinic(database):
    with database.unit_of_work() as session:
        save_organizations(session, [organization_draft()], now=NOW)
        session.commit()


def _stored(database):
    with database.reading() as session:
        return entry(session, "test-station", today=TODAY).locations[0]


@pytest.mark.usefixtures("clinic")
def test_an_edited_entry_gets_the_point_and_keeps_it_when_edited_without_a_geocoder(database, geocoder):
    assert _edit(database, service_draft(), geocoder).version == 1
    assert _edit(database, service_draft()).changed is False
    assert _edit(database, service_draft(email="a@example.org")).version == 2
    assert (_stored(database).latitude, _stored(database).precision) == (59.912, "address")


@pytest.mark.usefixtures("clinic")
def test_a_new_address_does_not_keep_the_old_one_s_point(database, geocoder):
    _edit(database, service_draft(), geocoder)
    _edit(database, service_draft(locations=[location() | {"address_1": "Storgata 2"}]))
    assert (_stored(database).latitude, _stored(database).precision) == (59.913, "postcode")


@pytest.mark.usefixtures("clinic")
def test_hiding_an_address_takes_its_point_back(database, geocoder):
    _edit(database, service_draft(), geocoder)
    _edit(
        database,
        service_draft(locations=[location() | {"address_visibility": "hidden", "precision": "town"}]),
        geocoder,
    )
    assert (_stored(database).latitude, _stored(database).precision) == (59.913, "town")
