"""From outlines to a small drawing: a view of a part of the country, and SVG path data in its units.

Projection: Lambert's conformal conic with one standard parallel, through the middle of the view, on a sphere
(J. P. Snyder, Map Projections: A Working Manual, USGS 1395, 1987, equations 15-1 to 15-11). A town's map is as good as
flat; a whole country keeps its shape, with north up in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from directory.places.outlines import Box, Kind, Lines, Outlines

EARTH_KM = 6371.0
BLEED = 12  # units beyond the edge, where cut edges are hidden
SMALLEST = 6.0  # units²: less is no island or lake but a dot
ENOUGH = 1100  # points of all paths of a drawing; more is thinned out further
ROUNDS = 5
OVERVIEW_KM = 0.06  # a unit; what is drawn larger has no lakes and borders, whose source is too coarse for it


@dataclass(frozen=True)
class View:
    """A rectangle of ``width`` by ``height`` units, each ``km`` wide in its middle at ``lat``, ``lon``; y goes down."""

    lat: float
    lon: float
    km: float
    width: int
    height: int

    @cached_property
    def _cone(self) -> tuple[float, float, float]:
        """n, F and rho of the middle, in units."""
        phi = math.radians(self.lat)
        n = math.sin(phi)
        f = math.cos(phi) * math.tan(math.pi / 4 + phi / 2) ** n / n * EARTH_KM / self.km
        return n, f, f / math.tan(math.pi / 4 + phi / 2) ** n

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) longitudes and latitudes in degrees to (n, 2) x and y in units."""
        n, f, rho0 = self._cone
        rho = f / np.tan(math.pi / 4 + np.radians(points[:, 1]) / 2) ** n
        theta = n * np.radians(points[:, 0] - self.lon)
        return np.column_stack(
            [self.width / 2 + rho * np.sin(theta), self.height / 2 - rho0 + rho * np.cos(theta)]
        )

    def spot(self, lat: float, lon: float) -> tuple[float, float]:
        """As ``project``, of one point."""
        n, f, rho0 = self._cone
        rho = f / math.tan(math.pi / 4 + math.radians(lat) / 2) ** n
        theta = n * math.radians(lon - self.lon)
        return self.width / 2 + rho * math.sin(theta), self.height / 2 - rho0 + rho * math.cos(theta)

    @cached_property
    def box(self) -> Box:
        """All that the view shows, in degrees."""
        n, f, rho0 = self._cone
        across = np.linspace(-BLEED, self.width + BLEED, 9) - self.width / 2
        down = np.linspace(-BLEED, self.height + BLEED, 9) - self.height / 2
        x, y = (part.ravel() for part in np.meshgrid(across, down))
        rho = np.hypot(x, rho0 + y)
        lats = np.degrees(2 * np.arctan((f / rho) ** (1 / n)) - math.pi / 2)
        lons = self.lon + np.degrees(np.arctan2(x, rho0 + y)) / n
        return float(lats.min()), float(lons.min()), float(lats.max()), float(lons.max())


def view_of(
    spots: Sequence[tuple[float, float]], width: int, heights: tuple[int, int], least_km: float
) -> View:
    """The view that holds all (lat, lon) with room around them. At least ``least_km`` wide; middle and scale in steps,
    so that searches in the same part of the country share what was drawn."""
    lats, lons = [lat for lat, _ in spots], [lon for _, lon in spots]
    lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    placed = View(lat, lon, 1.0, 0, 0).project(np.array([(b, a) for a, b in spots]))
    low, high = placed.min(axis=0), placed.max(axis=0)
    wide, tall = (high - low).tolist()
    lowest, highest = heights
    height = min(max(width * tall / max(wide, least_km), lowest), highest)
    height = math.ceil(height / 80) * 80
    # a tenth of the width on each side, for the marks; and as much as the middle moves by steps
    km = max(wide / (width * 0.72), tall / (height - width * 0.28), least_km / width)
    km = 2 ** (math.ceil(math.log2(km) * 4) / 4)
    step = km * width / 16
    lat_step = 2.0 ** round(math.log2(step / 111.2))
    lon_step = 2.0 ** round(math.log2(step / 111.2 / math.cos(math.radians(lat))))
    # where they really lie: the middle of the box in degrees is not that of the picture, which is curved
    middle = _back(lat, lon, *((low + high) / 2).tolist())
    return View(
        round(middle[0] / lat_step) * lat_step, round(middle[1] / lon_step) * lon_step, km, width, height
    )


def _back(lat: float, lon: float, x: float, y: float) -> tuple[float, float]:
    n, f, rho0 = View(lat, lon, 1.0, 0, 0)._cone
    rho = math.hypot(x, rho0 + y)
    return (
        math.degrees(2 * math.atan((f / rho) ** (1 / n)) - math.pi / 2),
        lon + math.degrees(math.atan2(x, rho0 + y)) / n,
    )


def paths(outlines: Outlines, view: View) -> dict[Kind, str]:
    """SVG path data of land, water and borders in the view, in whole units; of a view of a few km,
    of land only."""
    wanted: tuple[Kind, ...] = ("land", "water", "border") if view.km >= OVERVIEW_KM else ("land",)
    shapes: dict[Kind, Lines] = {}
    for kind in wanted:
        dot = 0.0 if kind == "border" else 2 * view.km / 111.2
        lines = outlines.layer(kind, view.km * 2000).within(view.box, dot)
        placed = Lines(view.project(lines.points), lines.starts)
        shapes[kind] = placed if kind == "border" else clipped(placed, view)
    # what has many more points than it may have is not thinned little by little
    many = sum(len(shape.points) for shape in shapes.values()) > 3 * ENOUGH
    least, smallest = (4.0, 2 * SMALLEST) if many else (1.5, SMALLEST)
    for _ in range(ROUNDS):
        drawn = {kind: thinned(shape, least, smallest, kind != "border") for kind, shape in shapes.items()}
        if sum(len(shape.points) for shape in drawn.values()) <= ENOUGH:
            break
        shapes = drawn
        least, smallest = least * 2, smallest * 2
    return {kind: path(shape, kind != "border") for kind, shape in drawn.items()}


def clipped(rings: Lines, view: View) -> Lines:
    """Sutherland and Hodgman's way, all rings at once, to a little more than the view."""
    for axis, edge, sign in (
        (0, -BLEED, 1),
        (0, view.width + BLEED, -1),
        (1, -BLEED, 1),
        (1, view.height + BLEED, -1),
    ):
        points, starts = rings.points, rings.starts
        inside = (points[:, axis] - edge) * sign >= 0
        if inside.all():
            continue
        after = _after(starts)
        crosses = inside != inside[after]
        here, there = points[crosses], points[after[crosses]]
        share = (edge - here[:, axis]) / (there[:, axis] - here[:, axis])
        counts = inside.astype(np.int64) + crosses
        ends = np.cumsum(counts)
        begins = ends - counts
        cut = np.empty((int(ends[-1]) if len(ends) else 0, 2))
        cut[begins[inside]] = points[inside]
        cut[begins[crosses] + inside[crosses]] = here + share[:, None] * (there - here)
        rings = Lines(cut, np.unique(np.concatenate([[0], ends])[starts]))
    return rings


def thinned(lines: Lines, least: float, smallest: float, closed: bool) -> Lines:
    """Without points whose triangle with their neighbours is of less than ``least`` units² (M. Visvalingam and
    J. D. Whyatt 1993, all at once), and without rings that hold less than ``smallest``."""
    points, starts = np.round(lines.points), lines.starts
    for turn in range(4):
        if not len(points):
            break
        after = _after(starts)
        before = np.empty_like(after)
        before[after] = np.arange(len(points))
        a, b = points - points[before], points[after] - points
        double = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
        place = np.arange(len(points)) - np.repeat(starts[:-1], np.diff(starts))
        # every other one, so that no two neighbours go at once
        gone = (double < 2 * least) & (place % 2 == turn % 2)
        if not closed:
            gone[starts[:-1]] = gone[starts[1:] - 1] = False
        points, starts = _kept(points, starts, ~gone)
    if closed and len(points):
        after = _after(starts)
        twice = points[:, 0] * points[after, 1] - points[after, 0] * points[:, 1]
        size = np.abs(np.add.reduceat(twice, starts[:-1])) / 2
        points, starts = _kept(points, starts, np.repeat(size >= smallest, np.diff(starts)))
    return Lines(points, starts)


def _kept(points: np.ndarray, starts: np.ndarray, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return points[keep], np.unique(np.concatenate([[0], np.cumsum(keep)])[starts])


def _after(starts: np.ndarray) -> np.ndarray:
    """The place of the next point of the same ring."""
    after = np.arange(1, starts[-1] + 1)
    after[starts[1:] - 1] = starts[:-1]
    return after


def path(lines: Lines, closed: bool) -> str:
    """SVG path data in whole units, each point by its distance from the one before."""
    whole = lines.points.astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=whole[:1])
    text = []
    for start, end in zip(lines.starts[:-1].tolist(), lines.starts[1:].tolist(), strict=True):
        x, y = whole[start].tolist()
        line = " ".join(map(str, steps[start + 1 : end].ravel().tolist())).replace(" -", "-")
        text.append(f"M{x} {y}l{line}{'z' if closed else ''}")
    return "".join(text)
