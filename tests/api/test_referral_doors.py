"""Two partners hand a client over, by signing in and by key, and nobody else can tell."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from directory.partners.access import Role, Scope
from directory.partners.lockout import FREE_CODES
from directory.referrals.lifecycle import STATUSES
from tests.factories import TODAY
from tests.referral_doors import REFERRALS, Doors, a_sent_one, body_of
from tests.referral_house import CAFE, CLINIC, CONSENT, SHELTER, service

WAYS = ("session", "key")
ALL = {"given_on": "2026-11-20", "method": "written", "covers": ["receiver", "content", "contact"]}
WHOLE: dict[str, Any] = {
    "service_id": CLINIC,
    "needs": ["hiv-testing"],
    "client_ref": "K7-Qm2x",
    "urgency": "soon",
    "context": "after-assault",
    "languages": ["ru"],
    "contact_preference": "direct",
    "contact": {"phone": "+47 22 00 00 00"},
    "message": "Trenger noen som snakker russisk.",
    "consent": ALL,
    "appointment_at": "2026-11-25T12:00:00+01:00",
    "follow_up_on": "2026-12-01",
}


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert response.json["type"] == f"/problems/{code}"
    found: dict[str, Any] = response.json
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_client_is_handed_over_from_draft_to_outcome(doors: Doors, way: str) -> None:
    sender, receiver = doors.caller("sender", way), doors.caller("receiver", way)

    response = sender.create(**WHOLE)
    draft = body_of(response, 201)
    assert response.headers["Location"] == f"{REFERRALS}/{draft['id']}"
    assert response.headers["ETag"] == f'"{draft["version"]}"'
    assert response.headers["Cache-Control"] == "no-store"
    assert draft["status"] == "draft" and draft["your_part"] == ["sender"] and "carried" not in draft
    assert draft["next"] == ["requested", "on-hold", "cancelled"]
    assert draft["service"] == {"id": str(service(CLINIC)), "slug": CLINIC, "name": "Clinic"}
    for name in ("message", "client_ref", "contact", "needs", "languages", "urgency", "context"):
        assert draft[name] == WHOLE[name], name
    assert draft["appointment_at"] == "2026-11-25T11:00:00+00:00"
    problem(receiver.ask("GET", f"/{draft['id']}"), 404, "not-found")

    changed = sender.ask(
        "PATCH", f"/{draft['id']}", {"urgency": "urgent"}, {"If-Match": response.headers["ETag"]}
    )
    assert body_of(changed)["urgency"] == "urgent" and body_of(changed)["version"] == draft["version"] + 1
    sent = body_of(sender.step(body_of(changed), "requested"))
    assert sent["sent_at"] and sent["received_at"] is None and "carried" not in sent

    listed = body_of(receiver.ask("GET", "?box=in"))["referrals"]
    assert [(row["id"], row["message"], row["contact"], row["client_ref"]) for row in listed] == [
        (draft["id"], None, None, None)
    ]
    read = receiver.ask("GET", f"/{draft['id']}")
    got = body_of(read)
    assert read.headers["ETag"] == f'"{got["version"]}"' != f'"{sent["version"]}"'
    assert got["received_at"] and got["your_part"] == ["receiver"]
    assert got["next"] == ["accepted", "rejected", "cancelled"]
    assert (got["message"], got["contact"]) == (WHOLE["message"], WHOLE["contact"])

    accepted = body_of(receiver.step(got, "accepted", note="Velkommen på onsdag."))
    written = body_of(sender.ask("POST", f"/{draft['id']}/messages", {"text": "Takk, det passer."}), 201)
    assert written["kind"] == "message"
    begun = body_of(receiver.step(accepted, "in-progress", appointment_at="2026-11-26T12:00:00+01:00"))
    assert begun["appointment_at"] == "2026-11-26T11:00:00+00:00"
    held = body_of(receiver.step(begun, "on-hold", reason="client-not-ready", revisit_on="2026-12-24"))
    assert (held["reason"], held["revisit_on"]) == ("client-not-ready", "2026-12-24")
    again = body_of(receiver.step(held, "in-progress"))
    done = body_of(receiver.step(again, "completed", outcome="need-met"))
    assert (done["outcome"], bool(done["ended_at"]), done["next"]) == ("need-met", True, [])

    end = body_of(sender.ask("GET", f"/{draft['id']}"))
    assert (end["status"], end["outcome"], end["next"]) == ("completed", "need-met", ["entered-in-error"])
    messages = body_of(sender.ask("GET", f"/{draft['id']}/messages"))["messages"]
    assert [(m["kind"], m["text"], m["partner_id"]) for m in messages] == [
        ("note", "Velkommen på onsdag.", (doors.partner("receiver"))),
        ("message", "Takk, det passer.", (doors.partner("sender"))),
    ]
    events = body_of(sender.ask("GET", f"/{draft['id']}/events"))["events"]
    assert [(e["action"], e["to_status"]) for e in events if e["action"] != "read"] == [
        ("created", "draft"),
        ("changed", None),
        ("step", "requested"),
        ("step", "accepted"),
        ("message", None),
        ("step", "in-progress"),
        ("step", "on-hold"),
        ("step", "in-progress"),
        ("step", "completed"),
    ]
    assert [e["sequence"] for e in events] == list(range(1, len(events) + 1))
    assert {e["actor"] for e in events} == {"person" if way == "session" else "key"}
    assert {e["actor_id"] for e in events} == {str(sender.id), None}  # the other partner's people are its own
    assert doors.events() == len(events)


@pytest.mark.parametrize("way", WAYS)
def test_a_client_carries_a_code_that_is_redeemed_once(doors: Doors, way: str) -> None:
    sender, receiver = doors.caller("sender", way), doors.caller("receiver", way)
    third = doors.caller("third", way)
    said = {"service_id": CLINIC, "delivery": "carried", "needs": ["hiv-testing"]}

    draft = body_of(sender.create(**said, appointment_at="2026-11-25T12:00:00+01:00"), 201)
    assert "carried" not in draft and draft["client_ref"] is None
    sent = body_of(sender.step(draft, "requested"))
    code, card = sent["carried"]["code"], sent["carried"]["card_html"]
    assert code in card and sent["carried"]["qr_svg"].startswith("<svg")
    assert "Storgata 1" in card and "2026" in card
    assert "Clinic" not in card and "hiv" not in card.lower()
    assert code not in sender.ask("GET", f"/{sent['id']}").text
    assert body_of(receiver.ask("GET", "?box=in"))["referrals"] == []
    problem(receiver.ask("GET", f"/{sent['id']}"), 404, "not-found")

    unknown = third.ask("POST", "/redeem", {"code": "0000-0000-0000-0"})
    assert third.ask("POST", "/redeem", {"code": code}).data == unknown.data
    problem(unknown, 404, "not-found")
    response = receiver.ask("POST", "/redeem", {"code": code.lower().replace("-", " ")})
    redeemed = body_of(response)
    assert response.headers["ETag"] == f'"{redeemed["version"]}"'
    assert (redeemed["id"], redeemed["your_part"]) == (sent["id"], ["receiver"])
    assert redeemed["receiver"]["id"] == (doors.partner("receiver"))
    assert receiver.ask("POST", "/redeem", {"code": code}).data == unknown.data

    accepted = body_of(receiver.step(redeemed, "accepted"))
    assert body_of(receiver.step(accepted, "completed", outcome="partly-met"))["status"] == "completed"
    assert body_of(sender.ask("GET", f"/{sent['id']}"))["outcome"] == "partly-met"


def test_a_carried_one_that_is_sent_at_once_gives_its_code_with_the_first_answer_and_its_repetition(
    doors: Doors,
) -> None:
    sender = doors.by_key("sender")
    said = {"service_id": CAFE, "delivery": "carried", "status": "requested"}
    first = sender.create("a-key", **said)
    assert body_of(first, 201)["carried"]["code"]
    again = sender.create("a-key", **said)
    assert (again.status_code, again.data) == (201, first.data)
    assert sender.create("another", **said).json["carried"] != first.json["carried"]  # type: ignore[index]


def test_the_card_is_in_the_language_that_is_asked_for(doors: Doors) -> None:
    sender = doors.by_key("sender")
    said = {"service_id": CLINIC, "delivery": "carried", "status": "requested"}
    response = sender.ask("POST", "?lang=ar", said, {"Idempotency-Key": "one"})
    assert 'dir="rtl"' in body_of(response, 201)["carried"]["card_html"]
    response = sender.ask("POST", "", said, {"Idempotency-Key": "two", "Accept-Language": "pl"})
    assert "Karta wizyty" in body_of(response, 201)["carried"]["card_html"]
    draft = body_of(sender.create(service_id=CLINIC, delivery="carried"), 201)
    path, version = f"/{draft['id']}/transitions?lang=ru", {"If-Match": '"1"'}
    sent = body_of(sender.ask("POST", path, {"to": "requested"}, version))
    assert 'lang="ru"' in sent["carried"]["card_html"]


def test_names_are_in_the_language_that_is_asked_for(doors: Doors) -> None:
    sender = doors.by_key("sender")
    made = a_sent_one(sender)
    for path in (f"/{made['id']}?lang=en", "?lang=en"):
        assert '"name":"The clinic"' in sender.ask("GET", path).text
    assert made["service"]["name"] == "Clinic"
    problem(sender.ask("GET", f"/{made['id']}?lang=-"), 422, "invalid-input")


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


@pytest.mark.parametrize("key", ["nothing", "redeem", "0", str(uuid4()), "%00", "a" * 300])
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


def test_a_new_referral_needs_a_key_of_its_own(doors: Doors) -> None:
    sender = doors.by_key("sender")
    for headers in (
        {},
        {"Idempotency-Key": ""},
        {"Idempotency-Key": "two words"},
        {"Idempotency-Key": "k" * 256},
    ):
        problem(sender.ask("POST", "", WHOLE, headers), 400, "idempotency-key-missing")
    assert doors.events() == 0
    first = sender.create("a-key", **WHOLE)
    again = sender.create("a-key", **dict(reversed(WHOLE.items())))
    assert (again.status_code, again.data) == (201, first.data)
    for name in ("Location", "ETag"):
        assert again.headers[name] == first.headers[name]
    problem(sender.create("a-key", **(WHOLE | {"urgency": "urgent"})), 422, "idempotency-key-reused")
    assert doors.events() == 1


def test_one_partners_key_never_gets_anothers_answer(doors: Doors) -> None:
    callers = [doors.by_key("sender"), doors.by_key("third"), doors.by_session("sender")]
    made = [body_of(caller.create("a-key", **WHOLE), 201) for caller in callers]
    assert len({each["id"] for each in made}) == 3
    assert made[1]["sender"]["id"] == (doors.partner("third"))


def test_an_answer_is_repeated_as_it_was_though_the_referral_has_gone_on(doors: Doors) -> None:
    sender = doors.by_key("sender")
    first = sender.create("a-key", **WHOLE)
    sender.step(body_of(first, 201), "requested")
    doors.network.later(hours=23)
    assert sender.create("a-key", **WHOLE).data == first.data
    doors.network.later(hours=2)
    assert sender.create("a-key", **WHOLE).json["id"] != first.json["id"]  # type: ignore[index]


def test_who_guesses_codes_waits_and_others_of_the_partner_with_him(doors: Doors) -> None:
    sender, receiver, third = (doors.by_key(name) for name in ("sender", "receiver", "third"))
    said = {"service_id": CLINIC, "delivery": "carried", "status": "requested"}
    code = body_of(sender.create(**said), 201)["carried"]["code"]
    for _ in range(FREE_CODES):
        problem(receiver.ask("POST", "/redeem", {"code": "0000-0000-0000-0"}), 404, "not-found")
    response = receiver.ask("POST", "/redeem", {"code": code})
    problem(response, 429, "too-many-attempts")
    assert int(response.headers["Retry-After"]) >= 1
    problem(doors.by_session("receiver").ask("POST", "/redeem", {"code": code}), 429, "too-many-attempts")
    problem(third.ask("POST", "/redeem", {"code": code}), 404, "not-found")
    doors.network.later(seconds=int(response.headers["Retry-After"]))
    assert receiver.ask("POST", "/redeem", {"code": code}).status_code == 200


def test_right_codes_are_no_guesses(doors: Doors) -> None:
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    said = {"service_id": CLINIC, "delivery": "carried", "status": "requested"}
    for _ in range(FREE_CODES + 2):
        code = body_of(sender.create(**said), 201)["carried"]["code"]
        assert receiver.ask("POST", "/redeem", {"code": code}).status_code == 200


@pytest.mark.parametrize("code", [None, 7, "x" * 101, ["a"]])
def test_what_can_be_no_code_is_told_so(doors: Doors, code: Any) -> None:
    told = problem(doors.by_key("receiver").ask("POST", "/redeem", {"code": code}), 422, "invalid-input")
    assert list(told["errors"]) == ["code"]


def test_consent_taken_back_takes_the_referral_out_of_the_receivers_sight_and_its_words_out_of_the_world(
    doors: Doors,
) -> None:
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    made = body_of(sender.create("a-key", **(WHOLE | {"status": "requested"})), 201)
    receiver.ask("POST", f"/{made['id']}/messages", {"text": "Vi venter."})
    path = f"/{made['id']}/consent"
    response = sender.ask("DELETE", path, None, {"If-Match": f'"{made["version"]}"'})
    left = body_of(response)
    assert response.headers["ETag"] == f'"{left["version"]}"'
    assert (left["status"], left["reason"]) == ("cancelled", "consent-withdrawn")
    assert left["consent"]["withdrawn_at"] and left["erased_at"]
    assert [left[name] for name in ("message", "contact", "client_ref")] == [None] * 3
    problem(receiver.ask("GET", f"/{made['id']}"), 404, "not-found")
    assert body_of(receiver.ask("GET", "?box=in"))["referrals"] == []
    messages = body_of(sender.ask("GET", f"/{made['id']}/messages"))["messages"]
    assert [m["text"] for m in messages] == [None]
    replayed = body_of(sender.create("a-key", **(WHOLE | {"status": "requested"})), 201)
    assert replayed == made | {"message": None, "contact": None, "client_ref": None}


@pytest.mark.parametrize(
    ("to", "reason"), [("cancelled", "consent-withdrawn"), ("entered-in-error", "duplicate")]
)
def test_a_step_that_erases_erases_the_kept_answer_too(doors: Doors, to: str, reason: str) -> None:
    sender = doors.by_key("sender")
    made = body_of(sender.create("a-key", **(WHOLE | {"status": "requested"})), 201)
    assert body_of(sender.step(made, to, reason=reason))["message"] is None
    assert body_of(sender.create("a-key", **(WHOLE | {"status": "requested"})), 201)["message"] is None


def test_consent_that_has_ended_hides_it_from_the_receiver_the_next_day(doors: Doors) -> None:
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    made = a_sent_one(sender, consent=CONSENT | {"expires_on": str(TODAY)})
    assert receiver.ask("GET", f"/{made['id']}").status_code == 200
    doors.network.later(days=1)
    problem(receiver.ask("GET", f"/{made['id']}"), 404, "not-found")
    assert sender.ask("GET", f"/{made['id']}").status_code == 200


def test_lists_come_page_by_page_by_box_status_and_what_is_due(doors: Doors) -> None:
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    ids = []
    for _ in range(52):
        ids.append(a_sent_one(sender)["id"])
        doors.network.later(seconds=1)
    page = body_of(sender.ask("GET", "?box=out"))
    assert [row["id"] for row in page["referrals"]] == ids[:1:-1]
    rest = body_of(sender.ask("GET", f"?box=out&cursor={page['cursor']}"))
    assert ([row["id"] for row in rest["referrals"]], rest["cursor"]) == (ids[1::-1], None)
    assert body_of(sender.ask("GET", "?box=in"))["referrals"] == []
    assert len(body_of(receiver.ask("GET", "?box=in&status=requested&status=accepted"))["referrals"]) == 50
    assert body_of(receiver.ask("GET", "?status=accepted"))["referrals"] == []
    body_of(sender.step(a_sent_one(sender, follow_up_on=str(TODAY)), "cancelled", reason="duplicate"))
    due = a_sent_one(sender, follow_up_on=str(TODAY))["id"]
    a_sent_one(sender, follow_up_on=str(TODAY + timedelta(days=2)))
    assert [row["id"] for row in body_of(sender.ask("GET", "?due=true"))["referrals"]] == [due]


@pytest.mark.parametrize("query", ["box=all", "status=lost", "due=perhaps", "cursor=x", "boxes=in"])
def test_what_a_list_does_not_take_is_told_by_field(doors: Doors, query: str) -> None:
    told = problem(doors.by_key("sender").ask("GET", f"?{query}"), 422, "invalid-input")
    assert list(told["errors"]) == [query.partition("=")[0]]


def test_a_rejected_referral_may_be_referred_on(doors: Doors) -> None:
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    made = a_sent_one(sender)
    rejected = body_of(
        receiver.step(body_of(receiver.ask("GET", f"/{made['id']}")), "rejected", reason="no-capacity")
    )
    assert rejected["next"] == []
    onward = a_sent_one(sender, service_id=SHELTER, refers_on=made["id"])
    assert onward["refers_on"] == made["id"]
    third = doors.by_key("third")
    assert body_of(third.ask("GET", f"/{onward['id']}"))["refers_on"] is None


def test_a_referral_within_one_partner_is_both_its_parts(doors: Doors) -> None:
    both = doors.by_key("receiver")
    made = a_sent_one(both)
    assert made["your_part"] in (["sender"], ["receiver", "sender"])
    read = body_of(both.ask("GET", f"/{made['id']}"))
    assert read["your_part"] == ["receiver", "sender"]
    assert read["next"] == ["accepted", "rejected", "cancelled", "entered-in-error"]


def test_messages_are_written_only_about_what_consent_covers(doors: Doors) -> None:
    sender = doors.by_key("sender")
    draft = body_of(sender.create(service_id=CLINIC), 201)
    problem(sender.ask("POST", f"/{draft['id']}/messages", {"text": "Hei."}), 409, "conflict")
    bare = a_sent_one(sender, consent=CONSENT | {"covers": ["receiver"]})
    told = problem(sender.ask("POST", f"/{bare['id']}/messages", {"text": "Hei."}), 422, "invalid-input")
    assert list(told["errors"]) == ["consent.covers"]
    made = a_sent_one(sender)
    for text in ("", None, 7, "22 00 00 00", "x" * 4001):
        told = problem(sender.ask("POST", f"/{made['id']}/messages", {"text": text}), 422, "invalid-input")
        assert list(told["errors"]) == ["text"]


def test_the_description_has_the_statuses(doors: Doors) -> None:
    found = body_of(doors.app.test_client().get("/api/openapi.json"))["components"]["schemas"]
    assert found["ReferralShape"]["properties"]["status"]["enum"] == list(STATUSES)
    assert found["StepArguments"]["properties"]["to"]["enum"] == list(STATUSES)
