"""What a search finds is what going through every row of the database finds: radius, service areas, opening hours,
filters, totals and counts. Distances by geopy, hours by an oracle of our own, places by nothing but the gazetteer."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from geopy.distance import geodesic

from directory.api.rooms import Rooms, rooms
from directory.catalogue import reading
from directory.catalogue.entries import Place, Schedule, ServiceEntry
from directory.places import Place as Point
from tests import hours_oracle
from tests.seeded import SEEDED_ON

QUERIES = 120
TOWNS = (
    (59.913, 10.752),
    (60.392, 5.324),
    (63.430, 10.395),
    (69.649, 18.956),
    (58.147, 7.996),
    (55.676, 12.568),
)
NEAR_THE_EDGE_KM = 0.002  # too near the edge of the radius to say on which side
COUNTRIES = {"Europe/Oslo": "NO", "Europe/Stockholm": "SE", "Europe/Copenhagen": "DK"}
FACETS = ("needs", "languages", "municipalities")


@pytest.fixture(scope="module")
def house(directory_app: Flask) -> Rooms:
    with directory_app.app_context():
        return rooms()


@pytest.fixture(scope="module")
def entries(house: Rooms) -> list[ServiceEntry]:
    with house.database.reading() as session:
        return list(reading.entries(session, today=SEEDED_ON.date()))


def serves(entry: ServiceEntry, point: Point) -> bool | None:
    """Whether it serves the point from wherever it is. A local service that stands somewhere must be within reach.

    None for one that stands somewhere and serves the whole county: how far into it is the listing's own judgement.
    """
    located = any(place.latitude is not None for place in entry.locations)
    if entry.reach == "local" and located:
        return False
    served = {("national", point.country), ("national", "*"), ("municipality", point.municipality_no)}
    if any((area.extent, area.code) in served for area in entry.areas):
        return True
    in_county = any((area.extent, area.code) == ("county", point.county) for area in entry.areas)
    return None if in_county and located else in_county


def is_closed(schedule: Schedule | None, at: datetime) -> bool:
    if schedule is None:
        return False
    wall = at.astimezone(ZoneInfo(schedule.timezone)).replace(tzinfo=None)
    rules = hours_oracle.read(schedule.opening_hours)
    return hours_oracle.on_the_wall(rules, wall, COUNTRIES[schedule.timezone]) == "closed"


def is_possible(entry: ServiceEntry, asked: dict[str, Any], house: Rooms, at: datetime | None) -> bool | None:
    """None: too near the edge to say."""
    needs = {name for slug in entry.needs for name in (slug, *house.needs.ancestors(slug))}
    spoken = {language.code for language in entry.named_languages}
    at_all = [
        asked.get("need", next(iter(needs), None)) in needs,
        asked.get("language") in {None, *spoken} or entry.interpreter_by_law or entry.interpreter_promised,
        not asked.get("free") or entry.free is True,
        not asked.get("anonymous") or entry.anonymous is True,
        not asked.get("remote") or entry.remote,
        asked.get("age") in {None, *range(entry.minimum_age or 0, (entry.maximum_age or 150) + 1)},
        asked.get("gender") is None or entry.genders is None or asked["gender"] in entry.genders,
        asked.get("municipality") in {None, *(place.municipality_no for place in entry.locations)},
    ]
    if not all(at_all):
        return False
    places: list[Place | None] = [place for place in entry.locations if place.latitude is not None]
    edge = False
    if "radius_km" in asked:
        latitude, longitude = map(float, asked["near"].split(","))
        point = house.places.find(asked["near"])
        assert point is not None
        served = serves(entry, _where(house, point.place))
        if not served:
            apart = {
                id(place): geodesic((latitude, longitude), (place.latitude, place.longitude)).km
                for place in places
                if place is not None
            }
            edge = served is None or any(
                abs(km - asked["radius_km"]) < NEAR_THE_EDGE_KM for km in apart.values()
            )
            places = [place for place in places if place and apart[id(place)] <= asked["radius_km"]]
            if not places:
                return None if edge else False
    schedules = [(place and place.schedule) or entry.schedule for place in places or [None]]
    opens = at is None or not all(is_closed(schedule, at) for schedule in schedules)
    return None if edge else opens


def _where(house: Rooms, point: Point) -> Point:
    if point.municipality_no:
        return point
    return house.places.at(point.lat, point.lon) or point


def asked_for(chance: random.Random, entries: list[ServiceEntry]) -> dict[str, Any]:
    """A search by criteria alone, of which each may be there or not; most of what is asked for stands somewhere."""
    some = chance.choice(entries)
    asked: dict[str, Any] = {}
    if chance.random() < 0.6:
        asked["need"] = chance.choice(some.needs)
    if chance.random() < 0.6:
        latitude, longitude = chance.choice(TOWNS)
        asked["near"] = (
            f"{latitude + chance.uniform(-0.3, 0.3):.4f},{longitude + chance.uniform(-0.3, 0.3):.4f}"
        )
        if chance.random() < 0.8:
            asked["radius_km"] = chance.choice((1, 5, 25, 80, 300, 1500))
    if chance.random() < 0.4:
        day = SEEDED_ON + timedelta(days=chance.randrange(14), minutes=chance.randrange(24 * 60))
        asked["open_at"] = day.astimezone(UTC).isoformat()
    for name, share, values in (
        ("language", 0.25, ("en", "ru", "ar", "so", "se")),
        ("free", 0.15, (True,)),
        ("anonymous", 0.1, (True,)),
        ("remote", 0.1, (True,)),
        ("age", 0.25, (12, 15, 17, 18, 24, 40, 80)),
        ("gender", 0.15, ("female", "male")),
        ("municipality", 0.15, ("0301", "4601", "5001", "5501")),
    ):
        if chance.random() < share:
            asked[name] = chance.choice(values)
    return asked


def counts(found: list[ServiceEntry], house: Rooms) -> dict[str, Counter[str]]:
    told: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for entry in found:
        told["needs"].update({n for slug in entry.needs for n in (slug, *house.needs.ancestors(slug))})
        told["languages"].update({language.code for language in entry.named_languages})
        told["municipalities"].update({p.municipality_no for p in entry.locations if p.municipality_no})
    return told


def test_searches_find_what_going_through_the_database_finds(
    client: FlaskClient, house: Rooms, entries: list[ServiceEntry]
) -> None:
    chance, compared, by = random.Random(20261122), 0, Counter[str]()
    for _ in range(QUERIES):
        asked = asked_for(chance, entries)
        at = datetime.fromisoformat(asked["open_at"]) if "open_at" in asked else None
        possible = {entry.slug: is_possible(entry, asked, house, at) for entry in entries}
        sure = {slug for slug, is_so in possible.items() if is_so}
        unsure = {slug for slug, is_so in possible.items() if is_so is None}
        if not sure:
            continue  # the search then widens, and says so
        body = {**asked, "facets": True, "per_page": 100, "sort": "name"}
        found: list[str] = []
        for page in range(1, 9):
            answer = client.post("/api/v1/search", json={**body, "page": page}).json
            assert answer is not None
            assert answer["relaxed"] == [], asked
            found += [result["slug"] for result in answer["results"]]
            if len(answer["results"]) < 100:
                break
        assert len(found) == len(set(found)) == answer["total"], asked
        assert sure <= set(found) <= sure | unsure, (asked, sure ^ set(found))
        told = {
            name: {row.get("slug", row.get("code")): row["count"] for row in answer["facets"][name]}
            for name in FACETS
        }
        assert told == counts([entry for entry in entries if entry.slug in set(found)], house), asked
        compared += 1
        by.update(list(asked))
    assert compared > QUERIES / 3
    assert min(by[name] for name in ("need", "radius_km", "open_at", "language", "age")) > 10, by
