"""Mistakes in entries, by the API."""

from __future__ import annotations

from uuid import uuid4

import pytest

from directory.api.corrections import CorrectionList, CorrectionReported, CorrectionShape
from directory.partners.access import Role
from tests.partner_network import Network

PATH = "/api/v1/services/clinic/corrections"
SAID = {"about": "address", "text": "De har flyttet til Torggata 2."}


def test_anyone_reports_and_a_steward_decides(network: Network) -> None:
    answer = network.nobody().post(PATH, json=SAID)
    assert answer.status_code == 201
    made = answer.get_json()
    assert not CorrectionReported().validate(made)
    assert made["state"] == "open"
    steward = network.person(None, Role.STEWARD)
    listed = steward.get("/api/v1/corrections").get_json()
    assert not CorrectionList().validate(listed)
    (one,) = listed["corrections"]
    assert one | {"service": one["service"]["name"]} == SAID | {
        "id": made["id"],
        "service": "Clinic",
        "state": "open",
        "created_at": one["created_at"],
        "decided_at": None,
    }
    decision = f"/api/v1/corrections/{made['id']}/decision"
    answer = steward.post(decision, json={"state": "mended"})
    assert answer.status_code == 200
    assert not CorrectionShape().validate(answer.get_json())
    assert steward.post(decision, json={"state": "declined"}).status_code == 409
    assert steward.get("/api/v1/corrections").get_json()["total"] == 0
    assert steward.get("/api/v1/corrections?state=mended").get_json()["total"] == 1


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({}, {"about"}),
        ({"about": "weather", "text": "x"}, {"about"}),
        ({"about": "phone"}, {"text"}),
        ({"about": "phone", "text": "010170 00027"}, {"text"}),
        (SAID | {"name": "Kari"}, {"name"}),
    ],
)
def test_what_is_wrong_is_told_by_field(network: Network, said: dict[str, str], wrong: set[str]) -> None:
    answer = network.nobody().post(PATH, json=said)
    assert answer.status_code == 422
    assert set(answer.get_json()["errors"]) == wrong
    assert "010170" not in answer.text


def test_a_service_or_a_correction_that_does_not_exist_is_not_found(network: Network) -> None:
    assert network.nobody().post("/api/v1/services/nowhere/corrections", json=SAID).status_code == 404
    steward = network.person(None, Role.STEWARD)
    for id in ("no-id", uuid4()):
        path = f"/api/v1/corrections/{id}/decision"
        assert steward.post(path, json={"state": "mended"}).status_code == 404
    assert steward.get("/api/v1/corrections?state=lost").status_code == 422


def test_an_entry_with_too_many_waiting_takes_no_more(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("directory.catalogue.corrections.MOST_OPEN", 1)
    assert network.nobody().post(PATH, json=SAID).status_code == 201
    answer = network.nobody().post(PATH, json=SAID)
    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/conflict")
