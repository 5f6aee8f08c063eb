"""The list in a browser: behind the # from phone to phone, without a script, kept and forgotten, on paper."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from directory.web.pages.list_address import fragment_of, ids_in
from tests.web.conftest import KEPT, Site, axe_finds, sideways

CLINIC, LINE, CENTRE = "olafiaklinikken", "medisinsk-nodtelefon-113", "overgrepsmottak-bergen"


def take(page: Page, lang: str, ids: list[str]) -> None:
    """As a form of results does it."""
    page.goto(f"/{lang}/traces")
    with page.expect_navigation():
        page.evaluate(
            """([action, ids]) => {
              const form = Object.assign(document.createElement('form'), {method: 'post', action});
              for (const value of ids)
                form.append(Object.assign(document.createElement('input'), {name: 'id', value}));
              document.body.append(form);
              form.submit();
            }""",
            [f"/{lang}/list", ids],
        )
    expect(page.locator(".taken .card")).to_have_count(len(ids))


def link_of(page: Page) -> str:
    return "#" + page.get_by_role("textbox").input_value().partition("#")[2]


def test_a_list_goes_from_phone_to_phone_behind_the_hash_and_is_never_sent(site: Site) -> None:
    sent: list[str] = []
    with site.page() as page:
        take(page, "nb", [CLINIC, LINE])
        assert "#" not in page.url, "what was taken stands in no history"
        link = link_of(page)
        assert sideways(page) == 0 and axe_finds(page) == []
        page.get_by_role("button", name=re.compile("Fjern.*113")).click()
        expect(page.locator(".taken .card")).to_have_count(1)
        page.evaluate("window.print = () => { window.printed = true }")
        page.get_by_role("button", name="Skriv ut").click()
        assert page.evaluate("printed")
    with site.page(viewport={"width": 320, "height": 640}, color_scheme="dark", locale="ar") as page:
        page.on("request", lambda request: sent.append(request.url))
        page.goto(f"/ar/list{link}")
        expect(page.locator(".taken .card")).to_have_count(2)
        assert page.locator("#news").inner_text() == ""
        assert sideways(page) == 0 and axe_finds(page) == []
        # the same in another language, and another list in the same window
        page.locator(".languages a[hreflang=nb]").click()
        expect(page.locator(".taken .card h2").first).to_have_text("Olafiaklinikken")
        page.evaluate("hash => { location.hash = hash }", fragment_of(ids_in(link)[0][1:]))
        expect(page.locator(".taken .card")).to_have_count(1)
    assert sent and not any(link[1:12] in url.partition("#")[0] for url in sent)


def test_without_javascript_a_list_is_made_changed_and_opened_by_its_link(site: Site) -> None:
    with site.page(java_script_enabled=False) as page:
        page.goto("/nb/list#whatever")
        assert "<noscript><p>Kom du hit med en slik lenke?" in page.content()
        page.get_by_label("Lim inn lenken her").fill("https://example.org")
        page.get_by_role("button", name="Vis listen").click()
        assert page.get_by_text("Dette er ikke en lenke til en liste").is_visible()
        ids = site.app.test_client().post("/nb/list", data={"id": [CLINIC, CENTRE]}).text
        (link,) = re.findall(r'name="address" value="([^"]*)"', ids)
        page.get_by_label("Lim inn lenken her").fill(link)
        page.get_by_role("button", name="Vis listen").click()
        assert page.locator(".taken .card").count() == 2
        for needs_a_script in ("Skriv ut", "Lagre på denne telefonen", "Kopier lenken"):
            assert not page.get_by_role("button", name=needs_a_script).is_visible()
        page.get_by_role("button", name=re.compile("Fjern.*Olaf")).click()
        assert page.locator(".taken .card").count() == 1


def test_a_list_is_kept_when_asked_for_read_without_a_network_and_forgotten(site: Site) -> None:
    with site.page() as page:
        take(page, "nb", [CLINIC, LINE])
        assert page.evaluate(KEPT) == [], "nothing before it is asked for"
        page.get_by_role("button", name="Lagre på denne telefonen").click()
        expect(page.locator("#told")).to_contain_text("Listen er lagret.")
        expect(page.get_by_role("button", name="Glem den")).to_be_focused()
        kept = page.evaluate(KEPT)
        assert sorted(name.removeprefix(site.address) for name in kept) == ["/nb/list", "veiviser-list"]
        page.context.set_offline(True)
        page.goto("/nb/list")
        expect(page.locator(".taken .card")).to_have_count(2)
        assert page.locator(".top").evaluate("one => getComputedStyle(one).position") == "sticky", (
            "with its style"
        )
        expect(page.get_by_text("Denne listen er lagret på telefonen nå.")).to_be_visible()
        assert page.locator(".now:visible").count() == 1
        # much later, what was open then is not told as open now
        page.clock.set_fixed_time(datetime(2027, 3, 1, tzinfo=UTC))
        page.reload()
        expect(page.locator("#news")).to_contain_text("slik den var da du sist hadde internett")
        assert page.locator(".now:visible").count() == 0
        assert page.get_by_text("07:45–10:30").is_visible()
        page.context.set_offline(False)
        page.goto("/ru/list")
        page.locator("#elsewhere a").click()
        page.get_by_role("button", name="Glem den").click()
        expect(page.locator("#told")).to_contain_text("Listen er glemt.")
        page.evaluate("fetch('/nb/traces').then((answer) => answer.text())")
        assert page.evaluate(KEPT) == [], "nor is it there again by what this page asks for afterwards"
        page.goto("/nb/list")
        expect(page.locator(".taken")).to_have_count(0)


MADE = """async () => {
  const cache = await caches.open("veiviser-list");
  return (await (await cache.match("/ru/list")).text()).match(/data-made="([^"]+)/)[1];
}"""


def test_another_list_takes_the_place_of_the_one_that_is_kept_and_is_looked_up_anew_later(site: Site) -> None:
    with site.page() as page:
        take(page, "nb", [CLINIC])
        page.get_by_role("button", name="Lagre på denne telefonen").click()
        expect(page.locator("#told")).to_contain_text("Listen er lagret.")
        take(page, "ru", [LINE, CENTRE])
        expect(page.get_by_text("Сейчас на телефоне сохранён другой список.")).to_be_visible()
        page.get_by_role("button", name="Сохранить на этом телефоне").click()
        expect(page.locator("#told")).to_contain_text("Список сохранён.")
        kept = page.evaluate(KEPT)
        assert sorted(name.removeprefix(site.address) for name in kept) == ["/ru/list", "veiviser-list"]
        before = page.evaluate(MADE)
        page.clock.set_fixed_time(datetime(2027, 3, 1, tzinfo=UTC))
        page.goto("/ru/list")
        expect(page.locator("#list")).not_to_have_attribute("data-made", before)
        expect(page.get_by_text("Этот список сейчас сохранён на телефоне.")).to_be_visible()
        assert page.evaluate(MADE) == page.locator("#list").get_attribute("data-made")
        assert page.locator("#news").inner_text() == ""
        # a link leads to its own list, whatever is kept; without a network to what there is
        site_link = f"/ru/list#{'A' * 22}"
        page.goto("/ru/traces")
        page.goto(site_link)
        expect(page.locator(".taken")).to_have_count(0)
        page.goto("/ru/traces")
        page.context.set_offline(True)
        page.goto(site_link)
        expect(page.locator("#news")).to_contain_text("Вот список, сохранённый на этом телефоне.")
        expect(page.locator(".taken .card")).to_have_count(2)
        page.get_by_role("button", name="Забыть").click()
        expect(page.locator("#told")).to_contain_text("Список забыт.")


def test_a_browser_that_keeps_nothing_is_told_of_other_ways(site: Site) -> None:
    with site.page() as page:
        page.add_init_script("navigator.serviceWorker.register = () => Promise.reject(new Error('no'))")
        take(page, "en", [CLINIC])
        page.get_by_role("button", name="Keep it on this phone").click()
        expect(page.locator("#told")).to_contain_text("Your browser does not let us keep it.")
        assert page.evaluate(KEPT) == []


def test_on_paper_stand_the_services_and_the_code_in_black_on_white_and_no_buttons(site: Site) -> None:
    with site.page(color_scheme="dark") as page:
        take(page, "nb", [CLINIC, LINE])
        page.emulate_media(media="print")
        assert page.locator(":is(button, input, .top, .numbers, .bottom, .now):visible").count() == 0
        assert (
            page.locator(".web").first.evaluate("one => getComputedStyle(one, '::after').content") == "none"
        )
        assert page.locator(".qr").is_visible() and page.get_by_text("23 07 58 40").is_visible()
        page.emulate_media(media="screen", forced_colors="active")
        colours = page.locator(".qr path").evaluate_all(
            "all => all.map(one => [getComputedStyle(one).fill, getComputedStyle(one).stroke])"
        )
        assert colours == [["rgb(255, 255, 255)", "none"], ["rgb(0, 0, 0)", "rgb(0, 0, 0)"]]
