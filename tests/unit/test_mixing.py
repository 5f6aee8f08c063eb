"""Two needs in one line give both, in turn; pages neither lose nor repeat a service."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from directory.search.finding import Finder

LINES = {
    "PEP og noen å snakke med": ("pep", "crisis-line"),
    "clean needles and a lawyer": ("user-equipment", "legal-aid"),
    "нужен юрист и чистые шприцы": ("user-equipment", "legal-aid"),
    "advokat og klamydiatest i Oslo": ("legal-aid", "sti-testing"),
}


def page(finder: Finder, line: str, number: int, size: int) -> tuple[int, list[tuple[str, set[str]]]]:
    criteria = finder.resolve({"q": line, "page": number, "per_page": size}, now=datetime.now(UTC), lang="nb")
    answer = orjson.loads(finder.answer(criteria, datetime.now(UTC)))
    return answer["total"], [(r["slug"], {n["slug"] for n in r["needs"]}) for r in answer["results"]]


@pytest.mark.parametrize(("line", "needs"), LINES.items())
def test_both_needs_are_among_the_first(finder: Finder, line: str, needs: tuple[str, str]) -> None:
    _, first = page(finder, line, 1, 6)
    for need in needs:
        assert sum(need in having for _, having in first) >= 2, first


@pytest.mark.parametrize("line", LINES)
def test_pages_neither_lose_nor_repeat_a_service(finder: Finder, line: str) -> None:
    total, whole = page(finder, line, 1, 100)
    pages = [slug for number in range(1, 100 // 7 + 2) for slug, _ in page(finder, line, number, 7)[1]]
    expected = [slug for slug, _ in whole]
    assert pages[: len(expected)] == expected
    assert len(set(pages)) == len(pages)
    assert len(pages) >= min(total, 100)


def test_a_circumstance_is_no_second_need(finder: Finder) -> None:
    assert finder.understand("voldtatt på fest og naken").beside == ()
    assert finder.understand("PEP og noen å snakke med").beside == (("pep",), ("crisis-line",))
