"""What holds for every page of clients, in every state and language: nothing of anybody is kept or given away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page

from directory.languages import INTERFACE, is_rtl
from tests.web.conftest import Site, axe_finds, sideways

ENTRY = "overgrepsmottak-bergen"
NOBODY_FITS = {"q": "nalokson longyearbyen", "language": "so", "free": "true", "open_now": "true"}
# Each page, and each state of it that looks another way: name -> (address after the language, what is sent).
STATES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "the search": ("/", None),
    "results": ("/", {"q": "nalokson bergen"}),
    "results of an emergency": ("/", {"q": "han puster ikke, overdose i Oslo"}),
    "results beyond what was asked": ("/", NOBODY_FITS),
    "results by a partner's link": ("/?need=hiv-testing&near=Oslo", None),
    "a place that there is not": ("/", {"q": "hivtest", "near": "Xyzzyplugh"}),
    "an entry": (f"/services/{ENTRY}", None),
    "a mistake in it": (f"/services/{ENTRY}/mistake", None),
    "an empty list": ("/list", None),
    "a list": ("/list", {"id": [ENTRY, "medisinsk-nodtelefon-113", "nobody"]}),
    "emergency": ("/emergency", None),
    "traces": ("/traces", None),
    "nothing there": ("/services/nobody", None),
}
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|<[a-z][^>]*\s(?:style|on[a-z]+)\s*=", re.IGNORECASE)


def shown(client: FlaskClient, language: str, state: str) -> Any:
    path, sent = STATES[state]
    address = f"/{language}{path}"
    return client.get(address) if sent is None else client.post(address, data=sent)


@pytest.fixture(params=STATES)
def state(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Parts(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, {name: value or "" for name, value in attrs}))

    def each(self, tag: str) -> Iterator[dict[str, str]]:
        return (attributes for name, attributes in self.all if name == tag)


def test_a_page_is_in_the_language_of_its_address_and_runs_its_way(client: FlaskClient, state: str) -> None:
    for language in INTERFACE:
        answer = shown(client, language, state)
        assert answer.status_code == (
            404 if state == "nothing there" else 422 if "there is not" in state else 200
        )
        [html] = Parts(answer.text).each("html")
        assert html == {"lang": language, "dir": "rtl" if is_rtl(language) else "ltr"}


def test_a_page_keeps_nothing_on_the_device_and_runs_nothing_of_its_own(
    client: FlaskClient, state: str
) -> None:
    answer = shown(client, "nb", state)
    assert "Set-Cookie" not in answer.headers
    assert "no-store" in answer.headers["Cache-Control"] or "private" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert INLINE.findall(answer.text) == []


def test_a_page_asks_nobody_else_and_leads_elsewhere_only_by_links(client: FlaskClient, state: str) -> None:
    parts = Parts(shown(client, "nb", state).text)
    for tag, attributes in parts.all:
        for name in ("src", "srcset", "poster", "data", "action", "formaction", "ping"):
            if name in attributes and tag != "a":
                assert attributes[name].startswith("/"), (tag, attributes)
    for link in parts.each("link"):
        if link["rel"] not in ("alternate", "canonical"):
            assert link["href"].startswith(("/", "data:,")), link
    for link in parts.each("a"):
        scheme = urlsplit(link["href"]).scheme
        assert scheme in ("", "http", "https", "tel", "mailto", "sms", "geo", "maps"), link
        if scheme in ("http", "https") and not link["href"].startswith("http://127.0.0.1:8000/"):
            assert "noreferrer" in link["rel"], link


def test_what_is_sought_is_sent_in_the_body(client: FlaskClient, state: str) -> None:
    parts = Parts(shown(client, "nb", state).text)
    assert [form for form in parts.each("form") if form.get("method", "get").lower() != "post"] == []
    for _, attributes in parts.all:
        for name in ("action", "formaction"):
            assert "?" not in attributes.get(name, ""), "what a form sends stands in no address"


def test_a_page_has_the_way_out_and_the_emergency_numbers(client: FlaskClient, state: str) -> None:
    links = [link["href"] for link in Parts(shown(client, "ar", state).text).each("a")]
    assert "https://www.yr.no/" in links
    assert {"tel:113", "tel:112", "tel:110", "tel:116117"} <= set(links)


def test_what_was_sought_stands_in_no_title_and_no_address_of_the_page(client: FlaskClient) -> None:
    page = shown(client, "nb", "results").text
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title and "nalokson" not in title[1].lower() and "bergen" not in title[1].lower()
    addresses = [
        a for _, attributes in Parts(page).all for n, a in attributes.items() if n in ("href", "src")
    ]
    assert [one for one in addresses if "q=" in one or "near=" in one] == []


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("nb", 1280, "light"), ("ar", 320, "dark"), ("nb", 768, "dark")]
)
def test_every_page_can_be_read_and_used_by_everybody(
    site: Site, language: str, width: int, scheme: Any
) -> None:
    with site.page(viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        wrong = []
        for state in STATES if width != 768 else ("results", "an entry"):
            _open(page, language, state)
            wrong += [f"{state}: {told}" for told in axe_finds(page)]
            if sideways(page) > 0:
                wrong.append(f"{state}: {sideways(page)} px too wide")
        assert wrong == []


def _open(page: Page, language: str, state: str) -> None:
    """As a form would send it, where the state is that of an answer to one."""
    path, sent = STATES[state]
    if sent is None:
        page.goto(f"/{language}{path}")
        return
    page.goto(f"/{language}/traces")
    with page.expect_navigation():
        page.evaluate(
            """([address, fields]) => {
              const form = document.createElement('form');
              Object.assign(form, {method: 'post', action: address});
              for (const [name, value] of fields) {
                const input = document.createElement('input');
                Object.assign(input, {type: 'hidden', name, value});
                form.append(input);
              }
              document.body.append(form);
              form.submit();
            }""",
            [
                f"/{language}{path}",
                [(n, v) for n, vs in sent.items() for v in ([vs] if isinstance(vs, str) else vs)],
            ],
        )


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_the_whole_way_to_a_number_is_walked_by_keyboard_alone(site: Site, script: bool) -> None:
    with site.page(java_script_enabled=script, viewport={"width": 320, "height": 640}) as page:
        page.goto("/nb/")
        _tab_to(page, "[name=q]")
        page.keyboard.type("overgrepsmottak bergen")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        _tab_to(page, ".result a[href*='/services/']")
        entry = page.locator(".result a[href*='/services/']").first
        with page.expect_navigation(url=f"**{entry.get_attribute('href')}"):
            page.keyboard.press("Enter")
        _tab_to(page, "main a[href^='tel:']")
        assert page.locator("main a[href^='tel:']").first.is_visible()


def _tab_to(page: Page, wanted: str, most: int = 60) -> None:
    """Tab on until what has the focus is what is wanted; each stop on the way has to be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.locator(":focus")
        box = here.bounding_box()
        assert box and box["width"] > 1 and box["height"] > 1, here.evaluate("one => one.outerHTML")
        if here.evaluate("(one, wanted) => one.matches(wanted)", wanted):
            return
    raise AssertionError(f"no {wanted} within {most} presses of the key")
