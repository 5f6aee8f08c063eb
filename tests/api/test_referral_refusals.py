"""Whoever may not, and whatever is not right, is refused by code and by field, and changes nothing."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from directory.partners.access import Role, Scope
from tests.referral_doors import ALL, REFERRALS, WHOLE, Doors, a_sent_one, body_of, problem
from tests.referral_house import CAFE, CLINIC, CONSENT

WAYS = ("session", "key")


def test_nobody_who_is_not_known_gets_in(doors: Doors) -> None:
    stranger, liar = doors.nobody(), doors.nobody()
    liar.headers = {"Authorization": "Bearer veiviser_no-key"}
    made = a_sent_one(doors.by_key("sender"))
    for caller in (stranger, liar):
        for response in (
            caller.create(**WHOLE),
            caller.ask("GET", ""),
            caller.ask("GET", f"/{made['id']}"),
            caller.step(made, "accepted"),
            caller.ask("POST", "/redeem", {"code": "x"}),
        ):
            problem(response, 401, "not-signed-in")
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_person_is_believed_only_when_our_own_pages_ask(doors: Doors) -> None:
    sender = doors.by_session("sender")
    made = a_sent_one(sender)
    sender.headers = {"Sec-Fetch-Site": "cross-site"}
    problem(sender.create(**WHOLE), 403, "from-another-site")
    problem(sender.step(made, "cancelled", reason="duplicate"), 403, "from-another-site")
    assert body_of(sender.ask("GET", f"/{made['id']}"))["status"] == "requested"


def test_a_role_or_scope_that_does_not_allow_it_is_told_so(doors: Doors) -> None:
    made = a_sent_one(doors.by_key("sender"))
    reads = doors.by_key("sender", Scope.REFERRALS_READ)
    writes = doors.by_key("sender", Scope.REFERRALS_WRITE)
    editor = doors.by_session("sender", Role.EDITOR)
    assert reads.ask("GET", f"/{made['id']}").status_code == 200
    for response in (
        reads.create(**WHOLE),
        reads.step(made, "cancelled", reason="duplicate"),
        reads.ask("POST", "/redeem", {"code": "x"}),
        reads.ask("DELETE", f"/{made['id']}/consent", None, {"If-Match": '"1"'}),
        writes.ask("GET", f"/{made['id']}"),
        writes.ask("GET", f"/{made['id']}/messages"),
        writes.ask("GET", ""),
        editor.ask("GET", ""),
        editor.create(**WHOLE),
    ):
        problem(response, 403, "not-allowed")


def requests_for(key: str, version: str = '"1"') -> list[tuple[str, str, Any, dict[str, str]]]:
    match = {"If-Match": version}
    return [
        ("GET", f"/{key}", None, {}),
        ("HEAD", f"/{key}", None, {}),
        ("PATCH", f"/{key}", {"urgency": "soon"}, match),
        ("POST", f"/{key}/transitions", {"to": "accepted"}, match),
        ("DELETE", f"/{key}/consent", None, match),
        ("GET", f"/{key}/events", None, {}),
        ("GET", f"/{key}/messages", None, {}),
        ("POST", f"/{key}/messages", {"text": "Hei."}, {}),
    ]


@pytest.mark.parametrize("way", WAYS)
def test_a_third_partner_gets_the_same_bytes_as_for_a_referral_that_is_not(doors: Doors, way: str) -> None:
    made = a_sent_one(doors.by_key("sender"))
    third, before = doors.caller("third", way), doors.events()
    versions = (f'"{made["version"]}"', '"99"', 'W/"1"', "nonsense")
    for version in versions:
        existing = requests_for(made["id"], version)
        for (method, path, body, headers), missing in zip(existing, requests_for(str(uuid4())), strict=True):
            asked = third.ask(method, path, body, headers)
            unknown = third.ask(method, missing[1], body, headers)
            assert asked.status_code == unknown.status_code == 404, path
            assert asked.data == unknown.data
            told = [
                {name: value for name, value in r.headers if name != "X-Request-Id"} for r in (asked, unknown)
            ]
            assert told[0] == told[1]
    assert body_of(third.ask("GET", ""))["referrals"] == []
    assert doors.events() == before


@pytest.mark.parametrize(
    "key", ["nothing", "redeem", "0", "2ca90558-81b3-46c9-9ec1-8dbb2b0d856b", "%00", "a" * 300]
)
def test_what_is_no_referral_is_not_found(doors: Doors, key: str) -> None:
    sender = doors.by_key("sender")
    for method, path, body, headers in requests_for(key):
        status = sender.ask(method, path, body, headers).status_code
        assert status == 404 or (key == "redeem" and status == 405), path


def test_a_change_names_the_version_that_it_changes(doors: Doors) -> None:
    sender = doors.by_key("sender")
    draft = body_of(sender.create(service_id=CLINIC), 201)
    changes = [r for r in requests_for(draft["id"]) if "If-Match" in r[3]]
    assert len(changes) == 3
    for method, path, body, _ in changes:
        for unnamed in ({}, {"If-Match": "*"}):
            problem(sender.ask(method, path, body, unnamed), 428, "version-not-named")
        for stale in ('"2"', '"0"', 'W/"1"', "1", '"1", "2"', '"x"', '""', '"1"x', '"99999999999999999999"'):
            problem(sender.ask(method, path, body, {"If-Match": stale}), 412, "stale-version")
    assert body_of(sender.ask("GET", f"/{draft['id']}"))["version"] == 1
    path = f"/{draft['id']}"
    assert body_of(sender.ask("PATCH", path, {"urgency": "soon"}, {"If-Match": '"1"'}))["version"] == 2
    problem(sender.ask("PATCH", path, {"urgency": "urgent"}, {"If-Match": '"1"'}), 412, "stale-version")


def test_an_illegal_step_changes_nothing_and_names_the_legal_ones(doors: Doors) -> None:
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    made = body_of(receiver.ask("GET", f"/{a_sent_one(sender)['id']}"))
    before = doors.events()
    told = problem(receiver.step(made, "completed", outcome="need-met"), 409, "illegal-step")
    assert told["errors"] == {"to": ["takes accepted, rejected, cancelled"]}
    assert "accepted, rejected, cancelled" in told["detail"]
    problem(sender.step(made, "accepted"), 409, "illegal-step")
    assert doors.events() == before
    path = f"/{made['id']}"
    match = {"If-Match": f'"{made["version"]}"'}
    problem(sender.ask("PATCH", path, {"urgency": "soon"}, match), 409, "conflict")


@pytest.mark.parametrize(
    ("to", "said", "field"),
    [
        ("rejected", {}, "reason"),
        ("rejected", {"reason": "because"}, "reason"),
        ("rejected", {"reason": "other"}, "note"),
        ("rejected", {"reason": "other", "note": "Ring 22 00 00 00"}, "note"),
        ("rejected", {"reason": "other", "note": 7}, "note"),
        ("accepted", {"reason": "other"}, "reason"),
        ("accepted", {"outcome": "need-met"}, "outcome"),
        ("accepted", {"revisit_on": "2026-12-24"}, "revisit_on"),
        ("accepted", {"appointment_at": "tomorrow"}, "appointment_at"),
        ("accepted", {"appointment_at": "2026-11-25T12:00:00"}, "appointment_at"),
        ("accepted", {"notes": "Hei."}, "notes"),
        ("gone", {}, "to"),
        (None, {}, "to"),
        (7, {}, "to"),
    ],
)
def test_what_a_step_lacks_or_holds_too_much_is_told_by_field(
    doors: Doors, to: Any, said: dict[str, Any], field: str
) -> None:
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    made = body_of(receiver.ask("GET", f"/{a_sent_one(sender)['id']}"))
    told = problem(receiver.step(made, to, **said), 422, "invalid-input")
    assert list(told["errors"]) == [field]
    assert body_of(receiver.ask("GET", f"/{made['id']}"))["version"] == made["version"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"service_id": None}, "service_id"),
        ({"service_id": "no-such"}, "service_id"),
        ({"service_id": CAFE}, "service_id"),
        ({"service_id": 7}, "service_id"),
        ({"status": "accepted"}, "status"),
        ({"delivery": "by-post"}, "delivery"),
        ({"needs": ["hiv-testin"]}, "needs.0"),
        ({"needs": "hiv-testing"}, "needs"),
        ({"languages": ["-"]}, "languages.0"),
        ({"urgency": "now"}, "urgency"),
        ({"context": "prison"}, "context"),
        ({"client_ref": "Kari Nordmann"}, "client_ref"),
        ({"client_ref": "01010750160"}, "client_ref"),
        ({"message": "Ring henne på 22 00 00 00."}, "message"),
        ({"message": "Fnr. 010107 50160"}, "message"),
        ({"message": "kari@example.org"}, "message"),
        ({"message": "\ud800"}, "message"),
        ({"message": "a\0b"}, "message"),
        ({"message": "x" * 4001}, "message"),
        ({"contact_preference": "direct", "contact": None}, "contact"),
        ({"contact_preference": "none"}, "contact"),
        ({"contact": {"fax": "1"}}, "contact.fax"),
        ({"consent": None}, "consent.covers"),
        ({"consent": CONSENT}, "consent.covers"),
        ({"consent": ALL | {"covers": ["content", "contact"]}}, "consent.covers"),
        ({"consent": ALL | {"given_on": "2026-11-24"}}, "consent.given_on"),
        ({"consent": ALL | {"expires_on": "2026-11-21"}}, "consent.expires_on"),
        ({"consent": ALL | {"by": "x"}}, "consent.by"),
        ({"consent": "yes"}, "consent"),
        ({"appointment_at": "2026-11-25"}, "appointment_at"),
        ({"follow_up_on": "soon"}, "follow_up_on"),
        ({"refers_on": str(uuid4())}, "refers_on"),
        ({"refers_on": "that one"}, "refers_on"),
        ({"client_name": "x"}, "client_name"),
        ({"delivery": "carried", "client_ref": None, "contact": None}, "message"),
    ],
)
def test_what_a_referral_lacks_or_holds_too_much_is_told_by_field_and_the_key_is_free_again(
    doors: Doors, said: dict[str, Any], field: str
) -> None:
    sender = doors.by_key("sender")
    body = WHOLE | {"status": "requested"}
    if "\ud800" in str(said.get("message")):  # orjson does not write it; others do
        response = sender.client.post(
            REFERRALS,
            data=b'{"service_id": "clinic", "message": "\\ud800"}',
            content_type="application/json",
            headers={**sender.headers, "Idempotency-Key": "a-key"},
        )
    else:
        response = sender.create("a-key", **(body | said))
    told = problem(response, 422, "invalid-input")
    assert field in told["errors"], told
    assert body_of(sender.create("a-key", **body), 201)["status"] == "requested"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"7", b"null", b"\xff", b'{"service_id": 1e999}', b'{"a": "\\ud800"}']
)
def test_what_is_no_object_of_json_is_refused(doors: Doors, data: bytes) -> None:
    sender = doors.by_key("sender")
    for path in ("", "/redeem", f"/{uuid4()}/transitions", f"/{uuid4()}/messages"):
        response = sender.client.post(
            REFERRALS + path,
            data=data,
            content_type="application/json",
            headers={**sender.headers, "Idempotency-Key": "k", "If-Match": '"1"'},
        )
        assert response.status_code in (400, 404, 422), (path, response.text)
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("code", [None, 7, "x" * 101, ["a"]])
def test_what_can_be_no_code_is_told_so(doors: Doors, code: Any) -> None:
    told = problem(doors.by_key("receiver").ask("POST", "/redeem", {"code": code}), 422, "invalid-input")
    assert list(told["errors"]) == ["code"]


@pytest.mark.parametrize("query", ["box=all", "status=lost", "due=perhaps", "cursor=x", "boxes=in"])
def test_what_a_list_does_not_take_is_told_by_field(doors: Doors, query: str) -> None:
    told = problem(doors.by_key("sender").ask("GET", f"?{query}"), 422, "invalid-input")
    assert list(told["errors"]) == [query.partition("=")[0]]
