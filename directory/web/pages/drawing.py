"""A map of what was found, drawn by ourselves: tiles of others would tell them where somebody looks for help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import orjson
from babel.numbers import format_decimal
from flask import Flask, request
from markupsafe import Markup, escape

from directory.api.rooms import rooms
from directory.places import Place, Places, near_distances_km
from directory.places.charting import View, paths, view_of
from directory.places.marking import Mark, joined, said, spread
from directory.places.outlines import SURVEYED, Kind, Outlines
from directory.web.rendering import render_page
from directory.web.wording import gettext, page_language

WIDTH, HEIGHTS = 960, (440, 720)
LEAST_KM = 9.0  # across
FARTHEST_KM = 300.0  # from the place that was sought
# Who is so many times as far as the third nearest would make the map too small to tell the near ones apart.
TIMES_AS_FAR = 6
NEAR_KM = 10.0  # but never leaves the map for that
# Precisions of a place that has a spot on the map.
LOCAL = frozenset({"point", "postcode", "town", "municipality"})
MOST_NAMES, MOST_ABROAD = 6, 3
# Where a name may stand beside its town, the best first: the anchor of its text, and how far it is from the town.
PLACINGS = (("start", 14, 0), ("end", -14, 0), ("middle", 0, -52), ("middle", 0, 52))
# The sought one has a name even where many marks stand on it.
FARTHER = (
    ("start", 52, 0),
    ("end", -52, 0),
    ("middle", 0, -96),
    ("middle", 0, 96),
    ("start", 90, 0),
    ("end", -90, 0),
)
LETTER, LINE = 16, 34  # of names, in units, as on a phone
EDGE = 8


class Name(NamedTuple):
    x: int
    y: int
    text: str
    anchor: str  # of the text: start, middle or end
    dx: int
    dy: int


def map_of(answer: Mapping[str, Any]) -> Markup:
    """The map of a page of results, as ``seeking.found`` gives them; nothing where none of them has a place on it."""
    first = (answer["page"] - 1) * answer["per_page"] + 1
    numbered = list(enumerate(answer["results"], first))
    place = answer["understood"]["place"]
    if place and place["precision"] not in LOCAL:
        place = None
    shown = _near([(n, one["location"]) for n, one in numbered if _is_placed(one["location"])], place)
    if not shown:
        return Markup("")
    spots = [(where["lat"], where["lon"]) for _, where in shown]
    view = view_of([*spots, *([(place["lat"], place["lon"])] if place else [])], WIDTH, HEIGHTS, LEAST_KM)
    marks = spread(
        joined(
            [
                Mark((n,), *view.spot(where["lat"], where["lon"]), about=where["precision"] != "address")
                for n, where in shown
            ]
        ),
        view.width,
        view.height,
    )
    on_map = {n for n, _ in shown}
    missing = [n for n, _ in numbered if n not in on_map]
    # a frame on another site is of no origin, which our tiles are not for
    tiles = rooms().settings.map_tiles_url and not request.path.startswith("/embed")
    # a page of ours, which escapes what is not
    return Markup(  # nosec B704
        render_page(
            "pages/map.html",
            view=view,
            drawn=_drawn(view),
            marks=_marked(marks),
            names=_named(_names(view, marks, place)),
            scale=_scale(view),
            sought=_sought(view, place),
            rings=any(mark.about for mark in marks),
            told="; ".join(_told([(n, one) for n, one in numbered if n in on_map])),
            missing=said(missing),
            points=_points(shown, numbered) if tiles else None,
            attribution=rooms().settings.map_tiles_attribution,
        )
    )


def _marked(marks: Sequence[Mark]) -> Markup:
    """In whole units: what leads a mark that was moved to where it belongs, then the marks."""
    stems, pins = [], []
    for mark in marks:
        x, y, long = round(mark.x), round(mark.y), mark.stem
        if mark.is_moved:
            at_x, at_y = round(mark.at_x or 0), round(mark.at_y or 0)
            stems.append(
                f'<path class="stem" d="M{at_x} {at_y}L{x} {y}"/><circle class="spot" cx="{at_x}" cy="{at_y}" r="7"/>'
            )
        line = f'd="M{round(mark.x - long / 2)} {y}h{round(long)}"'
        about, hollow = (" about", f'<path class="hollow" {line}/>') if mark.about else ("", "")
        pins.append(
            f'<g class="mark{about}"><path class="halo" {line}/><path class="pin" {line}/>{hollow}'
            f'<text x="{x}" y="{y}" dy=".35em">{mark.text}</text></g>'
        )
    # of numbers only
    return Markup("".join((*stems, *pins)))  # nosec B704


def _named(names: Sequence[Name]) -> Markup:
    # of numbers, and a name that is escaped
    return Markup(  # nosec B704
        "".join(
            f'<circle cx="{name.x}" cy="{name.y}" r="5"/><text x="{name.x}" y="{name.y}" dx="{name.dx}" '
            f'dy="{name.dy + 10}" text-anchor="{name.anchor}">{escape(name.text)}</text>'
            for name in names
        )
    )


def _is_placed(where: Mapping[str, Any] | None) -> bool:
    if where is None or where["lat"] is None or where["lon"] is None:
        return False
    south, west, north, east = SURVEYED
    return bool(south < where["lat"] < north and west < where["lon"] < east)


def _near(
    placed: list[tuple[int, Mapping[str, Any]]], place: Mapping[str, Any] | None
) -> list[tuple[int, Mapping[str, Any]]]:
    """Those that a map around the place can show beside each other."""
    if not place or not placed:
        return placed
    lats, lons = [where["lat"] for _, where in placed], [where["lon"] for _, where in placed]
    away = near_distances_km(place["lat"], place["lon"], lats, lons).tolist()  # type: ignore[arg-type]
    third = sorted(away)[min(2, len(away) - 1)]
    reach = min(max(third * TIMES_AS_FAR, NEAR_KM), FARTHEST_KM)
    return [one for one, km in zip(placed, away, strict=True) if km <= reach]


@lru_cache(maxsize=1)
def _outlines() -> Outlines:
    return Outlines()


@lru_cache(maxsize=512)  # some 10 kB each
def _drawn(view: View) -> dict[Kind, Markup]:
    """Views come in steps, so that nobody's search can be told from what is kept here."""
    # of numbers only
    return {kind: Markup(data) for kind, data in paths(_outlines(), view).items()}  # nosec B704


def _scale(view: View) -> tuple[int, str]:
    """How long the bar is, about a quarter of the width, and what it says."""
    most = view.km * view.width / 4
    size = max(km for power in (1, 10, 100, 1000) for step in (1, 2, 5) if (km := power * step) <= most)
    return round(size / view.km), gettext("%(distance)s km") % {"distance": size}


def _sought(view: View, place: Mapping[str, Any] | None) -> tuple[int, int] | None:
    if not place:
        return None
    x, y = view.spot(place["lat"], place["lon"])
    return round(x), round(y)


class _Towns(NamedTuple):
    """The largest first."""

    each: tuple[Place, ...]
    lats: np.ndarray
    lons: np.ndarray
    at_home: np.ndarray
    by_name: Mapping[str, list[int]]


@lru_cache(maxsize=2)
def _towns(places: Places) -> _Towns:
    each = places.towns()
    by_name: dict[str, list[int]] = {}
    for number, town in enumerate(each):
        by_name.setdefault(town.name, []).append(number)
    lats, lons = (np.array([getattr(town, name) for town in each], dtype=float) for name in ("lat", "lon"))
    return _Towns(each, lats, lons, np.array([town.country == "NO" for town in each], dtype=bool), by_name)


def _towns_in(view: View, sought: str | None) -> list[Place]:
    """Of the sought name first, then of Norway, then of its neighbours."""
    towns, inside = _towns(rooms().places), _inside(rooms().places, view)
    first = [n for n in towns.by_name.get(sought or "", ()) if n in inside]
    first.sort(key=lambda n: not towns.at_home[n])
    return [towns.each[n] for n in dict.fromkeys((*first, *inside))][: 5 * MOST_NAMES]


@lru_cache(maxsize=512)
def _inside(places: Places, view: View) -> Mapping[int, None]:
    """Towns of Norway, then of its neighbours, the largest first."""
    south, west, north, east = view.box
    towns = _towns(places)
    inside = (south < towns.lats) & (towns.lats < north) & (west < towns.lons) & (towns.lons < east)
    each = (inside & towns.at_home, inside & ~towns.at_home)
    return dict.fromkeys(n for kind in each for n in np.flatnonzero(kind).tolist())


def _names(view: View, marks: Sequence[Mark], place: Mapping[str, Any] | None) -> list[Name]:
    """Names of towns where there is room for them: the sought one, and the largest."""
    names: list[Name] = []
    taken = [
        (mark.x - mark.half, mark.y - mark.reach, mark.x + mark.half, mark.y + mark.reach) for mark in marks
    ]
    taken.append((0, view.height - 80, view.width * 0.3, view.height))  # the scale
    sought = place["name"] if place else None
    abroad = 0
    for town in _towns_in(view, sought):
        x, y = view.spot(town.lat, town.lon)
        if town.country != "NO":
            abroad += 1
        for anchor, dx, dy in (*PLACINGS, *(FARTHER if town.name == sought else ())):
            long = len(town.name) * LETTER + 6
            left = x + dx - {"start": 0, "middle": long / 2, "end": long}[anchor]
            box = (left, y + dy - LINE / 2, left + long, y + dy + LINE / 2)
            if _fits(box, view) and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                names.append(Name(round(x), round(y), town.name, anchor, dx, dy))
                break
        if len(names) == MOST_NAMES or abroad == MOST_ABROAD:
            break
    return names


def _fits(box: tuple[float, ...], view: View) -> bool:
    return min(box[:2]) > EDGE and box[2] < view.width - EDGE and box[3] < view.height - EDGE


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _told(numbered: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterator[str]:
    exactly, about, lang = gettext("%(distance)s km"), gettext("about %(distance)s km"), page_language()
    for number, result in numbered:
        name = result["name"] or result["organization"]["name"]
        km = result["distance_km"]
        exact = result["location"]["precision"] == "address"
        if km is None or (km < 1 and not exact):
            yield f"{number} {name}"
        else:
            distance = _number(round(km, 1) if km < 10 else round(km), lang)
            yield f"{number} {name}, {(exactly if exact else about) % {'distance': distance}}"


@lru_cache(maxsize=4096)
def _number(number: float, lang: str) -> str:
    return str(format_decimal(number, locale=lang))


def _points(
    shown: Sequence[tuple[int, Mapping[str, Any]]], numbered: Sequence[tuple[int, Mapping[str, Any]]]
) -> str:
    """For the larger map: where, which numbers, and what stands there; those on one spot together."""
    names = {n: one["name"] or one["organization"]["name"] for n, one in numbered}
    spots: dict[tuple[float, float], list[int]] = {}
    for n, where in shown:
        spots.setdefault((where["lat"], where["lon"]), []).append(n)
    told = [(*spot, said(ns), "; ".join(f"{n} {names[n]}" for n in ns)) for spot, ns in spots.items()]
    return orjson.dumps(told).decode()


def register(app: Flask) -> None:
    app.jinja_env.globals.update(map_of=map_of)
