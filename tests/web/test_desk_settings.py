"""What people see to for themselves at the desk, and coordinators for their partner."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlmodel import select

from directory.api.rooms import KEY
from directory.identity import SESSION
from directory.outbox import endpoints
from directory.outbox.models import OutboxMessage
from directory.partners import members, one_time_codes
from directory.partners.access import Role, Scope
from directory.partners.models import Account, Partner
from tests.partner_network import PASSWORD, Network
from tests.web.conftest import Desk

SETTINGS = "/desk/settings"


@pytest.fixture
def network(desk: Desk) -> Network:
    return desk.network


@pytest.fixture
def coordinator(network: Network) -> FlaskClient:
    return signed_in(network, "sender", Role.COORDINATOR)


def signed_in(network: Network, partner: str | None, *roles: Role, email: str | None = None) -> FlaskClient:
    client = network.person(partner, *roles, email=email)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def kept(network: Network, account: Account) -> Account:
    with network.database.reading() as session:
        return session.get_one(Account, account.id)


def done(client: FlaskClient, answer: Any) -> str:
    """What the page that follows says of what was done."""
    assert answer.status_code == 303, answer.text
    page = client.get(answer.headers["Location"]).text
    found = re.search(r'<div class="notice success" role="status">\s*<p>(.*?)</p>', page)
    assert found, page
    return found.group(1)


def shown_once(answer: Any) -> str:
    assert answer.status_code == 201, answer.text
    found = re.search(r'id="shown-once" readonly value="([^"]+)"', answer.text)
    assert found, answer.text
    return found.group(1)


def wrong_fields(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    assert "<title>Error: " in answer.text
    return re.findall(r'<a href="#field-([\w.]+)"', answer.text)


def test_one_time_codes_are_switched_on_by_a_first_code_and_off_by_a_last(network: Network) -> None:
    client = signed_in(network, "sender", Role.COUNSELLOR, email="codes@sender.example.org")
    account = network.account("sender", Role.COUNSELLOR, email="codes@sender.example.org")
    assert client.post("/desk/account/codes").headers["Location"] == "/desk/account/codes"
    page = client.get("/desk/account/codes").text
    secret = re.search(r'id="shown-once" readonly value="([A-Z2-7]+)"', page)
    assert secret and "<svg" in page
    device = pyotp.TOTP(secret.group(1))
    assert wrong_fields(client.post("/desk/account/codes/confirm", data={"code": "000000x"})) == ["code"]
    assert secret.group(1) in client.get("/desk/account/codes").text, "after a slip the device still fits"
    answer = client.post("/desk/account/codes/confirm", data={"code": device.at(network.now)})
    assert "is asked for" in done(client, answer)
    assert kept(network, account).totp_confirmed
    assert secret.group(1) not in client.get("/desk/account/codes").text, "it is never shown again"
    assert client.post("/desk/account/codes").status_code == 303 and kept(network, account).totp_confirmed
    assert wrong_fields(client.post("/desk/account/codes/off", data={"code": "12"})) == ["code"]
    network.later(seconds=one_time_codes.STEP_S)
    answer = client.post("/desk/account/codes/off", data={"code": device.at(network.now)})
    assert "No one-time code" in done(client, answer)
    assert not kept(network, account).totp_confirmed


def test_everybody_says_whether_mail_comes(network: Network) -> None:
    client, account = (
        signed_in(network, "sender", Role.COUNSELLOR),
        network.account("sender", Role.COUNSELLOR),
    )
    assert done(client, client.post("/desk/account/notices", data={"notices": "none"}))
    assert kept(network, account).notices == "none"
    assert client.post("/desk/account/notices", data={"notices": "some"}).status_code == 422
    assert kept(network, account).notices == "none"
    client.post("/desk/account/notices", data={"notices": "all"})


def test_a_partner_has_a_mailbox_or_none(network: Network, coordinator: FlaskClient) -> None:
    def mailbox() -> str | None:
        with network.database.reading() as session:
            return session.get_one(Partner, network.partners["sender"].id).mailbox

    assert done(coordinator, coordinator.post(f"{SETTINGS}/mailbox", data={"mailbox": " Post@Example.org "}))
    assert mailbox() == "post@example.org"
    answer = coordinator.post(f"{SETTINGS}/mailbox", data={"mailbox": '"><script>'})
    assert wrong_fields(answer) == ["mailbox"]
    assert 'value="&#34;&gt;&lt;script&gt;"' in answer.text, "what was typed stands there, and does nothing"
    assert mailbox() == "post@example.org"
    coordinator.post(f"{SETTINGS}/mailbox", data={"mailbox": ""})
    assert mailbox() is None


def test_who_is_invited_chooses_a_password_by_the_link_that_was_shown(
    network: Network, coordinator: FlaskClient
) -> None:
    path = f"{SETTINGS}/members"
    link = shown_once(coordinator.post(path, data={"email": "Ny@Sender.example.org", "roles": ["editor"]}))
    assert link.startswith(f"{network.house.settings.base_url}/desk/invitation#")
    assert link.partition("#")[2] not in coordinator.get(path).text
    client = network.nobody()
    said = {"token": link, "password": PASSWORD, "again": PASSWORD}
    assert client.post("/desk/invitation", data=said).status_code == 303
    signed = {"email": "ny@sender.example.org", "password": PASSWORD}
    assert client.post("/desk/sign-in", data=signed).status_code == 303
    assert client.get("/desk/account").status_code == 200


def test_whoever_presses_twice_is_told_where_another_link_is_to_be_had(
    network: Network, coordinator: FlaskClient
) -> None:
    network.account("receiver", Role.EDITOR, email="other@receiver.example.org")
    said = {"email": "twice@sender.example.org", "roles": "editor"}
    shown_once(coordinator.post(f"{SETTINGS}/members", data=said))
    for email, told in (("TWICE@sender.example.org", True), ("other@receiver.example.org", False)):
        answer = coordinator.post(f"{SETTINGS}/members", data=said | {"email": email})
        assert wrong_fields(answer) == ["email"]
        assert ("This is a member already" in answer.text) is told, (
            "nothing is told of other partners' people"
        )


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({"email": "nobody", "roles": "editor"}, ["email"]),
        ({"email": "new@sender.example.org"}, ["roles"]),
        ({"email": "", "roles": "admin"}, ["email", "roles"]),
        ({"email": "coordinator@sender.example.org", "roles": "editor"}, ["email"]),
    ],
)
def test_nobody_is_invited_by_half_and_nobody_to_run_the_platform(
    coordinator: FlaskClient, said: dict[str, str], fields: list[str]
) -> None:
    answer = coordinator.post(f"{SETTINGS}/members", data=said)
    assert wrong_fields(answer) == fields
    assert f'value="{said["email"]}"' in answer.text or not said["email"]


def test_a_member_who_is_shut_out_is_out_at_once(network: Network, coordinator: FlaskClient) -> None:
    account = network.account("sender", Role.COUNSELLOR, email="out@sender.example.org")
    member = signed_in(network, "sender", Role.COUNSELLOR, email="out@sender.example.org")
    path = f"{SETTINGS}/members/{account.id}"
    answer = coordinator.post(path, data={"roles": ["counsellor", "editor"], "active": "no"})
    assert done(coordinator, answer) == "The member is changed."
    assert kept(network, account).roles == ["counsellor", "editor"]
    assert member.get("/desk").status_code == 303
    assert wrong_fields(coordinator.post(f"{path}/reset")) == ["forget_codes"]
    coordinator.post(path, data={"roles": ["counsellor"], "active": "yes"})
    assert "/desk/invitation#" in shown_once(coordinator.post(f"{path}/reset"))


def test_a_lost_device_is_forgotten_by_a_new_password(network: Network, coordinator: FlaskClient) -> None:
    account = network.with_password("sender", Role.COUNSELLOR, email="lost@sender.example.org")
    with network.database.unit_of_work() as session:
        device = pyotp.TOTP(one_time_codes.start(session, network.vault, account.id).secret)
        one_time_codes.confirm(session, network.vault, account.id, device.at(network.now), network.now)
        session.commit()
    path = f"{SETTINGS}/members/{account.id}/reset"
    for forgets in ("", "true"):
        link = shown_once(coordinator.post(path, data={"forget_codes": forgets}))
        said = {"token": link, "password": f"{PASSWORD} 2", "again": f"{PASSWORD} 2"}
        assert network.nobody().post("/desk/reset", data=said).status_code == 303
        assert kept(network, account).totp_confirmed is not bool(forgets)


def test_a_coordinator_keeps_what_it_is_done_by(network: Network, coordinator: FlaskClient) -> None:
    account = network.account("sender", Role.COORDINATOR)
    path = f"{SETTINGS}/members/{account.id}"
    for said in (
        {"roles": "editor", "active": "yes"},
        {"roles": "coordinator", "active": "no"},
        {"roles": "coordinator"},
    ):
        assert wrong_fields(coordinator.post(path, data=said)) == ["roles"]
    now = kept(network, account)
    assert (now.roles, now.active) == (["coordinator"], True)


def test_whoever_runs_the_platform_is_no_matter_of_a_coordinator(
    network: Network, coordinator: FlaskClient
) -> None:
    with network.database.unit_of_work() as session:
        steward = members.add_account(
            session,
            email="steward@sender.example.org",
            roles=["steward"],
            partner=network.partners["sender"],
            now=network.now,
        )
        session.commit()
    path = f"{SETTINGS}/members/{steward.id}"
    assert path not in coordinator.get(f"{SETTINGS}/members").text
    assert coordinator.get(path).status_code == 403
    assert coordinator.post(f"{path}/reset").status_code == 403
    assert coordinator.post(path, data={"roles": "editor", "active": "no"}).status_code == 403


def test_a_key_is_shown_once_renewed_with_overlap_and_dead_when_revoked(
    network: Network, coordinator: FlaskClient
) -> None:
    path = f"{SETTINGS}/keys"
    first = shown_once(coordinator.post(path, data={"label": "Journal", "scopes": [Scope.REFERRALS_READ]}))
    assert first not in coordinator.get(path).text
    opens = "/api/v1/referrals"
    assert network.asking_by(first).get(opens).status_code == 200
    rotate, revoke = (
        re.findall(rf'action="({path}/[^"]+/{step})"', coordinator.get(path).text)
        for step in ("rotate", "revoke")
    )
    second = shown_once(coordinator.post(rotate[0], data={"overlap_days": "1"}))
    assert [network.asking_by(key).get(opens).status_code for key in (first, second)] == [200, 200]
    assert "Ends soon" in coordinator.get(path).text
    network.later(hours=25)
    coordinator = signed_in(network, "sender", Role.COORDINATOR)
    assert [network.asking_by(key).get(opens).status_code for key in (first, second)] == [401, 200]
    assert done(coordinator, coordinator.post(rotate[0])) == "That key had ended already."
    (last,) = set(re.findall(rf'action="({path}/[^"]+/revoke)"', coordinator.get(path).text)) - set(revoke)
    assert "it opens nothing" in done(coordinator, coordinator.post(last))
    assert network.asking_by(second).get(opens).status_code == 401
    assert done(coordinator, coordinator.post(last)) == "That key had ended already."


def test_a_key_says_what_uses_it_and_what_it_may(coordinator: FlaskClient) -> None:
    answer = coordinator.post(f"{SETTINGS}/keys", data={"label": " ", "scopes": ["everything"]})
    assert wrong_fields(answer) == ["label", "scopes"]
    answer = coordinator.post(f"{SETTINGS}/keys", data={"label": "Journal <b>", "scopes": []})
    assert wrong_fields(answer) == ["scopes"] and 'value="Journal &lt;b&gt;"' in answer.text


def test_a_webhook_is_added_tried_switched_off_and_removed(
    network: Network, coordinator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To this machine, which a setting allows here."""
    settings = network.house.settings.model_copy(update={"webhooks_to_this_machine": True})
    monkeypatch.setitem(network.app.extensions, KEY, replace(network.house, settings=settings))
    path = f"{SETTINGS}/webhooks"
    url = "http://127.0.0.1:9/veiviser"
    first = shown_once(coordinator.post(path, data={"url": url}))
    assert first.startswith("whsec_") and first not in coordinator.get(path).text
    assert wrong_fields(coordinator.post(path, data={"url": url})) == ["url"]
    with network.database.reading() as session:
        (endpoint,) = endpoints.endpoints_of(session, network.partners["sender"].id)
    own = f"{path}/{endpoint.id}"
    assert shown_once(coordinator.post(f"{own}/rotate")) != first
    assert "on its way" in done(coordinator, coordinator.post(f"{own}/test"))
    with network.database.unit_of_work() as session:
        message = session.exec(select(OutboxMessage)).one()
        message.state, message.error = "dead", "answered 500"
        session.add(message)
        session.commit()
    assert "Given up" in coordinator.get(own).text
    again = coordinator.post(f"{own}/replay", data={"delivery": str(message.id)})
    assert done(coordinator, again) == "It is being sent once more."
    assert "switched off" in done(coordinator, coordinator.post(f"{own}/active", data={"active": "no"}))
    assert "Nothing was done" in done(coordinator, coordinator.post(f"{own}/test"))
    assert "in use again" in done(coordinator, coordinator.post(f"{own}/active", data={"active": "yes"}))
    assert done(coordinator, coordinator.post(f"{own}/remove")) == "The webhook is removed."
    assert coordinator.get(own).status_code == 404


@pytest.mark.parametrize(
    "url", ["", "nonsense", "http://127.0.0.1/", "https://10.0.0.1/", "https://a:b@192.0.43.8/"]
)
def test_a_webhook_leads_to_no_network_of_ours(coordinator: FlaskClient, url: str) -> None:
    answer = coordinator.post(f"{SETTINGS}/webhooks", data={"url": url})
    assert wrong_fields(answer) == ["url"]
    assert url in answer.text


def test_a_partner_says_which_sites_may_hold_its_widget(
    network: Network, coordinator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sites() -> list[str]:
        with network.database.reading() as session:
            return session.get_one(Partner, network.partners["sender"].id).origins

    def choose(typed: str) -> Any:
        return coordinator.post(f"{SETTINGS}/origins", data={"origins": typed})

    assert done(
        coordinator,
        choose(" https://Www.Example.org/ \r\n\r\nhttps://www.example.org\r\nhttp://127.0.0.1:8080"),
    )
    assert sites() == ["https://www.example.org", "http://127.0.0.1:8080"]
    page = coordinator.get(SETTINGS).text
    assert "https://www.example.org\nhttp://127.0.0.1:8080</textarea>" in page
    assert 'href="/widget?partner=sender"' in page
    refused = choose("https://www.example.org\nhttps://x.example.org/<script>")
    assert wrong_fields(refused) == ["origins"]
    assert "Not: https://x.example.org/&lt;script&gt;" in refused.text
    assert "https://x.example.org/&lt;script&gt;</textarea>" in refused.text, "to be mended, not typed again"
    assert wrong_fields(choose("\n".join(f"https://{n}.example.org" for n in range(21)))) == ["origins"]
    production = network.house.settings.model_copy(update={"environment": "production"})
    with monkeypatch.context() as patch:
        patch.setitem(network.app.extensions, KEY, replace(network.house, settings=production))
        coordinator.set_cookie(
            f"__Host-{SESSION}", network.token(network.account("sender", Role.COORDINATOR))
        )
        assert wrong_fields(choose("http://127.0.0.1:8080")) == ["origins"]
    assert len(sites()) == 2
    choose("")
    assert sites() == []
