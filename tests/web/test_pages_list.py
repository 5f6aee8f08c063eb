"""The list that a client takes along: told whole and in order, named only behind the #, never what it is for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from directory.api.rooms import KEY, rooms
from directory.catalogue import reading
from directory.database import Database, upgrade
from directory.web.pages.list_address import fragment_of
from directory.web.pages.taken import Taken, looked_up, taken_along
from directory.web.pages.taking import MOST
from tests.factories import location, saved, service_draft

CLINIC, LINE, CENTRE = "olafiaklinikken", "medisinsk-nodtelefon-113", "overgrepsmottak-bergen"
SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOSTILE = '<img src=x onerror="alert(1)">‮' + "a" * 300


def shown(client: FlaskClient, lang: str = "en", status: int = 200, **sent: Any) -> str:
    answer = client.post(f"/{lang}/list", data=sent)
    assert answer.status_code == status
    return unescape(answer.text)


def names(page: str) -> list[str]:
    return re.findall(r"<h2><bdi[^>]*>([^<]*)</bdi></h2>", page)


@pytest.fixture
def keys(directory_app: Flask) -> dict[str, UUID]:
    with directory_app.app_context(), rooms().database.reading() as session:
        return {
            slug: UUID(reading.entry(session, slug, today=date(2026, 11, 22)).id)
            for slug in (CLINIC, LINE, CENTRE)
        }


def test_services_stand_in_the_order_in_which_they_were_taken_each_once(
    client: FlaskClient, keys: dict[str, UUID]
) -> None:
    page = shown(client, id=[CLINIC, str(keys[LINE]), str(keys[CLINIC]), CENTRE, LINE])
    assert names(page) == [
        "Olafia clinic (STI), Oslo",
        "Medical emergency 113",
        "Sexual assault centre, Bergen",
    ]


def test_an_entry_tells_where_when_and_whom_to_call(client: FlaskClient) -> None:
    page = shown(client, "nb", id=CLINIC)
    for told in ('href="tel:23075840"', "Trondheimsveien 2N, 0560 Oslo", "Tirsdag–fredag", "07:45–10:30"):
        assert told in page


def test_a_list_never_says_what_one_goes_there_for(client: FlaskClient, directory_app: Flask) -> None:
    with directory_app.app_context():
        needs = rooms().needs
        labels = {needs.label(need.slug, "en").lower() for need in needs}
    page = shown(client, id=[CLINIC, CENTRE]).lower()
    text = re.sub(r"<h2>.*?</h2>|<[^>]+>", " ", page[page.index("<main") :])
    assert [label for label in labels if re.search(rf"\b{re.escape(label)}\b", text)] == []


def test_the_link_the_message_and_the_code_hold_the_list_and_name_nothing(
    client: FlaskClient, keys: dict[str, UUID]
) -> None:
    ids = [keys[CLINIC], keys[CENTRE]]
    page = shown(client, id=[str(one) for one in ids])
    (link,) = re.findall(r'name="address" value="([^"]*)"', page)
    assert link == f"http://127.0.0.1:8000/en/list#{fragment_of(ids)}"
    (message,) = re.findall(r'href="(sms:[^"]*)"', page)
    assert message == (
        "sms:?&body=Here%20is%20the%20list%3A%20http%3A%2F%2F127.0.0.1%3A8000%2Fen%2Flist%23"
        + fragment_of(ids)
    )
    assert not re.search(f"{CLINIC}|{CENTRE}", link + message)
    assert re.search(r'<svg[^>]* class="qr"', page)


def test_a_pasted_link_is_the_same_list(client: FlaskClient, keys: dict[str, UUID]) -> None:
    link = f"https://elsewhere.example/ru/list#{fragment_of([keys[LINE], keys[CLINIC]])}"
    assert names(shown(client, link=link)) == names(shown(client, id=[LINE, CLINIC]))


@pytest.mark.parametrize("link", ["", "https://example.org/", "#half.of.it", "\0"])
def test_what_is_no_link_to_a_list_is_told_by_the_field(client: FlaskClient, link: str) -> None:
    page = shown(client, status=422, link=link)
    assert re.search(r'id="error-link">This is not a link to a list', page)
    assert "nothing on your list" not in page


def test_a_link_that_was_cut_shows_what_is_left_and_says_so(
    client: FlaskClient, keys: dict[str, UUID]
) -> None:
    page = shown(client, link=fragment_of([keys[LINE], keys[CLINIC]])[:-1])
    assert names(page) == ["Medical emergency 113"]
    assert "A part of the link is damaged" in page


@pytest.mark.parametrize(
    ("lang", "gone", "told"),
    [
        ("en", 1, "One service is left out."),
        ("en", 2, "2 services are left out."),
        ("ar", 1, "لم تُعرض خدمة واحدة."),
        ("ar", 2, "لم تُعرض خدمتان."),
        ("ru", 5, "5 служб не показано."),
    ],
)
def test_what_is_gone_is_told_and_not_dropped_in_silence(
    client: FlaskClient, lang: str, gone: int, told: str
) -> None:
    page = shown(client, lang, id=[LINE, *(str(uuid4()) for _ in range(gone - 1)), "no such\0thing"])
    assert told in page
    assert len(names(page)) == 1


def test_a_list_of_which_all_is_gone_is_an_empty_one(client: FlaskClient) -> None:
    page = shown(client, link=fragment_of([uuid4()]))
    assert "One service is left out." in page and "There is nothing on your list." in page
    assert "not a link" not in page


def test_a_list_has_an_end_which_is_told(client: FlaskClient, directory_app: Flask) -> None:
    with directory_app.app_context(), rooms().database.reading() as session:
        entries = reading.entries(session, today=date(2026, 11, 22))
        some = [next(entries).id for _ in range(MOST + 2)]
    page = shown(client, id=some)
    assert len(names(page)) == MOST
    assert f"A list has room for {MOST} services" in page
    assert "A list has room" not in shown(client, id=some[:MOST])


def test_one_is_removed_and_the_others_stay(client: FlaskClient, keys: dict[str, UUID]) -> None:
    sent = [str(key) for key in keys.values()]
    page = shown(client, id=sent, remove=sent[1])
    assert re.findall(r'name="id" value="([^"]*)"', page)[:2] == [sent[0], sent[2]]
    assert "There is nothing on your list." in shown(client, id=sent[:1], remove=sent[:1])


def test_more_is_sought_without_losing_what_is_on_the_list(
    client: FlaskClient, keys: dict[str, UUID]
) -> None:
    first = str(keys[LINE])
    page = shown(client, id=first)
    assert re.search(rf'<form[^>]* action="/en/">\s*<input type="hidden" name="have" value="{first}">', page)
    found = client.post("/en/", data={"q": "hiv oslo", "have": first}).text
    (take,) = re.findall(r'<form id="take".*?</form>', found, re.DOTALL)
    assert 'action="/en/list"' in take and f'name="id" value="{first}"' in take


def test_no_address_of_the_page_holds_a_service_but_behind_the_hash(
    client: FlaskClient, keys: dict[str, UUID]
) -> None:
    page = shown(client, id=[CLINIC, CENTRE])
    assert re.findall(r'<form[^>]* method="(?!post)', page) == []
    for address in re.findall(r'(?:action|formaction|src)="([^"]*)"', page):
        assert not any(str(key) in address for key in keys.values())
    forms = re.findall(r'<form method="post" class="languages".*?</form>', page, re.DOTALL)
    assert forms and forms[0].count('name="id"') == 2, "in another language it is the same list"


def test_a_list_needs_the_database_only(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError("the index was asked")

    app = client.application
    monkeypatch.setitem(app.extensions, KEY, replace(app.extensions[KEY], searcher=Gone()))
    assert len(names(shown(client, id=[CLINIC, LINE]))) == 2


def test_the_script_that_keeps_a_list_may_answer_for_that_address_only(client: FlaskClient) -> None:
    answer = client.get("/ru/list/kept.js")
    assert (answer.mimetype, answer.headers["Service-Worker-Allowed"]) == ("text/javascript", "/ru/list")
    assert (
        client.get("/ru/list/kept.js", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    )


# Entries that the seed does not have


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Database]:
    address = f"sqlite:///{tmp_path / 'own.db'}"
    upgrade(address)
    database = Database(address)
    yield database
    database.engine.dispose()


def along(own: Database, **said: Any) -> Taken:
    with own.unit_of_work() as session:
        saved(session, service_draft("here", **said))
        session.commit()
    with own.reading() as session:
        (entry,), gone = looked_up(session, ["here"], SUNDAY.date())
    assert gone == 0
    return taken_along(entry, "nb", SUNDAY)


def test_only_web_addresses_lead_anywhere(own: Database) -> None:
    with own.unit_of_work() as session:
        saved(session, service_draft("here", url="https://example.org/a"))
        session.commit()
    with own.reading() as session:
        (entry,), _ = looked_up(session, ["here"], SUNDAY.date())
    assert taken_along(entry, "nb", SUNDAY).url == "https://example.org/a"
    assert taken_along(replace(entry, url="javascript:alert(1)"), "nb", SUNDAY).url is None


def test_hours_of_one_place_are_told_there_and_those_of_the_service_once(own: Database) -> None:
    told = along(
        own,
        schedule={"opening_hours": "Mo-Fr 09:00-15:00", "timezone": "Europe/Oslo"},
        locations=[
            location(),
            location("other") | {"schedule": {"opening_hours": "24/7", "timezone": "Europe/Oslo"}},
        ],
    )
    assert told.hours and told.hours.week[0] == ("Mandag–fredag", "09:00–15:00")
    assert told.hours.text == "Stengt – åpner i morgen kl. 09:00" and not told.hours.always
    assert [stop.hours and stop.hours.always for stop in told.stops] == [None, True]


def test_an_organization_that_the_name_says_already_is_not_said_again(own: Database) -> None:
    assert along(own, names={"nb": "The-Clinic, Oslo"}).organization is None


def test_whatever_an_entry_says_is_text(client: FlaskClient, own: Database) -> None:
    with own.unit_of_work() as session:
        draft = service_draft(
            "here",
            names={"ar": HOSTILE},
            alerts={"nb": HOSTILE},
            phones=[{"number": "22 00 00 00"}],
            locations=[location() | {"name": HOSTILE, "address_1": HOSTILE}],
        )
        saved(session, draft)
        session.commit()
    app = client.application
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.extensions, KEY, replace(app.extensions[KEY], database=own))
        page = client.post("/nb/list", data={"id": "here"}).text
    assert "<img" not in page and page.count("&lt;img") >= 4
    assert '<bdi lang="ar" dir="rtl">&lt;img' in page
    assert '<bdi lang="nb" dir="ltr">&lt;img' in page
