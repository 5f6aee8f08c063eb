"""Makes ``seed/outlines.bin`` anew: python seed/make_outlines.py LAND LAKES COUNTRIES

LAND        roaring_landmask.abi3.so, out of the wheel of roaring-landmask 0.11.0 (PyPI): land of OpenStreetMap
LAKES       map.geo.json of @geo-maps/earth-lands-10m 0.6.0 (npm): land of OpenStreetMap, with lakes as holes
COUNTRIES   map.geo.json of @geo-maps/countries-land-100m 0.6.0 (npm): countries of OpenStreetMap

Fine where people live in Norway and around the large towns of its neighbours, coarser elsewhere. Takes some minutes.
"""

from __future__ import annotations

import lzma
import struct
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numba
import numpy as np
import orjson

from directory.places.outlines import FILE, SURVEYED, packed

COUNTRIES = ("NOR", "SWE", "FIN", "RUS")
ALONG = 60  # squares a degree, within which two lines are the same one
TOLERANCES_M = {
    "land": (36, 140, 560, 2240),
    "water": (560, 2240),  # the source is no finer
    "border": (560, 2240),
}
COARSE_M = 300  # where hardly anybody looks for help from here
LIVED_KM = 4.0  # around a postcode or a large town
LARGE_TOWN = 90_000
SMALLEST_LAKE_KM2 = 8.0
KM = 111.2  # per degree of latitude
XZ = b"\xfd7zXZ\x00"
MULTIPOLYGON = b"\x01\x06\x00\x00\x00"


def land(program: bytes) -> Iterator[np.ndarray]:
    """The rings of that one of the landmasks in the program that has the most polygons: OpenStreetMap's."""
    masks = []
    at = program.find(XZ)
    while at >= 0:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ)
        try:
            body = decompressor.decompress(program[at : at + 100_000_000])
        except lzma.LZMAError:  # only looks like a beginning
            body = b""
        if body.startswith(MULTIPOLYGON):
            masks.append(body)
        at = program.find(XZ, at + 1)
    body = max(masks, key=lambda mask: struct.unpack_from("<I", mask, 5)[0])
    at = 9
    for _ in range(struct.unpack_from("<I", body, 5)[0]):
        rings = struct.unpack_from("<BII", body, at)[2]
        at += 9
        for ring in range(rings):
            points = struct.unpack_from("<I", body, at)[0]
            if ring == 0:
                yield np.frombuffer(body, "<f8", points * 2, at + 4).reshape(-1, 2)[:-1]
            at += 4 + points * 16


def polygons(geometry: dict) -> Iterator[list]:
    if geometry["type"] == "GeometryCollection":
        for one in geometry["geometries"]:
            yield from polygons(one)
    elif geometry["type"] == "MultiPolygon":
        yield from geometry["coordinates"]
    else:
        yield geometry["coordinates"]


def touches(ring: np.ndarray) -> bool:
    south, west, north, east = SURVEYED
    low, high = ring.min(axis=0), ring.max(axis=0)
    return bool(low[0] < east and high[0] > west and low[1] < north and high[1] > south)


def clipped(ring: np.ndarray) -> np.ndarray:
    """What of it lies in the box, by Sutherland and Hodgman's way."""
    south, west, north, east = SURVEYED
    for axis, edge, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        inside = (ring[:, axis] - edge) * sign >= 0
        if inside.all():
            continue
        after, inside_after = np.roll(ring, -1, axis=0), np.roll(inside, -1)
        out = []
        for here, there, is_in, will_be in zip(ring, after, inside, inside_after, strict=True):
            if is_in:
                out.append(here)
            if is_in != will_be:
                share = (edge - here[axis]) / (there[axis] - here[axis])
                out.append(here + share * (there - here))
        if len(out) < 3:
            return np.zeros((0, 2))
        ring = np.array(out)
    return ring


def walked(line: np.ndarray, closed: bool) -> np.ndarray:
    """With points at least at each degree: along the box the way may be long."""
    pieces = []
    for here, there in zip(line, np.roll(line, -1, axis=0), strict=True):
        steps = max(int(np.ceil(np.abs(there - here).max())), 1)
        pieces.append(here + (there - here) * (np.arange(steps) / steps)[:, None])
    return np.concatenate(pieces if closed else [*pieces[:-1], line[-1:]])


def metres(line: np.ndarray) -> np.ndarray:
    """On a flat map that is right at each point; good enough for what is near to each other."""
    scale = KM * 1000 * np.cos(np.radians(line[:, 1].mean()))
    return np.column_stack([line[:, 0] * scale, line[:, 1] * KM * 1000])


def area_km2(ring: np.ndarray) -> float:
    x, y = metres(ring).T / 1000
    return abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))) / 2


@numba.njit
def _kept(line: np.ndarray, tolerance: np.ndarray, keep: np.ndarray, metre: float) -> None:
    """Douglas and Peucker's way, each point with a tolerance of its own."""
    stack = [(0, len(line) - 1)]
    while stack:
        first, last = stack.pop()
        worst, at = 1.0, -1
        narrow = np.cos(np.radians((line[first, 1] + line[last, 1]) / 2))
        dx, dy = (line[last, 0] - line[first, 0]) * narrow * metre, (line[last, 1] - line[first, 1]) * metre
        length = dx * dx + dy * dy
        for i in range(first + 1, last):
            x, y = (line[i, 0] - line[first, 0]) * narrow * metre, (line[i, 1] - line[first, 1]) * metre
            share = 0.0 if length == 0 else min(1.0, max(0.0, (x * dx + y * dy) / length))
            off = np.hypot(x - share * dx, y - share * dy) / tolerance[i]
            if off > worst:
                worst, at = off, i
        if at > 0:
            keep[at] = True
            stack.append((first, at))
            stack.append((at, last))


def simplified(line: np.ndarray, tolerance: np.ndarray, closed: bool) -> np.ndarray:
    """A closed line begins where it is furthest east, so that the same two points stand at all tolerances."""
    if closed:
        turn = int(line[:, 0].argmax())
        line, tolerance = np.roll(line, -turn, axis=0), np.roll(tolerance, -turn)
        other = int(line[:, 0].argmin())
        line, tolerance = np.concatenate([line, line[:1]]), np.concatenate([tolerance, tolerance[:1]])
        keep = np.zeros(len(line), dtype=bool)
        keep[[0, other]] = True
        for begin, end in ((0, other), (other, len(line) - 1)):
            _kept(line[begin : end + 1], tolerance[begin : end + 1], keep[begin : end + 1], KM * 1000)
        keep[-1] = False
    else:
        keep = np.zeros(len(line), dtype=bool)
        keep[[0, -1]] = True
        _kept(line, tolerance, keep, KM * 1000)
    return line[keep]


class Lived:
    """Where somebody lives near, in squares of a twentieth of a degree."""

    SQUARE = 20

    def __init__(self) -> None:
        points = seed_points("gazetteer_no.csv", lambda row: True)
        points += seed_points(
            "gazetteer_places_nordic.csv", lambda row: int(row["population"] or 0) >= LARGE_TOWN
        )
        self.squares = set()
        reach = LIVED_KM / KM
        for lat, lon in points:
            wide = reach / np.cos(np.radians(lat))
            for y in range(int((lat - reach) * self.SQUARE), int((lat + reach) * self.SQUARE) + 1):
                for x in range(int((lon - wide) * self.SQUARE), int((lon + wide) * self.SQUARE) + 1):
                    self.squares.add((x, y))

    def at(self, line: np.ndarray) -> np.ndarray:
        squares = np.floor(line * self.SQUARE).astype(int).tolist()
        return np.array([(x, y) in self.squares for x, y in squares])


def seed_points(name: str, wanted) -> list[tuple[float, float]]:
    import csv

    with (FILE.parent / name).open(encoding="utf-8", newline="") as file:
        return [(float(r["lat"]), float(r["lon"])) for r in csv.DictReader(file) if r["lat"] and wanted(r)]


def levels(kind: str, lines: list[np.ndarray], lived: Lived) -> Iterator[tuple]:
    near = [lived.at(line) for line in lines]
    closed = kind != "border"
    for tolerance in TOLERANCES_M[kind]:
        kept = []
        for line, is_near in zip(lines, near, strict=True):
            own = np.where(is_near, float(tolerance), float(max(tolerance, COARSE_M)))
            if closed:
                # what would be less than a dot
                if area_km2(line) * 1e6 < (3.0 * float(own.min())) ** 2:
                    continue
                line = simplified(line, own, True)
                if len(line) < 3:
                    continue
            else:
                line = simplified(line, own, False)
            kept.append(walked(line, closed))
        print(f"{kind} {tolerance} m: {len(kept)} lines, {sum(map(len, kept))} points", flush=True)
        yield kind, tolerance, kept


def borders(countries: dict) -> Iterator[np.ndarray]:
    """Where a country's ring runs along that of one named before it."""
    rings: dict[str, list[np.ndarray]] = {}
    for feature in countries["features"]:
        country = feature["properties"]["A3"]
        if country in COUNTRIES:
            # the land of a country, without its small islands
            whole = [
                np.array(polygon[0]) for polygon in polygons(feature["geometry"]) if len(polygon[0]) > 500
            ]
            rings[country] = [ring for ring in whole if touches(ring)]
    for place, country in enumerate(COUNTRIES):
        passed: set[tuple[int, int]] = set()
        for other in COUNTRIES[place + 1 :]:
            for ring in rings[other]:
                passed.update(squares_along(ring))
        for ring in rings[country]:
            beside = np.array([(x, y) in passed for x, y in (ring * ALONG).astype(int).tolist()])
            for run in np.split(np.arange(len(ring)), np.flatnonzero(np.diff(beside)) + 1):
                if beside[run[0]] and len(run) > 2:
                    yield ring[run]


def squares_along(ring: np.ndarray) -> Iterator[tuple[int, int]]:
    for here, there in pairwise(ring):
        steps = int(np.abs(there - here).max() * ALONG * 2) + 1
        for x, y in (
            ((here + (there - here) * (np.arange(steps) / steps)[:, None]) * ALONG).astype(int).tolist()
        ):
            yield from ((x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1))


def main(land_path: str, lakes_path: str, countries_path: str) -> None:
    lived = Lived()
    coast = [ring for ring in land(Path(land_path).read_bytes()) if touches(ring)]
    coast = [ring for ring in map(clipped, coast) if len(ring) >= 3]
    lakes = []
    for polygon in polygons(orjson.loads(Path(lakes_path).read_bytes())):
        for hole in polygon[1:]:
            ring = np.array(hole)[:-1]
            if len(ring) >= 3 and touches(ring) and area_km2(ring) >= SMALLEST_LAKE_KM2:
                lakes.append(ring)
    lines = [*borders(orjson.loads(Path(countries_path).read_bytes()))]
    named = (("land", coast), ("water", lakes), ("border", lines))
    layers = [layer for kind, of_kind in named for layer in levels(kind, of_kind, lived)]
    body = packed(layers)
    FILE.write_bytes(body)
    print(f"{FILE.name}: {len(body)} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
