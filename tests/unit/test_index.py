"""The one writer: what is built, followed, looked up, and refused."""

from __future__ import annotations

import math
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from directory.search import index, soundness
from directory.search.engine import Engine
from directory.search.query import EngineQuery, Hits, Term
from directory.search.storage.document import Document, Spot
from tests.engine_oracle import ids, service


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


def test_a_directory_without_services_is_an_index_that_finds_nothing(path: Path) -> None:
    state = index.rebuild(path, [], position=0, fingerprint="a")
    snapshot = Engine(path).snapshot()
    assert (state.documents, state.position, state.fingerprint) == (0, 0, "a")
    assert snapshot.search(EngineQuery(facets=("need:",))) == Hits(0, (), {"need:": {}})
    assert snapshot.similar("legevakt", 2) == snapshot.keys_with_prefix("", 9) == []
    assert soundness.check(path) == []


def test_a_single_service_is_found_and_can_be_removed(path: Path) -> None:
    index.rebuild(path, [service(1)], position=1, fingerprint="a")
    engine = Engine(path)
    assert ids(engine.snapshot()) == {1}
    index.apply(path, [], [str(UUID(int=1))], position=2)
    assert ids(engine.snapshot()) == set()
    index.apply(path, [service(2)], [], position=3)
    assert ids(engine.snapshot()) == {2}


def test_a_snapshot_stays_as_it_is_while_the_index_goes_on(path: Path) -> None:
    index.rebuild(path, [service(n) for n in range(300)], position=1, fingerprint="a")
    engine = Engine(path)
    before = engine.snapshot()
    hit = before.search(EngineQuery(filters=(frozenset({"municipality:0007"}),))).hits[0]
    for position in range(2, 8):
        index.apply(path, [service(7, pieces={"static": b"new"})], [str(UUID(int=8))], position=position)
    assert before.piece(hit, "static") == b"7"
    assert len(ids(before)) == 300
    after = engine.snapshot()
    new = after.search(EngineQuery(filters=(frozenset({"municipality:0007"}),))).hits[0]
    assert after.piece(new, "static") == b"new"
    assert ids(after) == set(range(300)) - {8}


def test_the_last_change_of_a_service_counts_and_a_removal_of_an_unknown_one_is_nothing(path: Path) -> None:
    index.rebuild(path, [], position=0, fingerprint="a")
    changes = [service(1, terms={"old": 1.0}), service(1, terms={"new": 1.0})]
    index.apply(path, changes, [str(UUID(int=99))], position=1)
    snapshot = Engine(path).snapshot()
    assert (snapshot.has_term("new"), snapshot.has_term("old")) == (True, False)


def test_a_writer_that_comes_late_changes_nothing(path: Path) -> None:
    index.rebuild(path, [service(1)], position=5, fingerprint="a")
    state = index.apply(path, [service(1, terms={"stale": 1.0})], [], position=5)
    assert (state.position, state.generation) == (5, 1)
    assert not Engine(path).snapshot().has_term("stale")


def test_two_services_with_one_id_are_refused_and_the_old_index_stays(path: Path) -> None:
    index.rebuild(path, [service(1)], position=1, fingerprint="a")
    with pytest.raises(ValueError, match="00000000-0000-0000-0000-000000000002"):
        index.rebuild(path, [service(2), service(3), service(2)], position=2, fingerprint="a")
    assert ids(Engine(path).snapshot()) == {1}
    assert soundness.check(path) == []


def test_a_build_that_breaks_off_leaves_the_old_index_and_no_rest(path: Path) -> None:
    index.rebuild(path, [service(1)], position=1, fingerprint="a")
    before = {item.name for item in path.iterdir()}

    def breaks() -> Iterator[Document]:
        yield service(2)
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError, match="went away"):
        index.rebuild(path, breaks(), position=2, fingerprint="a")
    assert {item.name for item in path.iterdir()} == before
    assert ids(Engine(path).snapshot()) == {1}


def test_progress_is_told_service_by_service(path: Path) -> None:
    told: list[int] = []
    index.rebuild(path, [service(n) for n in range(3)], position=1, fingerprint="a", progress=told.append)
    assert told == [1, 2, 3]


def test_the_folder_is_ours_alone(path: Path) -> None:
    index.rebuild(path, [service(1)], position=1, fingerprint="a")
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_place_that_is_none_is_no_place_and_harms_nothing(path: Path) -> None:
    nowhere = [
        service(1, spots=(Spot(math.nan, 5.0),)),
        service(2, spots=(Spot(60.0, math.inf), Spot(60.39, 5.32))),
        service(3, spots=(Spot(91.0, 5.0),), trust=math.nan, prominence=math.inf),
        service(
            4, terms={"legevakt": math.nan, "vakt": -1.0, "ok": 1.0}, keys={"need:hiv": 0.0, "need:pep": 1.0}
        ),
    ]
    index.rebuild(path, nowhere, position=1, fingerprint="a")
    snapshot = Engine(path).snapshot()
    near = snapshot.search(EngineQuery(point=(60.39, 5.32), radius_km=10))
    found = {snapshot.identity(hit).int: hit for hit in near.hits}
    assert found.keys() == {2, 4}
    assert (found[2].spot, found[2].distance_km) == (1, 0.0)
    all_of_them = snapshot.search(EngineQuery(point=(60.39, 5.32), sort="distance")).hits
    assert [hit.distance_km for hit in all_of_them[2:]] == [None, None]
    assert all(math.isfinite(hit.score) for hit in all_of_them)
    assert [snapshot.has_term(word) for word in ("legevakt", "vakt", "ok")] == [True, False, True]
    assert snapshot.count(["need:hiv", "need:pep"]) == {"need:hiv": 3, "need:pep": 1}


def test_an_id_that_is_no_uuid_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="badly formed"):
        index.rebuild(path, [service(1, id="olafiaklinikken")], position=1, fingerprint="a")


def test_words_are_found_again_by_prefix_and_by_likeness_and_those_of_the_dead_are_not(path: Path) -> None:
    words = ["legevakt", "legevakten", "lege", "overgrepsmottak"]
    index.rebuild(
        path,
        [service(n, terms=dict.fromkeys(words[: n + 1], 1.0)) for n in range(4)],
        position=1,
        fingerprint="a",
    )
    snapshot = Engine(path).snapshot()
    assert snapshot.similar("legevkt", 1) == [("legevakt", 4)]
    assert snapshot.similar("lgeevakt", 1) == [("legevakt", 4)], (
        "two letters that changed places are one edit"
    )
    for anything in ("", "\ud800", "\0", "l" * 10_000, "lege*", "[a-z]"):
        assert snapshot.similar(f"x{anything}", 2) == snapshot.keys_with_prefix(f"x{anything}", 5) == []
        query = EngineQuery(terms=(Term(((f"x{anything}", 1.0),)),), facets=(f"x{anything}",))
        assert snapshot.search(query) == Hits(0, (), {f"x{anything}": {}})
        assert snapshot.by_key(f"x{anything}") is None
    assert snapshot.similar("", 2) == snapshot.similar("\ud800", 2) == []
    assert [snapshot.has_term(word) for word in ("lege", "mangler", "\ud800")] == [True, False, False]
    index.apply(path, [], [str(UUID(int=3)), str(UUID(int=2))], position=2)
    snapshot = Engine(path).snapshot()
    assert snapshot.similar("legevakten", 2) == [("legevakt", 2), ("legevakten", 1)]
    assert not snapshot.has_term("overgrepsmottak")


def test_a_term_tells_as_much_after_others_have_been_removed(path: Path) -> None:
    """What a word tells is counted over living services: those that are gone must not make it common."""
    index.rebuild(path, [service(n) for n in range(300)], position=1, fingerprint="a")
    index.apply(
        path, [service(900, terms={"sjelden": 1.0})], [str(UUID(int=n)) for n in range(40)], position=2
    )
    query = EngineQuery(
        terms=(Term((("legevakt", 1.0),)), Term((("sjelden", 1.0),))), minimum_text=0.0, limit=999
    )
    updated = {h.score for h in Engine(path).snapshot().search(query).hits}
    fresh = [service(900, terms={"sjelden": 1.0}), *(service(n) for n in range(40, 300))]
    index.rebuild(path, fresh, position=3, fingerprint="a")
    assert {h.score for h in Engine(path).snapshot().search(query).hits} == updated
