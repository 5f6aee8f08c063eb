"""Answers are joined from prepared pieces; what depends on the asker, or on the time, is made anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson
import pytest

from directory.config import SEED_DIR
from directory.needs import Needs
from directory.search.answer import Joiner
from directory.search.query import Hit

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday, 13:00 in Oslo
CLOSES = datetime(2026, 11, 23, 14, 37, tzinfo=UTC)
DAYTIME = ["Mo-Su 09:00-15:37", "Europe/Oslo"]
GENERATIONS = count(1)
ALWAYS = ["24/7", "Europe/Oslo"]


class Pieces:
    """Of one service: what a snapshot would hand out of it."""

    def __init__(self, pieces: Mapping[str, bytes], keys: frozenset[str] = frozenset()) -> None:
        self._pieces, self._keys = pieces, keys
        self.generation = next(GENERATIONS)

    def piece(self, hit: Hit, name: str) -> bytes:
        return self._pieces.get(name, b"")

    def has_key(self, hit: Hit, key: str) -> bool:
        return key in self._keys


@pytest.fixture(scope="module")
def joiner() -> Joiner:
    return Joiner(Needs.load(SEED_DIR), "/api/v1/services/")


def hit(spot: int | None = 0, distance_km: float | None = None) -> Hit:
    return Hit(segment=0, document=0, score=1.0, distance_km=distance_km, spot=spot, open=-1)


def service(hours: list[Any] | None = None, **texts: str) -> dict[str, bytes]:
    pieces = {
        "head": b'"id":"00000000-0000-0000-0000-000000000000","slug":"doren","reach":"local"',
        "labelled": orjson.dumps([["naloxone"], [["ru", "spoken"]]]),
        "place:0": b'"location":{"id":"a"},"other_locations":1',
        "place:1": b'"location":{"id":"b"},"other_locations":1',
    }
    if hours is not None:
        pieces["hours"] = orjson.dumps(hours)
    return pieces | {
        f"text:{code}": orjson.dumps(
            {"name": name, "name_language": code, "summary": None, "summary_language": None}
        )[1:-1]
        for code, name in texts.items()
    }


def one(
    joiner: Joiner, pieces: Pieces, found: Hit, lang: str = "nb", at: datetime = NOON, asked: str = ""
) -> Any:
    answer = orjson.loads(joiner.results(pieces, [found], lang, at, asked.split()))
    assert len(answer) == 1
    return answer[0]


def test_what_is_told_as_open_is_closed_from_the_very_minute_on(joiner: Joiner) -> None:
    door = Pieces(service([DAYTIME]))
    before, after = CLOSES - timedelta(microseconds=1), CLOSES
    for _ in range(2):  # what is kept of the one must not be told of the other
        assert one(joiner, door, hit(), at=before)["open"]["state"] == "open"
        assert one(joiner, door, hit(), at=after)["open"]["state"] == "closed"


def test_the_same_hours_are_told_in_each_language(joiner: Joiner) -> None:
    door = Pieces(service([DAYTIME]))
    told = {lang: one(joiner, door, hit(), lang)["open"]["text"] for lang in ("nb", "en", "nb")}
    assert told == {"nb": "Åpent til kl. 15:37", "en": "Open until 15:37"}


def test_a_time_without_hours_is_unknown(joiner: Joiner) -> None:
    for pieces in (service(), service([None, None])):
        assert one(joiner, Pieces(pieces), hit())["open"]["state"] == "unknown"


def test_the_hours_of_the_location_count_else_those_of_the_service(joiner: Joiner) -> None:
    door = Pieces(service([DAYTIME, None, ALWAYS]))
    late = CLOSES + timedelta(hours=1)
    assert [one(joiner, door, hit(spot), at=late)["open"]["state"] for spot in (0, 1, None)] == [
        "closed",
        "open",
        "closed",
    ]


def test_the_place_is_the_one_that_was_found(joiner: Joiner) -> None:
    door = Pieces(service())
    assert [one(joiner, door, hit(spot))["location"]["id"] for spot in (0, 1, None)] == ["a", "b", "a"]
    without = {name: piece for name, piece in service().items() if not name.startswith("place")}
    assert one(joiner, Pieces(without), hit(None))["location"] is None


def test_a_distance_is_told_to_a_tenth_of_a_kilometre_or_not_at_all(joiner: Joiner) -> None:
    door = Pieces(service())
    told = [one(joiner, door, hit(distance_km=km))["distance_km"] for km in (0.0, 12.3456, None)]
    assert told == [0.0, 12.3, None]


def test_a_text_is_the_readers_or_the_next_that_there_is(joiner: Joiner) -> None:
    door = Pieces(service(nb="Døren", en="The door"))
    assert [one(joiner, door, hit(), lang)["name"] for lang in ("nb", "nn", "ru")] == [
        "Døren",
        "Døren",
        "The door",
    ]
    assert one(joiner, Pieces(service()), hit())["name"] is None


def test_a_text_tells_which_language_it_is_in(joiner: Joiner) -> None:
    door = Pieces(service(nb="Døren", en="The door"))
    assert [one(joiner, door, hit(), lang)["name_language"] for lang in ("nb", "nn", "ru")] == [
        "nb",
        "nb",
        "en",
    ]
    nameless = one(joiner, Pieces(service()), hit())
    assert nameless["name_language"] is nameless["summary_language"] is None


@pytest.mark.parametrize(
    ("flags", "mode"),
    [("flag:interpreter flag:by-law", "interpreter"), ("flag:by-law", "by-law"), ("", None)],
)
def test_who_interprets_helps_in_the_language_that_is_asked_for(
    joiner: Joiner, flags: str, mode: str | None
) -> None:
    door = Pieces(service(), frozenset(flags.split()))
    modes = {
        language["code"]: language["mode"]
        for language in one(joiner, door, hit(), asked="so ru")["languages"]
    }
    assert modes == {"ru": "spoken"} | ({"so": mode} if mode else {})
    assert "so" not in {language["code"] for language in one(joiner, door, hit())["languages"]}


def test_the_address_of_a_service_is_told_by_its_slug(joiner: Joiner) -> None:
    assert one(joiner, Pieces(service()), hit())["url"] == "/api/v1/services/doren"


def test_a_service_that_was_changed_is_told_as_it_is_now(joiner: Joiner) -> None:
    before, after = Pieces(service(nb="Før")), Pieces(service(nb="Etter"))
    assert [one(joiner, door, hit())["name"] for door in (before, after, before)] == ["Før", "Etter", "Før"]


def test_only_so_many_services_are_kept_joined_and_all_are_told_right(
    joiner: Joiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("directory.search.answer.KEPT", 2)
    fresh = Joiner(Needs.load(SEED_DIR), "/")
    doors = [Pieces(service(nb=name)) for name in "abcd"]
    for _ in range(2):
        assert [one(fresh, door, hit())["name"] for door in doors] == list("abcd")
    assert len(fresh._lately) + len(fresh._before) == 2
