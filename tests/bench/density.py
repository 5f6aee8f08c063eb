"""What a search near a place costs while the directory grows elsewhere: as many services near the places asked for, at
every size, and all the rest far away. The same questions at every size, in turn, with the same right answers."""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.asked import NARROW, NEAR, NEED, Facts, Question, questions
from tests.bench.generator import CHUNK, Service, World
from tests.bench.peer import Peer
from tests.bench.peers_tantivy import TantivyCombined
from tests.bench.peers_veiviser import Veiviser
from tests.bench.report import Goal, Table
from tests.bench.speed import QUESTIONS, WARM_UP, Step, Stopwatch

KINDS = (NARROW, NEAR, NEED)
PEERS: tuple[type[Peer], ...] = (Veiviser, TantivyCombined)
SMALLEST = CHUNK
WITHIN = 2.0
TURN, SPAN = (
    60.0,
    240.0,
)  # degrees of longitude: from the country to the nearest copy of it, and for all the copies
GOLDEN = 0.6180339887498949


class Scattered(World):
    """The first thousand stand where they stand; of each further thousand the whole country is turned about the Earth's
    axis, so that nobody comes nearer than thousands of kilometres to a place in the first."""

    def services(self, size: int) -> Iterator[Service]:
        for service in super().services(size):
            if service.number < SMALLEST or service.lon is None:
                yield service
            else:
                turned = TURN + SPAN * (service.number // SMALLEST * GOLDEN % 1.0)
                yield replace(service, lon=(service.lon + turned + 180.0) % 360.0 - 180.0)


def measure(
    folder: Path,
    sizes: Sequence[int],
    *,
    peers: Sequence[type[Peer]] = PEERS,
    number: int = QUESTIONS,
    warm_up: int = WARM_UP,
    step: Step = lambda told, steps: None,
) -> dict[str, Any]:
    """Times in ms by engine, kind and size; ``disagreements`` must be empty. ``sizes``: none below ``SMALLEST``."""
    world = Scattered()
    asked = {kind: questions(world, kind, warm_up + number) for kind in KINDS}
    every = [question for drawn in asked.values() for question in drawn]
    right = Facts(world.services(SMALLEST), every)  # what is further away is no part of any answer
    opened: dict[tuple[str, int], Peer] = {}
    try:
        for size in sizes:
            facts = right if size == SMALLEST else Facts(world.services(size), every)
            for kind_of_peer in peers:
                peer = kind_of_peer(folder / f"{len(opened)}", facts)
                opened[peer.name, size] = peer
                step(f"index of {peer.name} at {size:,}", 0)
                peer.build(Stopwatch(world.services(size), lambda: step("", 1)))
        gc.collect()
        gc.freeze()
        try:
            times, disagreements = _asked(opened, right, asked, warm_up, step)
        finally:
            gc.unfreeze()
    finally:
        for peer in opened.values():
            peer.close()
    engines = {
        peer.name: {
            kind: {str(size): _summed(times[peer.name, size, kind]) for size in sizes} for kind in KINDS
        }
        for peer in peers
    }
    return {"sizes": list(sizes), "engines": engines, "disagreements": disagreements}


def _asked(
    opened: Mapping[tuple[str, int], Peer],
    right: Facts,
    asked: Mapping[str, Sequence[Question]],
    warm_up: int,
    step: Step,
) -> tuple[dict[tuple[str, int, str], list[float]], list[str]]:
    times: defaultdict[tuple[str, int, str], list[float]] = defaultdict(list)
    disagreements = []
    for turn, (at, kind) in enumerate(product(range(len(asked[NEAR])), KINDS)):
        question = asked[kind][at]
        order = list(opened.items())
        shift = turn % len(order)
        for (name, size), peer in order[shift:] + order[:shift]:
            began = time.perf_counter_ns()
            answer = peer.search(question)
            spent = (time.perf_counter_ns() - began) / 1e6
            if at >= warm_up:
                times[name, size, kind].append(spent)
            if (answer.total, answer.facets) != right.right(question):
                disagreements.append(f"{name} at {size:,}, {kind}, question {at}")
        step("questions", 1)
    return times, disagreements


def _summed(times: Sequence[float]) -> dict[str, float]:
    return {
        f"{name}_ms": float(np.quantile(times, share)) for name, share in (("median", 0.5), ("p95", 0.95))
    }


def steps(sizes: Sequence[int], *, number: int = QUESTIONS, warm_up: int = WARM_UP) -> int:
    return sum(sizes) * len(PEERS) + (number + warm_up) * len(KINDS)


def growth(found: dict[str, Any], engine: str, kind: str, share: str = "median_ms") -> float:
    """The time at the largest size, in those at the smallest."""
    times = found["engines"][engine][kind]
    least, most = found["sizes"][0], found["sizes"][-1]
    return float(times[str(most)][share] / times[str(least)][share])


def table(found: dict[str, Any]) -> Table:
    sizes = found["sizes"]
    result = Table(
        "Near a place, with as many services near it at every size (median / p95, ms)",
        ("engine, and what is asked", *(f"{size:,}" for size in sizes), "times as long"),
    )
    for name, kinds in found["engines"].items():
        for kind, times in kinds.items():
            cells = [f"{(row := times[str(s)])['median_ms']:.3f} / {row['p95_ms']:.3f}" for s in sizes]
            grown = f"{growth(found, name, kind):.2f} / {growth(found, name, kind, 'p95_ms'):.2f}"
            result.add(f"{name}: {kind}", *cells, grown)
    wrong = found["disagreements"]
    told = (
        f"VOID: wrong is {wrong[0]} ({len(wrong)} such)"
        if wrong
        else "The answers are right, and the same at all sizes."
    )
    result.notes = (told,)
    return result


def goals(found: dict[str, Any]) -> list[Goal]:
    sizes = found["sizes"]
    if len(sizes) < 2:
        return []
    told = f"near a place, {sizes[-1]:,} services beside {sizes[0]:,}, times as long"
    return [Goal(f"{told}: {kind}", growth(found, Veiviser.name, kind), WITHIN) for kind in KINDS]
