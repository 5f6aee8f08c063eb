"""How good the answers are: nDCG@10, reciprocal rank and misses over judged queries, by language and by asker.

Gains are the grades themselves (3 exact, 2 good, 1 marginal, else 0), discounted by log2(rank + 1), as trec_eval does.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

DEPTH = 10
Ranker = Callable[[Mapping[str, Any]], Sequence[str]]  # a judged query -> slugs, best first


@dataclass(frozen=True, slots=True)
class Score:
    query: Mapping[str, Any]
    ndcg: float
    reciprocal_rank: float  # of the first service graded 2 or 3
    missed: bool  # no service graded 2 or 3 among the first three
    slugs: tuple[str, ...]


def load(path: Path) -> list[dict[str, Any]]:
    queries: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["queries"]
    return queries


def judge(query: Mapping[str, Any], slugs: Sequence[str]) -> Score:
    """
    >>> judge({"relevant": {"a": 3, "b": 1}}, ["a", "b"]).ndcg
    1.0
    """
    grades = query["relevant"]
    gained = sum(grades.get(slug, 0) / math.log2(rank + 2) for rank, slug in enumerate(slugs[:DEPTH]))
    ideal = sorted(grades.values(), reverse=True)[:DEPTH]
    best = sum(grade / math.log2(rank + 2) for rank, grade in enumerate(ideal))
    right = next((rank for rank, slug in enumerate(slugs) if grades.get(slug, 0) >= 2), None)
    return Score(
        query,
        gained / best if best else 0.0,
        0.0 if right is None else 1 / (right + 1),
        right is None or right > 2,
        tuple(slugs[:DEPTH]),
    )


def measure(queries: Iterable[Mapping[str, Any]], rank: Ranker) -> list[Score]:
    return [judge(query, rank(query)) for query in queries]


def summary(scores: Sequence[Score]) -> dict[str, float]:
    return {
        "queries": len(scores),
        "ndcg@10": round(mean(s.ndcg for s in scores), 3),
        "mrr": round(mean(s.reciprocal_rank for s in scores), 3),
        "missed_in_first_three": round(mean(s.missed for s in scores), 3),
    }


def by(scores: Iterable[Score], field: str) -> dict[str, dict[str, float]]:
    groups: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        groups[score.query[field]].append(score)
    return {name: summary(group) for name, group in sorted(groups.items())}
