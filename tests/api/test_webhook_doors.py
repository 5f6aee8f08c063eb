"""What a coordinator does with webhooks, and with where mail goes, by the API: from the address to what arrives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlmodel import select
from standardwebhooks.webhooks import Webhook

from directory.api.rooms import KEY
from directory.outbox import endpoints
from directory.outbox.delivering import deliver
from directory.outbox.models import OutboxMessage, WebhookEndpoint
from directory.partners.access import Role, Scope
from tests.hook_server import HookServer
from tests.partner_network import Network
from tests.referral_house import CLINIC

PATH = "/api/v1/webhooks"


@pytest.fixture
def trying_out(network: Network, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Where webhooks may go to this machine, by the clock of now: whoever verifies a signature asks that."""
    settings = network.house.settings.model_copy(update={"webhooks_to_this_machine": True})
    network.house = replace(network.house, settings=settings)
    monkeypatch.setitem(network.app.extensions, KEY, network.house)
    network.now = datetime.now(UTC)
    return network


def delivered(network: Network) -> int:
    house = network.house
    return deliver(house.database, house.vault, house.settings, house.clock, random=Random(1))


def refer(network: Network) -> str:
    """The id of a referral that ``sender`` sends to ``receiver``."""
    consent = {"given_on": network.now.date().isoformat(), "method": "oral", "covers": ["receiver"]}
    answer: Any = network.person("sender", Role.COUNSELLOR).post(
        "/api/v1/referrals",
        json={"service_id": CLINIC, "consent": consent, "status": "requested"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    return str(answer.json["id"])


def coordinator(network: Network, partner: str = "receiver") -> FlaskClient:
    return network.person(partner, Role.COORDINATOR)


def test_a_system_is_told_and_can_tell_that_it_is_us(trying_out: Network) -> None:
    client = coordinator(trying_out)
    with HookServer() as server:
        made: Any = client.post(PATH, json={"url": server.url("/200")})
        assert made.status_code == 201 and made.json["secret"].startswith("whsec_")
        referral = refer(trying_out)
        assert delivered(trying_out)
        (got,) = server.got
        said = Webhook(made.json["secret"]).verify(got.body, got.headers)
        assert (said["type"], said["data"]) == ("referral.requested", {"referral_id": referral})
        rotated: Any = client.post(f"{PATH}/{made.json['id']}/rotate")
        assert rotated.status_code == 201
        tested: Any = client.post(f"{PATH}/{made.json['id']}/test")
        assert (tested.status_code, tested.json["event"], tested.json["referral_id"]) == (202, "test", None)
        assert delivered(trying_out) == 1
        for secret in (made.json["secret"], rotated.json["secret"]):
            assert Webhook(secret).verify(server.got[-1].body, server.got[-1].headers)["data"] == {}
    listed: Any = client.get(f"{PATH}/{made.json['id']}/deliveries").json
    assert [(one["event"], one["state"], one["attempts"]) for one in listed["deliveries"]] == [
        ("test", "sent", 1),
        ("referral.requested", "sent", 1),
    ]
    assert f"msg_{UUID(listed['deliveries'][1]['id']).hex}" == got.headers["webhook-id"]


def test_the_secret_is_told_once_and_not_kept_as_it_is(trying_out: Network) -> None:
    client = coordinator(trying_out)
    made: Any = client.post(PATH, json={"url": "https://192.0.43.8/hook"}).json
    (listed,) = client.get(PATH).json["webhooks"]  # type: ignore[index]
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    with trying_out.database.reading() as session:
        endpoint = session.exec(select(WebhookEndpoint)).one()
    assert made["secret"].encode() not in endpoint.secret
    assert trying_out.vault.open(endpoint.secret) == made["secret"]


@pytest.mark.parametrize(
    "url", ["http://192.0.43.8/", "https://127.0.0.1/", "https://user:pw@192.0.43.8/", "x"]
)
def test_an_address_that_leads_inside_is_refused_by_name_of_the_field(network: Network, url: str) -> None:
    answer: Any = coordinator(network).post(PATH, json={"url": url})
    assert answer.status_code == 422 and set(answer.json["errors"]) == {"url"}
    assert coordinator(network).get(PATH).json == {"webhooks": []}


def test_an_address_is_added_once_and_a_partner_has_some_at_most(network: Network) -> None:
    client = coordinator(network)
    for number in range(endpoints.MOST):
        assert client.post(PATH, json={"url": f"https://192.0.43.8/{number}"}).status_code == 201
    assert client.post(PATH, json={"url": "https://192.0.43.8/1"}).status_code == 409
    assert client.post(PATH, json={"url": "https://192.0.43.8/more"}).status_code == 409


def test_one_that_is_switched_off_is_told_nothing_until_it_is_on_again(trying_out: Network) -> None:
    client = coordinator(trying_out)
    with HookServer() as server:
        made: Any = client.post(PATH, json={"url": server.url("/200")}).json
        client.post(f"{PATH}/{made['id']}/test")
        off: Any = client.patch(f"{PATH}/{made['id']}", json={"active": False}).json
        assert (off["active"], off["disabled_because"]) == (False, "by-hand")
        assert client.post(f"{PATH}/{made['id']}/test").status_code == 409
        refer(trying_out)
        delivered(trying_out)
        assert server.got == []
        on: Any = client.patch(f"{PATH}/{made['id']}", json={"active": True}).json
        assert (on["active"], on["disabled_because"]) == (True, None)
        client.post(f"{PATH}/{made['id']}/test")
        delivered(trying_out)
        assert len(server.got) == 1
    states = [one["state"] for one in client.get(f"{PATH}/{made['id']}/deliveries").json["deliveries"]]  # type: ignore[index]
    assert states == ["sent", "dropped"]


def test_what_was_sent_is_sent_once_more_under_the_same_id(trying_out: Network) -> None:
    client = coordinator(trying_out)
    with HookServer() as server:
        made: Any = client.post(PATH, json={"url": server.url("/200")}).json
        test: Any = client.post(f"{PATH}/{made['id']}/test").json
        again = f"{PATH}/deliveries/{test['id']}/replay"
        assert client.post(again).status_code == 409  # it waits already
        delivered(trying_out)
        assert coordinator(trying_out, "third").post(again).status_code == 404
        assert client.post(again).status_code == 202
        delivered(trying_out)
        assert len(server.got) == 2
        assert len({got.headers["webhook-id"] for got in server.got}) == 1


def test_what_was_meant_for_a_removed_endpoint_is_gone_with_it(network: Network) -> None:
    client = coordinator(network)
    made: Any = client.post(PATH, json={"url": "https://192.0.43.8/"}).json
    refer(network)
    assert client.delete(f"{PATH}/{made['id']}").status_code == 204
    assert client.get(PATH).json == {"webhooks": []}
    with network.database.reading() as session:
        assert {one.channel for one in session.exec(select(OutboxMessage))} <= {"mail"}


def test_a_coordinator_chooses_where_mail_goes(network: Network) -> None:
    client = coordinator(network)
    mine: Any = client.get("/api/v1/partner").json
    assert (mine["slug"], mine["mailbox"]) == ("receiver", None)
    changed: Any = client.patch("/api/v1/partner", json={"mailbox": "Post@Example.org"}).json
    assert changed["mailbox"] == "post@example.org"
    wrong: Any = client.patch("/api/v1/partner", json={"mailbox": "nowhere"})
    assert wrong.status_code == 422 and set(wrong.json["errors"]) == {"mailbox"}
    assert client.patch("/api/v1/partner", json={"name": "Other"}).status_code == 422
    assert client.patch("/api/v1/partner", json={"mailbox": None}).json == mine


def test_a_coordinator_chooses_who_gets_mail(network: Network) -> None:
    member = network.account("receiver", Role.COUNSELLOR)
    changed: Any = coordinator(network).patch(f"/api/v1/members/{member.id}", json={"notices": "none"}).json
    assert changed["notices"] == "none"
    assert (
        coordinator(network).patch(f"/api/v1/members/{member.id}", json={"notices": "x"}).status_code == 422
    )


def test_no_key_sees_to_webhooks(network: Network) -> None:
    assert network.system("receiver", *Scope).get(PATH).status_code == 403
