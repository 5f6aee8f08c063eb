"""The gazetteer's files as rows: read, cleaned, and put right where ``places_corrections.csv`` says so.

Norway's postcodes: Erik Bolstad, "Norske postnummer med koordinatar" (CC BY). Nordic towns: GeoNames cities500 (CC BY).
Denmark's postcodes: dr5hn/countries-states-cities-database (ODbL). See ``seed/SOURCES.md``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from directory.spelling import words

# GeoNames' first-level divisions of Norway, which are FIPS and ISO codes of several years mixed
COUNTIES = {
    "01": "Akershus",
    "04": "Buskerud",
    "05": "Finnmark",
    "08": "Møre og Romsdal",
    "09": "Nordland",
    "12": "Oslo",
    "13": "Østfold",
    "14": "Rogaland",
    "17": "Telemark",
    "18": "Troms",
    "20": "Vestfold",
    "21": "Trøndelag",
    "34": "Innlandet",
    "42": "Agder",
    "46": "Vestland",
}
_NOT_IN_USE = re.compile(r"\s*\(ikkje i bruk\)", re.IGNORECASE)
_NORTH_SOUTH = re.compile(r" [NS]$")  # the post's way to tell Kristiansund N from Kristiansand S
_OFFICIAL = re.compile(r"^Kommun | (kommuna?|kommune|vald|koezseg|község|suohkan)$|[()\d,]")
_MACHINE = re.compile(r"^[a-zʿ']|[a-z](?=[^\x00-\x7f])[^\u0000-\u024f]|[^\u0000-\u024f][a-z]")
_SMALL_WORDS = {"i", "og", "på", "ved", "under"}


class PostalRow(NamedTuple):
    code: str
    place: str
    municipality_no: str
    municipality: str
    county: str
    lat: float
    lon: float
    former_no: str  # the municipality's number from 2020 to 2023
    district: str
    population: int
    in_use: bool
    trusted: bool  # in use, and its point isn't marked as uncertain


class TownRow(NamedTuple):
    id: str
    name: str
    country: str
    county: str | None
    lat: float
    lon: float
    population: int
    aliases: list[str]


class AliasRow(NamedTuple):
    name: str
    kind: str  # municipality, region, name, spelling, district, country
    target: str


def key(name: str) -> str:
    """What names are compared by: the folded words with single spaces. "St.Hanshaugen" -> "st hanshaugen"."""
    return " ".join(words(name))


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        next(reader)
        yield from reader


def _spelled(place: str) -> str:
    place = _NORTH_SOUTH.sub("", _NOT_IN_USE.sub("", place))
    if not place.isupper():
        return place
    parts = [p if p in _SMALL_WORDS else p.capitalize() for p in place.lower().split()]
    return " ".join("-".join(s[:1].upper() + s[1:] for s in p.split("-")) if "-" in p else p for p in parts)


def norwegian_postcodes(seed_dir: Path) -> list[PostalRow]:
    fixes = {r[0]: r[1:5] for r in _rows(seed_dir / "places_corrections.csv")}
    rows = []
    for code, place, no, name, county, lat, lon, former, district, _, people, quality, used in _rows(
        seed_dir / "gazetteer_no.csv"
    ):
        in_use = used == "1"
        if code in fixes:
            fix = fixes[code]
            no, name, lat, lon = fix[0] or no, fix[1] or name, fix[2] or lat, fix[3] or lon
        rows.append(
            PostalRow(
                code, _spelled(place), no, name, county, float(lat), float(lon), former, district,
                int(people or 0), in_use, in_use and quality not in ("6", ""),
            )
        )  # fmt: skip
    return rows


def danish_postcodes(seed_dir: Path) -> list[tuple[str, str, float, float]]:
    return [(r[0], r[1], float(r[3]), float(r[4])) for r in _rows(seed_dir / "gazetteer_dk.csv")]


def is_name(alias: str) -> bool:
    """Whether an alternate name of GeoNames is one that a person may type: no IATA code, no machine transliteration."""
    if len(alias) < 2 or (alias.isascii() and alias.isupper() and len(alias) == 3):
        return False
    return not _MACHINE.search(alias) and not _OFFICIAL.search(alias)


def nordic_towns(seed_dir: Path, ordinary: frozenset[str]) -> list[TownRow]:
    """Without those alternate names that are ordinary words in Latin letters: "Save", "Lista", "Kina"."""

    def wanted(alias: str) -> bool:
        return is_name(alias) and not (alias.isascii() and key(alias) in ordinary)

    return [
        TownRow(
            id_, name, country, COUNTIES.get(admin1) if country == "NO" else None, float(lat), float(lon),
            int(people or 0), [a for a in aliases.split("|") if wanted(a)],
        )
        for id_, name, country, admin1, lat, lon, people, aliases in _rows(seed_dir / "gazetteer_places_nordic.csv")
    ]  # fmt: skip


def aliases(seed_dir: Path) -> list[AliasRow]:
    return [AliasRow(*r[:3]) for r in _rows(seed_dir / "places_aliases.csv")]


def ordinary_words(seed_dir: Path) -> frozenset[str]:
    text = (seed_dir / "places_ordinary_words.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in text.splitlines() if line and not line.startswith("#"))
