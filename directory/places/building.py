"""From rows to places: towns out of postcodes and GeoNames, areas out of what lies in them."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from directory.places import sources
from directory.places.place import PRECISION, Kind, Place
from directory.places.sources import AliasRow, PostalRow, TownRow, key

_KM = 111.2  # per degree of latitude; what is built here needs no more
_SAME_TOWN_KM = (
    40.0  # post towns of one name nearer than this are one town: its postcodes may cover a whole island
)


def rough_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance on a flat map: good to a percent or two at some tens of km, and cheap."""
    return _KM * math.hypot(a[0] - b[0], (a[1] - b[1]) * math.cos(math.radians((a[0] + b[0]) / 2)))


def town_radius_km(population: int) -> float:
    """Built-up towns in Norway hold about 1600 people a km²; none is smaller than a walk."""
    return round(max(1.0, math.sqrt(population / (1600 * math.pi))), 1)


@dataclass(slots=True)
class Built:
    """Everything that has a name, and the names it goes by: (place, name, is it an alias)."""

    names: list[tuple[Place, str, bool]] = field(default_factory=list)
    municipalities: dict[str, Place] = field(default_factory=dict)  # by number of today
    former_numbers: dict[str, str] = field(default_factory=dict)
    former_municipalities: dict[str, list[str]] = field(default_factory=dict)  # key -> numbers of today
    counties: dict[str, Place] = field(default_factory=dict)  # by key
    postal: list[PostalRow] = field(default_factory=list)
    danish: list[tuple[str, str, float, float]] = field(default_factory=list)
    foreign: list[Place] = field(default_factory=list)


def _centre(rows: Sequence[PostalRow]) -> tuple[float, float, int, float]:
    """Where people live on average, how many they are, and the radius that holds 95 % of them."""
    rows = [r for r in rows if r.trusted] or [r for r in rows if r.in_use] or rows
    weights = [r.population + 1 for r in rows]
    total = sum(weights)
    lat = sum(r.lat * w for r, w in zip(rows, weights, strict=True)) / total
    lon = sum(r.lon * w for r, w in zip(rows, weights, strict=True)) / total
    away = sorted((rough_km((lat, lon), (r.lat, r.lon)), w) for r, w in zip(rows, weights, strict=True))
    held = list(accumulate(w for _, w in away))
    out = away[bisect_left(held, 0.95 * total)][0]
    return round(lat, 5), round(lon, 5), sum(r.population for r in rows), round(out, 1)


def area(name: str, kind: Kind, rows: Sequence[PostalRow], at_least_km: float = 3.0) -> Place:
    lat, lon, people, radius = _centre(rows)
    municipality = rows[0] if kind in ("municipality", "district", "town") else None
    counties = {r.county for r in rows}
    return Place(
        name=name,
        kind=kind,
        lat=lat,
        lon=lon,
        precision=PRECISION[kind],
        country="NO",
        municipality=municipality.municipality if municipality else None,
        municipality_no=municipality.municipality_no if municipality else None,
        county=counties.pop() if len(counties) == 1 else None,
        population=people,
        radius_km=max(radius, at_least_km),
    )


def _grouped(rows: Iterable[PostalRow], by: Callable[[PostalRow], str]) -> dict[str, list[PostalRow]]:
    groups: dict[str, list[PostalRow]] = defaultdict(list)
    for row in rows:
        groups[by(row)].append(row)
    return groups


def short_name(name: str) -> str | None:
    """What people say at home: "Bø i Telemark" -> "Bø", "Nes på Hedmarken" -> "Nes"."""
    found = re.match(r"(.+?) (?:i|på) ", name)
    return found[1] if found else None


def _post_towns(rows: Sequence[PostalRow]) -> list[Place]:
    towns: list[Place] = []
    for same_name in _grouped(rows, lambda r: key(r.place)).values():
        parts = sorted(
            (area(g[0].place, "town", g) for g in _grouped(same_name, lambda r: r.municipality_no).values()),
            key=lambda p: -p.population,
        )
        kept: list[Place] = []
        for part in parts:
            for i, other in enumerate(kept):
                if rough_km(part.point, other.point) < _SAME_TOWN_KM:
                    kept[i] = other._replace(population=other.population + part.population)
                    break
            else:
                kept.append(part)
        towns += kept
    return [t._replace(radius_km=town_radius_km(t.population)) for t in towns]


def _norwegian_towns(built: Built, rows: list[TownRow]) -> dict[str, Place]:
    """Post towns, with GeoNames' centre, head count and names where it knows them; and GeoNames' other towns."""
    posts = _post_towns([r for r in built.postal if r.in_use] or built.postal)
    known = {key(t.name) for t in posts}
    posts += _post_towns([r for r in built.postal if not r.in_use and key(r.place) not in known])
    by_key: dict[str, list[int]] = defaultdict(list)
    for i, post in enumerate(posts):
        for name in filter(None, (post.name, short_name(post.name))):
            by_key[key(name)].append(i)
    trusted = _grouped((r for r in built.postal if r.trusted), lambda r: r.county)
    municipalities = {p.name for p in built.municipalities.values()}
    by_id: dict[str, Place] = {}
    taken: dict[int, TownRow] = {}
    for row in sorted(rows, key=lambda r: -r.population):
        point = (row.lat, row.lon)
        # where GeoNames has a whole municipality as a town, its other names are those of villages in it
        names = (row.name,) if row.name in municipalities else (row.name, *row.aliases)
        fits = [
            i
            for name in names
            for i in by_key.get(key(name), ())
            if i not in taken
            and posts[i].county == row.county
            and rough_km(posts[i].point, point) < _SAME_TOWN_KM
        ]
        if fits:
            taken[fits[0]] = row
            people = max(row.population, posts[fits[0]].population)
            town = posts[fits[0]]._replace(
                lat=row.lat, lon=row.lon, population=people, radius_km=town_radius_km(people)
            )
            posts[fits[0]] = town
        else:
            near = min(
                trusted[row.county or "Oslo"],
                key=lambda r: (r.lat - point[0]) ** 2 + (0.45 * (r.lon - point[1])) ** 2,
            )
            town = Place(
                row.name, "town", row.lat, row.lon, "town", "NO", near.municipality, near.municipality_no,
                row.county, row.population, town_radius_km(row.population),
            )  # fmt: skip
            built.names.append((town, row.name, False))
        by_id[row.id] = town
        built.names += [
            (town, a, key(a) != key(town.name)) for a in (row.name, *row.aliases) if a != town.name
        ]
        if short := short_name(row.name):
            built.names.append((town, short, False))
    for town in posts:
        built.names.append((town, town.name, False))
        if short := short_name(town.name):
            built.names.append((town, short, False))
    return by_id


def _foreign_towns(built: Built, rows: list[TownRow], spellings: dict[str, str]) -> dict[str, Place]:
    by_id: dict[str, Place] = {}
    seen: set[str] = set()
    for row in rows:
        name = spellings.get(row.id, row.name)
        town = Place(
            name, "town", row.lat, row.lon, "town", row.country, None, None, None,
            row.population, town_radius_km(row.population),
        )  # fmt: skip
        by_id[row.id] = town
        built.foreign.append(town)
        built.names.append((town, name, False))
        built.names += [(town, a, True) for a in (row.name, *row.aliases) if a != name]
        if row.country == "DK":
            seen.update(key(a) for a in (name, row.name, *row.aliases))
    by_name: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _, name, lat, lon in built.danish:
        by_name[name].append((lat, lon))
    for name, points in by_name.items():
        if key(name) not in seen:
            lat, lon = points[len(points) // 2]
            built.names.append((Place(name, "town", lat, lon, "town", "DK", radius_km=1.0), name, False))
    return by_id


def _areas(built: Built) -> None:
    in_use = [r for r in built.postal if r.in_use]
    for no, rows in _grouped(in_use, lambda r: r.municipality_no).items():
        place = area(rows[0].municipality, "municipality", rows)
        built.municipalities[no] = place
        built.names.append((place, place.name, False))
    for row in built.postal:
        built.former_numbers.setdefault(row.former_no, row.municipality_no)
    for county, rows in _grouped(in_use, lambda r: r.county).items():
        place = area(county, "county", rows)
        built.counties[key(county)] = place
        built.names.append((place, county, False))
    for rows in _grouped(
        (r for r in in_use if r.district), lambda r: r.municipality + "/" + r.district
    ).values():
        name = rows[0].district
        if name == "Marka" or len(rows) == 1:
            continue  # forest around Oslo, where hardly anyone lives; and one postcode across a border
        if name == "Sentrum":
            name = f"{rows[0].municipality} sentrum"
        built.names.append((area(name, "district", rows, 1.0), name, False))


def _aliases(built: Built, rows: list[AliasRow], towns: dict[str, Place]) -> None:
    in_use = [r for r in built.postal if r.in_use]
    by_code = {r.code: r for r in built.postal}
    norwegian: dict[str, set[Place]] = defaultdict(set)
    for place, name, alias in built.names:
        if place.country == "NO" and not alias:
            norwegian[name].add(place)
    countries: dict[str, Place] = {}
    by_area: dict[str, list[PostalRow]] = defaultdict(list)
    for row in in_use:
        by_area[row.municipality_no].append(row)
        by_area["county:" + row.county].append(row)
    for name, kind, target in rows:
        if kind == "municipality":
            built.former_municipalities.setdefault(key(name), []).append(target)
            built.names.append((built.municipalities[target], name, True))
        elif kind == "region":
            inside = [r for part in target.split("|") for r in by_area[part]]
            built.names.append((area(name, "region", inside), name, False))
        elif kind == "district":
            code = target.removeprefix("postcode:")
            built.names.append((area(name, "district", [by_code[code]], 1.0), name, False))
        elif kind == "country":
            if target not in countries:
                countries[target] = _country(built, target)
            built.names.append((countries[target], name, True))
        elif target.startswith("geonames:"):
            built.names.append((towns[target.removeprefix("geonames:")], name, kind == "name"))
        elif target.startswith("place:"):
            built.names += [(p, name, True) for p in norwegian[target.removeprefix("place:")]]
        else:
            municipality = built.municipalities[target]
            same = [p for p in norwegian[municipality.name] if p.municipality_no == target]
            built.names += [(p, name, True) for p in {municipality, *same}]


_COUNTRIES = {"NO": "Norge", "SE": "Sverige", "DK": "Danmark", "FI": "Suomi", "IS": "Ísland"}


def _country(built: Built, code: str) -> Place:
    inside = {
        id(p): p for p, _, alias in built.names if p.country == code and p.kind == "town" and not alias
    }.values()
    total = sum(p.population for p in inside)
    lat = sum(p.lat * p.population for p in inside) / total
    lon = sum(p.lon * p.population for p in inside) / total
    return Place(
        _COUNTRIES[code], "country", round(lat, 4), round(lon, 4), "country", code,
        population=total, radius_km=500.0,
    )  # fmt: skip


def build(seed_dir: Path, ordinary: frozenset[str]) -> Built:
    """Reads the seed's gazetteer. Raises ``FileNotFoundError`` or ``ValueError`` where a file is missing or broken."""
    built = Built(postal=sources.norwegian_postcodes(seed_dir), danish=sources.danish_postcodes(seed_dir))
    rows = sources.nordic_towns(seed_dir, ordinary)
    alias_rows = sources.aliases(seed_dir)
    spellings = {a.target.removeprefix("geonames:"): a.name for a in alias_rows if a.kind == "spelling"}
    _areas(built)
    towns = _norwegian_towns(built, [r for r in rows if r.country == "NO"])
    towns |= _foreign_towns(built, [r for r in rows if r.country != "NO"], spellings)
    _aliases(built, [a for a in alias_rows if a.kind != "spelling"], towns)
    return built
