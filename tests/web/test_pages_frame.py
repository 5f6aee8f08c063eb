"""The frame of clients' pages: the way out, the numbers, the languages, and what is told when something went wrong."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from directory import create_app, database
from directory.config import SEED_DIR, Settings
from directory.languages import INTERFACE
from directory.web.pages import mistaken, plain
from directory.web.pages.emergency import LINES, NUMBERS, dialled, spaced
from tests.web.conftest import Site, axe_finds, sideways

AWAY = "https://www.yr.no/"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FRAMED = ["emergency", "traces", "nothing-here"]


# The numbers


def test_the_numbers_in_the_code_are_those_of_the_directory() -> None:
    entries = {entry["slug"]: entry for entry in json.loads((SEED_DIR / "services.json").read_text("utf-8"))}
    for one in (*NUMBERS, *LINES):
        if one.service is None:
            assert one.number == "110"  # the fire service has no entry: it is nobody's help to be referred to
            continue
        entry = entries[one.service]
        assert dialled(entry["phones"][0]["number"]) == one.dialled
        assert entry["phones"][0]["type"] == "voice"
        assert (entry["status"], entry["reach"], entry["country"]) == ("active", "national", "NO")
        assert entry["schedule"]["opening_hours"] == "24/7"


@pytest.mark.parametrize(
    ("written", "is_dialled", "is_said"),
    [
        ("116117", "116117", "116 117"),
        ("22591300", "22591300", "22 59 13 00"),
        ("+4722591300", "+4722591300", "+47 22 59 13 00"),
        ("800 57 000", "80057000", "800 57 000"),
        ("02800", "02800", "02800"),
        ("javascript:alert(1)", "1", "javascript:alert(1)"),
        ("by letter", "", "by letter"),
        (None, "", ""),
    ],
)
def test_a_number_is_dialled_by_its_digits_and_said_as_on_posters(
    written: str | None, is_dialled: str, is_said: str
) -> None:
    assert (dialled(written), spaced(written)) == (is_dialled, is_said)


@pytest.mark.parametrize("language", INTERFACE)
def test_each_page_has_the_four_numbers_one_press_away(client: FlaskClient, language: str) -> None:
    for path in ("", "emergency", "traces", "nothing-here"):
        page = client.get(f"/{language}/{path}", headers=BROWSER).text
        for number in ("113", "112", "110", "116117"):
            assert f'href="tel:{number}"' in page


def test_the_numbers_are_shown_while_database_and_index_are_gone(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", rate_limits="off")
    database.upgrade(settings.database)
    app = create_app(settings)
    shutil.rmtree(tmp_path / "var")
    page = app.test_client().get("/nb/emergency")
    assert page.status_code == 200
    for one in (*NUMBERS, *LINES):
        assert f'href="tel:{one.dialled}"' in page.text


def test_the_page_for_when_the_application_is_down_says_what_the_code_says() -> None:
    assert plain.FILE.read_text("utf-8") == plain.plain_page(), "write plain_page() to static/emergency.html"
    for one in NUMBERS:
        assert f'href="tel:{one.dialled}"' in plain.plain_page()
    assert not re.search(r"(src|href)=\"(?!tel:)", plain.plain_page())  # it needs nothing else


def test_the_page_for_when_the_application_is_down_shows_well_by_itself(site: Site) -> None:
    with site.page(viewport={"width": 320, "height": 640}, color_scheme="dark") as page:
        page.set_content(plain.plain_page())
        assert axe_finds(page) == []
        assert sideways(page) == 0


# What went wrong


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nb/nothing-here", 404), ("POST", "/nb/traces", 405), ("GET", "/nothing", 404)],
)
def test_a_client_is_told_in_the_frame_what_went_wrong(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    answer = client.open(path, method=method, headers=BROWSER | {"Accept-Language": "nb"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Cache-Control"] == "no-store"
    main = answer.text.partition("<main")[2]
    assert 0 < main.index("tel:113") < main.index("<h1")  # before what went wrong
    assert f'href="{AWAY}"' in answer.text
    assert 'action="/nb/"' in main  # and a search, for who has lost their way


def test_a_program_is_told_in_json_what_went_wrong(client: FlaskClient) -> None:
    for path in ("/nb/nothing-here", "/nothing"):
        answer = client.get(path, headers={"Accept": "application/json"})
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert (
        client.get("/api/v1/nothing", headers=BROWSER).headers["Content-Type"] == "application/problem+json"
    )


def test_the_language_of_the_address_is_that_of_what_went_wrong(client: FlaskClient) -> None:
    page = client.get("/ar/nothing-here", headers={"Accept": "*/*", "Accept-Language": "nb"}).text
    assert '<html lang="ar" dir="rtl">' in page
    page = client.get("/nothing", headers=BROWSER | {"Accept-Language": "pl"}).text
    assert '<html lang="pl" dir="ltr">' in page


def test_nothing_of_the_address_is_repeated_where_there_is_no_page(client: FlaskClient) -> None:
    assert (
        "overdose-at-home" not in client.get("/nb/overdose-at-home?q=overdose-at-home", headers=BROWSER).text
    )


def test_our_own_mistake_leads_to_the_numbers(directory_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("token")

    monkeypatch.setattr("directory.web.pages.front.render_template", broken)
    directory_app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = directory_app.test_client().get("/sv/traces", headers=BROWSER)
    assert answer.status_code == 500
    assert '<html lang="sv"' in answer.text
    assert "tel:113" in answer.text.partition("<main")[2]
    assert "token" not in answer.text


def test_a_frame_that_can_not_be_made_gives_way_to_the_plain_page(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("token")

    monkeypatch.setattr("directory.web.pages.mistaken.render_template", broken)
    answer = client.get("/nb/nothing-here", headers=BROWSER)
    assert answer.status_code == 404
    assert answer.data == mistaken.PLAIN
    assert "style-src 'sha256-" in answer.headers["Content-Security-Policy"]


def test_who_asks_too_much_is_still_told_the_numbers(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", rate_limits="2/10 minute")
    database.upgrade(settings.database)
    client = create_app(settings).test_client()
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    answers = [client.get("/nb/traces", headers=BROWSER, environ_base=elsewhere) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert "tel:113" in answers[2].text.partition("<main")[2]
    assert client.get("/nb/emergency", headers=BROWSER, environ_base=elsewhere).status_code == 200
    assert client.get("/static/pages.css", environ_base=elsewhere).status_code == 200


# Languages


def test_a_page_can_be_had_in_each_language(client: FlaskClient) -> None:
    page = client.get("/nb/traces").text
    for language in INTERFACE:
        assert f'<a href="/{language}/traces" hreflang="{language}" lang="{language}"' in page
        assert f'rel="alternate" hreflang="{language}" href="http://127.0.0.1:8000/{language}/traces"' in page
        answer = client.get(f"/{language}/traces")
        assert answer.status_code == 200
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in answer.text
    assert 'rel="canonical" href="http://127.0.0.1:8000/nb/traces"' in page


def test_another_language_carries_on_what_a_partners_link_asks_for_and_nothing_else(
    client: FlaskClient,
) -> None:
    page = client.get("/nb/traces?need=naloxone&near=B%C3%B8&q=my+secret&asked=1").text
    assert 'href="/ru/traces?need=naloxone&amp;near=B%C3%B8"' in page
    assert "secret" not in page


# The way out


def test_the_way_out_is_a_plain_link_without_scripts(site: Site) -> None:
    with site.page(elsewhere=(AWAY,), java_script_enabled=False) as page:
        page.goto("/nb/traces")
        out = page.locator(".exit")
        expect(out).to_have_attribute("rel", "nofollow noreferrer")
        page.mouse.wheel(0, 5000)
        expect(out).to_be_in_viewport()  # wherever one has got to
        with page.expect_request(f"{AWAY}**") as asked:
            out.click()
        assert "referer" not in asked.value.headers
        expect(page).to_have_url(AWAY)


def test_the_way_out_is_the_first_thing_that_a_keyboard_comes_to(site: Site) -> None:
    with site.page(elsewhere=(AWAY,)) as page:
        page.goto("/nb/traces")
        page.keyboard.press("Tab")
        first = page.locator(":focus")
        expect(first).to_have_text("Forlat siden")
        expect(first).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page).to_have_url(AWAY)


def covered(page: Page) -> bool:
    """Whether nothing of the page is to be seen: neither itself, nor by what it is called."""
    seen: bool = page.evaluate(
        "[...document.querySelectorAll('main *, header *, footer *')].some((one) => one.checkVisibility("
        "{visibilityProperty: true}))"
    )
    return not seen and page.title() == "www.yr.no"


def test_pressing_the_way_out_covers_the_page_before_the_other_has_come(site: Site) -> None:
    with site.page() as page:
        page.goto("/nb/traces")
        page.evaluate(
            "document.addEventListener('click', (event) => event.preventDefault())"
        )  # it never comes
        page.locator(".exit").click()
        assert covered(page)
        expect(page.get_by_role("status")).to_have_text("Du forlater siden")
        assert page.url == f"{site.address}/nb/"  # what one comes back to


def test_shift_three_times_leaves_and_tells_how_far_one_is(site: Site) -> None:
    with site.page(elsewhere=(AWAY,)) as page:
        page.goto("/nb/traces")
        said = page.locator("p[role=status]")
        page.keyboard.press("Shift")
        expect(said).to_have_text("Trykk Shift 2 ganger til for å forlate siden")
        expect(page.locator(".presses")).to_have_text("●○○")
        page.keyboard.press("Shift+A")  # a capital letter is not the key by itself
        page.keyboard.press("Alt+Shift")  # nor is another layout of the keyboard
        page.keyboard.press("Shift")
        expect(said).to_have_text("Trykk Shift 1 gang til for å forlate siden")
        expect(page.locator(".presses")).to_have_text("●●○")
        page.keyboard.press("Shift")
        expect(page).to_have_url(AWAY)


def test_shift_pressed_too_slowly_stays_and_says_so(site: Site) -> None:
    with site.page() as page:
        page.clock.install()
        page.goto("/nb/traces")
        for _ in range(2):
            page.keyboard.press("Shift")
        page.clock.run_for(5001)
        expect(page.locator("p[role=status]")).to_have_text("Det gikk for lang tid. Du er her fortsatt.")
        expect(page.locator(".presses")).to_be_hidden()
        page.keyboard.press("Shift")
        expect(page.locator(".presses")).to_have_text("●○○")


def test_going_back_shows_nothing_of_what_was_sought(site: Site) -> None:
    with site.page(elsewhere=(AWAY,)) as page:
        page.add_init_script("addEventListener('pageshow', (event) => console.log(event.persisted))")
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text))
        page.goto("/nb/")
        page.locator("input[name=q]").fill("naloxone bergen")
        page.locator("input[name=q]").press("Enter")
        expect(page.locator(".result").first).to_be_visible()
        page.wait_for_load_state()
        for _ in range(3):
            page.keyboard.press("Shift")
        expect(page).to_have_url(AWAY)
        page.go_back()
        expect(page.locator(".result")).to_have_count(0)
        assert "true" in heard  # the browser had kept the page as it was
        expect(page).to_have_url(f"{site.address}/nb/")
        expect(page).to_have_title("Finn hjelp · Veiviser")
        expect(page.locator("input[name=q]")).to_have_value("")
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_load_state()
        page.keyboard.press("Shift")  # and all of it works again
        expect(page.locator(".presses")).to_have_text("●○○")


# How it looks


@pytest.mark.parametrize(("language", "width", "scheme"), [("ar", 320, "dark"), ("nb", 1280, "light")])
def test_pages_of_the_frame_are_for_everybody(site: Site, language: str, width: int, scheme: str) -> None:
    context: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with site.page(**context) as page:
        for path in FRAMED:
            page.goto(f"/{language}/{path}")
            assert axe_finds(page) == [], path
            assert sideways(page) == 0, path
            small = page.locator("header a:not(.skip), footer a").evaluate_all(
                "all => all.map((one) => one.getBoundingClientRect().height).filter((high) => high < 44)"
            )
            assert small == [], path


def test_forced_colours_and_great_contrast_leave_the_way_out_to_be_seen(site: Site) -> None:
    with site.page(forced_colors="active", contrast="more", reduced_motion="reduce") as page:
        page.goto("/nb/emergency")
        edges = page.locator(".exit, .dial").evaluate_all(
            "all => all.map((one) => getComputedStyle(one).borderTopStyle)"
        )
        assert set(edges) == {"solid"}
        assert page.locator(".exit").evaluate("one => getComputedStyle(one).transitionDuration") == "0s"
