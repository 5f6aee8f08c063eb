"""A code that the client carries: random, forgiving of how it is typed, redeemed once, and silent about the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from directory.database import Database
from directory.encryption import Vault
from directory.errors import Conflict, InvalidInput, NotFound
from directory.languages import INTERFACE
from directory.partners.access import Identity, Party
from directory.partners.models import Partner
from directory.partners.partnering import set_active
from directory.referrals import carried, referring
from tests.factories import NOW, TODAY, location, saved, service_draft
from tests.referral_house import CAFE, CONSENT, KEY, VAULT, House, service
from tests.referral_house import house as built

BODIES = st.text(carried.ALPHABET, min_size=12, max_size=12)
CODE = carried.shown("AHF4Q7ZK20WX" + carried.check_symbol("AHF4Q7ZK20WX"))


@pytest.fixture
def house(database: Database) -> House:
    return built(database)


def refused(call: Callable[[], Any]) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        call()
    return caught.value.errors


def carry(house: House, **said: Any) -> tuple[Any, str]:
    sent = house.create(**{"delivery": "carried", "status": "requested"} | said)
    assert sent.code is not None
    return sent.view, sent.code


def test_the_check_symbol_is_the_number_modulo_37() -> None:
    # crockford.com/base32.html: the symbols of 32 to 36 are * ~ $ = U
    assert carried.check_symbol("000000000000") == "0"
    assert carried.check_symbol("000000000010") == "*"  # 32
    assert carried.check_symbol("000000000014") == "U"  # 36
    assert carried.check_symbol("000000000015") == "0"  # 37


def test_codes_are_random_and_have_60_bits() -> None:
    codes = {carried.new_code() for _ in range(500)}
    assert len(codes) == 500
    assert len(carried.ALPHABET) ** carried.LENGTH == 2**60
    assert all(len(code.replace("-", "")) == 13 and carried.normalized(code) for code in codes)
    assert {code[0] for code in codes} == set(carried.ALPHABET)


@given(BODIES, st.data())
def test_a_code_is_read_however_it_is_typed(body: str, data: st.DataObject) -> None:
    code = body + carried.check_symbol(body)
    typed = ""
    for character in code:
        alike = {"0": "0Oo", "1": "1IiLl"}.get(character, character + character.lower())
        typed += data.draw(st.sampled_from(alike)) + data.draw(st.sampled_from(["", " ", "-", "–", "\n"]))
    assert carried.normalized(typed) == code
    assert carried.normalized(carried.shown(code)) == code
    assert carried.hash_of(VAULT, carried.shown(code)) == carried.hash_of(VAULT, code)


@given(BODIES, st.integers(0, 11), st.sampled_from(carried.ALPHABET))
def test_one_wrong_character_is_noticed(body: str, place: int, other: str) -> None:
    code = body + carried.check_symbol(body)
    wrong = body[:place] + other + body[place + 1 :] + code[12]
    assert (carried.normalized(wrong) is None) == (wrong != code)


@given(BODIES, st.integers(0, 10))
def test_two_characters_that_changed_places_are_noticed(body: str, place: int) -> None:
    swapped = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
    typed = swapped + carried.check_symbol(body)
    assert (carried.normalized(typed) is None) == (swapped != body)


@given(st.text(max_size=300))
def test_what_is_no_code_is_none(typed: str) -> None:
    code = carried.normalized(typed)
    assert code is None or carried.normalized(code) == code


def test_a_carried_referral_is_redeemed_by_whom_the_client_goes_to(house: House) -> None:
    view, code = carry(house, needs=["hiv-testing"], urgency="soon")
    assert (view.receiver, view.client_ref, view.status) == (None, None, "requested")
    with pytest.raises(NotFound):
        house.read(house.receiver, view.id)
    later = house.later(days=3)
    redeemed = later.redeem(house.receiver, code.lower().replace("-", " "))
    assert (redeemed.id, redeemed.your_part) == (view.id, {Party.RECEIVER})
    assert (redeemed.received_at, redeemed.needs) == (later.now, ("hiv-testing",))
    assert redeemed.next == ("accepted", "rejected", "cancelled")
    after = later.step(house.receiver, redeemed, "accepted").view
    after = later.step(house.receiver, after, "completed", outcome="need-met").view
    assert house.read(house.sender, view.id).outcome == "need-met"


def test_the_code_is_told_once_and_kept_as_a_hash(house: House) -> None:
    sent = house.create(delivery="carried")
    assert sent.code is None
    sent = house.step(house.sender, sent.view, "requested")
    assert sent.code is not None
    with house.database.engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM referral")).mappings().one()
    assert row["code_hash"] == VAULT.hash("carried", sent.code.replace("-", ""))
    assert row["code_hash"] != Vault([KEY], "another secret").hash("carried", sent.code.replace("-", ""))
    for value in row.values():
        assert sent.code not in str(value) and sent.code.replace("-", "") not in str(value)


def test_every_code_that_leads_nowhere_is_answered_alike(house: House) -> None:
    _, used = carry(house)
    house.redeem(house.receiver, used)
    cancelled_view, cancelled = carry(house)
    house.step(house.sender, cancelled_view, "cancelled", reason="client-declined")
    withdrawn_view, withdrawn = carry(house)
    house.withdraw(house.sender, withdrawn_view)
    mistaken_view, mistaken = carry(house)
    house.step(house.sender, mistaken_view, "entered-in-error", reason="duplicate")
    _, foreign = carry(house)
    _, expired = carry(house, consent=CONSENT | {"expires_on": "2026-11-22"})
    _, old = carry(house)
    _, fits_no_partner = carry(house, service_id=CAFE)
    slip = used[:-1] + ("2" if used[-1] != "2" else "3")
    answers = set()
    for of, identity, code in (
        (house, house.receiver, used),
        (house, house.receiver, cancelled),
        (house, house.receiver, withdrawn),
        (house, house.receiver, mistaken),
        (house, house.third, foreign),
        (house, house.sender, foreign),
        (house, Identity(uuid4(), None), foreign),
        (house.later(days=1), house.receiver, expired),
        (house.later(days=181), house.receiver, old),
        (house, house.receiver, fits_no_partner),
        (house, house.receiver, slip),
        (house, house.receiver, carried.new_code()),
        (house, house.receiver, ""),
    ):
        with pytest.raises(NotFound) as caught:
            of.redeem(identity, code)
        answers.add(str(caught.value))
    assert len(answers) == 1
    assert house.redeem(house.receiver, foreign).your_part == {Party.RECEIVER}  # a wrong try used nothing up
    assert house.later(days=179).redeem(house.receiver, old).status == "requested"


def test_a_partner_that_is_disabled_redeems_nothing(house: House) -> None:
    _, code = carry(house)
    with house.database.unit_of_work() as session:
        set_active(session, session.get_one(Partner, house.receiver.partner_id), False, now=NOW)
        session.commit()
    with pytest.raises(NotFound):
        house.redeem(house.receiver, code)


def test_it_holds_nothing_of_the_client(house: House) -> None:
    said = {
        "client_ref": "TR-2041",
        "message": "Hei",
        "contact": {"other": "x"},
        "languages": ["ru"],
        "context": "after-assault",
        "contact_preference": "direct",
    }
    assert refused(lambda: house.create(delivery="carried", **said)).keys() == said.keys()
    view, _ = carry(house, service_id=CAFE)  # any service, of a partner or not
    assert (view.client_ref, view.message, view.contact, view.consent) == (None, None, None, None)
    with pytest.raises(Conflict):
        house.write(house.sender, view.id, "Hei")
    draft = house.change(house.create().view, delivery="carried")
    assert (draft.client_ref, draft.receiver) == (None, None)
    assert refused(lambda: house.change(house.create(message="Hei").view, delivery="carried")).keys() == {
        "message"
    }


def test_a_note_is_written_only_where_a_reason_needs_words(house: House) -> None:
    view, code = carry(house)
    view = house.step(house.receiver, house.redeem(house.receiver, code), "accepted").view
    assert refused(
        lambda: house.step(house.receiver, view, "failed", reason="no-show", note="Kom ikke")
    ).keys() == {"note"}
    house.step(house.receiver, view, "failed", reason="other", note="Vi har flyttet")
    assert [note.text for note in house.messages(house.sender, view.id)] == ["Vi har flyttet"]


def test_of_two_who_redeem_one_code_only_the_first_gets_it(house: House) -> None:
    _, code = carry(house)
    with house.database.unit_of_work() as session:
        referring.redeem(session, VAULT, house.receiver, code, now=NOW)
    house.redeem(house.receiver, code)  # the first did not commit
    with pytest.raises(NotFound):
        house.redeem(house.receiver, code)


def test_the_picture_holds_the_code_and_stands_in_a_page() -> None:
    picture = ElementTree.fromstring(carried.qr_svg(CODE))
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert carried.qr_svg(CODE) != carried.qr_svg(CODE[:-1] + "Z")


@pytest.mark.parametrize("lang", [*INTERFACE, "de"])
def test_the_card_says_where_and_when_in_each_language_and_not_why(lang: str) -> None:
    page = carried.card(CODE, ("Storgata 1", "0155 Oslo"), NOW, lang)
    assert CODE in page and "Storgata 1" in page and "0155 Oslo" in page
    assert "13:00" in page  # 12:00 UTC, in Oslo
    assert 'dir="rtl"' in page.split("<head>")[0] if lang == "ar" else 'dir="ltr"' in page
    for outside in ("http://", "https://", "<script", "url("):
        assert outside not in page.replace("http://www.w3.org/2000/svg", "")


def test_what_stands_on_the_card_is_text() -> None:
    page = carried.card(CODE, ("<b>Gate</b> & 1",), None, "nb")
    assert "&lt;b&gt;Gate&lt;/b&gt; &amp; 1" in page and "<b>" not in page
    assert "Hvor" not in carried.card(CODE, (), None, "nb")


def test_the_address_is_the_public_one_and_names_nobody(database: Database) -> None:
    hidden = location() | {"address_visibility": "hidden", "precision": "town"}
    with database.unit_of_work() as session:
        saved(
            session,
            service_draft("open", organization="a-house"),
            service_draft("hidden", organization="a-house", locations=[hidden]),
            service_draft("phone", organization="a-house", locations=[], remote=True),
        )
        session.commit()
    with database.reading() as session:
        assert carried.where_of(session, service("open"), TODAY) == ("Storgata 1", "0155 Oslo")
        assert carried.where_of(session, service("hidden"), TODAY) == ()
        assert carried.where_of(session, service("phone"), TODAY) == ()
        assert carried.where_of(session, uuid4(), TODAY) == ()
