"""Outlines of land, lakes and borders, for drawings of a few km or a whole country: ``seed/outlines.bin``.

The file holds each kind at several tolerances. Lines are cut into chunks of at most ``CHUNK`` points that know the box
around them and the first point of the next, so that what is far from a drawing costs one point a chunk: a chunk that
does not touch the drawing's box may be replaced by its chord, which does not change what is in or out there.

Layout, little-endian, each part beginning at a multiple of 4 bytes: ``MAGIC``, the number of layers (uint32), for each
of them a ``HEADER``; then for each layer the first chunk of each line (uint32, and one past the last), the first point
of each chunk (likewise), west and south of each chunk (int32) and its width and height (uint16) in ``UNIT`` degrees of
WGS 84, and the points, east and north of that corner in 255ths of the width and height (uint8). Rings do not repeat
their first point.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from directory.config import SEED_DIR

Kind = Literal["land", "water", "border"]  # water: lakes, which land has no holes for; border: open lines
Box = tuple[float, float, float, float]  # south, west, north, east, in degrees

SURVEYED: Box = (54.4, 3.0, 81.0, 44.0)  # what the file tells of: Norway with Svalbard, and its neighbours
FILE = SEED_DIR / "outlines.bin"
MAGIC = b"VVOUTL01"
UNIT = 5e-5  # degrees: 5.6 m northwards
METRES = 111_200 * UNIT  # a unit northwards
CHUNK = 64
STEPS = 255  # of a chunk's width and height
MOST = 65535  # units wide or high, as the file stores it
KINDS: tuple[Kind, ...] = get_args(Kind)
HEADER = np.dtype([(name, "<u4") for name in ("kind", "tolerance_m", "lines", "chunks", "points")])


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines one after the other. ``points``: (n, 2) longitudes and latitudes in degrees; ``starts``: where each
    begins, and n."""

    points: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True)
class Layer:
    """What ``Outlines`` reads of one kind at one tolerance; the arrays are as the file has them."""

    kind: Kind
    tolerance_m: int
    lines: np.ndarray  # first chunk of each, and one past the last
    chunks: np.ndarray  # first point of each, and one past the last
    corners: np.ndarray  # (chunks, 2) west, south
    sizes: np.ndarray  # (chunks, 2) width, height
    points: np.ndarray  # (points, 2)

    def within(self, box: Box, dot: float = 0.0) -> Lines:
        """The lines that may touch the box, exact in it; what lies beyond is only so right that rings keep what is
        within them. Without those that are less than ``dot`` degrees high and twice that wide."""
        first = np.asarray(self.lines, dtype=np.int64)
        if len(first) < 2:
            return Lines(np.zeros((0, 2)), np.zeros(1, dtype=np.int64))
        south, west, north, east = (round(edge / UNIT) for edge in box)
        low, high = self._boxes
        held = _touch(low, high, south, west, north, east)
        held &= ((high - low) >= (2 * dot / UNIT, dot / UNIT)).any(axis=1)
        # of those, the chunks that touch are taken whole, and of the others the first point
        chunk = np.flatnonzero(np.repeat(held, np.diff(first)))
        corners, begin = self.corners[chunk], self.chunks[chunk].astype(np.int64)
        hit = _touch(corners, corners + self.sizes[chunk], south, west, north, east)
        taken = np.where(hit, self.chunks[chunk + 1] - begin, 1)
        ends = np.cumsum(taken)
        place = np.arange(taken.sum()) + np.repeat(begin - ends + taken, taken)
        points = np.repeat(corners * UNIT, taken, axis=0)
        points += self.points[place] * np.repeat(self.sizes[chunk] * (UNIT / STEPS), taken, axis=0)
        starts = np.concatenate([[0], ends])[np.concatenate([[0], np.cumsum(np.diff(first)[held])])]
        return Lines(points, starts)

    @cached_property
    def _boxes(self) -> tuple[np.ndarray, np.ndarray]:
        """West and south of each line, and east and north."""
        first = self.lines[:-1].astype(np.int64)
        return (
            np.minimum.reduceat(self.corners, first, axis=0),
            np.maximum.reduceat(self.corners + self.sizes, first, axis=0),
        )


def _touch(low: np.ndarray, high: np.ndarray, south: int, west: int, north: int, east: int) -> np.ndarray:
    """Whether boxes (west and south in ``low``, east and north in ``high``) touch this one."""
    touching: np.ndarray = (
        (low[:, 0] <= east) & (high[:, 0] >= west) & (low[:, 1] <= north) & (high[:, 1] >= south)
    )
    return touching


class Outlines:
    """The file, mapped into memory: a worker that draws nothing reads nothing of it; all share what one has read."""

    def __init__(self, path: Path = FILE) -> None:
        """Raises OSError where there is no file, ValueError where it is none of ours."""
        with path.open("rb") as file:
            data = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), dtype=np.uint8)
        if data[: len(MAGIC)].tobytes() != MAGIC:
            raise ValueError(f"{path.name} holds no outlines")
        at = len(MAGIC)

        def take(kind: str, count: int, across: int = 1) -> np.ndarray:
            nonlocal at
            size = np.dtype(kind).itemsize * count * across
            part = data[at : at + size].view(kind)
            at += size + -size % 4
            return part.reshape(-1, across) if across > 1 else part

        number = int(take("<u4", 1)[0])
        heads = data[at : at + number * HEADER.itemsize].view(HEADER)
        at += number * HEADER.itemsize
        self.layers = [
            Layer(
                KINDS[int(head["kind"])],
                int(head["tolerance_m"]),
                take("<u4", int(head["lines"]) + 1),
                take("<u4", int(head["chunks"]) + 1),
                take("<i4", int(head["chunks"]), 2),
                take("<u2", int(head["chunks"]), 2),
                take("u1", int(head["points"]), 2),
            )
            for head in heads
        ]

    def layer(self, kind: Kind, tolerance_m: float) -> Layer:
        """The coarsest of the kind that is as exact as that, else the finest."""
        of_kind = sorted(
            (layer for layer in self.layers if layer.kind == kind), key=lambda layer: layer.tolerance_m
        )
        good = [layer for layer in of_kind if layer.tolerance_m <= tolerance_m]
        return good[-1] if good else of_kind[0]


def packed(layers: Sequence[tuple[Kind, int, Sequence[np.ndarray]]]) -> bytes:
    """The file of these layers: kind, tolerance in m, and its lines as (n, 2) longitudes and latitudes in degrees.

    Points are off by half of the tolerance and half a unit at most. Raises ValueError where neighbours are more than 3°
    apart.
    """
    heads, parts = [], []
    for kind, tolerance, lines in layers:
        firsts, ends, corners, sizes, points = [0], [0], [], [], []
        widest = min(STEPS * tolerance / METRES, MOST)
        for line in lines:
            whole = np.round(line / UNIT).astype(np.int64)
            if kind != "border":
                whole = np.concatenate([whole, whole[:1]])
            begin = 0
            while begin < len(whole) - 1:
                end = min(begin + CHUNK, len(whole) - 1)
                while end > begin + 1 and (np.ptp(whole[begin : end + 1], axis=0) > widest).any():
                    end -= 1
                reach = whole[begin : end + 1]
                corner, size = reach.min(axis=0), np.ptp(reach, axis=0)
                if (size > MOST).any():
                    raise ValueError("points of a line are too far apart")
                # an open line ends with the last point of its last chunk
                held = reach if kind == "border" and end == len(whole) - 1 else reach[:-1]
                corners.append(corner)
                sizes.append(size)
                points.append(np.round((held - corner) * (STEPS / np.maximum(size, 1))))
                ends.append(ends[-1] + len(held))
                begin = end
            firsts.append(len(corners))
        heads.append((KINDS.index(kind), tolerance, len(lines), len(corners), ends[-1]))
        for array, stored in (
            (np.array(firsts), "<u4"),
            (np.array(ends), "<u4"),
            (np.array(corners), "<i4"),
            (np.array(sizes), "<u2"),
            (np.concatenate(points) if points else np.zeros((0, 2)), "u1"),
        ):
            body = array.astype(stored).tobytes()
            parts.append(body + bytes(-len(body) % 4))
    head = np.array([len(layers)], "<u4").tobytes() + np.array(heads, HEADER).tobytes()
    return MAGIC + head + b"".join(parts)
