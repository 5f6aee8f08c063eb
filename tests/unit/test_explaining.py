"""A steward sees why a result is where it is, and the parts come to the score."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from directory.search import explaining
from directory.search.finding import Finder


def explained(finder: Finder, **values: Any) -> explaining.Explanation:
    criteria = finder.resolve(values, now=datetime.now(UTC), lang="nb")
    return explaining.explain(finder, criteria, shown=12)


@pytest.mark.parametrize(
    "values",
    [
        {"q": "nalokson bergen"},
        {"q": "voldtatt", "near": "Ålesund"},
        {"q": "kompisen puster ikke"},
        {"q": "snakke med noen på russisk"},
        {"q": "PEP og noen å snakke med", "near": "Oslo"},
        {"q": "olafia"},
        {"q": "Alta"},
        {"q": "legevakt", "language": ["ar"], "near": "59.91,10.75"},
    ],
)
def test_the_parts_come_to_the_score(finder: Finder, values: dict[str, Any]) -> None:
    results = explained(finder, **values).results
    assert results
    for parts in results:
        assert explaining.product(parts) == pytest.approx(parts.score, rel=1e-3), parts


def test_it_is_told_what_was_understood_and_taken_for(finder: Finder) -> None:
    explanation = explained(finder, q="nalokson begren")
    assert explanation.understood["needs"][0]["slug"] == "naloxone"
    assert explanation.understood["corrected"] == "nalokson Bergen"
    lines = "\n".join(explaining.as_lines(explanation))
    assert "nalokson Bergen" in lines
    assert explanation.results[0].name in lines


def test_the_same_is_told_as_json(finder: Finder) -> None:
    told = json.loads(explaining.as_json(explained(finder, q="nalokson")))
    assert {"understood", "wanted", "relaxed", "total", "weights", "results"} == set(told)
    assert told["results"][0]["need"] > 0
