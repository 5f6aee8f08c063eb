"""The page of one service: all that is known of it, in plain words, whatever stands in the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page
from sqlalchemy import text

from directory.api.rooms import KEY, Rooms
from directory.catalogue.drafts import OrganizationDraft, check
from directory.catalogue.editing import save_organizations
from directory.catalogue.entries import Phone, Place, Schedule
from directory.catalogue.reading import entries
from directory.database import Database, upgrade
from directory.languages import INTERFACE
from directory.web.pages import reaching
from directory.web.pages.week_ahead import week_ahead
from tests.factories import NOW, location, saved, service_draft
from tests.web.conftest import Site, axe_finds, sideways

EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>\u202etfel ot\u2066 "\' ' + "W" * 240
FULL: dict[str, Any] = {
    "names": {"nb": "Sprøyterommet", "en": "The room"},
    "descriptions": {"ar": "مكان آمن"},
    "alerts": {"nb": "Ring først."},
    "languages": [
        {"code": "nb"},
        {"code": "ru", "mode": "interpreter"},
        {"code": "so", "mode": "phone-interpreter"},
        {"code": "mul", "mode": "interpreter"},
    ],
    "locations": [
        location()
        | {
            "name": "Bygg B",
            "accessibility": ["wheelchair", "lift"],
            "schedule": {"opening_hours": 'Mo-Fr 10:00-12:00 "ring på"; PH off'},
        },
        {"slug": "hidden", "city": "Bergen", "address_1": "Hemmelig 1", "address_visibility": "hidden"},
    ],
    "schedule": {"opening_hours": "24/7"},
    "phones": [{"number": "22 00 00 00"}, {"number": "400 00 777", "type": "sms"}, {"number": "116 117"}],
    "email": "post@example.org",
    "url": "https://www.example.org/om-oss/",
    "chat_url": "https://chat.example.org/",
    "free": False,
    "anonymous": True,
    "remote": True,
    "public_body": True,
    "minimum_age": 16,
    "maximum_age": 25,
    "genders": ["female"],
    "audiences": ["sex-workers", "youth"],
    "audience_text": "Unge kvinner",
    "capacity": "waitlist",
    "status": "uncertain",
    "cost_options": [{"option": "Uten Helsenorge-avtale", "amount": 250.0, "currency": "NOK"}],
    "areas": [{"extent": "national", "code": "NO", "name": "Norge"}],
    "sources": [
        {"reference": "https://example.org/kilde", "checked": "2024-02-16"},
        {"reference": "github:a/b@0123456789abcdef0123456789abcdef01234567 c/d.json", "checked": "2026-02"},
        {"reference": "Helsedirektoratet, brev", "checked": "list of 2019"},
    ],
}


@pytest.fixture
def house(directory_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    """The application over a catalogue of the test's own, and with no search at all."""
    url = f"sqlite:///{tmp_path / 'directory.db'}"
    upgrade(url)
    found: Rooms = directory_app.extensions[KEY]
    made = replace(found, database=Database(url), clock=lambda: NOW, searcher=None, upkeep=None)  # type: ignore[arg-type]
    monkeypatch.setitem(directory_app.extensions, KEY, made)
    yield made
    made.database.close()


def keep(house: Rooms, slug: str = "the-room", **said: Any) -> None:
    with house.database.unit_of_work() as session:
        saved(session, service_draft(slug, **said))
        session.commit()


def words(client: FlaskClient, path: str, status: int = 200, **headers: str) -> str:
    """What stands on the page, without its marks."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == status, answer.text
    body = answer.text.partition("<main")[2].partition("</main>")[0]
    plain = re.sub(r"[\s\xa0]+", " ", re.sub(r"<[^>]*>", " ", body).replace("&nbsp;", " "))
    return re.sub(r"(?<=\() | (?=[):])", "", plain)


def test_all_that_is_known_stands_on_the_page_in_plain_words(house: Rooms, client: FlaskClient) -> None:
    keep(house, **FULL)
    page = words(client, "/en/services/the-room")
    for told in (
        "The room",
        "The-Clinic",
        "We are not sure that this still exists. Ask them first.",
        "Ring først.",
        "There is a waiting list",
        "Open around the clock",
        "مكان آمن",
        "Call 22 00 00 00",
        "Text message 400 00 777",
        "Bygg B",
        "Storgata 1",
        "0155 Oslo",
        "You can get in with a wheelchair",
        "There is a lift",
        "The address is not shown here. Ask before you go.",
        "post@example.org",
        "example.org/om-oss",
        "You can get help by phone, chat or video",
        "Uten Helsenorge-avtale: 250 NOK",
        "You do not have to say who you are",
        "They speak: Norwegian Bokmål (norsk bokmål)",
        "With an interpreter: Russian (русский)",
        "With an interpreter on the phone: Somali",
        "They can get an interpreter for any language",
        "The law says that they must get one",
        "Age: 16 to 25",
        "Women",
        "People who sell sex",
        "Unge kvinner",
        "Norway",
        "example.org/kilde (16 February 2024)",
        "github.com/a/b (February 2026)",
        "Helsedirektoratet, brev (list of 2019)",
        "We found this in the sources below.",
    ):
        assert told in page, told
    assert "Hemmelig" not in page


def test_what_is_not_known_is_said(house: Rooms, client: FlaskClient) -> None:
    keep(house, phones=[], languages=[], locations=[location() | {"address_1": None}], sources=[])
    page = words(client, "/en/services/the-room")
    for told in (
        "We do not know the street. Ask before you go.",
        "Opening hours are not known",
        "Phone Not known",
        "What it costs Not known",
        "We do not know if you have to say who you are",
        "Languages Not known",
        "Everyone, as far as we know",
    ):
        assert told in page, told


def test_a_check_of_ours_is_told_with_its_day_and_an_old_one_with_a_warning(
    house: Rooms, client: FlaskClient
) -> None:
    for slug, day in (("new", "2026-11-01"), ("old", "2025-11-01")):
        keep(house, slug, sources=[{"reference": "a call", "checked_on": day, "by": "Someone"}])
    assert "We checked this on 1 November 2026. " in words(client, "/en/services/new")
    assert "1 November 2025. That is a while ago: ask them first." in words(client, "/en/services/old")
    assert "Someone" not in words(client, "/en/services/new")
    keep(house, "doubted", verify_before_publish=True)
    assert "Nobody has confirmed this to us." in words(client, "/en/services/doubted")


def test_each_text_says_in_which_language_it_is(house: Rooms, client: FlaskClient) -> None:
    keep(house, **FULL)
    page = client.get("/so/services/the-room").text
    assert '<bdi lang="en" dir="ltr">The room</bdi>' in page
    assert re.search(r'<p class="told" lang="ar" dir="rtl">\s*<bdi[^>]*>مكان', page)
    assert '<bdi lang="nb" dir="ltr">Ring først.</bdi>' in page
    assert '<bdi lang="ru">русский</bdi>' in page


def test_the_title_says_nothing_of_what_is_sought(house: Rooms, client: FlaskClient) -> None:
    keep(house, **FULL)
    page = client.get("/nb/services/the-room").text
    assert re.search(r"<title>(.*)</title>", page)[1] == "Om tilbudet · Veiviser"  # type: ignore[index]


@pytest.mark.parametrize(
    ("number", "type", "country", "href"),
    [
        ("22 00 00 00", "voice", "NO", "tel:+4722000000"),
        ("116 117", "voice", "NO", "tel:116117"),
        ("113", "voice", "NO", "tel:113"),
        ("70 20 12 01", "voice", "DK", "tel:+4570201201"),
        ("+46 33-10 69 70", "voice", "NO", "tel:+4633106970"),
        ("400 00 777", "sms", "NO", "sms:+4740000777"),
        ("javascript:alert(1)", "voice", "NO", "tel:1"),
        ("<b>", "voice", "NO", ""),
    ],
)
def test_a_number_is_dialled_rightly_also_by_a_foreign_phone(
    number: str, type: Any, country: str, href: str
) -> None:
    assert reaching.line(Phone(number, type), country).href == href


def place(**said: Any) -> Place:
    empty = dict.fromkeys(Place.__slots__)
    return Place(**empty | {"id": "x", "country": "NO", "accessibility": ()} | said)


def test_the_map_of_the_phone_gets_the_address_and_not_whose_it_is() -> None:
    known = place(name="Naloksonrommet", address_1="Strandgata 1 & 2", postal_code="5004", city="Bergen")
    sought = "Strandgata%201%20%26%202%2C%205004%20Bergen"
    assert reaching.map_address(known, "Mozilla/5.0 (Linux; Android 14)") == f"geo:0,0?q={sought}"
    exact = replace(known, latitude=60.39, longitude=5.32)
    assert reaching.map_address(exact, "Android") == f"geo:60.39000,5.32000?q={sought}"
    for agent in ("(iPhone; CPU iPhone OS 17_0)", "(Macintosh; Intel Mac OS X 10_15)"):
        assert reaching.map_address(exact, agent) == f"maps://?q={sought}"
    assert reaching.map_address(place(city="Bergen"), "Android") is None


@pytest.mark.parametrize(
    ("address", "shown", "leads"),
    [
        ("https://www.olafia.no/", "olafia.no", True),
        ("https://good.example@evil.example/x", "evil.example/x", True),
        ("javascript:alert(1)//https://x.no", "javascript:alert(1)//https://x.no", False),
        ("data:text/html,x", "data:text/html,x", False),
        (" https://x.no", " https://x.no", False),
        ("https://x.no/…/y", "https://x.no/…/y", False),
        ("https://[::1/", "https://[::1/", False),
        ("//x.no", "//x.no", False),
    ],
)
def test_only_web_addresses_are_links_and_say_where_they_lead(address: str, shown: str, leads: bool) -> None:
    found = reaching.link(address)
    assert (found.text, found.href) == (shown, address if leads else None)


def test_the_week_begins_today_and_tells_of_holidays() -> None:
    christmas = datetime(2026, 12, 23, 23, 30, tzinfo=UTC)  # the 24th in Oslo
    week = week_ahead(Schedule("Mo-Fr 09:00-15:00"), christmas, "en")
    assert week is not None
    assert [(day.name, day.date) for day in week.days[:2]] == [("Thursday", "24 Dec"), ("Friday", "25 Dec")]
    assert [day.today for day in week.days] == [True] + [False] * 6
    assert [(day.holiday, day.doubtful) for day in week.days[:4]] == [
        (False, False), (True, True), (True, True), (False, False),
    ]  # fmt: skip
    told = week_ahead(Schedule("Mo-Fr 09:00-15:00; PH off"), christmas, "en")
    assert told is not None
    assert (told.days[1].hours, told.days[1].holiday, told.days[1].doubtful) == ("Closed", True, False)
    assert len(week.days) == 7


def test_the_hours_of_the_only_place_are_those_of_the_service(house: Rooms, client: FlaskClient) -> None:
    here = location() | {"schedule": {"opening_hours": "Su 10:00-14:00"}}
    keep(house, locations=[here])
    page = words(client, "/en/services/the-room")
    assert page.index("Open until 14:00") < page.index("Where it is")
    assert "10:00–14:00 today" in page
    assert "differ" not in page
    keep(house, locations=[here, location("other") | {"schedule": {"opening_hours": "Mo 10:00-14:00"}}])
    page = words(client, "/en/services/the-room")
    assert page.index("Open until 14:00") > page.index("Where it is")
    assert "They differ from place to place." in page
    assert page.count("today") == 2


def test_hours_that_are_always_the_same_or_unknown_need_no_table() -> None:
    always = week_ahead(Schedule("24/7"), NOW, "nb")
    assert always is not None
    assert (always.days, always.all_days) == ((), "Døgnåpent")
    assert week_ahead(Schedule("SH 10:00-12:00"), NOW, "nb") is None
    assert week_ahead(Schedule("24/7", "No/Where"), NOW, "nb") is None


@pytest.mark.parametrize("id", ["nowhere", "hidden", "over", "00000000-0000-0000-0000-000000000000", "%00"])
def test_what_is_gone_is_told_with_a_search_and_without_why(
    house: Rooms, client: FlaskClient, id: str
) -> None:
    keep(house, "hidden", published=False)
    keep(house, "over", status="inactive")
    answer = client.get(f"/en/services/{id}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    if id != "%00":
        assert '<form method="post" action="/en/"' in answer.text
        other = client.get("/en/services/no-such").text
        assert answer.text.replace(f"/{id}", "") == other.replace("/no-such", "")


def test_a_page_that_the_browser_has_is_not_sent_again(house: Rooms, client: FlaskClient) -> None:
    keep(house)
    asks = {"Accept-Encoding": "br"}
    first = client.get("/nb/services/the-room", headers=asks)
    assert first.headers["Content-Encoding"] == "br"
    assert "Set-Cookie" not in first.headers
    again = client.get("/nb/services/the-room", headers=asks | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    keep(house, names={"nb": "Et annet navn"})
    changed = client.get("/nb/services/the-room", headers=asks | {"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_every_service_that_ships_has_a_page_in_one_language_or_another(
    directory_app: Flask, client: FlaskClient
) -> None:
    """In each of the languages some of them; nothing on it is left in words of code, or is none."""
    with directory_app.extensions[KEY].database.reading() as session:
        slugs = [entry.slug for entry in entries(session, today=NOW.date())]
    assert len(slugs) > 400
    for slug, language in zip(slugs, cycle(INTERFACE), strict=False):
        page = words(client, f"/{language}/services/{slug}")
        assert not re.search(r"%\(|\bNone\b|dataclass|&lt;", page), (slug, page)


def test_a_colleague_who_is_signed_in_sees_the_same_page(house: Rooms, client: FlaskClient) -> None:
    keep(house)
    plain = client.get("/nb/services/the-room").text
    client.set_cookie("veiviser-session", "whatever")
    assert client.get("/nb/services/the-room").text == plain


def hostile(house: Rooms) -> None:
    """An entry with markup, turned text, endless words and scripts in every field, past what drafts would refuse."""
    texts = {"nb": EVIL, "ar": EVIL}
    with house.database.unit_of_work() as session:
        draft = service_draft(
            "evil",
            country="EE",
            names=texts,
            descriptions=texts,
            alerts=texts,
            audience_text=EVIL,
            locations=[
                location()
                | dict.fromkeys(("name", "address_1", "postal_code", "city", "municipality", "county"), EVIL)
                | {
                    "country": "EE",
                    "schedule": {"opening_hours": 'Mo-Fr 10:00-12:00 "<b>x</b>\u202e' + "W" * 200 + '"'},
                }
            ],
            schedule={"opening_hours": '24/7 "<b>x</b>\u202eW"'},
            url="https://a.no",
            chat_url="https://a.no",
            email='"<b>x</b>"@evil.example',
            capacity="waitlist",
            genders=["other"],
            audiences=["youth"],
            areas=[{"extent": "county", "code": "x", "name": EVIL}],
            cost_options=[{"option": EVIL, "amount": 1.0, "currency": "EUR", "amount_description": EVIL}],
            sources=[{"reference": EVIL, "checked": EVIL}, {"reference": "javascript:alert(3)"}],
        )
        saved(session, draft)
        save_organizations(
            session,
            [check(OrganizationDraft, {"slug": "the-clinic", "names": {"nb": EVIL}})],
            now=NOW,
            origin="local",
        )
        evil = {"evil": EVIL, "list": f'["{"x" * 9}<b>y</b>\u202e"]'}
        for statement in (
            "UPDATE service SET url = 'javascript:alert(4)', chat_url = 'data:text/html,' || :evil",
            "UPDATE service SET genders = :list, audiences = :list",
            "UPDATE phone SET number = :evil || 'tel:22'",
            "UPDATE accessibility SET description = :evil",
            "UPDATE service_capacity SET state = :evil",
            "UPDATE language SET code = :evil",
        ):
            session.execute(text(statement), {key: evil[key] for key in evil if f":{key}" in statement})
        session.commit()


SCHEMES = "[...document.querySelectorAll('main [href]')].map((link) => link.protocol)"
TURNED = """() => {
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT), loose = [];
  for (let node; (node = walker.nextNode());)
    if (/[\\u202e\\u2066]/.test(node.data) && !node.parentElement.closest("bdi"))
      loose.push(node.parentElement.outerHTML);
  return loose;
}"""


@pytest.mark.parametrize(("language", "width"), [("ar", 320), ("nb", 1280)])
def test_hostile_content_in_every_field_is_text_and_nothing_else(
    house: Rooms, site: Site, language: str, width: int
) -> None:
    hostile(house)
    with site.page(viewport={"width": width, "height": 800}, color_scheme="dark") as page:
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        for path in (f"/{language}/services/evil", f"/{language}/services/evil/mistake"):
            answer = page.goto(path)
            assert answer and answer.status == 200
            assert (
                page.locator("main img, main script, main b, main [onerror], main [onmouseover]").count() == 0
            )
            assert "<img src=x" in page.locator("main").inner_text()
            assert set(page.evaluate(SCHEMES)) <= {"http:", "https:", "tel:", "mailto:", "geo:"}
            assert page.evaluate(TURNED) == []
            assert sideways(page) == 0
            assert axe_finds(page) == []
        assert page.title().endswith("Veiviser")


def walk(page: Page, path: str) -> None:
    page.goto(path)
    assert axe_finds(page) == [], path
    assert sideways(page) == 0, path


def test_the_pages_are_for_everybody_on_a_small_phone_and_on_a_desk(site: Site) -> None:
    paths = ("services/olafiaklinikken", "services/smiso-more-romsdal", "services/no-such")
    with site.page(viewport={"width": 320, "height": 640}, color_scheme="dark") as page:
        for path in paths:
            walk(page, f"/ar/{path}")
    with site.page(viewport={"width": 1280, "height": 800}) as page:
        for path in paths:
            walk(page, f"/nb/{path}")


def test_the_map_is_offered_where_a_finger_presses_and_paper_has_no_buttons(site: Site) -> None:
    with site.page(is_mobile=True, has_touch=True) as page:
        page.goto("/nb/services/olafiaklinikken")
        map = page.get_by_role("link", name="Åpne i kart")
        assert str(map.get_attribute("href")).startswith("geo:")
        assert map.is_visible()
        assert page.get_by_role("button", name="Skriv ut").is_visible()
        page.emulate_media(media="print")
        assert not map.is_visible()
        assert page.locator("main button:visible, main .button:visible").count() == 0
        assert page.get_by_text("23 07 58 40").last.is_visible()
        assert page.get_by_role("table").is_visible()
    with site.page(java_script_enabled=False) as page:
        page.goto("/nb/services/olafiaklinikken")
        assert not page.locator(".on-phone a").is_visible(), "a mouse has no phone beside it"
        assert not page.get_by_role("button", name="Skriv ut").is_visible()
        page.get_by_role("button", name="Ta med på lista").click()
        assert page.get_by_role("heading", name="Olafiaklinikken").is_visible()
