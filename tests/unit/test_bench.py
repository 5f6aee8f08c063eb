"""The bench measures right, draws the same directory every time, and notices an engine that finds something else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.bench import __main__ as bench
from tests.bench import over_http, plain_bm25, relevance, speed, speed_tables
from tests.bench.asked import KINDS, NEAR, NEED, TEXT, Answer, Facts, Question, questions
from tests.bench.generator import CHUNK, Service, World
from tests.bench.house import House, ranked, seeded_house
from tests.bench.parts import PARTS
from tests.bench.peers_veiviser import Veiviser
from tests.bench.peers_whoosh import Whoosh
from tests.bench.report import Progress, Table

SIZE = 200


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def services(world: World) -> list[Service]:
    return list(world.services(SIZE))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The real directory, of which the search knows the Norwegian words alone: there are ten languages, and every
    finder reads all their words anew."""
    with seeded_house(tmp_path_factory.mktemp("house")) as whole:
        terms = {
            need.slug: replace(need, wordings=tuple(w for w in need.wordings if w.language == "nb"))
            for need in whole.needs
        }
        yield replace(whole, needs=replace(whole.needs, terms=terms))


def score(relevant: Mapping[str, int], slugs: list[str]) -> relevance.Score:
    return relevance.judge({"id": "x", "relevant": relevant, "role": "client-in-crisis"}, slugs)


# measures


def test_a_perfect_order_scores_one() -> None:
    assert score({"a": 3, "b": 2, "c": 1}, ["a", "b", "c"]).ndcg == 1.0


def test_a_reversed_order_scores_less_but_more_than_nothing() -> None:
    reversed_order = score({"a": 3, "b": 2, "c": 1}, ["c", "b", "a"]).ndcg
    assert reversed_order == pytest.approx((1 + 2 / 1.5849625 + 3 / 2) / (3 + 2 / 1.5849625 + 1 / 2))


def test_services_that_nobody_judged_score_nothing() -> None:
    nothing = score({"a": 3}, ["x", "y"])
    assert (nothing.ndcg, nothing.reciprocal_rank, nothing.missed) == (0.0, 0.0, True)


def test_what_comes_after_the_tenth_place_gains_nothing_but_still_has_a_rank() -> None:
    late = score({"a": 3}, [*"klmnopqrst", "a"])
    assert (late.ndcg, late.reciprocal_rank) == (0.0, 1 / 11)


def test_a_marginal_service_is_no_right_answer() -> None:
    assert score({"a": 1, "b": 2}, ["a", "x", "y", "b"]).missed
    assert not score({"a": 1, "b": 2}, ["a", "x", "b"]).missed


def test_every_part_can_be_switched_off_and_the_search_still_answers(house: House) -> None:
    query: dict[str, Any] = {"id": "x", "query": "naloksn bergen", "near": None, "relevant": {}}
    engine = house.index("index")
    finder = house.finder(engine)
    whole = ranked(finder, query)
    assert any(slug.startswith("nalokson") for slug in whole[:3])
    without = {name: part(house, finder)(query) for name, part in PARTS.items()}
    assert all(without.values())
    # the misspelt word, and the town, are what this query needs
    assert without["typos"] != whole
    assert without["place"] != whole
    # switching off leaves nothing switched off behind it
    assert ranked(house.finder(engine), query) == whole


def test_the_baseline_finds_by_the_words_as_they_stand(house: House) -> None:
    entries = [entry for entry in house.entries() if entry.slug[0] == "r"]
    for rank in plain_bm25.rankers(entries, house.needs).values():
        assert "rusinfo" in rank({"query": "RUSinfo chat AND *:*"})[:3]
        assert rank({"query": "rusinf0"}) == []


# the generator


def test_the_same_number_gives_the_same_service_in_a_directory_of_any_size(world: World) -> None:
    assert list(world.services(3)) == list(islice(world.services(CHUNK + 7), 3))
    assert list(world.services(CHUNK + 7))[-1].number == CHUNK + 6


def test_another_world_of_the_same_seed_is_the_same_and_of_another_seed_is_not(world: World) -> None:
    again, other = World(world.seed), World(world.seed + 1)
    assert list(again.services(5)) == list(world.services(5))
    assert list(other.services(5)) != list(world.services(5))
    assert [questions(again, kind, 3) for kind in KINDS] == [questions(world, kind, 3) for kind in KINDS]


def test_generated_documents_are_valid(world: World, services: list[Service]) -> None:
    documents = [service.document() for service in services]
    assert len({UUID(document.id) for document in documents}) == SIZE
    for service, document in zip(services, documents, strict=True):
        assert UUID(document.id).int & 0xFFFFFFFFFFFFFFFF == service.number
        assert document.terms and min(document.terms.values()) > 0
        assert all(0 < strength <= 1 for strength in document.keys.values())
        assert all(57 < spot.latitude < 72 and 4 < spot.longitude < 32 for spot in document.spots)
        assert {key.removeprefix("need:") for key in document.keys if key.startswith("need:")} == set(
            service.needs
        )
        assert set(service.needs) <= set(world.needs.terms)


def test_a_fifth_of_the_services_serve_more_than_where_they_stand(world: World) -> None:
    reaches = [service.reach for service in world.services(5 * CHUNK)]
    assert 0.18 < sum(reach > 0 for reach in reaches) / len(reaches) < 0.22
    assert all((service.reach > 0) == bool(service.areas) for service in world.services(CHUNK))


def test_words_are_as_frequent_as_zipf_says(world: World) -> None:
    text = " ".join(service.description for service in world.services(CHUNK)).split()
    # by the law: (rank 49 + 2.7) / (rank 9 + 2.7) = 4.4 times
    often, seldom = (text.count(world.vocabulary[rank]) for rank in (9, 49))
    assert 3 < often / seldom < 6
    assert 50 < len(text) / CHUNK < 70


# speed


@pytest.fixture(scope="module")
def compared(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return speed.compare(tmp_path_factory.mktemp("speed"), SIZE, number=4, warm_up=1, world=world)


def test_all_engines_find_what_is_right(compared: dict[str, Any]) -> None:
    assert compared["disagreements"] == []
    assert not bench.is_void({"speed": [compared]})
    assert compared["kinds"][TEXT]["mean_total"] > 0
    assert compared["kinds"][NEED]["mean_total"] > 0
    for kind in KINDS:
        assert {row["questions"] for row in compared["kinds"][kind]["engines"].values()} == {4}


def test_engines_that_weigh_words_alike_put_the_same_services_first(compared: dict[str, Any]) -> None:
    assert compared["first_alike"]["tantivy, one field"] > 0.9
    # SQLite weighs the fields, and PostgreSQL knows no rare words: much the same all the same
    assert min(compared["first_alike"].values()) > 0.5


def test_the_tables_tell_every_engine_and_kind(compared: dict[str, Any]) -> None:
    told = "\n".join(map(str, speed_tables.tables(compared)))
    for name in (*(peer.name for peer in speed.PEERS), *KINDS):
        assert name in told
    assert "VOID" not in told
    table = str(speed_tables.summary([compared]))
    assert all(name in table for name in (*(peer.name for peer in speed.PEERS), *KINDS))


def test_the_goal_is_judged_at_its_size_and_an_engine_left_out_is_told_with_the_reason(
    compared: dict[str, Any],
) -> None:
    def changed(size: int, share: float) -> dict[str, Any]:
        rows = {
            kind: {
                **result,
                "engines": {
                    name: {**row, "ours_of_median": share, "ours_of_p95": share}
                    for name, row in result["engines"].items()
                },
            }
            for kind, result in compared["kinds"].items()
        }
        return {**compared, "size": size, "kinds": rows, "left_out": {"snail": "too slow"}}

    def met(size: int, share: float) -> set[bool]:
        return {goal.met for goal in speed_tables.goals([changed(size, share)])}

    assert "Without snail: too slow." in str(speed_tables.summary([changed(10_000, 0.9)]))
    assert (met(10_000, 0.9), met(10_000, 1.1)) == ({True}, {False})
    assert (met(1_000_000, 0.7), met(100_000, 0.9)) == ({True}, {False})
    assert met(1_000, 9.0) == set()


def test_what_would_take_too_long_is_left_out_for_a_reason() -> None:
    assert Whoosh.left_out(100_000) is None
    assert "hours" in (Whoosh.left_out(1_000_000) or "")


class Forgetful(Veiviser):
    """Loses one of what it finds near a place."""

    name = "forgetful"

    def search(self, question: Question) -> Answer:
        answer = super().search(question)
        lost = int(question.kind == NEAR and answer.total > 0)
        return Answer(answer.total - lost, answer.facets, answer.first)


def test_an_engine_that_finds_something_else_makes_the_comparison_void(world: World, tmp_path: Path) -> None:
    found = speed.compare(tmp_path, SIZE, peers=(Veiviser, Forgetful), number=30, warm_up=1, world=world)
    assert found["disagreements"]
    assert all(line.startswith(f"forgetful, {NEAR},") for line in found["disagreements"])
    assert bench.is_void({"speed": [found]})
    assert any("VOID" in str(table) for table in speed_tables.tables(found))


def test_the_right_answer_is_what_going_through_every_service_gives(
    world: World, services: list[Service]
) -> None:
    asked = questions(world, TEXT, 20)
    facts = Facts(services, asked)

    def has(service: Service, words: Iterable[str]) -> bool:
        texts = (service.name, service.organization, service.need_text, service.description)
        return not set(words).isdisjoint(" ".join(texts).split())

    for question in asked:
        found = [service for service in services if has(service, question.words)]
        total, facets = facts.right(question)
        assert total == len(found)
        assert facets == {
            need: sum(need in service.needs for service in found)
            for need in {n for s in found for n in s.needs}
        }


# what is asked of the bench, and what it tells


def test_only_and_size_choose_what_runs() -> None:
    assert bench.asked({}) == (list(bench.SIZES), list(bench.PARTS))
    assert bench.asked({"SIZE": "1000, 5000", "ONLY": "speed"}) == ([1000, 5000], ["speed"])


@pytest.mark.parametrize("wrong", [{"SIZE": "many"}, {"SIZE": "0"}, {"ONLY": "speed,seed"}])
def test_a_wrong_size_or_part_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        bench.asked(wrong)


def test_what_wrk_tells_is_read_and_a_refused_request_is_no_figure() -> None:
    told = "    50%    2.34ms\n    99%    0.01s\nRequests/sec:   3333.10\n"
    assert over_http.read(told) == {"requests_per_s": 3333.1, "p50_ms": 2.34, "p99_ms": 10.0}
    with pytest.raises(RuntimeError, match="Non-2xx or 3xx responses: 12"):
        over_http.read(f"{told}  Non-2xx or 3xx responses: 12\n")


def test_a_table_stands_in_straight_columns() -> None:
    table = Table("Title", ("who", "how_many"), notes=("a note",))
    table.add("one", 1)
    table.add("another", 12345.0)
    assert (
        str(table)
        == "Title\nwho      how many\n-----------------\none             1\nanother    12,345\na note\n"
    )


def test_progress_tells_each_step_once_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("speed", 4) as progress:
        for told in ("building", "", "", "asking"):
            progress.step(told)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "speed: building\nspeed: asking\n")
