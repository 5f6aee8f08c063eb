"""Partners, members and keys, as admins and coordinators see to them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from directory.partners.access import Role, Scope
from tests.partner_network import PASSWORD, Network

PARTNERS, MEMBERS, KEYS = "/api/v1/partners", "/api/v1/members", "/api/v1/keys"


@pytest.fixture
def admin(network: Network) -> FlaskClient:
    return network.person(None, Role.ADMIN)


@pytest.fixture
def coordinator(network: Network) -> FlaskClient:
    return network.person("sender", Role.COORDINATOR)


def test_an_admin_lets_an_organization_take_part(network: Network, admin: FlaskClient) -> None:
    said = {"slug": "the-cafe", "name": "The café", "organizations": ["night-cafe-house"]}
    made: Any = admin.post(PARTNERS, json=said)
    assert made.status_code == 201
    assert made.headers["Location"] == f"{PARTNERS}/{made.json['id']}"
    assert (made.json["slug"], made.json["name"], made.json["active"]) == ("the-cafe", "The café", True)
    (organization,) = made.json["organizations"]
    assert organization["slug"] == "night-cafe-house"
    listed = admin.get(PARTNERS).json["partners"]  # type: ignore[index]
    assert [partner["slug"] for partner in listed] == ["receiver", "sender", "the-cafe", "third"]
    assert made.json in listed
    again: Any = admin.post(PARTNERS, json=said)
    assert (again.status_code, again.json["type"]) == (409, "/problems/conflict")
    taken: Any = admin.post(PARTNERS, json=said | {"slug": "other"})
    assert (taken.status_code, list(taken.json["errors"])) == (409, ["organizations"])


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({}, {"slug", "name"}),
        ({"slug": "No", "name": " ", "organizations": ["nowhere"]}, {"slug", "name", "organizations"}),
        ({"slug": "a", "name": "b", "organizations": "a"}, {"organizations"}),
        ({"slug": "a", "name": "b", "organizations": ["\ud800"]}, {"organizations"}),
        ({"slug": "a", "name": "b", "organizations": [None]}, {"organizations"}),
        ({"slug": "a", "name": "b", "title": "c"}, {"title"}),
        ({"slug": "a", "name": "b", "\ud800": "c"}, {"?"}),
        ({"slug": "a", "name": "\ud800"}, {"name"}),
        ({"slug": "a", "name": "b\x00"}, {"name"}),
    ],
)
def test_what_is_wrong_with_a_partner_is_named(admin: FlaskClient, said: Any, fields: set[str]) -> None:
    answer: Any = admin.post(PARTNERS, json=said)
    assert answer.status_code == 422
    assert {name.partition(".")[0] for name in answer.json["errors"]} == fields


def test_an_admin_changes_what_a_partner_answers_for_and_disables_it(
    network: Network, admin: FlaskClient
) -> None:
    key = network.system("sender", Scope.REFERRALS_READ)
    url = f"{PARTNERS}/{network.partners['sender'].id}"

    def change(**said: Any) -> Any:
        return admin.patch(url, json=said)

    both = ["night-cafe-house", "street-team-house"]
    changed = change(name="Street", organizations=both)
    assert changed.json["name"] == "Street"
    assert [one["slug"] for one in changed.json["organizations"]] == both
    by_id = changed.json["organizations"][0]["id"]
    assert [one["id"] for one in change(organizations=[by_id]).json["organizations"]] == [by_id]
    assert change(organizations=["clinic-house"]).status_code == 409
    assert [one["id"] for one in change().json["organizations"]] == [by_id], "all or nothing"
    assert change(organizations=[]).json["organizations"] == []
    assert key.get("/api/v1/referrals").status_code == 200
    assert change(active=False).json["active"] is False
    assert key.get("/api/v1/referrals").status_code == 401
    assert change(active=True).json["active"] is True
    assert key.get("/api/v1/referrals").status_code == 200
    assert admin.patch(f"{PARTNERS}/{uuid4()}", json={}).status_code == 404
    for nowhere in ("nowhere", "no%00where", "%ff"):
        assert admin.patch(f"{PARTNERS}/{nowhere}", json={}).status_code == 404


def test_an_admin_and_a_coordinator_say_which_sites_may_hold_the_widget(
    admin: FlaskClient, coordinator: FlaskClient
) -> None:
    def sites(answer: Any) -> list[str]:
        assert answer.status_code in (200, 201), answer.text
        found: list[str] = answer.json["origins"]
        return found

    sender, own = f"{PARTNERS}/sender", "/api/v1/partner"
    assert sites(coordinator.get(own)) == []
    chosen = coordinator.patch(own, json={"origins": ["https://Www.example.org/", "https://www.example.org"]})
    assert sites(chosen) == sites(coordinator.get(own)) == ["https://www.example.org"]
    assert sites(coordinator.patch(own, json={"mailbox": None})) == ["https://www.example.org"]
    assert sites(admin.patch(sender, json={})) == ["https://www.example.org"]
    assert sites(admin.patch(sender, json={"origins": ["https://other.example.org"]})) == sites(
        coordinator.get(own)
    )
    listed: Any = admin.get(PARTNERS).json
    assert {one["slug"]: one["origins"] for one in listed["partners"]}["sender"] == [
        "https://other.example.org"
    ]
    for wrong in ("https://a.example.org", ["http://a.example.org"], [None], ["\ud800"], ["https://*"] * 21):
        for client, url in ((coordinator, own), (admin, sender)):
            answer: Any = client.patch(url, json={"origins": wrong})
            assert answer.status_code == 422, wrong
            assert {name.partition(".")[0] for name in answer.json["errors"]} == {"origins"}
    said = {"slug": "the-cafe", "name": "The café", "origins": ["https://cafe.example.org"]}
    assert admin.post(PARTNERS, json=said | {"origins": ["cafe.example.org"]}).status_code == 422
    assert sites(admin.post(PARTNERS, json=said)) == ["https://cafe.example.org"], (
        "the first try left nothing"
    )
    assert sites(coordinator.patch(own, json={"origins": []})) == []


def test_a_coordinator_invites_somebody_who_then_signs_in(network: Network, coordinator: FlaskClient) -> None:
    made: Any = coordinator.post(MEMBERS, json={"email": "Kari@Example.org", "roles": ["counsellor"]})
    assert made.status_code == 201
    assert made.json["email"] == "kari@example.org"
    address = made.json["invitation"]["address"]
    assert address.startswith("http://127.0.0.1:8000/desk/invitation#")
    kari = network.nobody()
    token = address.partition("#")[2]
    chosen = kari.post("/api/v1/session/password", json={"token": token, "password": PASSWORD})
    assert chosen.status_code == 204
    signed_in: Any = kari.post("/api/v1/session", json={"email": "kari@example.org", "password": PASSWORD})
    assert (signed_in.json["partner"]["slug"], signed_in.json["roles"]) == ("sender", ["counsellor"])
    listed: Any = coordinator.get(MEMBERS).json
    assert [one["email"] for one in listed["members"]] == [
        "coordinator@sender.example.org",
        "kari@example.org",
    ]
    assert "invitation" not in listed["members"][1]


@pytest.mark.parametrize(
    ("said", "status", "fields"),
    [
        ({"email": "kari", "roles": ["counsellor"]}, 422, {"email"}),
        ({"email": "kari@example.org", "roles": []}, 422, {"roles"}),
        ({"email": "kari@example.org", "roles": ["boss"]}, 422, {"roles"}),
        ({"email": "kari@example.org", "roles": ["\ud800"]}, 422, {"roles"}),
        ({"email": "kari@example.org", "roles": "counsellor"}, 422, {"roles"}),
        ({"email": "kari@example.org", "roles": ["admin"]}, 422, {"roles"}),
        ({"email": "kari@example.org", "roles": ["steward"]}, 422, {"roles"}),
        ({"email": "counsellor@third.example.org", "roles": ["counsellor"]}, 409, {"email"}),
    ],
)
def test_a_coordinator_gives_no_roles_beyond_the_partner_and_takes_no_account_of_others(
    network: Network, coordinator: FlaskClient, said: Any, status: int, fields: set[str]
) -> None:
    network.account("third", Role.COUNSELLOR)
    answer: Any = coordinator.post(MEMBERS, json=said)
    assert answer.status_code == status
    assert {name.partition(".")[0] for name in answer.json["errors"]} == fields


def test_a_member_is_given_other_roles_and_disabled_at_once(
    network: Network, coordinator: FlaskClient
) -> None:
    member = network.account("sender", Role.COUNSELLOR)
    kari = network.person("sender", Role.COUNSELLOR)
    url = f"{MEMBERS}/{member.id}"
    assert kari.get("/api/v1/referrals").status_code == 200
    assert coordinator.patch(url, json={"roles": ["editor"]}).json["roles"] == ["editor"]  # type: ignore[index]
    assert kari.get("/api/v1/referrals").status_code == 403, "from the next request on"
    assert coordinator.patch(url, json={}).json["roles"] == ["editor"]  # type: ignore[index]
    assert coordinator.patch(url, json={"active": False}).json["active"] is False  # type: ignore[index]
    assert kari.get("/api/v1/session").status_code == 401
    assert coordinator.post(f"{url}/reset", json={}).status_code == 409
    assert coordinator.patch(url, json={"active": True}).json["active"] is True  # type: ignore[index]
    assert kari.get("/api/v1/session").status_code == 401, "what was ended stays ended"


def test_nobody_takes_away_what_they_coordinate_by(network: Network, coordinator: FlaskClient) -> None:
    url = f"{MEMBERS}/{network.account('sender', Role.COORDINATOR).id}"
    for said in ({"active": False}, {"roles": ["counsellor"]}):
        assert coordinator.patch(url, json=said).status_code == 409
    assert coordinator.patch(url, json={"roles": ["coordinator", "editor"]}).status_code == 200


def test_the_accounts_of_those_who_run_the_platform_are_not_a_coordinators(
    network: Network, coordinator: FlaskClient
) -> None:
    boss = network.account("sender", Role.ADMIN, Role.EDITOR)
    for method, path, said in (("PATCH", "", {"active": False}), ("POST", "/reset", {})):
        answer: Any = coordinator.open(f"{MEMBERS}/{boss.id}{path}", method=method, json=said)
        assert (answer.status_code, answer.json["type"]) == (403, "/problems/not-allowed")


def test_another_partners_member_is_told_of_like_one_that_does_not_exist(
    network: Network, coordinator: FlaskClient
) -> None:
    other = network.account("third", Role.COUNSELLOR).id
    for method, path in (("PATCH", ""), ("POST", "/reset")):
        answers = [
            coordinator.open(f"{MEMBERS}/{id}{path}", method=method, json={}) for id in (other, uuid4(), "x")
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.data for answer in answers}) == 1


def test_a_reset_link_leads_to_another_password_and_takes_lost_codes_away(
    network: Network, coordinator: FlaskClient
) -> None:
    import pyotp

    member = network.with_password("sender", Role.COUNSELLOR)
    kari = network.person("sender", Role.COUNSELLOR)
    secret: Any = kari.post("/api/v1/session/totp").json
    codes = pyotp.TOTP(secret["secret"])
    kari.put("/api/v1/session/totp", json={"code": codes.at(network.now)})
    link: Any = coordinator.post(f"{MEMBERS}/{member.id}/reset", json={"forget_codes": True}).json
    assert link["address"].startswith("http://127.0.0.1:8000/desk/reset#")
    chosen = network.nobody().post(
        "/api/v1/session/password",
        json={"token": link["address"].partition("#")[2], "password": "en helt annen setning"},
    )
    assert chosen.status_code == 204
    assert kari.get("/api/v1/session").status_code == 401
    for password, status in ((PASSWORD, 401), ("en helt annen setning", 200)):
        said = {"email": member.email, "password": password}
        assert network.nobody().post("/api/v1/session", json=said).status_code == status


def test_who_never_chose_a_password_is_invited_anew(network: Network, coordinator: FlaskClient) -> None:
    member = network.account("sender", Role.COUNSELLOR)
    link: Any = coordinator.post(f"{MEMBERS}/{member.id}/reset", json={}).json
    assert "/desk/invitation#" in link["address"]


def test_a_key_is_shown_once_listed_by_its_beginning_and_dead_when_revoked(
    network: Network, coordinator: FlaskClient
) -> None:
    made: Any = coordinator.post(KEYS, json={"label": "journal", "scopes": ["referrals:read"]})
    assert made.status_code == 201
    key = made.json["key"]
    asking = network.asking_by(key)
    assert asking.get("/api/v1/referrals").status_code == 200
    (listed,) = coordinator.get(KEYS).json["keys"]  # type: ignore[index]
    assert listed == {n: v for n, v in made.json.items() if n != "key"} | {"used_on": "2026-11-22"}
    assert key.startswith(listed["hint"])
    assert len(listed["hint"]) < len(key) / 3
    gone = coordinator.delete(f"{KEYS}/{listed['id']}")
    assert (gone.status_code, gone.data) == (204, b"")
    assert asking.get("/api/v1/referrals").status_code == 401
    assert coordinator.get(KEYS).json["keys"][0]["revoked_at"]  # type: ignore[index]
    assert coordinator.delete(f"{KEYS}/{listed['id']}").status_code == 409


def test_a_key_is_rotated_with_overlap(network: Network, coordinator: FlaskClient) -> None:
    id, old = network.key("sender", Scope.REFERRALS_READ, Scope.CATALOGUE_WRITE)
    made: Any = coordinator.post(f"{KEYS}/{id}/rotate", json={"overlap_days": 2})
    assert made.status_code == 201
    assert made.json["scopes"] == ["catalogue:write", "referrals:read"]

    def works(key: str) -> bool:
        return network.asking_by(key).get("/api/v1/referrals").status_code == 200

    assert works(old) and works(made.json["key"])
    network.later(days=2)
    assert not works(old) and works(made.json["key"])
    refused: Any = network.person("sender", Role.COORDINATOR).post(
        f"{KEYS}/{made.json['id']}/rotate", json={"overlap_days": 91}
    )
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["overlap_days"])


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({}, {"label", "scopes"}),
        ({"label": "", "scopes": ["referrals:read"]}, {"label"}),
        ({"label": "a", "scopes": []}, {"scopes"}),
        ({"label": "a", "scopes": ["everything"]}, {"scopes"}),
        ({"label": "\ud800", "scopes": ["referrals:read"]}, {"label"}),
    ],
)
def test_what_is_wrong_with_a_key_is_named(coordinator: FlaskClient, said: Any, fields: set[str]) -> None:
    answer: Any = coordinator.post(KEYS, json=said)
    assert answer.status_code == 422
    assert {name.partition(".")[0] for name in answer.json["errors"]} == fields


def test_another_partners_key_is_told_of_like_one_that_does_not_exist(
    network: Network, coordinator: FlaskClient
) -> None:
    other, text = network.key("third", Scope.REFERRALS_READ)
    assert coordinator.get(KEYS).json == {"keys": []}
    for method, path in (("DELETE", ""), ("POST", "/rotate")):
        answers = [
            coordinator.open(f"{KEYS}/{id}{path}", method=method, json={})
            for id in (other, uuid4(), text[:14])
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.data for answer in answers}) == 1
    assert network.asking_by(text).get("/api/v1/referrals").status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{"])
def test_a_body_that_is_no_object_is_a_problem_and_no_failure(coordinator: FlaskClient, body: bytes) -> None:
    for path in (KEYS, MEMBERS):
        answer = coordinator.post(path, data=body, content_type="application/json")
        assert answer.status_code in (400, 422)
