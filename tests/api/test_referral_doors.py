"""Two partners hand a client over, by signing in and by key, and nobody else can tell."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from directory.api.referral_shapes import EventList, MessageList, MessageShape, ReferralList, ReferralShape
from directory.partners.lockout import FREE_CODES
from directory.referrals.lifecycle import STATUSES
from tests.factories import TODAY
from tests.referral_doors import REFERRALS, WHOLE, Doors, a_sent_one, body_of, problem
from tests.referral_house import CAFE, CLINIC, CONSENT, SHELTER, service

WAYS = ("session", "key")


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


def test_the_sender_is_told_where_else_the_client_may_go(doors: Doors) -> None:
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    made = a_sent_one(sender, needs=["hiv-testing"])
    three = body_of(sender.ask("GET", f"/{made['id']}/alternatives?lang=en"))["alternatives"]
    assert len(three) == 3
    for one in three:
        assert "hiv-testing" in {need["slug"] for need in one["needs"]}
        assert one["trust"]["network"] is None
    theirs = receiver.ask("GET", f"/{made['id']}/alternatives")
    assert problem(theirs, 404, "not-found") == problem(
        sender.ask("GET", f"/{uuid4()}/alternatives"), 404, "not-found"
    )


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


def test_answers_are_as_they_are_described(doors: Doors) -> None:
    sender, receiver = doors.by_key("sender"), doors.by_key("receiver")
    bare = body_of(sender.create(service_id=CLINIC), 201)
    sent = a_sent_one(sender, **WHOLE)
    got = body_of(receiver.step(body_of(receiver.ask("GET", f"/{sent['id']}")), "accepted", note="Ja."))
    carried = a_sent_one(sender, delivery="carried")
    path, version = f"/{got['id']}", {"If-Match": f'"{got["version"]}"'}
    left = body_of(sender.ask("DELETE", f"{path}/consent", None, version))
    for answer in (bare, sent, got, carried, left):
        assert ReferralShape(unknown="raise").validate(answer) == {}
    page, events = body_of(sender.ask("GET", "")), body_of(sender.ask("GET", f"{path}/events"))
    assert ReferralList(unknown="raise").validate(page) == {}
    assert EventList(unknown="raise").validate(events) == {}
    messages = body_of(sender.ask("GET", f"{path}/messages"))
    assert MessageList(unknown="raise").validate(messages) == {} and messages["messages"]
    told = sender.ask("POST", f"/{a_sent_one(sender)['id']}/messages", {"text": "Hei."})
    assert MessageShape(unknown="raise").validate(body_of(told, 201)) == {}
