"""Speed in one process, query by query in turn, so that a noisy machine is noisy for all: every engine does all of the
work (total, counts by need, the first 20), and all must find the same, or the comparison is void."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from directory.search.analysis import Compounds, terms_of
from tests.bench.asked import KINDS, Answer, Facts, Question, questions
from tests.bench.generator import Service, World
from tests.bench.peers_tantivy import Tantivy, TantivyCombined
from tests.bench.peers_veiviser import Veiviser
from tests.bench.peers_whoosh import Whoosh
from tests.bench.report import Table

QUESTIONS = 100  # of each kind
WARM_UP = 25  # of each kind, before
SLOW = {
    Whoosh.name: 200_000
}  # name -> questions of each kind x services: the more of these, the fewer of those
FEWEST = 3
ANALYSED = 1000  # services by which the analysis of words is timed

Step = Callable[[str, int], None]  # (what is being done, steps done)


class Peer(Protocol):
    """One engine. ``build`` makes its index in its folder, which must not exist, and opens it."""

    name: str
    folder: Path

    def __init__(self, folder: Path, facts: Facts) -> None: ...

    def build(self, services: Iterable[Service]) -> None: ...

    def search(self, question: Question) -> Answer: ...

    def numbers(self, answer: Answer) -> list[int]: ...  # of ``answer.first``; not timed


PEERS: tuple[type[Peer], ...] = (Veiviser, Tantivy, TantivyCombined, Whoosh)


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
    opened: list[Peer] = []
    for kind_of_peer in peers:
        peer = kind_of_peer(folder / f"{len(opened)}", facts)
        step(f"index of {peer.name}", 0)
        built[peer.name] = _built(peer, world, size, step)
        opened.append(peer)
    gc.collect()
    gc.freeze()
    try:
        results = _asked(opened, facts, asked, warm_up, step)
    finally:
        gc.unfreeze()
    analysis = _analysis_rate(world)
    return {"size": size, "build": built, "analysis_services_per_s": analysis, **results}


def _built(peer: Peer, world: World, size: int, step: Step) -> dict[str, float]:
    source = Stopwatch(world.services(size), lambda: step("", 1))
    began = time.perf_counter()
    peer.build(source)
    spent = time.perf_counter() - began - source.spent
    disk = sum(file.stat().st_size for file in peer.folder.rglob("*") if file.is_file())
    return {"services_per_s": size / spent, "bytes_per_service": disk / size}


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


def _takes_part(peer: Peer, size: int, turn: int) -> bool:
    """Whether it is asked this question, too: a slow one is asked fewer, where the directory is large."""
    questions = SLOW.get(peer.name)
    return questions is None or turn < max(FEWEST, questions // size)


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


def _analysis_rate(world: World) -> float:
    """Services a second whose words are analysed as real ones are, for stems and parts of compounds."""
    compounds = Compounds(world.needs)
    services = list(world.services(ANALYSED))
    began = time.perf_counter()
    for service in services:
        for text in (service.name, service.need_text, service.organization, service.description):
            terms_of(text, "nb", compounds)
    return len(services) / (time.perf_counter() - began)


def steps(size: int, *, peers: int = len(PEERS), number: int = QUESTIONS, warm_up: int = WARM_UP) -> int:
    return size * (peers + 1) + (number + warm_up) * len(KINDS)


def tables(found: dict[str, Any]) -> Iterator[Table]:
    size = found["size"]
    for kind, result in found["kinds"].items():
        table = Table(
            f"Speed at {size:,} services: {kind} (ms; {result['mean_total']:,.0f} found on average)",
            ("engine", "questions", "median", "p95", "ours / its median", "ours / its p95"),
        )
        for name, row in result["engines"].items():
            table.add(name, *row.values())
        yield table
    table = Table(f"Build at {size:,} services", ("engine", "services/s", "bytes/service", "of our first 20"))
    for name, row in found["build"].items():
        share = found["first_alike"].get(name)
        told = None if share is None else f"{share:.0%}"
        table.add(name, float(round(row["services_per_s"])), float(round(row["bytes_per_service"])), told)
    wrong = found["disagreements"]
    table.notes = (
        f"Stems and compounds of real entries come on top: {found['analysis_services_per_s']:,.0f} services/s.",
        f"VOID, the engines disagree: {wrong[0]} ({len(wrong)} such)"
        if wrong
        else f"Totals and counts of every engine are right, for all of {found['questions_checked']:,} questions.",
    )
    yield table
