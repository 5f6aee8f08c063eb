"""The map of a page of results: our own drawing, told to screen readers; a larger one on a press, by way of us."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from directory.api.rooms import KEY
from directory.web.pages import tiles
from directory.web.pages.drawing import map_of
from directory.web.wording import use_language
from tests.web.conftest import Site, axe_finds, sideways

# The smallest PNG there is: one grey dot.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)


def drawn(client: FlaskClient, q: str, lang: str = "en", **typed: str) -> str:
    """The map of a search; empty where there is none."""
    page = client.post(f"/{lang}/", data={"q": q} | typed).text
    found = re.search(r'<figure class="map".*?</figure>', page, re.DOTALL)
    return found[0] if found else ""


def marks(figure: str) -> list[str]:
    return re.findall(r'<g class="mark.*?<text[^>]*>([^<]*)</text></g>', figure)


def told(figure: str) -> str:
    return unescape(re.search(r"<desc[^>]*>(.*?)</desc>", figure, re.DOTALL)[1])  # type: ignore[index]


def numbers(texts: list[str]) -> list[int]:
    """
    >>> numbers(["1, 3–5"])
    [1, 3, 4, 5]
    """
    found = []
    for part in ", ".join(texts).split(", "):
        first, _, last = part.partition("–")
        found += range(int(first), int(last or first) + 1)
    return sorted(found)


def test_each_result_is_on_the_map_by_its_number_or_said_not_to_be(client: FlaskClient) -> None:
    for q in ("naloxone bergen", "hiv test oslo", "sexual assault tromsø", "legevakt"):
        figure = drawn(client, q)
        shown = numbers(marks(figure))
        missing = re.search(r"Not on the map: ([^<]*)\.", figure)
        rest = numbers([missing[1]]) if missing else []
        assert sorted(shown + rest) == list(range(1, 11)), q
        assert shown == [int(one.split(" ")[0]) for one in told(figure).split("; ")]


def test_the_picture_is_told_in_words(client: FlaskClient) -> None:
    figure = drawn(client, "hiv test", near="60.39,5.33")
    assert 'role="img" aria-labelledby="map-title" aria-describedby="map-told"' in figure
    assert "Map of the places in the list" in figure
    assert re.search(r"^1 \S.*, \d(\.\d)? km(; |$)", told(figure))
    assert "© OpenStreetMap" in figure


def test_the_second_page_goes_on_counting(client: FlaskClient) -> None:
    assert numbers(marks(drawn(client, "hiv test oslo", page="2")))[0] > 10


def test_the_sought_town_has_its_name_on_the_map(client: FlaskClient) -> None:
    for town in ("Bergen", "Tromsø", "Trondheim"):
        assert f">{town}</text>" in drawn(client, "naloxone", near=town)


def test_the_map_is_drawn_left_to_right_and_told_right_to_left(client: FlaskClient) -> None:
    figure = drawn(client, "nalokson bergen", "ar")
    assert '<figure class="map" dir="ltr">' in figure
    assert '<figcaption class="meta" dir="rtl">' in figure


def test_a_map_is_small_on_the_wire(client: FlaskClient) -> None:
    for q in ("naloxone bergen", "hiv test oslo", "legevakt", "sexual assault bodø"):
        assert len(brotli.compress(drawn(client, q).encode(), quality=4)) < 5000, q


def result(number: int, **other: Any) -> dict[str, Any]:
    where = {"lat": 60.39, "lon": 5.32 + number / 1000, "precision": "address"}
    return {
        "name": f"Service {number}",
        "organization": {"name": "House"},
        "distance_km": 1.0,
        "location": where,
    } | other


def answer(*results: dict[str, Any], place: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"page": 1, "per_page": 10, "results": list(results), "understood": {"place": place}}


@pytest.fixture
def in_english(directory_app: Flask) -> Iterator[None]:
    with directory_app.test_request_context("/en/", method="POST"):
        use_language("en")
        yield


BERGEN = {"name": "Bergen", "lat": 60.393, "lon": 5.324, "precision": "town"}


@pytest.mark.usefixtures("in_english")
def test_there_is_no_map_where_nothing_has_a_place_on_it() -> None:
    abroad = {"lat": -33.9, "lon": 18.4, "precision": "address"}
    nowhere = {"lat": None, "lon": None, "precision": None}
    for wheres in ([], [None], [nowhere], [abroad], [abroad, None]):
        assert map_of(answer(*(result(n, location=where) for n, where in enumerate(wheres)))) == ""


@pytest.mark.usefixtures("in_english")
def test_what_is_far_away_does_not_make_the_map_of_a_town_small() -> None:
    oslo = {"lat": 59.91, "lon": 10.75, "precision": "address"}
    figure = map_of(answer(*map(result, (1, 2, 3)), result(4, location=oslo), place=BERGEN))
    assert numbers(marks(figure)) == [1, 2, 3]
    assert "Not on the map: 4." in figure
    # but where nothing is nearer, it is the map of what is far
    stavanger = {"lat": 58.97, "lon": 5.73, "precision": "address"}
    assert numbers(marks(map_of(answer(result(1, location=stavanger), place=BERGEN)))) == [1]


@pytest.mark.usefixtures("in_english")
def test_only_a_known_house_has_a_full_mark() -> None:
    town = {"lat": 60.45, "lon": 5.32, "precision": "town"}
    figure = map_of(answer(result(1), result(2, location=town)))
    assert figure.count('class="mark about"') == 1 and figure.count('class="mark"') == 1
    assert "A hollow mark" in figure
    assert "A hollow mark" not in map_of(answer(result(1)))


@pytest.mark.usefixtures("in_english")
def test_names_of_entries_show_as_text() -> None:
    figure = map_of(
        answer(result(1, name='"><script>alert(1)</script>\u202e'), place=BERGEN | {"name": "<b>"})
    )
    assert "<script" not in figure and "<b>" not in figure
    assert "&lt;script&gt;" in figure


class Upstream(BaseHTTPRequestHandler):
    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        Upstream.heard.append(f"{self.path} {self.headers}")
        body = PNG if "/bad/" not in self.path else b"<html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Set-Cookie", "followed=everywhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()


def with_tiles(app: Flask, patch: pytest.MonkeyPatch, template: str, folder: Path) -> None:
    house = app.extensions[KEY]
    said = {"map_tiles_url": template, "map_tiles_attribution": "© <b>Somebody</b>", "data_dir": folder}
    patch.setitem(app.extensions, KEY, replace(house, settings=house.settings.model_copy(update=said)))
    Upstream.heard.clear()
    tiles._tiles.cache_clear()


def test_without_the_setting_there_are_no_tiles_and_no_button(client: FlaskClient) -> None:
    assert client.get("/tiles/10/530/290").status_code == 404
    figure = drawn(client, "naloxone bergen")
    assert figure and "map.js" not in figure and "<button" not in figure


def test_a_tile_comes_from_us_and_stays_nowhere_on_the_way(
    directory_app: Flask, client: FlaskClient, upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_tiles(directory_app, monkeypatch, f"{upstream}/{{z}}/{{x}}/{{y}}.png", tmp_path)
    for _ in range(2):
        tile = client.get("/tiles/10/530/290", headers={"User-Agent": "A Phone", "Accept-Language": "so"})
        assert (tile.status_code, tile.mimetype, tile.data) == (200, "image/png", PNG)
        assert tile.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in tile.headers
        assert tile.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    [heard] = Upstream.heard
    assert heard.startswith("/10/530/290.png")
    assert "Phone" not in heard and "so" not in heard.lower().split() and "forwarded" not in heard.lower()
    for where in ("2/0/0", "19/0/0", "10/1024/0", "10/0/1024", "10/-1/0", "10/0/0.png"):
        assert client.get(f"/tiles/{where}").status_code == 404
    assert len(Upstream.heard) == 1


def test_what_is_no_picture_is_a_problem_of_its_own(
    directory_app: Flask, client: FlaskClient, upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_tiles(directory_app, monkeypatch, f"{upstream}/bad/{{z}}/{{x}}/{{y}}.png", tmp_path)
    answer = client.get("/tiles/10/530/290", headers={"Accept": "text/html"})
    assert answer.status_code == 502
    assert answer.json["type"] == "/problems/tiles-unavailable"
    assert upstream not in answer.text


def test_the_map_on_a_phone_and_on_a_desk(site: Site) -> None:
    for width, scheme, lang in ((320, "dark", "ar"), (1280, "light", "nb")):
        with site.page(viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
            page.goto(f"/{lang}/?need=naloxone&near=Bergen")
            box = page.locator("figure.map svg").bounding_box()
            assert box and 0.4 < box["height"] / box["width"] < 0.8
            assert box["width"] > min(width, 672) * 0.85
            shown = page.locator(".map .mark text").first.bounding_box()
            assert shown and shown["height"] >= 9
            assert page.get_by_role("img", name="Kart over" if lang == "nb" else "خريطة").is_visible()
            assert sideways(page) == 0
            assert axe_finds(page) == []


def test_a_larger_map_comes_on_a_press_and_asks_nobody_else(
    site: Site, upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_tiles(site.app, monkeypatch, f"{upstream}/{{z}}/{{x}}/{{y}}.png", tmp_path)
    with site.page() as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/nb/?need=hiv-testing&near=Oslo")
        assert not any("leaflet" in url or "/tiles/" in url for url in asked)
        button = page.get_by_role("button", name="Vis på et større kart")
        button.click()
        page.locator(".leaflet-tile-loaded").first.wait_for()
        drawn_ones = numbers(page.locator(".map svg .mark text").all_text_contents())
        assert numbers(page.locator(".tiles .numbered").all_text_contents()) == drawn_ones
        assert button.is_hidden()
        assert page.get_by_text("© <b>Somebody</b>").is_visible()
        assert Upstream.heard
        assert axe_finds(page) == []
        page.locator(".leaflet-control-zoom-in").press("Enter")
        page.locator(".leaflet-zoom-anim").first.wait_for(state="attached")


def test_where_the_larger_map_can_not_be_loaded_the_drawing_stays(
    site: Site, upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_tiles(site.app, monkeypatch, f"{upstream}/{{z}}/{{x}}/{{y}}.png", tmp_path)
    with site.page() as page:
        page.route("**/leaflet/leaflet.js*", lambda route: route.fulfill(status=404))
        page.goto("/nb/?need=hiv-testing&near=Oslo")
        page.get_by_role("button", name="Vis på et større kart").click()
        page.get_by_text("Det større kartet kom ikke").wait_for()
        assert page.get_by_role("button", name="Vis på et større kart").is_enabled()
    with site.page(java_script_enabled=False) as page:
        page.goto("/nb/?need=hiv-testing&near=Oslo")
        assert page.locator("figure.map svg").is_visible()
        assert not page.get_by_role("button", name="Vis på et større kart").is_visible()


def test_the_widget_has_the_drawing_only(
    directory_app: Flask, upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame on another site is of no origin: our tiles, which are for our own pages, would not be shown there."""
    with_tiles(directory_app, monkeypatch, f"{upstream}/{{z}}/{{x}}/{{y}}.png", tmp_path)
    with directory_app.test_request_context("/embed", method="POST"):
        use_language("en")
        figure = map_of(answer(result(1)))
    assert marks(figure) == ["1"] and "map.js" not in figure
