"""What is being typed is completed: in any script, with a slip forgiven, what finds most here first."""

from __future__ import annotations

from typing import Any

import pytest

from directory.search.finding import Finder


def told(found: list[dict[str, Any]], kind: str) -> list[str]:
    return [row["slug"] or row["text"] for row in found if row["kind"] == kind]


@pytest.mark.parametrize(
    ("typed", "need"),
    [
        ("na", "naloxone"),
        ("nalo", "naloxone"),
        ("нал", "naloxone"),
        ("نال", "naloxone"),
        ("krise", "shelter"),
        ("nalxo", "naloxone"),
        ("klamyd", "sti-testing"),
        ("klmaydia", "sti-testing"),
    ],
)
def test_a_need_is_completed_from_two_letters_on(finder: Finder, typed: str, need: str) -> None:
    assert need in told(finder.suggest(typed, "nb"), "need")


@pytest.mark.parametrize(("typed", "place"), [("ber", "Bergen"), ("осл", "Oslo"), ("tronhe", "Trondheim")])
def test_a_place_is_completed(finder: Finder, typed: str, place: str) -> None:
    assert told(finder.suggest(typed, "nb"), "place")[0] == place


def test_a_service_is_completed_though_a_letter_is_wrong(finder: Finder) -> None:
    assert "olafiaklinikken" in told(finder.suggest("olafia", "nb"), "service")
    assert "olafiaklinikken" in told(finder.suggest("olfaiakl", "nb"), "service")


def test_what_finds_most_near_the_asker_comes_first(finder: Finder) -> None:
    here = finder.place("Tromsø")
    services = told(finder.suggest("legevakt", "nb", here), "service")
    assert services[0] == "legevakt-tromso"
    assert told(finder.suggest("legevakt", "nb", finder.place("Bergen")), "service")[0].endswith("bergen")


def test_one_letter_suggests_nothing_and_there_are_never_more_than_ten(finder: Finder) -> None:
    assert finder.suggest("n", "nb") == []
    assert len(finder.suggest("na", "nb")) <= 10
    assert len({(r["kind"], r["text"]) for r in finder.suggest("kr", "nb")}) == len(
        finder.suggest("kr", "nb")
    )
