"""Speed in one process, query by query in turn, so that a noisy machine is noisy for all: every engine does all of the
work (total, counts by need, the first 20), and all must find the same, or the comparison is void.

Before each question that is timed an engine is asked others that are not: what is measured is an engine at work.
Otherwise it would be what the one before it left of the processor's caches: little for the one that comes after a
server's process, most for the second of two that share their code.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.asked import KINDS, Answer, Facts, Question, questions
from tests.bench.generator import Service, World
from tests.bench.peer import Peer
from tests.bench.peers_postgresql import PostgreSQL
from tests.bench.peers_sqlite import SQLite
from tests.bench.peers_tantivy import Tantivy, TantivyCombined
from tests.bench.peers_veiviser import Veiviser
from tests.bench.peers_whoosh import Whoosh

QUESTIONS = 100  # of each kind
WARM_UP = 25  # of each kind, before
AT_WORK_NS = 2_000_000  # so long it is asked others before
FEWEST = 3  # questions of each kind that a slow engine is asked at least

Step = Callable[[str, int], None]  # (what is being done, steps done)


PEERS: tuple[type[Peer], ...] = (Veiviser, Tantivy, TantivyCombined, SQLite, PostgreSQL, Whoosh)


@dataclass(slots=True)
class Stopwatch:
    """Passes on what it is given and measures how long the giving took."""

    source: Iterator[Service]
    seen: Callable[[], None]  # called for each, and once at the end; its time is not the engine's
    spent: float = 0.0

    def __iter__(self) -> Iterator[Service]:
        while True:
            began = time.perf_counter()
            item = next(self.source, None)
            self.seen()
            self.spent += time.perf_counter() - began
            if item is None:
                return
            yield item


@dataclass
class Measured:
    """Of one engine and kind: milliseconds, by number of the question."""

    times: dict[int, float] = field(default_factory=dict)

    def quantile(self, share: float, only: Iterable[int] | None = None) -> float:
        chosen = [self.times[i] for i in only] if only is not None else list(self.times.values())
        return float(np.quantile(chosen, share))


def compare(
    folder: Path,
    size: int,
    *,
    peers: Sequence[type[Peer]] = PEERS,
    number: int = QUESTIONS,
    warm_up: int = WARM_UP,
    world: World | None = None,
    step: Step = lambda told, steps: None,
) -> dict[str, Any]:
    """Build all, ask all, compare what they found. Times are in ms; ``disagreements`` must be empty."""
    world = world or World()
    asked = {kind: questions(world, kind, warm_up + number) for kind in KINDS}
    step("the directory and the right answers", 0)
    facts = Facts(
        Stopwatch(world.services(size), lambda: step("", 1)), [q for qs in asked.values() for q in qs]
    )
    built: dict[str, dict[str, float]] = {}
    left_out = {peer.name: reason for peer in peers if (reason := peer.left_out(size)) is not None}
    opened: list[Peer] = []
    try:
        for kind_of_peer in peers:
            if kind_of_peer.name not in left_out:
                opened.append(peer := kind_of_peer(folder / f"{len(opened)}", facts))
                step(f"index of {peer.name}", 0)
                built[peer.name] = _built(peer, world, size, step)
        gc.collect()
        gc.freeze()
        try:
            results = _asked(opened, facts, asked, warm_up, step)
        finally:
            gc.unfreeze()
    finally:
        for peer in opened:
            peer.close()
    return {"size": size, "build": built, "left_out": left_out, **results}


def _built(peer: Peer, world: World, size: int, step: Step) -> dict[str, float]:
    source = Stopwatch(world.services(size), lambda: step("", 1))
    began = time.perf_counter()
    peer.build(source)
    spent = time.perf_counter() - began - source.spent
    return {"services_per_s": size / spent, "bytes_per_service": peer.disk() / size}


def _asked(
    peers: Sequence[Peer], facts: Facts, asked: dict[str, list[Question]], warm_up: int, step: Step
) -> dict[str, Any]:
    times = {kind: {peer.name: Measured() for peer in peers} for kind in asked}
    disagreements: list[str] = []
    alike: dict[str, list[float]] = {peer.name: [] for peer in peers[1:]}
    totals: dict[str, list[int]] = {kind: [] for kind in asked}
    order = [(kind, i) for i in range(warm_up) for kind in asked]
    order += [(kind, i) for i in range(warm_up, max(map(len, asked.values()))) for kind in asked]
    for turn, (kind, i) in enumerate(order):
        question = asked[kind][i]
        answers: dict[str, Answer] = {}
        shift = turn % len(peers)
        for peer in (*peers[shift:], *peers[:shift]):
            if not _takes_part(peer, facts.size, i if i < warm_up else i - warm_up):
                continue
            _set_to_work(peer, asked[kind], i)
            began = time.perf_counter_ns()
            answers[peer.name] = peer.search(question)
            spent = (time.perf_counter_ns() - began) / 1e6
            if i >= warm_up:
                times[kind][peer.name].times[i] = spent
        right = facts.right(question)
        totals[kind].append(right[0])
        disagreements += [
            f"{name}, {kind}, question {i}: {answer.total} found, {right[0]} are right"
            for name, answer in answers.items()
            if (answer.total, answer.facets) != right
        ]
        _compare_first(peers, answers, alike)
        step("questions", 1)
    return {
        "kinds": {kind: _summed(times[kind], peers, totals[kind]) for kind in asked},
        "first_alike": {name: float(np.mean(shares)) for name, shares in alike.items() if shares},
        "disagreements": disagreements,
        "questions_checked": sum(map(len, totals.values())),
    }


def _set_to_work(peer: Peer, asked: Sequence[Question], i: int) -> None:
    """Asks it other questions of the kind for a while, that one not."""
    until = time.perf_counter_ns() + AT_WORK_NS
    for other in range(1, len(asked)):
        peer.search(asked[(i + other) % len(asked)])
        if time.perf_counter_ns() > until:
            return


def _takes_part(peer: Peer, size: int, turn: int) -> bool:
    """Whether it is asked this question, too: a slow one is asked fewer, where the directory is large."""
    return peer.patience is None or turn < max(FEWEST, peer.patience // size)


def _compare_first(peers: Sequence[Peer], answers: dict[str, Answer], alike: dict[str, list[float]]) -> None:
    """How many of our first ones are among another engine's first ones."""
    ours = set(peers[0].numbers(answers[peers[0].name]))
    for peer in peers[1:]:
        if ours and peer.name in answers:
            theirs = set(peer.numbers(answers[peer.name]))
            alike[peer.name].append(len(ours & theirs) / len(ours))


def _summed(times: dict[str, Measured], peers: Sequence[Peer], totals: list[int]) -> dict[str, Any]:
    ours = times[peers[0].name]
    rows = {}
    for peer in peers:
        theirs = times[peer.name]
        same = list(theirs.times)
        rows[peer.name] = {
            "questions": len(same),
            "median_ms": theirs.quantile(0.5),
            "p95_ms": theirs.quantile(0.95),
            # ours as a share of theirs, over the questions that both were asked
            "ours_of_median": ours.quantile(0.5, same) / theirs.quantile(0.5),
            "ours_of_p95": ours.quantile(0.95, same) / theirs.quantile(0.95),
        }
    return {"engines": rows, "mean_total": float(np.mean(totals))}


def steps(size: int, *, peers: int = len(PEERS), number: int = QUESTIONS, warm_up: int = WARM_UP) -> int:
    return size * (peers + 1) + (number + warm_up) * len(KINDS)
