"""Whoever sees a mistake in an entry can tell of it, and nobody learns who did; a steward decides at the desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from directory.api.rooms import KEY, Rooms
from directory.catalogue import corrections
from directory.catalogue.models import Correction
from directory.database import Database, upgrade
from directory.partners.access import Role
from tests.factories import NOW, saved, service_draft
from tests.partner_network import Network
from tests.web.conftest import Desk, Site, axe_finds, sideways

PATH = "/en/services/test-station/mistake"
ON_SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
RIGHT = {"about": "phone", "text": "It is 22 00 00 01."}


@pytest.fixture
def house(directory_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    """The application over a catalogue of the test's own, in which there is one service."""
    url = f"sqlite:///{tmp_path / 'directory.db'}"
    upgrade(url)
    found: Rooms = directory_app.extensions[KEY]
    made = replace(found, database=Database(url), clock=lambda: NOW)
    with made.database.unit_of_work() as session:
        saved(session, service_draft(), service_draft("hidden", published=False))
        session.commit()
    monkeypatch.setitem(directory_app.extensions, KEY, made)
    yield made
    made.database.close()


def kept(house: Rooms) -> list[Correction]:
    with house.database.reading() as session:
        return list(session.exec(select(Correction)))


def test_a_mistake_is_told_and_somebody_is_thanked(house: Rooms, client: FlaskClient) -> None:
    answer = client.post(PATH, data=RIGHT)
    assert answer.status_code == 303
    (one,) = kept(house)
    assert (one.about, one.text) == (RIGHT["about"], RIGHT["text"])
    thanks = client.get(answer.headers["Location"])
    assert "Thank you." in thanks.text
    assert "<form method" not in thanks.text.partition("<main")[2].partition("</main>")[0]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({}, ["Choose what is wrong.", "Write what is wrong, and what is right."]),
        ({"about": "phone", "text": " "}, ["Write what is wrong, and what is right."]),
        ({"about": "weather", "text": "x"}, ["Choose what is wrong."]),
        ({"about": "phone", "text": "010170 00027"}, ["This looks like somebody’s identity number."]),
        ({"about": "phone", "text": "x" * 1001}, ["Write at most 1000 letters."]),
    ],
)
def test_what_is_missing_is_told_at_its_field_and_nothing_typed_is_lost(
    house: Rooms, client: FlaskClient, said: dict[str, str], wrong: list[str]
) -> None:
    answer = client.post(PATH, data=said)
    assert answer.status_code == 422
    assert [message for message in wrong if message not in answer.text] == []
    assert answer.text.count("aria-invalid") + answer.text.count('aria-describedby="error-about"') == len(
        wrong
    )
    assert said.get("text", "").strip() in answer.text
    if said.get("about") == "phone":
        assert re.search(r'value="phone" checked', answer.text)
    assert kept(house) == []


def test_a_page_that_could_not_be_sent_can_be_had_in_another_language(
    house: Rooms, client: FlaskClient
) -> None:
    page = client.post(PATH, data={"about": "cost", "text": ""}).text
    form = page.partition('class="languages"')[2]
    assert '<input type="hidden" name="about" value="cost">' in form
    assert 'formaction="/ru/services/test-station/mistake"' in form


def test_an_entry_that_has_enough_takes_no_more_and_says_so_kindly(
    house: Rooms, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrections, "MOST_OPEN", 1)
    assert client.post(PATH, data=RIGHT).status_code == 303
    answer = client.post(PATH, data=RIGHT)
    assert answer.status_code == 409
    assert "You do not have to do more." in answer.text
    assert len(kept(house)) == 1


@pytest.mark.parametrize("slug", ["hidden", "nowhere"])
def test_of_what_is_not_there_nothing_is_told(house: Rooms, client: FlaskClient, slug: str) -> None:
    for answer in (
        client.get(f"/en/services/{slug}/mistake"),
        client.post(f"/en/services/{slug}/mistake", data=RIGHT),
    ):
        assert answer.status_code == 404
        assert "This is not here any more" in answer.text
    assert kept(house) == []


def test_the_form_is_for_everybody(house: Rooms, site: Site) -> None:
    for language, width, scripts, scheme in (("ar", 320, False, "dark"), ("nb", 1280, True, "light")):
        view: dict[str, Any] = {"viewport": {"width": width, "height": 700}, "color_scheme": scheme}
        with site.page(java_script_enabled=scripts, **view) as page:
            page.goto(f"/{language}/services/test-station/mistake")
            if scripts:
                assert axe_finds(page) == []
                assert sideways(page) == 0
            page.locator("main form button").click()
            assert page.locator(".wrong").count() == 3
            if scripts:
                assert axe_finds(page) == []
                assert sideways(page) == 0
            page.locator("main").get_by_role("radio").nth(3).check()
            page.locator("main form button").click()
            assert page.locator(".notice.success").is_visible()
            if scripts:
                assert axe_finds(page) == []
    assert [one.about for one in kept(house)] == ["closed-down"] * 2


def report(network: Network, **said: str) -> Correction:
    with network.database.unit_of_work() as session:
        said = {"about": "phone", "text": "Feil nummer"} | said
        made = corrections.report(
            session, "clinic", said["about"], said["text"], tells_who=lambda text: [], now=network.now
        )
        session.commit()
    return made


def at_the_desk(network: Network, *roles: Role, partner: str | None = None) -> FlaskClient:
    client = network.person(partner, *roles)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@ON_SQLITE
def test_a_steward_sees_what_is_told_and_decides(network: Network) -> None:
    mended, declined = report(network, text="<b>Feil</b>"), report(network, about="closed-down", text="")
    steward = at_the_desk(network, Role.STEWARD)
    page = steward.get("/desk/corrections").text
    assert "&lt;b&gt;Feil" in page
    assert "It has closed down" in page
    assert 'href="/nb/services/' in page or 'href="/en/services/' in page
    for one, state in ((mended, "mended"), (declined, "declined")):
        answer = steward.post(f"/desk/corrections/{one.id}", data={"state": state})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/desk/corrections?done={state}")
        assert 'role="status"' in steward.get(answer.headers["Location"]).text
    assert "Nothing waits" in steward.get("/desk/corrections").text
    assert "&lt;b&gt;Feil" in steward.get("/desk/corrections?state=mended").text


@ON_SQLITE
def test_what_another_steward_has_decided_is_told(network: Network) -> None:
    one = report(network)
    steward = at_the_desk(network, Role.STEWARD)
    steward.post(f"/desk/corrections/{one.id}", data={"state": "mended"})
    answer = steward.post(f"/desk/corrections/{one.id}", data={"state": "declined"})
    assert answer.status_code == 409
    assert "Somebody else has decided this already." in answer.text
    assert steward.post(f"/desk/corrections/{one.id}", data={"state": "lost"}).status_code == 404
    assert steward.post("/desk/corrections/no-id", data={"state": "mended"}).status_code == 404


@ON_SQLITE
def test_the_way_there_is_shown_to_stewards_alone(network: Network) -> None:
    assert 'href="/desk/corrections"' in at_the_desk(network, Role.STEWARD).get("/desk").text
    counsellor = at_the_desk(network, Role.COUNSELLOR, partner="sender")
    assert "/desk/corrections" not in counsellor.get("/desk").text
    assert counsellor.get("/desk/corrections").status_code == 403


@ON_SQLITE
def test_many_come_page_by_page(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("directory.web.desk.corrections.PER_PAGE", 2)
    for number in range(5):
        report(network, text=f"Nummer {number}.")
        network.later(minutes=1)
    steward, seen, path = at_the_desk(network, Role.STEWARD), list[str](), "/desk/corrections"
    while path:
        page = steward.get(path).text
        seen += re.findall(r"Nummer \d\.", page)
        further = re.search(r'href="([^"]+)" rel="next"', page)
        path = further[1].replace("&amp;", "&") if further else ""
    assert seen == [f"Nummer {number}." for number in range(5)]


def test_the_list_of_mistakes_is_for_everybody(desk: Desk) -> None:
    report(desk.network, text="W" * 900 + "\u202e<b>")
    report(desk.network, about="closed-down", text="")
    for width, scheme in ((320, "dark"), (1280, "light")):
        with desk.page(
            None, Role.STEWARD, viewport={"width": width, "height": 800}, color_scheme=scheme
        ) as page:
            page.goto("/desk/corrections")
            assert page.get_by_text("WWWW").first.is_visible()
            assert axe_finds(page) == []
            assert sideways(page) == 0
