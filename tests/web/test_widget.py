"""The search in a frame on a partner's site: what the doors answer, whoever asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from directory.api.rooms import KEY
from directory.database import Database, upgrade
from directory.errors import IndexUnavailable
from directory.partners.origins import choose_origins
from directory.partners.partnering import add_partner, partner_of, set_active
from directory.web import wording
from tests.factories import NOW
from tests.web.conftest import Site, axe_finds, sideways

A_SITE, ANOTHER = "https://www.example.org", "https://other.example.org"
EMBED = "/embed?partner=foundation&lang=nb"
NUMBERS = ("tel:113", "tel:112", "tel:110", "tel:116117")


@pytest.fixture(scope="module")
def database(directory_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Partners of this file alone, beside the index that all share: ``foundation`` has two sites, ``young`` none."""
    path: Path = tmp_path_factory.mktemp("widget") / "directory.db"
    upgrade(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    with database.unit_of_work() as session:
        for slug, sites in (("foundation", [A_SITE, ANOTHER]), ("young", []), ("gone", [A_SITE])):
            partner = add_partner(session, slug=slug, name=slug.title(), organizations=[], now=NOW)
            choose_origins(session, partner, sites, on_this_machine=True)
        set_active(session, partner_of(session, "gone"), False, now=NOW)
        session.commit()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            directory_app.extensions, KEY, replace(directory_app.extensions[KEY], database=database)
        )
        yield database
    database.engine.dispose()


@pytest.fixture
def visitor(database: Database, directory_app: Flask) -> FlaskClient:
    return directory_app.test_client()


def policy(answer: Any) -> dict[str, str]:
    directives = answer.headers["Content-Security-Policy"].split("; ")
    return dict(directive.partition(" ")[::2] for directive in directives)


def test_the_partners_sites_and_no_others_may_hold_the_frame(visitor: FlaskClient) -> None:
    for answer in (visitor.get(EMBED), visitor.post(EMBED, data={"q": "nalokson"})):
        assert answer.status_code == 200
        assert policy(answer)["frame-ancestors"] == f"'self' {A_SITE} {ANOTHER}"
        assert policy(answer)["default-src"] == "'none'" and policy(answer)["form-action"] == "'self'"
        assert "X-Frame-Options" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "Set-Cookie" not in answer.headers
    for partner in ("young", "gone", "nobody", "", "\x00", "*", "foundation' *"):
        for answer in (
            visitor.get("/embed", query_string={"partner": partner, "need": "naloxone"}),
            visitor.post("/embed", query_string={"partner": partner}, data={"need": "naloxone"}),
        ):
            assert policy(answer)["frame-ancestors"] == "'self'", partner
            assert answer.status_code == 200
            assert "is not set up" in answer.text or "ikke satt opp" in answer.text
            assert 'class="card' not in answer.text
    for elsewhere in ("/nb/", "/widget", "/desk/sign-in", "/api/v1/search?need=naloxone"):
        answer = visitor.get(elsewhere)
        assert policy(answer)["frame-ancestors"] == "'none'", elsewhere
        assert answer.headers["X-Frame-Options"] == "DENY", elsewhere


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        (A_SITE, A_SITE),
        ("http://localhost", "http://localhost"),  # ours, where an editor sees how it looks
        ("https://elsewhere.example.org", None),
        (f"{A_SITE}/", None),
        (f"{A_SITE}.evil.example", None),
        ("null", None),
        ("*", None),
        ("", None),
    ],
)
def test_only_a_site_of_the_partners_is_told_how_high_the_frame_is(
    visitor: FlaskClient, origin: str, told: str | None
) -> None:
    page = visitor.get("/embed", query_string={"partner": "foundation", "origin": origin}).text
    found = re.search(r'<html [^>]*data-around="([^"]+)"', page)
    assert (found and found.group(1)) == told


def test_an_address_holds_what_the_editor_chose_and_nothing_that_a_visitor_did(visitor: FlaskClient) -> None:
    """Free text in it is not read; and where forms lead, nothing of what is sought stands."""
    chosen = visitor.get(f"{EMBED}&need=naloxone&near=Bergen&theme=dark&color=%23c02060&origin={A_SITE}")
    first: Any = visitor.get("/api/v1/search?need=naloxone&near=Bergen&lang=nb").json
    assert first["results"][0]["name"] in chosen.text
    typed = visitor.post(EMBED, data={"q": "hivtest i Tromsø på russisk"})
    for page in (chosen.text, typed.text):
        actions = re.findall(r'<form[^>]* action="(/embed[^"]*)"', page)
        actions += re.findall(r'formaction="(/embed[^"]*)"', page)
        assert len(actions) == 2 + 9, "to search, to search again, and in each other language"
        for action in actions:
            named = {part.partition("=")[0] for part in action.partition("?")[2].split("&amp;")}
            assert named <= {"partner", "origin", "lang", "theme", "color"}, action
    assert 'theme=dark&amp;color=c02060"' in chosen.text
    assert "hivtest" not in visitor.get(f"{EMBED}&q=hivtest").text
    assert 'class="card' not in visitor.get(f"{EMBED}&q=hivtest").text
    assert all(number in chosen.text for number in NUMBERS)
    assert chosen.text.count('target="_top"') >= 2 and "data-exit" in chosen.text


def test_what_was_typed_stays_in_the_form_and_can_be_taken_back(visitor: FlaskClient) -> None:
    typed = visitor.post(EMBED, data={"q": "nalokson Bergen"})
    assert 'value="nalokson Bergen"' in typed.text and 'value="need:naloxone"' in typed.text
    assert "data-done" in typed.text and "data-done" not in visitor.get(EMBED).text
    undone = visitor.post(EMBED, data={"q": "nalokson Bergen", "without": "need:naloxone"})
    assert 'value="Bergen"' in undone.text and 'value="need:naloxone"' not in undone.text


@pytest.mark.parametrize("address", [EMBED, "/nb/"])
def test_a_line_is_added_to_the_need_that_was_chosen_unless_it_tells_another(
    visitor: FlaskClient, address: str
) -> None:
    def sought(q: str, **said: str) -> list[str]:
        page = visitor.post(address, data={"q": q, "still": "naloxone", **said}).text
        return sorted(set(re.findall(r'name="without" value="(\w+:[\w-]*)', page)))

    chosen = visitor.get(f"{address}{'&' if '?' in address else '?'}need=naloxone").text
    assert '<input type="hidden" name="still" value="naloxone">' in chosen
    assert sought("") == ["need:naloxone"]
    assert sought("Bergen") == ["need:naloxone", "place:"]
    assert sought("hivtest i Bergen") == ["need:hiv-testing", "place:"]
    assert sought("", need="pep") == ["need:naloxone", "need:pep"]


def test_what_can_not_be_searched_for_is_told_at_its_field(visitor: FlaskClient) -> None:
    answer = visitor.post(EMBED, data={"q": "nalokson", "near": "Ingensteds i Norge"})
    assert answer.status_code == 422 and 'id="error-near"' in answer.text
    hostile = visitor.post(EMBED, data={"q": '"><script>alert(1)</script>', "near": '"><b>'})
    assert "<script>alert" not in hostile.text and "<b>" not in hostile.text
    hostile = visitor.get(
        "/embed",
        query_string={"partner": '"><b>', "origin": '"><b>', "lang": '"><b>', "theme": "<b>", "color": "<b>"},
    )
    assert hostile.status_code == 200 and "<b>" not in hostile.text


def test_without_an_index_the_frame_has_the_numbers(
    visitor: FlaskClient, directory_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lost:
        def __getattr__(self, name: str) -> Any:
            raise IndexUnavailable("lost")

    house = directory_app.extensions[KEY]
    monkeypatch.setitem(directory_app.extensions, KEY, replace(house, searcher=Lost()))
    answer = visitor.get(f"{EMBED}&need=naloxone")
    assert answer.status_code == 503
    assert policy(answer)["frame-ancestors"] == f"'self' {A_SITE} {ANOTHER}"
    assert all(number in answer.text for number in NUMBERS)


def test_the_frame_is_in_the_language_that_the_line_names_else_the_browsers(visitor: FlaskClient) -> None:
    def language(query: str, accepted: str) -> str:
        page = visitor.get(f"/embed?partner=foundation{query}", headers={"Accept-Language": accepted}).text
        found = re.search(r'<html lang="(\w+)" dir="(\w+)"', page)
        assert found
        return " ".join(found.groups())

    assert language("&lang=ar", "nb") == "ar rtl"
    assert language("", "pl") == "pl ltr"
    assert language("&lang=tlh", "de,en;q=0.5") == "en ltr"


def test_the_loader_is_small_says_the_same_words_as_the_pages_and_may_be_loaded_from_anywhere(
    visitor: FlaskClient,
) -> None:
    answer = visitor.get("/widget.js")
    assert answer.mimetype == "text/javascript"
    assert len(answer.data) <= 3 * 1024, "as served"
    titles = re.search(r"titles = \{(.*?)\};", answer.text)
    assert titles
    said = dict(re.findall(r'(\w+): "([^"]+)"', titles.group(1)))
    assert said == {
        code: wording.words_in(code, wording.PAGES).gettext("Find help")
        for code in wording.interface_languages(wording.PAGES)
    }
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    again = visitor.get("/widget.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("look", ["auto", "light", "dark", "dark-0b5563", "auto-c02060"])
def test_the_look_of_a_frame_is_a_style_sheet(visitor: FlaskClient, look: str) -> None:
    answer = visitor.get(f"/embed/{look}.css")
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    address = f'<link rel="stylesheet" href="/embed/{look}.css">'
    theme, _, colour = look.partition("-")
    page = visitor.get("/embed", query_string={"partner": "foundation", "theme": theme, "color": colour}).text
    assert (address in page) == (look != "auto")


@pytest.mark.parametrize("look", ["blue", "dark-", "dark-teal", "dark-0B5563", "dark-abc", "dark-0b5563;x"])
def test_there_is_no_other_look(visitor: FlaskClient, look: str) -> None:
    assert visitor.get(f"/embed/{look}.css").status_code == (200 if look == "dark-" else 404)


def line_of(page: str) -> str:
    found = re.search(r'<textarea id="line"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found, page
    return unescape(found.group(1))


def test_an_editor_gets_the_line_and_sees_what_it_puts_there(visitor: FlaskClient) -> None:
    asked = {
        "partner": "foundation",
        "need": "naloxone",
        "near": "Bergen",
        "in": "nb",
        "theme": "dark",
        "color": "C02060",
    }
    page = visitor.get("/widget", query_string=asked | {"lang": "en"})
    assert page.status_code == 200
    assert line_of(page.text) == (
        '<script async src="http://127.0.0.1:8000/widget.js" data-partner="foundation" data-need="naloxone" '
        'data-near="Bergen" data-lang="nb" data-theme="dark" data-color="#c02060"></script>'
        '<noscript><a href="http://127.0.0.1:8000/nb/?need=naloxone&amp;near=Bergen">Finn hjelp</a></noscript>'
    )
    assert f"{A_SITE}, {ANOTHER}" in page.text
    frame = re.search(r'<iframe src="([^"]+)"', page.text)
    assert frame
    shown = visitor.get(frame.group(1).replace("&amp;", "&"))
    assert 'class="card' in shown.text and "/embed/dark-c02060.css" in shown.text
    assert policy(page)["frame-src"] == "'self'"
    assert "adds your site" in visitor.get("/widget?partner=young&lang=en").text
    assert "<iframe" not in visitor.get("/widget").text


def test_what_an_editor_chooses_is_looked_at_and_stands_as_text(visitor: FlaskClient) -> None:
    hostile = "\"'></script><b>"
    page = visitor.get(
        "/widget",
        query_string={"partner": hostile, "need": "heroin", "near": hostile, "color": hostile, "lang": "en"},
    )
    assert page.status_code == 422
    assert re.findall(r'id="error-(\w+)"', page.text) == ["need", "near", "color"]
    assert "<b>" not in page.text
    line = line_of(page.text)
    assert re.findall(r" data-(\w+)=", line) == ["partner", "lang"], "what no search takes is left out"
    assert 'data-partner="&#34;&#39;&gt;&lt;/script&gt;&lt;b&gt;"' in line


def test_frame_and_composer_are_for_everybody(site: Site, database: Database, directory_app: Flask) -> None:
    """Narrow and dark in Arabic, wide and light in Norwegian: nothing for axe, nothing sideways."""

    def looked_at(page: Page, *addresses: str) -> None:
        for address in addresses:
            page.goto(address)
            assert axe_finds(page) == [], address
            assert sideways(page) == 0, address

    narrow: dict[str, Any] = {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"}
    with site.page(**narrow) as page:
        looked_at(
            page,
            "/embed?partner=foundation&lang=ar&color=%2300ff00",
            "/embed?partner=foundation&lang=ar&need=pep&near=Oslo",
            "/embed?partner=young&lang=ar",
            "/widget?partner=foundation&need=naloxone&near=Bergen&lang=ar&in=ar",
        )
    with site.page(viewport={"width": 1280, "height": 900}, color_scheme="light") as page:
        looked_at(page, f"{EMBED}&need=naloxone&near=Bergen&theme=dark&color=%23000080", "/widget?lang=nb")
        background = "getComputedStyle(document.body).backgroundColor"
        page.goto(f"{EMBED}&theme=dark")
        assert page.evaluate(background) == "rgb(16, 22, 26)", "dark, whatever the device has"


def test_the_line_is_made_anew_as_the_editor_chooses(site: Site, database: Database) -> None:
    with site.page() as page:
        page.goto("/widget?lang=en")
        page.get_by_label("Your partner's short name").fill("foundation")
        page.get_by_label("What to show first").select_option("naloxone")
        line = page.locator("#line")
        expect(line).to_have_value(re.compile("naloxone"))
        page.get_by_label("Near").fill("Bergen")
        page.get_by_label("Near").press("Tab")
        expect(line).to_have_value(re.compile('data-near="Bergen"'))
        page.frame_locator("iframe").locator(".card").first.wait_for()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.address)
        page.get_by_role("button", name="Copy the line").click()
        page.get_by_role("button", name="The line is copied.").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == line.input_value()
    with site.page(java_script_enabled=False) as page:
        page.goto("/widget?lang=en")
        page.get_by_label("Your partner's short name").fill("foundation")
        page.get_by_label("Light or dark").select_option("dark")
        page.get_by_role("button", name="Make the line").click()
        assert 'data-theme="dark"' in page.locator("#line").input_value()
        page.frame_locator("iframe").locator("#q").wait_for()
