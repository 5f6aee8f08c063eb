"""What counsellors know of services moves their first results a little, and nothing else of the answer."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from directory.search.finding import Finder
from directory.search.regarding import RANKED_ANEW, Regard, Regards
from tests.seeded import SEEDED_ON

TOLD = {"answers_within_hours": 24, "acceptance": 90, "closure": None}
WELL, BADLY = Regard(1.15, TOLD), Regard(0.85, TOLD)
LINES: list[dict[str, Any]] = [
    {"need": ["hiv-testing"]},
    {"q": "hivtest oslo"},
    {"q": "PEP og noen å snakke med"},  # two needs, mixed
    {"q": "naloxone", "near": "Bergen", "open_at": "now"},
    {},
]


def answered(finder: Finder, regards: Regards | None = None, **values: Any) -> dict[str, Any]:
    criteria = finder.resolve(values, now=SEEDED_ON, lang="nb")
    found: dict[str, Any] = orjson.loads(finder.answer(criteria, SEEDED_ON, regards))
    return found


def ids(answer: dict[str, Any]) -> list[str]:
    return [result["id"] for result in answer["results"]]


def test_of_two_alike_the_one_that_answers_well_comes_first(finder: Finder) -> None:
    plain = ids(answered(finder, need=["hiv-testing"]))
    for place in range(1, 6):
        regards = {plain[place]: WELL} | {id: BADLY for id in plain if id != plain[place]}
        assert ids(answered(finder, regards, need=["hiv-testing"])).index(plain[place]) < place


def test_one_that_answers_well_does_not_pass_what_fits_far_better(finder: Finder) -> None:
    plain = ids(answered(finder, q="overgrepsmottak tromsø"))
    regards = dict.fromkeys(plain[5:], WELL)
    assert ids(answered(finder, regards, q="overgrepsmottak tromsø"))[0] == plain[0]


def test_in_danger_of_life_113_stays_first(finder: Finder) -> None:
    plain = answered(finder, q="kompis puster ikke")
    assert plain["results"][0]["slug"] == "medisinsk-nodtelefon-113"
    regards = {ids(plain)[0]: BADLY} | dict.fromkeys(ids(plain)[1:], WELL)
    assert ids(answered(finder, regards, q="kompis puster ikke"))[0] == ids(plain)[0]


@pytest.mark.parametrize("values", LINES, ids=str)
def test_who_is_regarded_alike_keeps_the_order(finder: Finder, values: dict[str, Any]) -> None:
    plain = answered(finder, **values, per_page=100)
    alike = dict.fromkeys(ids(plain), WELL)
    for regards in (alike, {}, {"of a service that is elsewhere": BADLY}):
        found = answered(finder, regards, **values, per_page=100)
        for result in found["results"]:
            assert result["trust"].pop("network") == (TOLD if result["id"] in regards else None)
        assert found == plain


@pytest.mark.parametrize("values", LINES, ids=str)
def test_pages_neither_lose_nor_repeat_a_service(finder: Finder, values: dict[str, Any]) -> None:
    everybody = [id for page in (1, 2, 3) for id in ids(answered(finder, **values, per_page=100, page=page))]
    regards = {id: (WELL, BADLY)[place % 2] for place, id in enumerate(everybody) if place % 3}
    total = answered(finder, **values)["total"]
    paged = [
        id
        for page in range(1, min(total, 200) // 30 + 2)
        for id in ids(answered(finder, regards, **values, per_page=30, page=page))
    ]
    assert len(set(paged)) == len(paged) >= min(total, 200)
    if total > 6:
        assert paged[:100] != everybody[:100]
    if "q" not in values:  # where needs are mixed, some of the later ones come among the first
        assert set(paged[:RANKED_ANEW]) == set(everybody[:RANKED_ANEW])
        assert paged[RANKED_ANEW:180] == everybody[RANKED_ANEW:180]


def test_unknown_hours_come_last_however_well_they_answer(finder: Finder) -> None:
    asked = {"need": ["drugs-group"], "open_at": "2026-11-25T10:00:00+01:00", "per_page": 100}
    plain = answered(finder, **asked)
    states = [result["open"]["state"] for result in plain["results"]]
    assert states == sorted(states) and set(states) == {"open", "unknown"}
    regards = {r["id"]: WELL if r["open"]["state"] == "unknown" else BADLY for r in plain["results"]}
    assert [r["open"]["state"] for r in answered(finder, regards, **asked)["results"]] == states


@pytest.mark.parametrize("sort", ["distance", "name", "verified"])
def test_any_other_order_is_as_it_is(finder: Finder, sort: str) -> None:
    values: dict[str, Any] = {"need": ["hiv-testing"], "near": "Oslo", "sort": sort, "per_page": 100}
    plain = ids(answered(finder, **values))
    regards = {id: (WELL, BADLY)[place % 2] for place, id in enumerate(plain)}
    assert ids(answered(finder, regards, **values)) == plain
