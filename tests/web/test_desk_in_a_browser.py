"""The frame of the desk in Chromium: with and without JavaScript, by keyboard alone, small and wide, light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from directory.outbox import endpoints
from directory.partners import invitations
from directory.partners.access import Role, Scope
from tests.partner_network import PASSWORD
from tests.web.conftest import Desk, axe_finds, sideways

EMAIL = "kari@sender.example.org"
SMALL, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 800}


def looked_at(page: Page, schemes: tuple[str, ...] = ("dark", "light")) -> None:
    """Nothing that axe finds, by night on the smallest phone and by day on a desk; nothing to scroll sideways."""
    for scheme, size in (("dark", SMALL), ("light", WIDE)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert sideways(page) == 0, (page.url, size)
        if scheme in schemes:
            assert axe_finds(page) == [], (page.url, scheme)


@pytest.fixture(scope="module")
def filled(desk: Desk) -> str:
    """Something to see on each page; the id of a webhook."""
    network = desk.network
    network.with_password("sender", Role.COUNSELLOR, email=EMAIL)
    network.key("sender", *Scope)
    with network.database.unit_of_work() as session:
        endpoint, _ = endpoints.add(
            session,
            network.vault,
            network.partners["sender"],
            url="https://hooks.example.org/a-rather-long-address-that-has-to-be-broken-somewhere/on-a-phone",
            resolver=lambda name, port: ["192.0.43.8"],
            loopback=False,
            now=network.now,
        )
        endpoints.send_test(session, endpoint, now=network.now)
        session.commit()
    return str(endpoint.id)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_one_signs_in_by_keyboard_alone_after_a_slip(desk: Desk, filled: str, javascript: bool) -> None:
    with desk.page(java_script_enabled=javascript) as page:
        page.goto("/desk/account")
        assert page.url == f"{desk.address}/desk/sign-in?next=/desk/account"
        keys = page.keyboard
        keys.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        expect(page.locator(".skip")).to_be_in_viewport()
        keys.press("Enter")
        keys.press("Tab")
        expect(page.locator("#field-email")).to_be_focused()
        keys.type("ingen")  # no address: we say so ourselves, in the language of the page
        keys.press("Tab")
        keys.type("et passord som er feil")
        keys.press("Enter")
        expect(page.locator("#errors")).to_be_focused()
        assert page.title().startswith("Feil: Logg inn")
        keys.press("Tab")
        keys.press("Enter")
        if javascript:  # a script of the test's own can't ask either where there is none
            expect(page.locator("#field-email")).to_be_focused()
        assert page.locator("#field-email").input_value() == "ingen"
        page.locator("#field-email").fill(EMAIL)
        keys.press("Tab")
        keys.type(PASSWORD)
        keys.press("Enter")
        page.wait_for_url("**/desk/account")
        expect(page.get_by_role("heading", level=1)).to_have_text("Din konto")
        page.get_by_role("button", name="Logg ut").press("Enter")
        page.wait_for_url("**/desk/sign-in?done=signed-out")


def test_a_link_leaves_its_token_in_no_address_and_is_used_once(desk: Desk) -> None:
    account = desk.network.account("sender", Role.COUNSELLOR, email="ny@sender.example.org")
    with desk.network.database.unit_of_work() as session:
        token = invitations.invite(session, account, desk.network.now)
        session.commit()
    with desk.page() as page:
        page.goto(invitations.address_of(desk.address, "invitation", token))
        page.wait_for_url("**/desk/invitation")
        expect(page.locator("#field-token")).to_be_hidden()
        page.get_by_label("Nytt passord").fill(PASSWORD)
        page.get_by_label("Det samme passordet en gang til").fill(f"{PASSWORD}!")
        page.get_by_role("button", name="Velg dette passordet").click()
        expect(page.locator("#errors a")).to_have_attribute("href", "#field-again")
        looked_at(page)
        page.get_by_label("Nytt passord").fill(PASSWORD)
        page.get_by_label("Det samme passordet en gang til").fill(PASSWORD)
        page.get_by_role("button", name="Velg dette passordet").click()
        page.wait_for_url("**/desk/sign-in?done=chosen")
        assert token not in page.content()
    with desk.page(java_script_enabled=False) as page:
        page.goto(f"/desk/reset#{token}")
        expect(page.get_by_label("Lenken du har fått")).to_be_visible()


def test_pages_for_nobody_in_particular_can_be_used_by_all(desk: Desk) -> None:
    with desk.page() as page:
        for path in ("/desk/sign-in", "/desk/reset"):
            page.goto(path)
            looked_at(page)
            page.locator("main button.first").click()
            expect(page.locator("#errors")).to_be_focused()
            looked_at(page)


def test_pages_of_a_coordinator_can_be_used_by_all(desk: Desk, filled: str) -> None:
    with desk.page("sender", Role.COORDINATOR) as page:
        for path, scheme in (  # of the same parts, so that one of the two is enough for each
            ("account", "dark"),
            ("account/codes", "light"),
            ("settings", "dark"),
            ("settings/members", "dark"),
            ("settings/webhooks", "light"),
            (f"settings/webhooks/{filled}", "dark"),
            ("nothing-there", "light"),
        ):
            page.goto(f"/desk/{path}")
            looked_at(page, (scheme,))
        page.goto("/desk/account/codes")
        page.get_by_role("button", name="Begynn med engangskoder").click()
        expect(page.locator(".qr svg")).to_be_visible()
        looked_at(page)
        page.goto("/desk/settings/members")
        page.get_by_role("link", name=f"Endre {EMAIL}").click()
        looked_at(page, ("light",))
        page.get_by_role("button", name="Lag en lenke").click()
        looked_at(page, ("dark",))
        shown = page.locator("#shown-once")
        shown.focus()
        chosen = shown.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
        assert "/desk/reset#" in chosen, "one press, and it can be copied"
        page.goto("/desk/settings/keys")
        page.get_by_role("button", name="Lag en nøkkel").click()
        expect(page.locator("#errors")).to_be_focused()
        looked_at(page)
        page.locator("summary", has_text="Tilbakekall").first.click()
        looked_at(page)


def test_what_can_be_pressed_is_large_enough_for_a_thumb(desk: Desk, filled: str) -> None:
    """44 px in height at least, but for links within a text (WCAG 2.2, 2.5.8, asks for 24)."""
    with desk.page("sender", Role.COORDINATOR, viewport={"width": 375, "height": 700}) as page:
        for path in ("settings", "settings/members", "settings/keys", "account"):
            page.goto(f"/desk/{path}")
            low = page.evaluate(
                "[...document.querySelectorAll('button, .button, summary, .top a, .places a, .choice, select,"
                " input:not([type=hidden], [type=checkbox], [type=radio])')]"
                ".filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.9)"
                ".map(one => one.outerHTML)"
            )
            assert low == [], path


def test_the_language_is_chosen_at_the_foot_of_each_page_and_one_stays_there(desk: Desk) -> None:
    with desk.page("sender", Role.COUNSELLOR) as page:
        page.goto("/desk/account")
        expect(page.locator("html")).to_have_attribute("lang", "nb")
        page.get_by_role("button", name="English").click()
        page.wait_for_url("**/desk/account")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
        here = page.locator("nav [aria-current]")
        expect(here).to_have_count(0)
        page.goto("/desk")
        expect(here).to_have_text(re.compile("Desk"))


def test_colours_that_a_person_has_forced_leave_everything_to_be_seen(desk: Desk, filled: str) -> None:
    with desk.page("sender", Role.COORDINATOR) as page:
        page.emulate_media(forced_colors="active")
        page.goto("/desk/settings/keys")
        button = page.get_by_role("button", name="Lag en nøkkel")
        edge = button.evaluate("one => getComputedStyle(one).borderBlockStartColor")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert edge != ground, "a button has an edge"
        page.keyboard.press("Tab")
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width == "3px", "one sees where one is"


def test_one_is_warned_before_time_signs_one_out_and_stays_by_one_press(desk: Desk) -> None:
    warning = "Du blir snart logget ut"
    with desk.page("sender", Role.COUNSELLOR) as page:
        page.clock.install()
        page.goto("/desk/account")
        page.clock.fast_forward("24:50")
        expect(page.get_by_text(warning)).to_have_count(0)
        page.clock.fast_forward("00:15")
        expect(page.get_by_role("alert")).to_contain_text(warning)
        looked_at(page)
        desk.network.later(minutes=25)
        page.get_by_role("button", name="Forbli innlogget").press("Enter")
        expect(page.get_by_text(warning)).to_have_count(0)
        desk.network.later(minutes=25)
        page.clock.fast_forward("25:05")
        expect(page.get_by_role("alert")).to_contain_text(warning)
        desk.network.later(minutes=10)
        page.get_by_role("button", name="Forbli innlogget").click()
        page.wait_for_url("**/desk/sign-in")
