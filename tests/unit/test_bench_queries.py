"""The project's own judged queries are well formed, point at rows that exist, and split evenly."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUERIES = ROOT / "tests" / "bench" / "queries.json"
SERVICES = ROOT / "seed" / "services.json"
NEEDS = ROOT / "seed" / "needs.json"

FIELDS = {"id", "query", "lang", "role", "near", "needs", "relevant", "tags", "note", "kind", "half"}
LANGUAGES = {"nb", "nn", "en", "ru", "da", "sv", "pl", "ar", "so", "uk"}
ROLES = {"client-in-crisis", "client", "relative", "counsellor", "partner-site"}
GRADES = {1, 2, 3}


def identifiers(document: Any, field: str) -> set[str]:
    """Every value of `field` anywhere in a JSON document, whatever wraps the rows."""
    if isinstance(document, list):
        return set().union(*(identifiers(item, field) for item in document))
    if not isinstance(document, dict):
        return set()
    own = {document[field]} if isinstance(document.get(field), str) else set()
    return own.union(*(identifiers(value, field) for value in document.values()))


@pytest.fixture(scope="module")
def bench() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(QUERIES.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def queries(bench: dict[str, Any]) -> list[dict[str, Any]]:
    return list(bench["queries"])


def test_every_query_has_the_same_fields(queries: list[dict[str, Any]]) -> None:
    assert [query["id"] for query in queries if set(query) != FIELDS] == []


def test_ids_and_texts_are_unique(queries: list[dict[str, Any]]) -> None:
    assert len({query["id"] for query in queries}) == len(queries)
    assert len({query["query"].casefold() for query in queries}) == len(queries)


def test_languages_and_roles_are_known_and_all_present(queries: list[dict[str, Any]]) -> None:
    assert {query["lang"] for query in queries} == LANGUAGES
    assert {query["role"] for query in queries} == ROLES


def test_a_position_is_a_named_point_in_the_nordic_countries_or_nothing(
    queries: list[dict[str, Any]],
) -> None:
    for near in (query["near"] for query in queries if query["near"] is not None):
        assert set(near) == {"name", "lat", "lon"}
        assert 54 < near["lat"] < 72
        assert 4 < near["lon"] < 32


def test_every_grade_is_one_two_or_three_and_something_is_at_least_good(
    queries: list[dict[str, Any]],
) -> None:
    for query in queries:
        assert set(query["needs"].values()) <= GRADES, query["id"]
        assert set(query["relevant"].values()) <= GRADES, query["id"]
        assert max(query["relevant"].values()) >= 2, query["id"]
        assert query["needs"], query["id"]


def test_an_honest_gap_says_why(queries: list[dict[str, Any]]) -> None:
    assert [query["id"] for query in queries if "gap" in query["tags"] and not query["note"]] == []


def test_in_an_emergency_113_is_judged_exact(queries: list[dict[str, Any]]) -> None:
    emergencies = [query for query in queries if "emergency-first" in query["tags"]]
    assert emergencies
    for query in emergencies:
        assert query["relevant"]["medisinsk-nodtelefon-113"] == 3, query["id"]


def test_every_judged_service_is_in_the_seed(queries: list[dict[str, Any]]) -> None:
    known = {row["slug"] for row in json.loads(SERVICES.read_text(encoding="utf-8"))}
    judged = {service for query in queries for service in query["relevant"]}
    assert judged - known == set()


def test_every_expected_need_is_in_the_seed(queries: list[dict[str, Any]]) -> None:
    known = identifiers(json.loads(NEEDS.read_text(encoding="utf-8")), "slug")
    expected = {need for query in queries for need in query["needs"]}
    assert expected - known == set()


def test_the_halves_are_even_in_all_and_in_every_language(queries: list[dict[str, Any]]) -> None:
    halves = Counter(query["half"] for query in queries)
    assert set(halves) == {"tune", "report"}
    assert abs(halves["tune"] - halves["report"]) <= 1
    for language in LANGUAGES:
        counts = Counter(query["half"] for query in queries if query["lang"] == language)
        assert abs(counts["tune"] - counts["report"]) <= 1, language
