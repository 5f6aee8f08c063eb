"""A referral from search to outcome, and all pages on its way, in Chromium: with and without JavaScript, by keyboard
alone, small and wide, light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from directory.outbox.links import token_of
from directory.outbox.models import OutboxMessage
from directory.partners.access import Role
from directory.partners.models import Partner
from tests.web.conftest import Desk
from tests.web.referral_desk import counsellor, referred, take
from tests.web.test_desk_in_a_browser import looked_at

FARTHEST = 90  # presses of Tab


@pytest.fixture
def desk(referring_desk: Desk) -> Desk:
    return referring_desk


def reach(page: Page, wanted: Locator) -> None:
    """By Tab alone, from wherever one is."""
    expect(wanted).to_be_visible()
    for _ in range(FARTHEST):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{wanted} can't be reached by keyboard")


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    reach(page, wanted)
    page.keyboard.press(key)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_referral_goes_from_search_to_outcome_by_keyboard_alone(desk: Desk, javascript: bool) -> None:
    typed, urls = "jeg trenger en hivtest", []
    with desk.page("sender", Role.COUNSELLOR, java_script_enabled=javascript) as page:
        page.on("request", lambda request: urls.append(request.url))
        page.goto("/desk")
        press(page, page.get_by_role("link", name="Finn et tilbud og henvis"))
        reach(page, page.get_by_label("Hva trengs"))
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=re.compile(r"\d tilbud"))).to_be_visible()
        assert page.get_by_label("Hva trengs").input_value() == typed
        press(page, page.get_by_role("button", name="Henvis Clinic"))
        expect(page.get_by_role("checkbox", name="Hivtest")).to_be_checked()
        reach(page, page.get_by_label("Melding"))
        page.keyboard.type("Snakker best russisk.")
        press(page, page.get_by_role("checkbox", name="at mottakeren får vite om henvisningen"), "Space")
        press(page, page.get_by_role("checkbox", name="at mottakeren leser"), "Space")
        press(page, page.get_by_role("radio", name="Muntlig"), "Space")
        press(page, page.get_by_role("button", name="Send henvisningen"))
        expect(page.get_by_role("status")).to_have_text("Henvisningen er sendt.")
        address = page.url.partition("?")[0]
    assert not [url for url in urls if "hivtest" in url or "russisk" in url], "what is typed is in no address"

    with desk.page("receiver", Role.COUNSELLOR, java_script_enabled=javascript) as page:
        page.goto("/desk")
        press(page, page.locator(f'a[href="{address.removeprefix(desk.address)}"]'))
        expect(page.get_by_text("Snakker best russisk.")).to_be_visible()
        press(page, page.get_by_role("button", name="Ta imot", exact=True))
        expect(page.locator("main .tag").first).to_have_text("Tatt imot")
        reach(page, page.get_by_label("Skriv til den andre parten"))
        page.keyboard.type("Velkommen i morgen kl. 12.")
        press(page, page.get_by_role("button", name="Send meldingen"))
        expect(page.locator(".messages")).to_contain_text("Velkommen i morgen kl. 12.")
        press(page, page.locator("summary", has_text="Fullfør"))
        press(page, page.get_by_role("radio", name="Klienten fikk hjelpen som trengtes"), "Space")
        press(page, page.get_by_role("button", name="Fullfør", exact=True))
        expect(page.locator("main .tag").first).to_have_text("Fullført")

    with desk.page("sender", Role.COUNSELLOR, java_script_enabled=javascript) as page:
        page.goto("/desk/out?status=ended")
        press(page, page.locator(f'a[href="{address.removeprefix(desk.address)}"]'))
        expect(page.locator("main .facts")).to_contain_text("Klienten fikk hjelpen som trengtes")
        expect(page.locator(".history li").first).to_contain_text("Fullført")


def test_all_pages_of_the_sender_can_be_used_by_all(desk: Desk) -> None:
    network = desk.network
    rejected = referred(network, urgency="urgent")
    receiver = counsellor(network, "receiver")
    assert (
        take(receiver, rejected, "rejected", reason="no-capacity", note="Prøv igjen i januar.").status_code
        == 303
    )
    with desk.page("sender", Role.COUNSELLOR) as page:
        for path in ("", "/search", "/out", "/due"):
            page.goto(f"/desk{path}")
            looked_at(page)
        page.goto("/desk/search")
        page.get_by_label("Hva trengs").fill("overdose nå, hivtest")
        page.get_by_role("button", name="Søk", exact=True).click()
        expect(page.locator("#found")).to_be_visible()
        looked_at(page)
        page.get_by_label("I nærheten av").fill("xqzzv")
        page.get_by_role("button", name="Søk", exact=True).click()
        expect(page.locator("#errors")).to_be_focused()
        looked_at(page)
        page.goto("/desk/refer/clinic")
        page.get_by_role("button", name="Send henvisningen").click()
        expect(page.locator("#errors")).to_be_focused()
        looked_at(page)
        page.goto("/desk/refer/night-cafe")
        looked_at(page)
        page.get_by_role("button", name="Lag koden").click()
        expect(page.locator(".card svg")).to_be_visible()
        looked_at(page)
        page.goto(rejected)
        expect(page.get_by_role("button", name=re.compile("Henvis dit"))).to_have_count(2)
        for one in page.locator("summary").all():
            one.click()
        looked_at(page)
        page.get_by_role("button", name="Søk etter et annet tilbud").click()
        expect(page.get_by_text("Det du skrev da, følger med")).to_be_visible()
        looked_at(page)


def test_all_pages_of_the_receiver_can_be_used_by_all(desk: Desk) -> None:
    network = desk.network
    network.account("receiver", Role.COUNSELLOR)
    with network.database.unit_of_work() as session:
        partner = session.get(Partner, network.partners["receiver"].id)
        assert partner is not None
        partner.mailbox = "post@receiver.example.org"
        session.commit()
    path = referred(network, urgency="soon", context="after-assault", languages=["ru", "ar"])
    about = OutboxMessage.channel == "mail", OutboxMessage.event == "referral.requested"
    with network.database.reading() as session:
        newest = select(OutboxMessage.id).where(*about).order_by(OutboxMessage.position.desc()).limit(1)
        token = token_of(network.vault, session.execute(newest).scalar_one())
    with desk.page() as page:
        page.goto(f"/desk/received/{token}")
        looked_at(page)
        page.get_by_role("button", name="Ja, den har nådd oss").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Takk")
        looked_at(page)
    with desk.page("receiver", Role.COUNSELLOR) as page:
        for place in ("", "/in", "/redeem"):
            page.goto(f"/desk{place}")
            looked_at(page)
        page.get_by_label("Kode").fill("0000-0000-0000-0")
        page.get_by_role("button", name="Løs inn").click()
        looked_at(page)
        page.goto(path)
        for one in page.locator("summary").all():
            one.click()
        looked_at(page)
        page.get_by_role("button", name="Avslå", exact=True).click()
        expect(page.locator("#errors")).to_be_focused()
        looked_at(page)
        page.locator("[name='rejected.reason']").select_option("Mangler felles språk")
        page.locator("[name='rejected.note']").fill("Vi har ingen tolk.")
        assert take(counsellor(network, "receiver"), path, "accepted").status_code == 303
        page.get_by_role("button", name="Avslå", exact=True).click()
        expect(page.locator(".notice.warning")).to_contain_text("Vi har ingen tolk.")
        looked_at(page)
