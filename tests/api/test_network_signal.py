"""How a service answers referrals is told to those who refer, and makes no difference to anybody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from directory.api.entry_shapes import ServiceShape
from directory.api.shapes import SearchAnswer
from directory.database import Database
from directory.identity import SESSION
from directory.partners.access import Role, Scope
from directory.referrals.models import ServiceFigure
from tests.factories import TODAY
from tests.partner_network import Network
from tests.referral_house import CLINIC, service

SEARCH = "/api/v1/search"
ASKED = {"need": ["hiv-testing"]}
TOLD = {"answers_within_hours": 24, "acceptance": 90, "closure": None}


@pytest.fixture
def known(network: Network) -> UUID:
    """A service of the index, eleventh in the search, and the clinic answer well."""
    plain = network.nobody().post(SEARCH, json=ASKED).get_json()["results"]
    known = UUID(plain[10]["id"])
    with network.database.unit_of_work() as session:
        for id in (known, service(CLINIC)):
            session.add(ServiceFigure(service_id=id, computed_on=TODAY, **TOLD))
        session.commit()
    return known


def seen(client: FlaskClient, **headers: str) -> list[Any]:
    """All that may differ by who asks: searches both ways, and a service; without the request's id and the time."""
    answers = [
        client.get(SEARCH, query_string=ASKED, headers=headers),
        client.post(SEARCH, json=ASKED, headers=headers),
        client.get(f"/api/v1/services/{CLINIC}", headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    own = {"X-Request-Id", "Date"}
    return [(answer.data, [h for h in answer.headers if h[0] not in own]) for answer in answers]


def colleagues(network: Network) -> dict[str, FlaskClient]:
    return {
        "counsellor": network.person("sender", Role.COUNSELLOR),
        "coordinator": network.person("third", Role.COORDINATOR),
        "key": network.system("receiver", Scope.REFERRALS_READ),
    }


def others(network: Network) -> dict[str, FlaskClient]:
    with_nothing = network.nobody()
    with_nothing.set_cookie(SESSION, "no sign-in")
    return {
        "editor": network.person("sender", Role.EDITOR),
        "steward": network.person(None, Role.STEWARD),
        "admin": network.person(None, Role.ADMIN),
        "key that writes": network.system("sender", Scope.REFERRALS_WRITE, Scope.CATALOGUE_WRITE),
        "no key": network.asking_by("veiviser_no_such_key"),
        "no sign-in": with_nothing,
    }


def test_those_who_refer_are_told_and_find_it_sooner(network: Network, known: UUID) -> None:
    plain = network.nobody().post(SEARCH, json=ASKED).get_json()
    for name, client in colleagues(network).items():
        got, posted = client.get(SEARCH, query_string=ASKED), client.post(SEARCH, json=ASKED)
        assert got.data == posted.data
        assert got.headers["Cache-Control"] == "no-store"
        found = got.get_json()
        assert SearchAnswer().validate(found) == {}
        network_of = {result["id"]: result["trust"]["network"] for result in found["results"]}
        assert network_of.pop(str(known)) == TOLD, name
        assert set(network_of.values()) == {None}
        place = [result["id"] for result in found["results"]].index(str(known))
        assert place < 10, name
        assert found["total"] == plain["total"]

        answer = client.get(f"/api/v1/services/{CLINIC}")
        assert answer.get_json()["trust"]["network"] == TOLD
        assert ServiceShape().validate(answer.get_json()) == {}
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "ETag" not in answer.headers
        assert client.get("/api/v1/services/shelter").get_json()["trust"]["network"] is None


def test_nobody_else_gets_another_byte(network: Network, known: UUID) -> None:
    plain = seen(network.nobody())
    assert b"network" not in b"".join(body for body, _ in plain)
    with network.database.unit_of_work() as session:
        session.delete(session.get_one(ServiceFigure, known))
        session.commit()
    assert seen(network.nobody()) == plain
    for name, client in others(network).items():
        assert seen(client) == plain, name


def test_another_sites_page_gets_no_signal_whoever_is_signed_in(network: Network, known: UUID) -> None:
    plain = seen(network.nobody())
    for name, client in colleagues(network).items():
        client.environ_base.pop("HTTP_SEC_FETCH_SITE", None)
        for says in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://elsewhere.example"},
            {"Origin": "null"},
        ):
            assert seen(client, **says) == plain, (name, says)
    preflight = network.nobody().options(
        SEARCH,
        headers={
            "Origin": "https://elsewhere.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert "authorization" not in preflight.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in preflight.headers


def test_a_cookie_that_comes_from_nowhere_gets_no_signal_by_post(network: Network, known: UUID) -> None:
    client = network.person("sender", Role.COUNSELLOR)
    client.environ_base.pop("HTTP_SEC_FETCH_SITE")
    answer = client.post(SEARCH, json=ASKED)
    assert (answer.status_code, b"network" in answer.data) == (200, False)


def test_a_colleague_who_has_what_anybody_sees_still_gets_the_signal(network: Network, known: UUID) -> None:
    tag = network.nobody().get(f"/api/v1/services/{CLINIC}").headers["ETag"]
    answer = network.system("receiver", Scope.REFERRALS_READ).get(
        f"/api/v1/services/{CLINIC}", headers={"If-None-Match": tag}
    )
    assert answer.get_json()["trust"]["network"] == TOLD


def test_a_search_is_answered_while_the_figures_cannot_be_read(
    network: Network, known: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = seen(network.nobody())
    client = network.person("sender", Role.COUNSELLOR)

    def gone(self: Database) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(Database, "reading", gone)
    answer = client.get(SEARCH, query_string=ASKED)
    assert (answer.status_code, answer.data) == (200, plain[0][0])
