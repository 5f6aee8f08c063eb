"""What the forms for referrals do at the desk: once, on the version that was read; and nothing typed is lost."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from directory.partners.access import Role
from directory.referrals import audit, consent, drafts, lifecycle
from directory.referrals.models import Referral, ServiceFigure
from directory.referrals.waiting import WHYS
from directory.web.desk.saying import WORDS
from tests.factories import TODAY
from tests.partner_network import Network
from tests.web.referral_desk import CONSENT, counsellor, hidden, referred, take

CODES = {
    "status": lifecycle.STATUSES,
    "step": lifecycle.STATUSES[:-1],
    "reason": lifecycle.REASONS,
    "outcome": lifecycle.OUTCOMES,
    "urgency": drafts.URGENCIES,
    "urgency-more": drafts.URGENCIES,
    "context": drafts.CONTEXTS,
    "contact_preference": drafts.CONTACT_PREFERENCES,
    "covers": consent.COVERS,
    "method": consent.METHODS,
    "why": WHYS,
    "why-day": WHYS,
    "action": tuple(action for action in audit.ACTIONS if action != "step"),
}


@pytest.fixture
def network(referring_network: Network) -> Network:
    return referring_network


def number(network: Network) -> int:
    with network.database.reading() as session:
        return int(session.execute(select(func.count()).select_from(Referral)).scalar_one())


@pytest.mark.parametrize("kind", CODES)
def test_every_code_has_words(kind: str) -> None:
    assert set(CODES[kind]) <= set(WORDS[kind])


def test_a_double_click_sends_once(network: Network) -> None:
    client, before = counsellor(network, "sender"), number(network)
    form = {"once": hidden(client.get("/desk/refer/clinic").text, "once"), "do": "send"} | CONSENT
    first, second = (client.post("/desk/refer/clinic", data=form) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert number(network) == before + 1
    other = client.post("/desk/refer/clinic", data=form | {"message": "Noe annet."})
    assert other.status_code == 409
    assert "Noe annet." in other.text, "what was typed is there"
    assert hidden(other.text, "once") != form["once"], "and can be sent by another press"


def test_a_step_that_is_pressed_twice_is_taken_once(network: Network) -> None:
    path, client = referred(network), counsellor(network, "receiver")
    page = client.get(path).text
    form = {"once": hidden(page, "once"), "version": hidden(page, "version"), "to": "accepted"}
    assert [client.post(f"{path}/step", data=form).status_code for _ in range(2)] == [303, 303]
    assert client.get(path).text.count("<strong>Tatt imot</strong>") == 1


def test_the_code_of_a_card_is_shown_to_who_made_it_and_never_again(network: Network) -> None:
    client = counsellor(network, "sender")
    once = hidden(client.get("/desk/refer/night-cafe").text, "once")
    form = {"once": once, "delivery": "carried", "do": "send", "card_language": "ar"}
    made = client.post("/desk/refer/night-cafe", data=form)
    code = re.search(r'dir="ltr">([^<]+)</bdi>', made.text)
    assert code and 'lang="ar" dir="rtl"' in made.text
    assert code[1] in client.post("/desk/refer/night-cafe", data=form).text, "a reload of the same form"
    path = re.search(r"/desk/referrals/[0-9a-f-]{36}", made.text)
    assert path and code[1] not in client.get(path[0]).text


def test_mistakes_are_told_in_plain_words_beside_what_was_typed(network: Network) -> None:
    client = counsellor(network, "sender")
    form = {
        "once": hidden(client.get("/desk/refer/clinic").text, "once"),
        "do": "send",
        "message": "Ring 22 33 44 55 i morgen",
        "contact_preference": "direct",
        "client_ref": "x",
        "consent.given_on": "2027-01-01",
        "consent.covers": "receiver",
        "consent.method": "oral",
    }
    answer = client.post("/desk/refer/clinic", data=form)
    assert answer.status_code == 422
    for sentence in (
        "Her står et telefonnummer.",
        "Skriv et telefonnummer, en e-postadresse eller en annen måte å nå klienten på.",
        "Bruk 4 til 40 bokstaver",
        "Klienten kan ikke ha samtykket på en dag som ikke har vært.",
    ):
        assert sentence in answer.text or sentence in _after(client, form).text, sentence
    assert "Ring 22 33 44 55 i morgen" in answer.text
    assert "Takes" not in answer.text and "takes" not in answer.text


def _after(client: FlaskClient, form: dict[str, str]) -> TestResponse:
    """The rules look at one field's shape before they look at how fields go together."""
    return client.post("/desk/refer/clinic", data=form | {"message": "", "client_ref": ""})


def test_a_draft_that_another_has_changed_keeps_what_was_typed_and_tells_what_is_saved(
    network: Network,
) -> None:
    path = referred(network, do="draft")
    mine, others = counsellor(network, "sender"), counsellor(network, "sender")
    page = mine.get(f"{path}/edit").text
    assert re.search(r'name="consent.covers" value="receiver" checked', page) and "Snakker russisk." in page
    typed = {"once": hidden(page, "once"), "version": hidden(page, "version"), "do": "send"} | CONSENT
    theirs = hidden(others.get(f"{path}/edit").text, "once")
    saved = others.post(f"{path}/edit", data=typed | {"once": theirs, "do": "draft", "message": "Deres ord."})
    assert saved.status_code == 303
    late = mine.post(f"{path}/edit", data=typed | {"message": "Mine ord."})
    assert late.status_code == 412
    assert "Mine ord." in late.text and "Deres ord." in late.text
    again = typed | {"once": hidden(late.text, "once"), "version": hidden(late.text, "version")}
    assert mine.post(f"{path}/edit", data=again | {"message": "Mine ord."}).status_code == 303
    assert "Mine ord." in counsellor(network, "receiver").get(path).text
    too_late = mine.post(f"{path}/edit", data=again | {"once": "another", "message": "For sent."})
    assert too_late.status_code in (409, 412)
    assert "For sent." in too_late.text


def test_a_draft_that_lacks_consent_is_shown_in_its_form_with_what_it_lacks(network: Network) -> None:
    bare: dict[str, list[str]] = {"consent.covers": [], "consent.method": []}
    path, client = referred(network, do="draft", **bare), counsellor(network, "sender")
    answer = take(client, path, "requested")
    assert answer.status_code == 422
    assert f'action="{path}/edit"' in answer.text and 'href="#field-consent.covers"' in answer.text
    assert "at mottakeren får vite om henvisningen" in answer.text
    form = {field: hidden(answer.text, field) for field in ("once", "version")} | {"do": "send"} | CONSENT
    assert client.post(f"{path}/edit", data=form).status_code == 303


def test_a_step_on_an_old_version_keeps_the_note(network: Network) -> None:
    path, client = referred(network), counsellor(network, "receiver")
    page = client.get(path).text
    old = {"once": "of-an-old-page", "version": hidden(page, "version"), "to": "rejected"}
    assert take(counsellor(network, "receiver"), path, "accepted").status_code == 303
    answer = client.post(
        f"{path}/step", data=old | {"rejected.reason": "other", "rejected.note": "Vi flytter."}
    )
    assert answer.status_code == 412
    assert "Vi flytter." in answer.text and "Henvisningen er endret siden du åpnet den." in answer.text


def test_what_identifies_the_client_is_refused_in_a_message_and_kept_in_its_field(network: Network) -> None:
    path, client = referred(network), counsellor(network, "receiver")
    said = "Skriv til kari@example.org"
    answer = client.post(f"{path}/messages", data={"once": "m1", "text": said})
    assert answer.status_code == 422
    assert "Her står en e-postadresse." in answer.text and said in answer.text


def test_a_rejected_one_is_referred_on_with_what_was_said_but_with_a_new_consent(network: Network) -> None:
    path = referred(network, languages="en", client_ref="K7-Qm2x")
    assert take(counsellor(network, "receiver"), path, "rejected", reason="no-capacity").status_code == 303
    client = counsellor(network, "sender")
    page = client.get(path).text
    assert "Ingen ledig plass nå" in page and "Hvor klienten ellers kunne gå" in page
    begun = client.post("/desk/refer/shelter", data={"do": "begin", "refers_on": path.rpartition("/")[2]})
    assert "Snakker russisk." in begun.text and "K7-Qm2x" in begun.text
    assert not re.search(r'name="consent.covers"[^>]* checked', begun.text), "it was for another receiver"
    form = {"once": hidden(begun.text, "once"), "refers_on": hidden(begun.text, "refers_on"), "do": "send"}
    sent = client.post("/desk/refer/shelter", data=form | CONSENT | {"message": "Snakker russisk."})
    assert sent.status_code == 303
    assert f'href="{path}"' in client.get(sent.headers["Location"]).text
    stranger = counsellor(network, "third").post(
        "/desk/refer/shelter", data={"do": "begin", "refers_on": path.rpartition("/")[2]}
    )
    assert "Snakker russisk." not in stranger.text


def test_who_takes_consent_back_as_receiver_is_led_to_what_is_still_theirs(network: Network) -> None:
    path, client = referred(network, message="Merkeord."), counsellor(network, "receiver")
    page = client.get(path).text
    form = {"once": hidden(page, "once"), "version": hidden(page, "version")}
    answer = client.post(f"{path}/consent", data=form)
    assert answer.headers["Location"] == "/desk/in?done=withdrawn"
    assert "Samtykket er trukket." in client.get("/desk/in?done=withdrawn").text
    assert client.get(path).status_code == 404
    assert "Merkeord." not in counsellor(network, "sender").get(path).text


def test_the_sender_takes_a_copy_out_and_erases(network: Network) -> None:
    path, client = referred(network, message="Merkeord."), counsellor(network, "sender")
    copy = client.get(f"{path}/export")
    assert "Merkeord." in copy.text and copy.headers["Content-Disposition"].startswith("attachment")
    page = client.get(path).text
    form = {"once": hidden(page, "once"), "version": hidden(page, "version")}
    assert client.post(f"{path}/erase", data=form).status_code == 303
    page = client.get(path).text
    assert "Merkeord." not in page and "Alt som var skrevet om klienten, er slettet." in page


def test_a_code_is_redeemed_and_who_guesses_waits(network: Network) -> None:
    client = counsellor(network, "sender")
    form = {"once": "a-card", "delivery": "carried", "do": "send"}
    code = re.search(r'dir="ltr">([^<]+)</bdi>', client.post("/desk/refer/clinic", data=form).text)
    assert code
    receiver = counsellor(network, "receiver")
    wrong = receiver.post("/desk/redeem", data={"once": "r1", "code": "0000-0000-0000-0"})
    assert wrong.status_code == 404 and 'value="0000-0000-0000-0"' in wrong.text
    form = {"once": "r1", "code": f" {code[1].lower()} "}
    taken, again = (receiver.post("/desk/redeem", data=form) for _ in range(2))
    assert taken.status_code == 303
    assert taken.headers["Location"] == again.headers["Location"], "a second press leads there, too"
    assert "Klienten kom med koden" in receiver.get(taken.headers["Location"]).text
    third = counsellor(network, "third")
    told = [third.post("/desk/redeem", data={"once": "r2", "code": "0000-0000-0000-0"}) for _ in range(30)]
    assert told[-1].status_code == 429 and "For mange gale koder." in told[-1].text


def test_what_is_sought_is_in_the_page_and_in_no_address(network: Network) -> None:
    client = counsellor(network, "sender")
    page = client.post("/desk/search", data={"q": "hivtest", "free": "", "language": "en"})
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    assert 'value="hivtest"' in page.text
    assert not re.search(r'(href|action)="[^"]*hivtest', page.text)
    assert not page.headers.getlist("Set-Cookie")
    assert "hivtest" not in client.get("/desk/search?q=hivtest").text.replace("q=hivtest", "")


def test_results_say_how_a_service_answers_to_those_who_refer(network: Network) -> None:
    clinic = UUID(str(network.nobody().get("/api/v1/services/clinic").json["id"]))  # type: ignore[index]
    figure = ServiceFigure(
        service_id=clinic, computed_on=TODAY, answers_within_hours=72, acceptance=80, closure=None
    )
    with network.database.unit_of_work() as session:
        session.add(figure)
        session.commit()
    page = counsellor(network, "sender").post("/desk/search", data={"q": "hivtest"}).text
    assert page.count("halvparten av svarene kommer innen 3 dager · sier ja til omtrent 80 av 100") == 1
    assert "hvordan det gikk" not in page
    with network.database.unit_of_work() as session:
        session.delete(session.merge(figure))
        session.commit()


def test_an_editor_finds_the_desk_without_referrals(network: Network) -> None:
    client = network.person("sender", Role.EDITOR)
    assert "Rollen din har ikke med henvisninger å gjøre." in client.get("/desk").text
    assert client.get("/desk/in").status_code == 403
