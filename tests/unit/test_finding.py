"""From criteria to services: what fits, in which order, and what is given up when nothing does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from directory.search.criteria import Criteria
from directory.search.finding import Finder

SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def find(finder: Finder, **values: Any) -> dict[str, Any]:
    listed = {"need", "language", "municipality", "organization"}
    values = {k: [v] if k in listed and isinstance(v, str) else v for k, v in values.items()}
    criteria = finder.resolve(values, now=SUNDAY, lang="nb")
    answer: dict[str, Any] = orjson.loads(finder.answer(criteria, SUNDAY))
    return answer


def slugs(answer: dict[str, Any], first: int = 10) -> list[str]:
    return [r["slug"] for r in answer["results"][:first]]


def test_naloxone_in_a_town_is_first_found_there(finder: Finder) -> None:
    answer = find(finder, q="nalokson bergen")
    assert {"nalokson-bergen", "straxhuset-bergen"} & set(slugs(answer, 2))
    assert answer["understood"]["needs"][0]["slug"] == "naloxone"
    assert answer["understood"]["place"]["name"] == "Bergen"
    assert answer["results"][0]["distance_km"] < 10


def test_what_a_line_hardly_tells_ranks_and_is_not_told(finder: Finder) -> None:
    criteria = finder.resolve({"q": "Kirkens Bymisjon"}, now=SUNDAY, lang="nb")
    understood = finder.understand(criteria.q)
    faint = {n.slug for n in understood.needs if n.learnt and n.weight < 0.5}
    assert faint
    assert faint.isdisjoint(n["slug"] for n in finder.told(understood, criteria)["needs"])


def test_the_centre_of_the_place_comes_before_the_fallback_and_the_helplines(finder: Finder) -> None:
    found = slugs(find(finder, q="voldtatt tromsø"))
    assert found[0] == "overgrepsmottak-tromso"
    assert found.index("overgrepsmottak-tromso") < found.index("legevakt-tromso")
    assert "vo-linjen-116006" in found


@pytest.mark.parametrize(
    "text", ["kompis gåtte på G puster dårlig", "друг не дышит", "she passed out and won't wake up"]
)
@pytest.mark.parametrize("near", [None, "69.65,18.95", "59.91,10.75"])
def test_in_danger_of_life_113_is_the_first_result_wherever_one_is(
    finder: Finder, text: str, near: str | None
) -> None:
    answer = find(finder, q=text, near=near)
    assert slugs(answer, 1) == ["medisinsk-nodtelefon-113"]
    assert answer["emergency"]["contacts"][0]["phone"] == "113"


def test_emergency_contacts_are_the_directorys_own_entries(finder: Finder) -> None:
    contacts = find(finder, q="puster ikke")["emergency"]["contacts"]
    entry = find(finder, q="113")["results"][0]
    assert contacts[0]["name"] == entry["name"]
    assert contacts[0]["text"] == entry["summary"]


def test_a_need_includes_all_below_it(finder: Finder) -> None:
    group = find(finder, need="drugs-group", per_page=100)
    below = find(finder, need="naloxone", per_page=100)
    assert group["total"] > below["total"] > 0
    assert find(finder, need=["naloxone", "drugs-group"])["total"] == group["total"]


def test_criteria_must_all_hold(finder: Finder) -> None:
    free = find(finder, need="hiv-testing", free=True, anonymous=True, per_page=100)
    assert free["total"] and all(r["free"] and r["anonymous"] for r in free["results"])


def test_unknown_is_not_true(finder: Finder) -> None:
    assert all(r["anonymous"] is True for r in find(finder, anonymous=True, per_page=100)["results"])


def test_a_radius_keeps_what_is_within_and_what_serves_the_place_from_elsewhere(finder: Finder) -> None:
    answer = find(finder, need="sexual-assault", near="69.65,18.95", radius_km=25.0, per_page=100)
    local = [r for r in answer["results"] if r["reach"] == "local"]
    assert local and all(r["distance_km"] is not None and r["distance_km"] <= 25 for r in local)
    assert any(r["reach"] == "national" for r in answer["results"])
    assert "overgrepsmottak-oslo" not in slugs(answer, 100)


def test_an_empty_radius_is_widened_step_by_step_and_said_so(finder: Finder) -> None:
    answer = find(finder, need="supervised-consumption", near="Alta", radius_km=5.0)
    assert answer["total"] > 0
    assert any("widened_to_km" in step or step.get("dropped") == "radius_km" for step in answer["relaxed"])


def test_what_is_given_up_is_named_in_order(finder: Finder) -> None:
    answer = find(finder, need="supervised-consumption", language="so", anonymous=True, municipality="Alta")
    dropped = [step["dropped"] for step in answer["relaxed"]]
    assert dropped[0] == "anonymous"
    assert answer["total"] > 0


def test_words_that_stand_nowhere_lead_to_the_doors_that_are_open_to_all(finder: Finder) -> None:
    answer = find(finder, q="xyzzyq plughq")
    assert answer["relaxed"] == [{"dropped": "q"}]
    assert answer["total"] > 0
    assert {r["reach"] for r in answer["results"][:5]} == {"national"}


def test_a_place_alone_finds_what_is_there(finder: Finder) -> None:
    answer = find(finder, q="Alta")
    assert answer["relaxed"] == []
    assert all(r["distance_km"] is None or r["distance_km"] < 50 for r in answer["results"][:3])


def test_those_who_speak_the_language_come_before_those_who_must_find_an_interpreter(finder: Finder) -> None:
    results = find(finder, language="ru", per_page=100)["results"]
    modes = [next(g["mode"] for g in r["languages"] if g["code"] == "ru") for r in results]
    assert "spoken" in modes and "by-law" in modes
    assert modes[0] == "spoken"
    assert all(r["languages"] for r in results)


def test_closed_services_are_left_out_and_unknown_hours_come_last(finder: Finder) -> None:
    answer = find(finder, need="sti-testing", near="Oslo", open_at="2026-11-22T03:00:00+01:00", per_page=100)
    states = [r["open"]["state"] for r in answer["results"]]
    assert "closed" not in states
    assert states == sorted(states, key=["open", "unknown"].index)


def test_a_person_is_kept_from_nothing_that_is_not_known_to_exclude_them(finder: Finder) -> None:
    everyone = find(finder, need="children-youth", per_page=100)["total"]
    grown = find(finder, need="children-youth", age=45, per_page=100)["total"]
    assert 0 < grown < everyone


def test_the_place_in_the_text_is_meant_unless_the_position_lies_there(finder: Finder) -> None:
    elsewhere = find(finder, q="nalokson bergen", near="59.91,10.75")
    assert elsewhere["understood"]["place"]["name"] == "Bergen"
    there = find(finder, q="nalokson bergen", near="60.38,5.33")
    assert there["understood"]["place"]["precision"] == "point"


def test_distance_sorts_by_distance_and_the_placeless_come_last(finder: Finder) -> None:
    distances = [
        r["distance_km"] for r in find(finder, near="Bergen", sort="distance", per_page=100)["results"]
    ]
    known = [d for d in distances if d is not None]
    assert known == sorted(known)
    assert distances[: len(known)] == known


def test_names_sort_by_name(finder: Finder) -> None:
    names = [r["name"].casefold() for r in find(finder, need="naloxone", sort="name")["results"]]
    assert names[0] < names[-1]


def test_facets_count_all_that_was_found(finder: Finder) -> None:
    answer = find(finder, need="naloxone", facets=True, per_page=1)
    count = {f["slug"]: f["count"] for f in answer["facets"]["needs"]}
    assert count["naloxone"] == answer["total"]
    assert all(f["count"] > 0 for kind in answer["facets"].values() for f in kind)
    assert sum(f["count"] for f in answer["facets"]["municipalities"]) <= answer["total"] * 3


def test_a_phone_number_finds_whose_it_is(finder: Finder) -> None:
    assert set(slugs(find(finder, q="23 04 05 00"), 2)) == {"overgrepsmottak-oslo", "psykososial-akutt-oslo"}
    assert slugs(find(finder, q="23040500"), 2) == slugs(find(finder, q="23 04 05 00"), 2)


def test_a_withheld_address_is_in_no_answer(finder: Finder) -> None:
    shelter = find(finder, q="oslo krisesenter")["results"]
    row = next(r for r in shelter if r["slug"] == "oslo-krisesenter")
    assert row["location"] is None or (row["location"]["address"] or "").strip("0123456789 ") in ("", "Oslo")


def test_one_result_a_service(finder: Finder) -> None:
    found = slugs(find(finder, per_page=100), 100)
    assert len(found) == len(set(found))
    assert Criteria().per_page == 20


def test_an_ambiguous_place_names_the_others_whether_it_stands_in_the_text_or_apart(finder: Finder) -> None:
    for asked in ({"q": "legevakt i Os"}, {"q": "legevakt", "near": "Os"}):
        place = find(finder, **asked)["understood"]["place"]
        assert place["name"] == "Os"
        assert place["alternatives"]


def test_a_service_that_nobody_is_known_to_be_excluded_from_is_kept_for_everyone(finder: Finder) -> None:
    for asked in ({"audience": "youth"}, {"gender": "male"}):
        assert "olafiaklinikken" in slugs(find(finder, need="sti-testing", per_page=100, **asked), 100)


def test_what_is_open_depends_on_the_time_that_is_asked_for(finder: Finder) -> None:
    def open_at(time: str) -> dict[str, str]:
        needs = ["low-threshold-health", "sexual-assault"]
        answer = find(finder, need=needs, near="Oslo", open_at=time, per_page=100)
        return {r["slug"]: r["open"]["state"] for r in answer["results"]}

    monday_noon, sunday_night = open_at("2026-11-23T12:00:00+01:00"), open_at("2026-11-22T03:00:00+01:00")
    only_by_day = {s for s, state in monday_noon.items() if state == "open" and s not in sunday_night}
    assert only_by_day, "some are open at noon and left out at night"
    assert "open" in sunday_night.values(), "some never close"


def test_the_place_in_the_text_decides_what_is_near(finder: Finder) -> None:
    first = find(finder, q="nalokson bergen", near="59.91,10.75")["results"][0]
    assert first["location"]["municipality"] == "Bergen"
    assert first["distance_km"] < 10
