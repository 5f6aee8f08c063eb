"""The line on a partner's page, in a browser: a site of another origin, as strict as sites can be, holds the frame."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Frame, Page, expect

from directory.api.rooms import KEY
from directory.database import Database
from directory.partners.origins import choose_origins
from directory.partners.partnering import add_partner
from tests.factories import NOW
from tests.web.conftest import KEPT, VIOLATIONS, Site, axe_finds

EXIT = "https://www.yr.no/"
STYLE = "main { inline-size: 90%; } .place { min-block-size: 560px; }"
FORBIDDEN = "require-trusted-types-for 'script'; trusted-types 'none'"


@dataclass
class Partner:
    """A partner's site. ``pages``: path -> what stands in its main part. Its policy lets it load our loader and frame
    and nothing else, but for a style sheet of its own."""

    site: Site
    address: str
    pages: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def elsewhere(self) -> str:
        """The same site by another name: another origin."""
        return self.address.replace("127.0.0.1", "localhost")

    def line(self, **data: str) -> str:
        said = {"partner": "foundation", "lang": "nb", **data}
        written = "".join(f' data-{name.replace("_", "-")}="{value}"' for name, value in said.items())
        return f'<script async src="{self.site.address}/widget.js"{written}></script>'

    @contextmanager
    def page(self, *expected: str, **context: Any) -> Iterator[Page]:
        """As ``Site.page``, for what is asked of both sites. ``expected``: what the browser will complain of."""
        opened = self.site.browser.new_context(locale="nb-NO", **context)
        opened.set_default_timeout(10_000)
        opened.route(f"{EXIT}**", lambda route: route.fulfill(body="<title>the weather</title>"))
        opened.add_init_script(VIOLATIONS)
        opened.add_init_script(SHIFTS)
        opened.on("console", lambda message: self._heard(message.type, message.text))
        opened.on("weberror", lambda error: self._heard("error", str(error.error)))
        opened.on("request", lambda request: self._asked(request.url))
        page = opened.new_page()
        try:
            yield page
            for frame in page.frames:
                if frame.url.startswith((self.address, self.elsewhere, self.site.address)):
                    assert frame.evaluate("violations") == [], frame.url
            if page.url.startswith((self.address, self.elsewhere)):
                assert page.evaluate(KEPT) == []
            assert opened.cookies() == []
            unexpected = [said for said in self.complaints if not any(one in said for one in expected)]
            assert unexpected == []
        finally:
            self.complaints.clear()
            opened.close()

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error":
            self.complaints.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, self.elsewhere, self.site.address, EXIT, "data:", "blob:")):
            self.complaints.append(f"asks elsewhere: {url}")


# What moved by itself, and from when on there was anything to see.
SHIFTS = (
    "window.shifts = []; window.painted = Infinity;"
    "new PerformanceObserver((list) => shifts.push(...list.getEntries()))"
    ".observe({ type: 'layout-shift', buffered: true });"
    "new PerformanceObserver((list) => { painted = list.getEntries()[0].startTime })"
    ".observe({ type: 'paint', buffered: true });"
)
SEEN_TO_MOVE = "shifts.filter((one) => one.startTime >= painted).map((one) => one.value)"


@pytest.fixture(scope="module")
def partner(site: Site, directory_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Partner]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            style = self.path == "/style.css"
            inside = made.pages.get(self.path.partition("?")[0], "")
            page = (
                '<!doctype html><html lang="nb"><head><meta charset="utf-8"><title>Stiftelsen</title>'
                '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css">'
                f'<link rel="icon" href="data:,"></head><body><main><h1>Stiftelsen</h1>{inside}'
                "<p>Om oss.</p></main></body></html>"
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/css" if style else "text/html; charset=utf-8")
            self.send_header(
                "Content-Security-Policy",
                f"default-src 'none'; script-src {site.address}/widget.js; frame-src {site.address}; "
                f"style-src 'self'; img-src data:; {FORBIDDEN}",
            )
            self.end_headers()
            self.wfile.write((STYLE if style else page).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    answering = Thread(target=server.serve_forever, daemon=True)
    answering.start()
    made = Partner(site, f"http://127.0.0.1:{server.server_port}")
    path: Path = tmp_path_factory.mktemp("partner") / "directory.db"
    house = directory_app.extensions[KEY]
    with closing(sqlite3.connect(house.database.engine.url.database)) as shipped:
        shipped.execute("VACUUM INTO ?", (str(path),))  # entries that are led to, and partners beside them
    database = Database(f"sqlite:///{path}")
    with database.unit_of_work() as session:
        for slug, sites in (("foundation", [made.address]), ("both", [made.address, made.elsewhere])):
            partner = add_partner(session, slug=slug, name=slug, organizations=[], now=NOW)
            choose_origins(session, partner, sites, on_this_machine=True)
        session.commit()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(directory_app.extensions, KEY, replace(house, database=database))
        yield made
    server.shutdown()
    answering.join()
    server.server_close()
    database.engine.dispose()


def frame_in(page: Page, number: int = 0) -> Frame:
    """Once it is there."""
    page.frame_locator("iframe").nth(number).locator("main").wait_for()
    handle = page.locator("iframe").nth(number).element_handle()
    frame = handle.content_frame() if handle else None
    assert frame
    return frame


def height(page: Page, number: int = 0) -> float:
    box = page.locator("iframe").nth(number).bounding_box()
    assert box
    return box["height"]


def wait_until(page: Page, true: str) -> None:
    """As ``wait_for_function``, which makes code of text, on a page where nothing may."""
    looking = (
        "function look(now) {"
        f" if ({true}) done(true); else if (now > began + 10000) done(false); else requestAnimationFrame(look) }}"
    )
    begun = "const began = performance.now()"
    found = page.evaluate(f"() => new Promise((done) => {{ {begun}; ({looking})(began) }})")
    assert found, f"not within ten seconds: {true}"


def nearest(site: Site, need: str, near: str) -> str:
    answer: Any = site.app.test_client().get(f"/api/v1/search?need={need}&near={near}&lang=nb").json
    return str(answer["results"][0]["name"])


def test_one_line_on_a_partners_page_finds_the_nearest_naloxone_and_all_that_follows(
    partner: Partner,
) -> None:
    site = partner.site
    line = partner.line(need="naloxone", near="Bergen")
    partner.pages["/"] = f'<div class="place">{line}</div>'
    with partner.page(viewport={"width": 390, "height": 800}) as page:
        page.goto(partner.address)
        frame = frame_in(page)
        expect(frame.locator(".card h3 a").first).to_have_text(nearest(site, "naloxone", "Bergen"))
        holder = page.locator("iframe")
        expect(holder).to_have_attribute("title", "Finn hjelp")
        expect(holder).to_have_attribute("referrerpolicy", "no-referrer")
        assert set((holder.get_attribute("sandbox") or "").split()) == {
            "allow-forms",
            "allow-scripts",
            "allow-popups",
            "allow-popups-to-escape-sandbox",
            "allow-top-navigation-by-user-activation",
        }
        assert height(page) == 560, "nothing moves by itself"
        assert page.evaluate(SEEN_TO_MOVE) == frame.evaluate(SEEN_TO_MOVE) == []
        assert axe_finds(page) == [], "the frame, too"

        elsewhere = frame.locator("a[rel~=external]").evaluate_all("all => all.map(one => one.target)")
        assert set(elsewhere) == {"_blank"}, "the frame stays ours"

        assert page.evaluate("document.querySelector('iframe').contentDocument") is None
        reading = "(() => { try { return frames[0].document.title } catch (error) { return error.name } })()"
        assert page.evaluate(reading) == "SecurityError"
        assert frame.evaluate("self.origin") == "null"
        for kept in ("document.cookie", "localStorage", "sessionStorage", "indexedDB.open('a')"):
            trying = f"(() => {{ try {{ return String({kept}) }} catch (error) {{ return error.name }} }})()"
            assert frame.evaluate(trying) == "SecurityError", kept
        assert frame.evaluate("document.referrer") == ""

        frame.locator("#q").fill("hivtest i Tromsø")
        frame.locator("#q").press("Enter")
        expect(frame.locator("html")).to_have_attribute("data-done", "")
        expect(frame.locator("#q")).to_have_value("hivtest i Tromsø")
        expect(frame.locator(".chip")).to_have_count(2)
        assert "hiv" not in frame.url.lower() and "need" not in frame.url and "near" not in frame.url
        inside = "document.body.getBoundingClientRect().height"
        wait_until(page, "document.querySelector('iframe').getBoundingClientRect().height > 600")
        assert height(page) == pytest.approx(frame.evaluate(inside), abs=1.5), "all of it is seen"
        assert frame.evaluate("document.scrollingElement.scrollHeight - innerHeight") <= 1
        frame.locator(".chip").first.click()
        expect(frame.locator(".chip")).to_have_count(1)
        frame.get_by_role("button", name="русский").click()
        expect(frame.locator("html")).to_have_attribute("lang", "ru")

        name = frame.locator(".card h3 a").first.inner_text()
        with page.context.expect_page() as opened:
            frame.locator(".card h3 a").first.click()
        opened.value.wait_for_load_state()
        assert "/ru/services/" in opened.value.url
        assert opened.value.locator("h1").inner_text() == name
        assert opened.value.evaluate("[opener, self.origin]") == [None, site.address]
        opened.value.close()
        frame.locator("[name=id]").first.check()
        with page.context.expect_page() as opened:
            frame.locator("#take button").click()
        opened.value.wait_for_load_state()
        assert opened.value.url == f"{site.address}/ru/list"
        assert opened.value.locator("main [href^='tel:']").count() > 0
        assert opened.value.evaluate("opener") is None
        opened.value.close()

        frame.locator(".exit").click()
        page.wait_for_url(EXIT)


def test_the_way_out_of_the_frame_is_the_way_out_of_the_page_by_key_too(partner: Partner) -> None:
    partner.pages["/"] = partner.line()
    with partner.page() as page:
        page.goto(partner.address)
        frame_in(page).locator("#q").focus()
        for _ in range(3):
            page.keyboard.press("Shift")
        page.wait_for_url(EXIT)


def test_several_stand_on_a_page_each_as_its_line_says(partner: Partner) -> None:
    partner.pages["/"] = (
        partner.line(need="naloxone", near="Bergen", theme="dark", color="#c02060", title="Nalokson")
        + partner.line(lang="ar", need="hiv-testing pep", language="ru,en", height="400", open_now="true")
        + f'<script async src="{partner.site.address}/widget.js" data-partner="foundation"></script>'
    )
    with partner.page(color_scheme="light") as page:
        page.goto(partner.address)
        first, second, third = (frame_in(page, number) for number in range(3))
        assert [height(page, number) for number in range(3)] == [560, 400, 560]
        titles = page.locator("iframe").evaluate_all("all => all.map(one => one.title)")
        assert titles == ["Nalokson", "ابحث عن مساعدة", "Finn hjelp"], (
            "the language of the page, where none is named"
        )
        background = "getComputedStyle(document.body).backgroundColor"
        assert [one.evaluate(background) for one in (first, second)] == [
            "rgb(16, 22, 26)",
            "rgb(246, 247, 245)",
        ]
        assert second.locator("html").get_attribute("dir") == "rtl"
        asked = re.findall(r"[?&](\w+)=", second.url)
        assert asked == ["partner", "origin", "lang", "need", "need", "language", "language", "open_now"]
        assert second.locator(".card").count() > 0

        third.locator(".need").first.click()
        wait_until(page, "document.querySelectorAll('iframe')[2].getBoundingClientRect().height > 600")
        assert [height(page, number) for number in range(2)] == [560, 400], "each hears only its own frame"


def test_a_site_that_the_partner_has_not_named_gets_a_link_and_no_frame(partner: Partner) -> None:
    partner.pages["/"] = partner.line(need="naloxone", near="Bergen")
    partner.pages["/nobody"] = partner.line(partner="nobody")
    with partner.page("frame-ancestors") as page:
        page.clock.install()
        for address, leads_to in (
            (f"{partner.elsewhere}/", "/nb/?need=naloxone&near=Bergen"),
            (f"{partner.address}/nobody", "/nb/"),
        ):
            page.goto(address)
            page.wait_for_load_state()
            assert page.locator("iframe").count() == 1
            assert [one for one in page.frames if one.url.startswith(partner.site.address)] == [], "refused"
            page.clock.run_for(5000)
            link = page.get_by_role("link", name="Finn hjelp")
            expect(link).to_have_attribute("href", f"{partner.site.address}{leads_to}")
            assert page.locator("iframe").count() == 0
    with partner.page() as page:
        page.clock.install()
        page.goto(partner.address)
        frame_in(page)
        page.clock.run_for(5000)
        assert page.locator("iframe").count() == 1, "where it is shown, no link takes its place"


def test_how_high_the_frame_is_reaches_the_exact_origin_and_nobody_else_sets_it(partner: Partner) -> None:
    """Held by another site that may hold it too, the frame still tells only the one that its address names."""
    told = "window.told = []; addEventListener('message', (event) => told.push(event.data));"
    address = f"{partner.site.address}/embed?partner=both&origin={partner.address}&lang=nb"
    sandbox = 'sandbox="allow-forms allow-scripts"'
    partner.pages["/by-hand"] = f'<iframe title="Søk" {sandbox} src="{address}"></iframe>'
    for origin, heard in ((partner.address, True), (partner.elsewhere, False)):
        # That a message finds nobody is no fault of the page.
        with partner.page("does not match the recipient window's origin") as page:
            page.add_init_script(told)
            page.goto(f"{origin}/by-hand")
            frame = frame_in(page)
            frame.locator(".need").first.click()
            expect(frame.locator(".card").first).to_be_visible()
            frame.evaluate("new Promise(requestAnimationFrame)")
            said = page.evaluate("told")
            assert bool(said) == heard, origin
            if heard:
                assert all(set(one) == {"veiviser"} for one in said)
                assert {name for one in said for name in one["veiviser"]} <= {"here", "top", "height"}
    partner.pages["/"] = partner.line()
    with partner.page() as page:
        page.goto(partner.address)
        frame_in(page)
        page.evaluate("postMessage({ veiviser: { height: 5000 } }, '*')")
        page.evaluate("new Promise((done) => setTimeout(done))")
        assert height(page) == 560


def test_a_search_begun_far_down_is_shown_from_its_top(partner: Partner) -> None:
    partner.pages["/"] = partner.line(need="hiv-testing", height="1200") + "<p>Mer.</p>" * 60
    with partner.page(viewport={"width": 390, "height": 500}) as page:
        page.goto(partner.address)
        frame = frame_in(page)
        page.evaluate("scrollTo(0, 700)")
        frame.locator(".below [lang=en]").evaluate("button => button.click()")
        expect(frame.locator("html")).to_have_attribute("lang", "en")
        wait_until(page, "Math.abs(document.querySelector('iframe').getBoundingClientRect().top) < 2")
