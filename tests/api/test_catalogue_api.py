"""Reading services, organizations, locations and needs; suggestions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from marshmallow import Schema

from directory.api.entry_shapes import LocationShape, NeedList, OrganizationShape, ServiceShape
from directory.api.shapes import Suggestions
from directory.config import SEED_DIR

SEED: list[dict[str, Any]] = json.loads((SEED_DIR / "services.json").read_text("utf-8"))
SLUGS = [row["slug"] for row in SEED if row.get("published", True)]


def read(client: FlaskClient, path: str, shape: type[Schema], **values: Any) -> dict[str, Any]:
    response = client.get(f"/api/v1/{path}", query_string=values)
    assert response.status_code == 200, response.get_data(as_text=True)
    body: dict[str, Any] = response.get_json()
    assert shape().validate(body) == {}
    return body


@pytest.mark.parametrize("slug", SLUGS[::9])
def test_a_service_is_read_by_its_slug_and_by_its_id(client: FlaskClient, slug: str) -> None:
    by_slug = read(client, f"services/{slug}", ServiceShape)
    assert by_slug["slug"] == slug
    assert read(client, f"services/{by_slug['id']}", ServiceShape) == by_slug
    assert by_slug["trust"]["state"] == "listed", "nothing of the seed has been verified"
    assert by_slug["sources"]


def test_what_is_known_to_the_seed_but_not_published_is_not_there(client: FlaskClient) -> None:
    hidden = [row["slug"] for row in SEED if row.get("published") is False]
    assert hidden
    assert {client.get(f"/api/v1/services/{slug}").status_code for slug in hidden} == {404}


def test_an_organization_names_its_services(client: FlaskClient) -> None:
    service = read(client, "services/olafiaklinikken", ServiceShape)
    organization = read(client, f"organizations/{service['organization']['slug']}", OrganizationShape)
    assert organization["id"] == service["organization"]["id"]
    assert "olafiaklinikken" in {s["slug"] for s in organization["services"]}


def test_a_location_names_what_is_given_there(client: FlaskClient) -> None:
    place = read(client, "services/legevakt-oslo", ServiceShape)["locations"][0]
    location = read(client, f"locations/{place['id']}", LocationShape)
    assert location["municipality"] == "Oslo"
    assert "legevakt-oslo" in {s["slug"] for s in location["services"]}


def test_needs_come_with_their_parents_and_labels_in_the_language_asked_for(client: FlaskClient) -> None:
    needs = read(client, "needs", NeedList, lang="ru")["needs"]
    assert len(needs) == 61
    labels = {n["slug"]: n["label"] for n in needs}
    assert "алоксон" in labels["naloxone"]
    assert {n["parent"] for n in needs} - {None} <= set(labels)


@pytest.mark.parametrize("path", ["services/olafiaklinikken", "needs"])
def test_what_the_client_has_is_not_sent_again(client: FlaskClient, path: str) -> None:
    first = client.get(f"/api/v1/{path}")
    again = client.get(f"/api/v1/{path}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get(f"/api/v1/{path}?lang=en", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200, "another language is another answer"


def test_a_service_tells_when_it_was_changed(client: FlaskClient) -> None:
    assert client.get("/api/v1/services/olafiaklinikken").last_modified is not None


@pytest.mark.parametrize("kind", ["services", "organizations", "locations"])
@pytest.mark.parametrize("id", ["nothing", "00000000-0000-0000-0000-000000000000", "%00", "a" * 300])
def test_what_is_not_there_is_a_problem_that_repeats_nothing(client: FlaskClient, kind: str, id: str) -> None:
    response = client.get(f"/api/v1/{kind}/{id}")
    assert response.status_code == 404
    assert response.mimetype == "application/problem+json"


def test_a_language_that_is_none_is_refused_by_name(client: FlaskClient) -> None:
    response = client.get("/api/v1/services/olafiaklinikken?lang=klingonsk")
    assert response.status_code == 422
    assert "lang" in response.get_json()["errors"] or "language" in response.get_json()["errors"]


def test_texts_fall_back_and_say_in_which_language_they_are(client: FlaskClient) -> None:
    body = read(client, "services/olafiaklinikken", ServiceShape, lang="so")
    assert body["description_language"] in ("en", "nb")


@pytest.mark.parametrize(
    ("typed", "kind", "slug"),
    [
        ("nalo", "need", "naloxone"),
        ("нал", "need", "naloxone"),
        ("klam", "need", "sti-testing"),
        ("olaf", "service", "olafiaklinikken"),
    ],
)
def test_typing_is_completed(client: FlaskClient, typed: str, kind: str, slug: str) -> None:
    found = read(client, "suggest", Suggestions, q=typed)["suggestions"]
    assert (kind, slug) in {(s["kind"], s["slug"]) for s in found}
    assert len(found) <= 10


@pytest.mark.parametrize(("typed", "place"), [("troms", "Tromsø"), ("Осл", "Oslo"), ("ålesu", "Ålesund")])
def test_places_are_completed_in_any_script(client: FlaskClient, typed: str, place: str) -> None:
    found = read(client, "suggest", Suggestions, q=typed)["suggestions"]
    assert ("place", place) in {(s["kind"], s["text"]) for s in found}


@pytest.mark.parametrize("typed", ["", "n", "*", "\x00", "()", "🙂"])
def test_too_little_to_complete_is_an_empty_list(client: FlaskClient, typed: str) -> None:
    assert read(client, "suggest", Suggestions, q=typed)["suggestions"] == []


def test_an_interpreter_for_any_language_is_promised_and_is_no_language_itself(client: FlaskClient) -> None:
    promised = read(client, "services/krisesenter-tromso", ServiceShape)
    assert promised["interpreter_promised"] is True
    assert "mul" not in {language["code"] for language in promised["languages"]}
    assert read(client, "services/olafiaklinikken", ServiceShape)["interpreter_promised"] is False
    asked = client.get("/api/v1/search?language=so&q=krisesenter+troms%C3%B8").get_json()["results"]
    row = next(r for r in asked if r["slug"] == "krisesenter-tromso")
    assert ("so", "interpreter") in {(g["code"], g["mode"]) for g in row["languages"]}
