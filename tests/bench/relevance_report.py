"""How good the answers are, over all judged queries that are at hand; and, for tuning, what each one got.

python -m tests.bench.relevance_report [--half tune] [--misses] [--show ID] [--parts]
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench import parts, plain_bm25, relevance
from tests.bench.house import House, ranked, seeded_house
from tests.bench.relevance import Ranker, Score
from tests.bench.report import Table

ROOT = Path(__file__).resolve().parents[2]
OWN = Path(__file__).with_name("queries.json")
# Written and judged before any search ran, in two halves: one in sight while the search was tuned, and one that nobody
# has looked into, which is the figure to believe.
TUNED = tuple(Path(__file__).with_name(f"fresh_tune_{part}.json") for part in ("a", "b", "c"))
HELD_OUT = tuple(Path(__file__).with_name(f"fresh_report_{part}.json") for part in ("a", "b", "d"))
TUNED_NAME, HELD_OUT_NAME = "fresh, in sight", "fresh, held out"
GIVEN = ROOT.parent / "shared" / "data" / "queries_dev.json"
ENVIRONMENT = "BENCH_QUERIES"  # another path of the given file
OURS = "Veiviser"
MEASURES = ("queries", "ndcg@10", "mrr", "missed_in_first_three")

Queries = list[dict[str, Any]]
Step = Callable[[str], None]


def judged() -> dict[str, Queries]:
    """Name -> its queries: what could be seen while the search was tuned. The given ones where they are."""
    given = Path(os.environ.get(ENVIRONMENT) or GIVEN)
    found = {OWN.name: relevance.load(OWN), TUNED_NAME: [q for path in TUNED for q in relevance.load(path)]}
    if given.is_file():
        found[given.name] = relevance.load(given)
    return found


def held_out() -> Queries:
    """What is only ever measured as a whole."""
    return [query for path in HELD_OUT for query in relevance.load(path)]


def absent() -> str | None:
    """One line where the given file is not at hand."""
    given = Path(os.environ.get(ENVIRONMENT) or GIVEN)
    return (
        None if given.is_file() else f"{given.name} is not here ({ENVIRONMENT}=… names its path): left out."
    )


def crisis_misses(scores: Sequence[Score]) -> list[str]:
    """Ids of crisis queries without a right answer in the first three."""
    return [s.query["id"] for s in scores if s.query["role"] == "client-in-crisis" and s.missed]


def compare(folder: Path, step: Step = lambda told: None) -> dict[str, Any]:
    """Everything that is reported, by file: ours whole and in groups, the baselines, and ours without each part."""
    files = judged() | {HELD_OUT_NAME: held_out()}
    with seeded_house(folder) as house:
        engine = house.index("index")
        finder = house.finder(engine)
        rankers: dict[str, Ranker] = {OURS: lambda query: ranked(finder, query)}
        rankers |= plain_bm25.rankers(house.entries(), house.needs)
        results: dict[str, Any] = {name: {"rankers": {}, "without": {}} for name in files}
        for name, ranker in rankers.items():
            step(name)
            for file, queries in files.items():
                scores = relevance.measure(queries, ranker)
                results[file]["rankers"][name] = relevance.summary(scores)
                if name == OURS:
                    results[file] |= _in_groups(scores, told=file != HELD_OUT_NAME)
        for name, without in parts.PARTS.items():
            step(f"without {name}")
            ranker = without(house, finder)
            for file, queries in files.items():
                results[file]["without"][name] = relevance.summary(relevance.measure(queries, ranker))
    return results


def _in_groups(scores: Sequence[Score], *, told: bool = True) -> dict[str, Any]:
    """``told``: which queries they are may be told; else only how many."""
    groups = {field: relevance.by(scores, field) for field in ("lang", "role") if scores}
    missed = crisis_misses(scores)
    return {
        "by": groups,
        "crisis_queries_missed": missed if told else [f"{len(missed)} of them"] * bool(missed),
    }


def tables(results: Mapping[str, Any]) -> Iterator[Table]:
    for file, found in results.items():
        ours = found["rankers"][OURS]
        whole = Table(f"Relevance, {file}", ("ranker", *MEASURES))
        for name, row in found["rankers"].items():
            whole.add(name, *_cells(row))
        yield whole
        grouped = Table(f"{OURS} by group, {file}", ("group", *MEASURES))
        for field, groups in found["by"].items():
            for name, row in groups.items():
                grouped.add(f"{field} {name}", *_cells(row))
        missed = ", ".join(found["crisis_queries_missed"]) or "none"
        grouped.notes = (f"crisis queries without a right answer in the first three: {missed}",)
        yield grouped
        without = Table(
            f"{OURS} without one part, {file}",
            ("without", "ndcg@10", "loses", "mrr", "missed_in_first_three"),
        )
        for name, row in found["without"].items():
            lost = round(ours["ndcg@10"] - row["ndcg@10"], 3)
            _, *cells = _cells(row)
            without.add(name, cells[0], lost, *cells[1:])
        yield without


def _cells(row: Mapping[str, float]) -> tuple[float, ...]:
    return (int(row["queries"]), *(float(row[measure]) for measure in MEASURES[1:]))


# for tuning, from a shell


@contextmanager
def _house() -> Iterator[House]:
    with tempfile.TemporaryDirectory() as folder, seeded_house(Path(folder)) as house:
        yield house


def told(score: Score, names: Mapping[str, str]) -> str:
    """One query: what came, with grades, and what of the ideal first ten did not."""
    query = score.query
    grades: Mapping[str, int] = query["relevant"]
    near = f"  near {query['near']['name']}" if query.get("near") else ""
    lines = [
        f"{query['id']} {query['lang']} {query['role']}  ndcg {score.ndcg:.3f}{'  MISSED' * score.missed}"
    ]
    lines.append(f"  «{query['query']}»{near}")
    for rank, slug in enumerate(score.slugs, 1):
        lines.append(f"  {rank:3} {grades.get(slug, '·')} {slug}  ({names.get(slug, '')})")
    ideal = sorted(grades, key=lambda slug: -grades[slug])[: relevance.DEPTH]
    lacking = [f"{grades[slug]} {slug}" for slug in ideal if slug not in score.slugs]
    lines.append(f"  lacks: {', '.join(lacking) or 'nothing'}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="relevance_report", description=__doc__)
    parser.add_argument("--half", choices=("tune", "report"), help="of our own queries, only this half")
    parser.add_argument("--file", help="only the judged file of this name")
    parser.add_argument(
        "--misses", action="store_true", help="each query that is not perfect, the worst last"
    )
    parser.add_argument(
        "--show", metavar="ID", action="append", default=[], help="this query, and what it was asked as"
    )
    parser.add_argument("--parts", action="store_true", help="ours with each part switched off")
    options = parser.parse_args(arguments)
    files = {name: queries for name, queries in judged().items() if options.file in (None, name)}
    if options.half:
        files = {OWN.name: [q for q in files.get(OWN.name, ()) if q["half"] == options.half]}
    if line := absent():
        print(line)
    with _house() as house:
        engine = house.index("index")
        finder = house.finder(engine)
        names = {entry.slug: next(iter(entry.names.values()), "") for entry in house.entries()}
        for file, queries in files.items():
            scores = relevance.measure(queries, lambda query: ranked(finder, query))
            if options.show:
                for score in (s for s in scores if s.query["id"] in options.show):
                    print(told(score, names), "\n  expected needs:", score.query["needs"])
                    _explain(house, finder, score.query)
                continue
            if not scores:
                continue
            if options.misses:
                for score in sorted(scores, key=lambda s: -s.ndcg):
                    if score.ndcg < 1:
                        print(told(score, names))
            table = Table(file, ("group", *MEASURES))
            table.add("all", *_cells(relevance.summary(scores)))
            for field, groups in _in_groups(scores)["by"].items():
                for name, row in groups.items():
                    table.add(f"{field} {name}", *_cells(row))
            table.notes = (f"crisis queries missed: {', '.join(crisis_misses(scores)) or 'none'}",)
            if options.parts:
                for name, without in parts.PARTS.items():
                    lacking = relevance.measure(queries, without(house, finder))
                    table.add(f"without {name}", *_cells(relevance.summary(lacking)))
            print(table)


def _explain(house: House, finder: Any, query: Mapping[str, Any]) -> None:
    from tests.bench.house import criteria_of

    with finder.engine.snapshot() as snapshot:
        found = finder.find(snapshot, criteria_of(finder, query))
    understood = found.understood
    print("  understood needs:", [(n.slug, round(n.weight, 2), n.matched) for n in understood.needs])
    print("  place:", understood.place and understood.place.name, " languages:", understood.languages)
    print("  text:", understood.text, " corrected:", understood.corrected, " asker:", understood.asker)
    print("  emergency:", understood.emergency and understood.emergency.reason, " relaxed:", found.relaxed)
    print("  wanted:", dict(found.query.wanted))
    print("  preferred:", [dict(group) for group in found.query.preferred])
    for hit in found.hits.hits[: relevance.DEPTH]:
        print(f"  {hit.score:.4f} {hit.distance_km}")


if __name__ == "__main__":
    main()
