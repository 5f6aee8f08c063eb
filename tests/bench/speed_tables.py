"""The comparison of speed as tables: one for each size and kind while it runs, and one of all at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from tests.bench.asked import KINDS
from tests.bench.report import Goal, Table

# Ours as a share of the time of the engines so named: at sizes of at least so many services, the most
RIVAL = "tantivy"
GOALS = ((100_000, 0.7), (10_000, 1.0))
SHARES = ("median", "p95")

Found = Mapping[str, Any]


def tables(found: Found) -> Iterator[Table]:
    """Of one size."""
    size = found["size"]
    for kind, result in found["kinds"].items():
        table = Table(
            f"Speed at {size:,} services: {kind} (ms; {result['mean_total']:,.0f} found on average)",
            ("engine", "questions", "median", "p95", "ours / its median", "ours / its p95"),
        )
        for name, row in result["engines"].items():
            table.add(name, *row.values())
        yield table
    table = Table(
        f"Build at {size:,} services, their words ready",
        ("engine", "services/s", "bytes/service", "of our first 20"),
    )
    for name, row in found["build"].items():
        share = found["first_alike"].get(name)
        told = None if share is None else f"{share:.0%}"
        table.add(name, float(round(row["services_per_s"])), float(round(row["bytes_per_service"])), told)
    table.notes = (*_left_out(found), _agreement(found))
    yield table


def summary(sizes: Sequence[Found]) -> Table:
    """Of all sizes: our times, and what share of each engine's they are."""
    engines = list(dict.fromkeys(name for found in sizes for name in found["build"]))
    ours, theirs = engines[0], engines[1:]
    table = Table(
        f"{ours}'s time for all of the work (median / p95, ms), and as a share of each other engine's",
        ("services, and what is asked", "ms", *theirs),
    )
    for found in sizes:
        for kind, result in found["kinds"].items():
            rows = result["engines"]
            cells = [_pair(rows[name], "ours_of_") if name in rows else None for name in theirs]
            table.add(f"{found['size']:,} {kind}", _pair(rows[ours], "", "_ms"), *cells)
    table.notes = (
        *(f"{found['size']:,}: {line}" for found in sizes for line in (*_left_out(found), _agreement(found))),
    )
    return table


def goals(sizes: Sequence[Found]) -> list[Goal]:
    """The worst of each size, kind and measure."""
    judged = []
    for found in sizes:
        most = next((share for least, share in GOALS if found["size"] >= least), None)
        for kind, share in product(KINDS, SHARES if most is not None else ()):
            rows = found["kinds"][kind]["engines"]
            worst = max(row[f"ours_of_{share}"] for name, row in rows.items() if name.startswith(RIVAL))
            judged.append(Goal(f"{found['size']:,} {kind}: {share}, of {RIVAL}'s", worst, most or 0.0))
    return judged


def _pair(row: Mapping[str, float], before: str, after: str = "") -> str:
    return " / ".join(f"{row[f'{before}{share}{after}']:.2f}" for share in SHARES)


def _left_out(found: Found) -> list[str]:
    return [f"Without {name}: {reason}." for name, reason in found["left_out"].items()]


def _agreement(found: Found) -> str:
    wrong = found["disagreements"]
    if wrong:
        return f"VOID, the engines disagree: {wrong[0]} ({len(wrong)} such)"
    return (
        f"Totals and counts of every engine are right, for all of {found['questions_checked']:,} questions."
    )
