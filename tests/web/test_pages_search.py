"""The search page: what is sought goes in the body, what was understood can be undone, and a number is near."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import brotli
import pytest
from flask import Flask, render_template, request, request_started
from flask.testing import FlaskClient
from playwright.sync_api import Page
from werkzeug.datastructures import MultiDict

from directory.errors import InvalidInput
from directory.web import seeking
from directory.web.pages.showing import WRITTEN
from directory.web.rendering import render_page
from directory.web.undoing import undone
from directory.web.wording import use_language
from tests.web.conftest import Site, axe_finds, sideways

Typed = MultiDict[str, str]


def found(client: FlaskClient, lang: str = "en", **typed: Any) -> str:
    answer = client.post(f"/{lang}/", data=typed)
    assert answer.status_code == 200
    return unescape(answer.text)


def chips(page: str) -> dict[str, str]:
    """Label of what was understood -> the value of the button that undoes it."""
    return {
        label: value
        for value, label in re.findall(
            r'name="without" value="([^"]*)"><span class="unseen">Remove: </span>([^<]*)</button>', page
        )
    }


def entries(page: str) -> list[str]:
    return re.findall(r'<h3>.*?href="/en/services/([^"]+)"', page)


@pytest.fixture
def page_in_english(directory_app: Flask) -> Iterator[None]:
    with directory_app.test_request_context("/en/", method="POST"):
        use_language("en")
        yield


def test_what_is_sought_stands_in_no_address(client: FlaskClient) -> None:
    for page in (client.get("/en/").text, found(client, q="naloxone bergen", near="Bergen", free="true")):
        assert set(re.findall(r'<form[^>]*? method="(\w+)"', page)) == {"post"}
        assert len(re.findall("<form", page)) == len(re.findall('method="post"', page))
        for address in re.findall(r'(?:href|src|action|formaction)="([^"]*)"', page):
            assert "?" not in address.replace("?v=", ""), address
            assert "q=" not in address and "near=" not in address


def test_a_link_may_ask_for_a_need_and_a_place_but_never_in_free_text(client: FlaskClient) -> None:
    page = unescape(client.get("/en/?need=naloxone&near=Bergen").text)
    assert set(chips(page).values()) == {"need:naloxone", "place:"}
    assert entries(page)
    without_words = client.get("/en/?q=naloxone+bergen").text
    assert "naloxone bergen" not in without_words and 'id="found"' not in without_words


def test_what_was_typed_stays_in_the_form(client: FlaskClient) -> None:
    page = found(client, q="hivtest <b>", near="Oslo", language="ru", free="true", need="hiv-testing")
    raw = client.post("/en/", data={"q": "hivtest <b>"}).text
    assert 'value="hivtest &lt;b&gt;"' in raw
    assert 'id="near" name="near" value="Oslo"' in page
    assert '<option value="ru" selected>' in page
    assert re.search(r'name="free" value="true" checked', page)
    assert '<input type="hidden" name="need" value="hiv-testing">' in page


def test_nothing_typed_is_no_search(client: FlaskClient) -> None:
    assert 'id="found"' not in found(client, q="  ")
    assert 'id="found"' in found(client, near="Bergen")


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"near": "Bergenn Xyzzy"}, "near", "We do not know this place."),
        ({"q": "x" * 501}, "q", "Write at most 500 characters."),
        ({"q": "hiv", "language": "klingonsk"}, "language", "We do not know this choice."),
    ],
)
def test_what_can_not_be_taken_is_told_at_its_field(
    client: FlaskClient, typed: dict[str, str], field: str, said: str
) -> None:
    answer = client.post("/en/", data=typed)
    assert answer.status_code == 422
    wrong = re.search(rf'<p class="wrong" id="error-{field}">([^<]*)</p>', answer.text)
    assert wrong and said in wrong[1]


@pytest.mark.parametrize("wrong", [{"need": "nonsense"}, {"page": "first"}])
def test_what_no_field_shows_is_told_too(client: FlaskClient, wrong: dict[str, str]) -> None:
    answer = client.post("/en/", data={"near": "Oslo", **wrong})
    assert answer.status_code == 422
    assert '<p class="wrong">We do not know this choice. Choose another one.</p>' in answer.text


@pytest.mark.parametrize(
    ("typed", "without", "left"),
    [
        ({"q": "naloxone bergen"}, "need:naloxone", {"q": "bergen"}),
        ({"q": "naloxone i Bergen"}, "place:", {"q": "naloxone"}),
        ({"q": "snakke med noen på russisk i Oslo"}, "language:ru", {"q": "snakke med noen i Oslo"}),
        ({"q": "snakke med noen på russisk i Oslo"}, "place:", {"q": "snakke med noen på russisk"}),
        ({"q": "hivtest", "near": "Oslo"}, "place:", {"q": "hivtest"}),
        ({"q": "hivtest", "near_me": "60.39,5.32"}, "place:", {"q": "hivtest"}),
        ({"q": "hivtest Våler"}, "place:Våler i Østfold", {"q": "hivtest", "near": "Våler i Østfold"}),
        ({"need": "naloxone", "near": "Oslo"}, "need:naloxone", {"near": "Oslo"}),
        ({"q": "hivtest", "language": "ru"}, "language:ru", {"q": "hivtest"}),
        (
            {"q": "hivtest", "free": "true", "anonymous": "true"},
            "free",
            {"q": "hivtest", "anonymous": "true"},
        ),
        ({"q": "hivtest", "open_now": "true", "page": "3"}, "open_now", {"q": "hivtest"}),
        ({"q": "hivtest"}, "need:naloxone", {"q": "hivtest"}),
    ],
)
def test_each_thing_that_was_understood_can_be_undone_by_itself(
    page_in_english: None, typed: dict[str, str], without: str, left: dict[str, str]
) -> None:
    after = undone(MultiDict({**typed, "without": without}))
    assert {name: value for name, value in after.items(multi=True) if value} == left


def test_a_word_that_tells_two_needs_leaves_the_other_one(page_in_english: None) -> None:
    after = undone(MultiDict({"q": "hiv", "without": "need:hiv-testing"}))
    assert after["q"] == "" and after.getlist("need") == ["hiv-peer-support"]


def test_what_only_the_whole_line_tells_leaves_nothing_to_seek_by_when_it_is_undone(
    page_in_english: None,
) -> None:
    line = "han teller pengene mine og roper når jeg har handlet feil"
    after = undone(MultiDict({"q": line, "without": "need:violence"}))
    assert after["q"] != line
    assert after.getlist("need") == []


def test_all_that_was_understood_has_a_button_that_undoes_it(client: FlaskClient) -> None:
    typed = {"q": "snakke med noen på russisk i Oslo", "free": "true"}
    understood = chips(found(client, **typed))
    told = {"need:peer-support", "place:", "language:ru", "free"}
    likely = {"need:crisis-line"}  # which no word tells, but the line: it goes with the words
    assert set(understood.values()) == told | likely
    for value in understood.values():
        left = set(chips(found(client, **typed, without=value)).values())
        assert value not in left
        assert told - {value} <= left


def test_a_word_that_was_taken_for_another_is_told_and_can_be_meant(client: FlaskClient) -> None:
    page = found(client, q="naloxne bergen")
    assert "We think you meant “naloxone bergen”." in page and 'name="as_written"' in page
    as_written = found(client, q="naloxne bergen", as_written="true")
    assert "We think you meant" not in as_written
    assert "need:naloxone" not in chips(as_written).values()
    assert '<input type="hidden" name="as_written" value="true">' in as_written, "for its further pages"


def test_other_places_of_the_name_are_offered(client: FlaskClient) -> None:
    page = found(client, q="hivtest Våler")
    assert 'name="without" value="place:Våler i Østfold">Våler i Østfold</button>' in page


def test_a_wider_search_says_what_it_gave_up(client: FlaskClient) -> None:
    assert "Nothing fits everything. We left out: anonymous." in found(client, need="detox", anonymous="true")
    assert "We found nothing for these words." in found(client, q="asdfqwerty")


def test_further_pages_come_by_the_body_and_number_on(client: FlaskClient) -> None:
    first, second = found(client, q="hivtest"), found(client, q="hivtest", page="2")
    assert re.search(r'name="page" value="2" form="again">Next page', first)
    assert '<input type="hidden" name="q" value="hivtest">' in first
    assert "Previous page" not in first and re.search(r'name="page" value="1" form="again">Previous', second)
    assert '<ol class="results plain" start="11">' in second
    assert len(entries(first)) == seeking.PER_PAGE and not set(entries(first)) & set(entries(second))


def test_the_emergency_of_a_search_stands_above_everything(client: FlaskClient) -> None:
    page = found(client, q="he is not breathing")
    assert 0 < page.index('href="tel:113"', page.index("<main")) < page.index("<h1")
    assert 'class="urgent"' not in found(client, q="hivtest")


def test_an_entry_says_why_it_is_there_how_to_reach_it_and_who_says_so(client: FlaskClient) -> None:
    card = card_of(found(client, q="naloxone bergen"), "straxhuset")
    assert re.search(r'<li class="fits">Naloxone[^<]*</li>', card)
    assert '<a class="button second" href="tel:53033590"><span>Call <bdi dir="ltr">53 03 35 90' in card
    assert "Not checked by phone yet · Source: bergen.kommune.no" in card
    assert "Free of charge" not in card, "that is not known"
    assert '<input type="checkbox" name="id" value="straxhuset-bergen" form="take">' in card


def card_of(page: str, slug: str) -> str:
    [card] = [one for one in re.findall(r'<li class="card result">.*?</div></li>', page, re.S) if slug in one]
    return card


def test_a_result_that_was_shown_before_is_told_anew_for_whoever_asks(
    client: FlaskClient, directory_app: Flask
) -> None:
    slug = "straxhuset-bergen"
    naloxone, room = (
        card_of(found(client, q=q), slug) for q in ("naloxone bergen", "supervised consumption room bergen")
    )
    assert '<li class="fits">Naloxone' in naloxone and '<li class="fits">Naloxone' not in room
    assert '<li class="fits">Supervised consumption' in room
    assert "Ikke sjekket" in card_of(found(client, "nb", q="naloxone bergen"), slug)
    near, far = (
        re.search(r'class="far">([^<]*)', card_of(found(client, q=f"naloxone {at}"), slug))
        for at in ("Bergen", "Voss")
    )
    assert far and (near is None or near[1] != far[1])
    with directory_app.test_request_context("/en/", method="POST"):
        use_language("en")
        typed = Typed({"q": "naloxone bergen"})
        answer = seeking.found(seeking.values_of(typed))
        beside = render_page(
            "pages/results.html", answer=answer, typed=typed, search_address="/", link_target="_blank"
        )
        answer["generation"] += 1
        answer["results"][0]["name"] = "By another name"
        later = render_page(
            "pages/results.html", answer=answer, typed=typed, search_address="/", link_target=""
        )
    assert f'href="/en/services/{slug}" target="_blank" rel="noopener"' in beside
    assert "By another name</bdi></a></h3>" in later


def test_nothing_that_was_typed_is_kept_with_what_was_shown(
    client: FlaskClient, directory_app: Flask
) -> None:
    found(client, q="naloxone bergen zzyzx", near_me="60.39,5.32")
    kept = repr(directory_app.extensions[WRITTEN])
    assert "straxhuset-bergen" in kept
    assert "zzyzx" not in kept and "60.39" not in kept and "naloxone bergen" not in kept


def test_a_distance_is_told_as_exactly_as_it_is_known(client: FlaskClient) -> None:
    told = re.findall(r'<span class="far">([^<]*)</span>', found(client, q="legevakt Bergen"))
    assert any(re.fullmatch(r"\d\.\d km|\d00 m", one) for one in told), told
    near_a_town = re.findall(r'<span class="far">([^<]*)</span>', found(client, q="naloxone Voss"))
    assert any(re.fullmatch(r"about \d+ km", one) for one in near_a_town), near_a_town


def test_a_text_of_another_language_says_so(client: FlaskClient) -> None:
    page = found(client, "ar", q="naloxone bergen")
    assert re.search(r'<p lang="(en|nb)" dir="ltr">', page) and '<html lang="ar" dir="rtl"' in page


def test_a_position_is_made_rough_whatever_is_sent(client: FlaskClient, page_in_english: None) -> None:
    assert seeking.values_of(MultiDict({"near_me": "60.392991,5.324151"}))["near"] == "60.39,5.32"
    assert "near" not in seeking.values_of(MultiDict({"near_me": "Bergen"}))
    assert seeking.values_of(MultiDict({"near_me": "60.39,5.32", "near": "Oslo"}))["near"] == "Oslo"
    assert "Near where you are" in chips(found(client, q="hivtest", near_me="60.392991,5.324151"))


def test_a_position_that_is_nowhere_is_no_place(page_in_english: None) -> None:
    values = seeking.values_of(MultiDict({"near_me": "999,999"}))
    with pytest.raises(InvalidInput):
        seeking.found(values)


HOSTILE = '<img src=x onerror="alert(1)">\u202eevil\u2066' + "w" * 200


def test_hostile_texts_of_an_entry_are_text(page_in_english: None) -> None:
    answer = seeking.found(seeking.values_of(MultiDict({"q": "naloxone bergen"})))
    result = answer["results"][1]
    result |= {"name": HOSTILE, "summary": HOSTILE, "name_language": 'x"><i>', "slug": "a"}
    result["organization"]["name"] = "&<b>"
    result["location"]["address"] = HOSTILE
    result["trust"]["source"] = "javascript:alert(1)<b>"
    result["contact"] |= {
        "chat_url": "javascript:alert(1)",
        "phones": [{"number": '1"2<b>3', "type": "voice"}, {"number": "by letter", "type": "voice"}],
    }
    given = {"answer": answer, "typed": MultiDict(), "search_address": "/en/", "link_target": ""}
    page = render_page("pages/results.html", **given)
    assert "<img" not in page and "<b>" not in page and "<i>" not in page
    assert 'href="javascript' not in page
    assert 'href="tel:123"' in page and "by letter" not in page
    assert f"<bdi>{'&lt;img src=x onerror=&#34;alert(1)&#34;&gt;'}" in page


@pytest.mark.parametrize("lang", ["nb", "ar"])
def test_a_page_compiled_for_its_language_is_the_page(directory_app: Flask, lang: str) -> None:
    with directory_app.test_request_context(f"/{lang}/", method="POST"):
        use_language(lang)
        answer = seeking.found(seeking.values_of(MultiDict({"q": "naloxone bergen"})))
        given = {"answer": answer, "typed": Typed({"q": "naloxone"}), "errors": {}, "search_address": "/x/"}
        assert render_page("pages/search.html", **given) == render_template("pages/search.html", **given)


def test_what_completes_is_told_to_a_body_too(client: FlaskClient) -> None:
    by_body = client.post("/api/v1/suggest", json={"q": "nal", "lang": "nb"})
    assert by_body.json == client.get("/api/v1/suggest?q=nal&lang=nb").json
    assert by_body.json["suggestions"] and by_body.headers["Cache-Control"] == "no-store"
    assert client.post("/api/v1/suggest", json={"quarry": "nal"}).status_code == 422


def test_the_first_page_of_results_is_small(client: FlaskClient) -> None:
    sizes = {
        "html": len(brotli.compress(client.post("/nb/", data={"q": "hivtest oslo"}).data, quality=4)),
        "script": len(brotli.compress(client.get("/static/search.js").data, quality=4)),
    }
    assert sizes["html"] <= 14_000 and sizes["script"] <= 2048, sizes


WORDS = {"nb": "nalokson i Bergen", "ar": "نالوكسون في بيرغن"}


def sought(page: Page, words: str) -> None:
    page.fill("#q", words)
    page.press("#q", "Enter")
    page.wait_for_selector("#found")


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without"])
@pytest.mark.parametrize("lang", ["nb", "ar"])
def test_from_the_search_to_a_number_and_back(site: Site, lang: str, script: bool) -> None:
    """At each width; what was understood is undone; and back from an entry nobody is asked to send the search again."""
    answered: list[str] = []

    def noted(app: Flask) -> None:
        answered.append(f"{request.method} {request.full_path}")

    with (
        request_started.connected_to(noted, site.app),
        site.page(java_script_enabled=script, viewport={"width": 320, "height": 640}) as page,
    ):
        page.goto(f"/{lang}/")
        sought(page, WORDS[lang])
        for width in (320, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.locator(".result a[href^='tel:']").first.is_visible()
            if script:
                assert sideways(page) == 0, width
        assert page.locator(".chips button").count() == 2
        page.locator(f".result a[href='/{lang}/services/straxhuset-bergen']").click()
        page.wait_for_selector("main a[href$='53033590']")
        page.go_back()
        page.wait_for_selector("#found")
        assert page.locator(".result").count() == seeking.PER_PAGE
        assert answered.count(f"POST /{lang}/?") == 1, "it is shown as it was, and not asked for again"
        page.locator(".chips button[value='place:']").click()
        page.wait_for_selector(".chips button:only-child, .chips li:only-child")
        assert page.locator(".chips button").get_attribute("value") == "need:naloxone"
        assert all(one.endswith("?") or one.startswith("GET /static/") for one in answered), answered
        page.go_back()
        page.wait_for_selector(".chips li:nth-child(2)")


def test_near_me_is_asked_for_on_a_press_and_told_roughly(site: Site) -> None:
    where = {"latitude": 60.392991, "longitude": 5.324151}
    with site.page(permissions=["geolocation"], geolocation=where) as page:
        page.goto("/nb/")
        page.fill("#q", "hivtest")
        assert page.input_value("[name=near_me]") == ""
        page.press("#q", "Escape")  # what completes it may lie over the button
        page.get_by_role("button", name="Søk nær meg").click()
        page.wait_for_function("document.querySelector('[name=near_me]').value")
        assert page.input_value("[name=near_me]") == "60.39,5.32"
        assert "1 km" in page.locator(".near-me [role=status]").inner_text()
        with page.expect_request(lambda request: request.method == "POST") as asked:
            page.press("#q", "Enter")
        assert "near_me=60.39%2C5.32" in (asked.value.post_data or "")
        page.wait_for_selector("#found")
        assert page.locator(".chips button[value='place:']").is_visible()
        page.click("summary")
        page.fill("#near", "Oslo")
        assert page.input_value("[name=near_me]") == "", "what is typed counts"
    with site.page() as page:  # who is not let in is told, and can go on
        page.goto("/nb/")
        page.get_by_role("button", name="Søk nær meg").click()
        page.wait_for_function(
            "document.querySelector('.near-me [role=status]').textContent.includes('fikk ikke')"
        )


def test_what_is_typed_is_completed_by_the_keyboard_alone(site: Site) -> None:
    with site.page(viewport={"width": 320, "height": 640}) as page:
        page.goto("/nb/")
        field = page.get_by_role("combobox", name="Hva trenger du, og hvor?")
        field.press_sequentially("nalo")
        page.wait_for_selector("[role=option]")
        assert field.get_attribute("aria-expanded") == "true"
        assert axe_finds(page) == [] and sideways(page) == 0
        field.press("ArrowUp")  # the last one
        last = page.locator("[role=option]").last
        assert last.get_attribute("aria-selected") == "true"
        field.press("ArrowDown")  # and round
        first = page.locator("[role=option][aria-selected=true]")
        assert field.get_attribute("aria-activedescendant") == first.get_attribute("id") == "q-suggestions-0"
        assert re.fullmatch(r"Forslag: \d+", page.locator(".complete [role=status]").first.inner_text())
        chosen = first.locator("bdi").inner_text()
        field.press("Enter")
        assert field.input_value() == chosen and page.url.endswith("/nb/")
        assert field.get_attribute("aria-expanded") == "false" and page.locator("[role=option]").count() == 0
        field.fill("naloxone ber")
        page.wait_for_selector("[role=option]")
        assert page.locator("[role=option] bdi").first.inner_text()
        field.press("Escape")
        assert page.locator("[role=option]").count() == 0 and field.input_value() == "naloxone ber"
        page.click("summary")
        near = page.get_by_role("combobox", name="I nærheten av")
        near.press_sequentially("Berg")
        page.wait_for_selector("#near-suggestions [role=option]")
        near.press("Tab")
        assert page.locator("[role=option]").count() == 0


def test_the_search_is_plain_to_everybody(site: Site) -> None:
    with site.page(viewport={"width": 320, "height": 640}, color_scheme="dark", locale="ar") as page:
        page.goto("/ar/")
        page.click("summary")
        assert axe_finds(page) == [] and sideways(page) == 0
        sought(page, "حبيبي لا يتنفس في بيرغن")
        assert axe_finds(page) == [] and sideways(page) == 0
    with site.page(viewport={"width": 1280, "height": 900}) as page:
        page.goto("/nb/")
        assert axe_finds(page) == []
        sought(page, "hivtest i Vler på russisk")
        assert axe_finds(page) == [] and sideways(page) == 0
