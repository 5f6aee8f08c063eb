"""What the engine is asked: who is for whom, who serves the region, and what a name in the line says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from directory.search.finding import Finder, Found
from tests.bench.house import slug_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def found(finder: Finder, **values: Any) -> Found:
    with finder.engine.snapshot() as snapshot:
        return finder.find(snapshot, finder.resolve({"per_page": 30, **values}, now=NOW, lang="nb"))


def slugs(finder: Finder, **values: Any) -> list[str]:
    with finder.engine.snapshot() as snapshot:
        return [slug_of(snapshot, hit) for hit in found(finder, **values).hits.hits]


def prefers_all_ages(finder: Finder, **values: Any) -> bool:
    return any("flag:all-ages" in group for group in found(finder, **values).query.preferred)


@pytest.mark.parametrize("text", ["chemsex rådgivning", "консультант по химсексу", "snakke om chemsex"])
def test_a_text_for_professionals_comes_after_who_is_there_for_clients(finder: Finder, text: str) -> None:
    first = slugs(finder, q=text)
    assert first.index("chemfriendly") < first.index("ecom-chemsex-manual")


def test_a_professional_finds_who_is_there_for_professionals(finder: Finder) -> None:
    assert "korus-oslo" in slugs(finder, q="veiledning av ansatte i rusfeltet oslo")[:3]


def test_who_takes_only_the_young_is_preferred_to_nobody_where_nobody_young_asks(finder: Finder) -> None:
    assert prefers_all_ages(finder, q="pårørende til rusavhengig")
    assert not prefers_all_ages(finder, q="pårørende til rusavhengig", age=17)
    assert not prefers_all_ages(finder, q="jeg er 15 år og mamma drikker")
    assert not prefers_all_ages(finder, q="rus", need=["children-youth"])
    first = slugs(finder, q="pårørende til rusavhengig")
    assert first.index("parorendesenteret") < first.index("blakors-kompasset")


@pytest.mark.parametrize("text", ["pårørende til rusavhengig fredrikstad", "rodzina alkoholika fredrikstad"])
def test_who_serves_the_region_comes_before_who_serves_the_country(finder: Finder, text: str) -> None:
    first = slugs(finder, q=text)
    assert first.index("nks-veiledningssenter-ost") < first.index("nks-veiledningssenter")
    assert first.index("nks-veiledningssenter-ost") < first.index("parorendesenteret")


def test_a_name_that_many_services_share_is_found_as_it_sounds(finder: Finder) -> None:
    with finder.engine.snapshot() as snapshot:
        hits = found(finder, q="كيركنس بيميشون اوسلو").hits.hits[:8]
        heads = [orjson.loads(b"{" + (snapshot.piece(hit, "head") or b"") + b"}") for hit in hits]
    named = [head["slug"] for head in heads if "Kirkens Bymisjon" in head["organization"]["name"]]
    assert len(named) >= 6, named


@pytest.mark.parametrize("name", ["Kirkens Bymisjon", "blå kors", "helseutvalget"])
def test_the_name_of_an_organization_is_no_need(finder: Finder, name: str) -> None:
    named = found(finder, q=name)
    assert named.understood.needs == ()
    with finder.engine.snapshot() as snapshot:
        head = orjson.loads(b"{" + (snapshot.piece(named.hits.hits[0], "head") or b"") + b"}")
    assert name.casefold().split()[0] in head["organization"]["name"].casefold()


def test_beside_a_name_what_no_rule_told_counts_less(finder: Finder) -> None:
    asked = found(finder, q="хельсеутвалгет швидкий тест")
    learnt = [n for n in asked.understood.needs if n.learnt]
    for need in learnt:
        assert asked.query.wanted.get(f"need:{need.slug}", 0.0) < need.weight
    assert slugs(finder, q="хельсеутвалгет")[0] == "helseutvalget"
