"""Outlines of land, and drawings of them: what stands on the map is where it is in the world."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from directory.places import geodesic_km
from directory.places.charting import ENOUGH, Lines, View, clipped, path, paths, thinned, view_of
from directory.places.marking import APART, Mark, joined, said, spread
from directory.places.outlines import Kind, Layer, Outlines, packed

BERGEN, OSLO, TROMSO, HAMAR = (60.393, 5.324), (59.913, 10.746), (69.649, 18.955), (60.7945, 11.068)
WIDTH, HEIGHTS = 960, (440, 720)


@pytest.fixture(scope="module")
def outlines() -> Outlines:
    return Outlines()


def holds(rings: Lines, lat: float, lon: float) -> bool:
    """Whether an odd number of rings' edges lies north of the point."""
    inside = False
    for start, end in zip(rings.starts[:-1], rings.starts[1:], strict=True):
        x, y = rings.points[start:end].T
        next_x, next_y = np.roll(x, -1), np.roll(y, -1)
        crosses = (x > lon) != (next_x > lon)
        with np.errstate(divide="ignore", invalid="ignore"):
            above = y + (lon - x) * (next_y - y) / (next_x - x) > lat
        inside ^= bool((crosses & above).sum() % 2)
    return inside


def around(lat: float, lon: float, degrees: float = 0.2) -> tuple[float, float, float, float]:
    return lat - degrees, lon - 2 * degrees, lat + degrees, lon + 2 * degrees


def area(rings: Lines) -> float:
    total = 0.0
    for start, end in zip(rings.starts[:-1], rings.starts[1:], strict=True):
        x, y = rings.points[start:end].T
        total += float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
    return total


def points_of(data: str) -> list[list[tuple[int, int]]]:
    """The rings of path data as this module writes it."""
    rings = []
    for ring in re.findall(r"M([^lM]*)l([^zM]*)", data):
        numbers = [int(number) for part in ring for number in re.findall(r"-?\d+", part)]
        steps = np.array(numbers).reshape(-1, 2)
        rings.append([(int(x), int(y)) for x, y in np.cumsum(steps, axis=0)])
    return rings


@pytest.mark.parametrize("tolerance", [36, 140, 560, 2240])
def test_towns_lie_on_land_and_the_open_sea_is_none(outlines: Outlines, tolerance: int) -> None:
    layer = outlines.layer("land", tolerance)
    assert layer.tolerance_m == tolerance
    for lat, lon in (OSLO, HAMAR, (69.012, 23.041), (62.575, 11.384)):
        place = (lat + 0.02, lon)  # not on the quay
        assert holds(layer.within(around(*place)), *place)
    for lat, lon in ((60.5, 3.9), (65.0, 8.0), (57.5, 8.0), (71.4, 20.0)):
        assert not holds(layer.within(around(lat, lon)), lat, lon)


def test_what_is_taken_of_a_ring_is_the_same_within_the_box_as_all_of_it(outlines: Outlines) -> None:
    layer = outlines.layer("land", 40)
    everything = layer.within((54.0, 2.0, 82.0, 45.0))
    view = view_of([BERGEN], WIDTH, HEIGHTS, 9)
    some = layer.within(view.box)
    assert len(some.points) < len(everything.points) / 20
    whole, part = (clipped(Lines(view.project(r.points), r.starts), view) for r in (everything, some))
    assert abs(area(whole)) > 1000
    assert area(part) == pytest.approx(area(whole), rel=1e-9)


def test_a_view_far_inside_the_land_is_all_land(outlines: Outlines) -> None:
    view = view_of([(61.5, 9.0)], WIDTH, HEIGHTS, 9)
    [ring] = points_of(paths(outlines, view)["land"])
    xs, ys = zip(*ring, strict=True)
    assert min(xs) < 0 and max(xs) > view.width and min(ys) < 0 and max(ys) > view.height


def test_the_coast_stands_where_it_is() -> None:
    """A square island of 2 by 2 km, drawn to the unit."""
    lat, lon = 62.0, 4.0
    half_lat, half_lon = 1 / 111.2, 1 / (111.2 * math.cos(math.radians(lat)))
    square = np.array([(x, y) for x, y in ((-1, -1), (-1, 1), (1, 1), (1, -1))]) * (half_lon, half_lat) + (
        lon,
        lat,
    )
    view = View(lat, lon, 0.01, WIDTH, 720)
    placed = view.project(square)
    assert placed == pytest.approx(np.array([(380, 460), (380, 260), (580, 260), (580, 460)]), abs=2)


@pytest.mark.parametrize("middle", [BERGEN, OSLO, TROMSO])
def test_distances_on_a_town_map_are_those_of_the_ground(middle: tuple[float, float]) -> None:
    lat, lon = middle
    view = view_of([middle], WIDTH, HEIGHTS, 9)
    for other in ((lat + 0.02, lon), (lat, lon + 0.05), (lat - 0.015, lon - 0.03)):
        drawn = math.dist(view.spot(*middle), view.spot(*other)) * view.km
        assert drawn == pytest.approx(geodesic_km(middle, other), rel=0.006)


@pytest.mark.parametrize(
    "spots",
    [
        [BERGEN],
        [BERGEN, OSLO],
        [BERGEN, TROMSO, OSLO],
        [(58.0, 7.45), (70.4, 31.1), (60.8, 4.7)],
        [OSLO, (59.95, 10.75)],
    ],
)
def test_all_spots_stand_within_the_view_with_room_for_their_marks(spots: list[tuple[float, float]]) -> None:
    view = view_of(spots, WIDTH, HEIGHTS, 9)
    assert HEIGHTS[0] <= view.height <= HEIGHTS[1] and view.width == WIDTH
    for lat, lon in spots:
        x, y = view.spot(lat, lon)
        assert 32 < x < view.width - 32 and 32 < y < view.height - 32


def test_north_is_up_and_east_is_right() -> None:
    view = view_of([OSLO], WIDTH, HEIGHTS, 9)
    x, y = view.spot(*OSLO)
    north, east = view.spot(OSLO[0] + 0.01, OSLO[1]), view.spot(OSLO[0], OSLO[1] + 0.01)
    assert north[1] < y - 30 and abs(north[0] - x) < 1
    assert east[0] > x + 30 and abs(east[1] - y) < 1


def test_searches_in_the_same_part_of_a_town_share_a_view() -> None:
    assert view_of([BERGEN], WIDTH, HEIGHTS, 9) == view_of([(60.3931, 5.3242)], WIDTH, HEIGHTS, 9)


@pytest.mark.parametrize(
    "spots", [[BERGEN], [OSLO], [BERGEN, (61.6, 5.04)], [(58.0, 7.45), (70.4, 31.1)], [(68.2, 14.5)]]
)
def test_a_drawing_stays_small(outlines: Outlines, spots: list[tuple[float, float]]) -> None:
    drawn = paths(outlines, view_of(spots, WIDTH, HEIGHTS, 9))
    assert sum(len(ring) for data in drawn.values() for ring in points_of(data)) <= ENOUGH * 1.1
    assert points_of(drawn["land"])


def test_lakes_and_borders_are_drawn_only_where_they_are_fine_enough(outlines: Outlines) -> None:
    assert set(paths(outlines, view_of([HAMAR], WIDTH, HEIGHTS, 9))) == {"land"}
    country = paths(outlines, view_of([(58.0, 7.45), (70.4, 31.1)], WIDTH, HEIGHTS, 9))
    assert country["water"] and country["border"]


def test_thinning_keeps_corners_and_drops_what_lies_on_a_line() -> None:
    line = [(x, 0) for x in range(0, 101, 10)] + [(100, 100), (0, 100)]
    dot = [(200, 200), (201, 200), (201, 201)]
    rings = Lines(np.array(line + dot, dtype=float), np.array([0, len(line), len(line) + 3]))
    kept = thinned(rings, 1.5, 6.0, True)
    assert {tuple(point) for point in kept.points.tolist()} == {(0, 0), (100, 0), (100, 100), (0, 100)}
    assert path(kept, True) == "M0 0l100 0 0 100-100 0z"


@pytest.mark.parametrize("kind", ["land", "border"])
def test_what_is_packed_is_read_again(tmp_path: Path, kind: Kind) -> None:
    turns = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    lines = [
        np.column_stack([10 + np.cos(turns), 60 + np.sin(turns) / 2]),
        np.array([(5.0, 61.0), (5.01, 61.02), (5.02, 61.0)]),
    ]
    (tmp_path / "some").write_bytes(packed([(kind, 40, lines)]))
    layer: Layer = Outlines(tmp_path / "some").layer(kind, 1)
    read = layer.within((50.0, 0.0, 70.0, 20.0))
    assert [len(line) for line in lines] == np.diff(read.starts).tolist()
    off = (read.points - np.concatenate(lines)) * 111_200
    assert np.abs(off).max() < 20 + 2.8
    near = layer.within((60.9, 4.9, 61.1, 5.1))
    assert len(near) == 1 and len(near.points) == 3
    assert not len(layer.within((62.0, 0.0, 63.0, 1.0)))
    assert len(layer.within((50.0, 0.0, 70.0, 20.0), dot=0.1)) == 1  # the small one is less than a dot


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some").write_bytes(b"something else")
    with pytest.raises(ValueError, match="some holds no outlines"):
        Outlines(tmp_path / "some")
    with pytest.raises(ValueError, match="too far apart"):
        packed([("border", 40, [np.array([(5.0, 60.0), (9.0, 60.0)])])])


def test_numbers_that_follow_each_other_are_a_range() -> None:
    assert said([1]) == "1"
    assert said([1, 2]) == "1, 2"
    assert said([2, 3, 4, 7, 9, 10, 11]) == "2–4, 7, 9–11"


def test_services_on_one_spot_share_a_mark() -> None:
    marks = joined([Mark((1,), 100, 100, about=True), Mark((2,), 400, 100), Mark((3,), 103, 102)])
    assert [(mark.text, mark.about) for mark in marks] == [("1, 3", False), ("2", False)]


def test_marks_are_moved_apart_until_each_can_be_read_and_stay_on_the_map() -> None:
    crowd = [Mark((n,), 20 + n, 20 + n % 3) for n in range(1, 8)]
    apart = spread(crowd, 960, 440)
    for place, mark in enumerate(apart):
        assert 30 < mark.x < 930 and 30 < mark.y < 410
        assert (mark.at_x, mark.at_y) == (crowd[place].x, crowd[place].y)
        for other in apart[:place]:
            assert math.dist((mark.x, mark.y), (other.x, other.y)) > APART * 0.8
    assert any(mark.is_moved for mark in apart)


def test_marks_that_have_room_stay_where_they_are() -> None:
    marks = [Mark((1,), 100, 100), Mark((2, 3, 5), 400, 300)]
    assert [(m.x, m.y, m.is_moved) for m in spread(marks, 960, 440)] == [(100, 100, False), (400, 300, False)]
