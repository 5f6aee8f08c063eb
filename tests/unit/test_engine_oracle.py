"""The engine beside a plain evaluation of every document, and beside Whoosh's own searcher."""

from __future__ import annotations

import itertools
import math
import os
import random
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whoosh import query as whoosh_query
from whoosh.scoring import BM25F
from whoosh.searching import Searcher

from directory.search import asking, index
from directory.search.engine import Engine
from directory.search.matching import ranking
from directory.search.matching.layout import Costs
from directory.search.query import EngineQuery, Term, Weights
from directory.search.snapshot import Snapshot
from directory.search.storage import assembly, inversion
from directory.search.storage.document import Document, Spot
from tests.engine_oracle import (
    AREAS,
    LANGUAGES,
    NEEDS,
    SCHEDULES,
    WORDS,
    Oracle,
    before,
    directories,
    queries,
    service,
    states_at,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
bounded = settings(
    max_examples=70,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def a_disk_that_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(params=["as it is", "with the ways of a large one"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few documents would all go one way: with other limits they go the ways of a hundred thousand."""
    if request.param != "as it is":
        monkeypatch.setattr(assembly, "DENSE", 3)
        monkeypatch.setattr(asking, "COSTS", Costs(look_up=1, local=0, selective=1, many=0, crowd=0))
        monkeypatch.setattr(inversion, "RUN", 20)
        monkeypatch.setattr(inversion, "MOST_TERMS", 7)


def opened(folder: str, documents: list[Document]) -> Snapshot:
    index.rebuild(Path(folder), documents, position=1, fingerprint="test")
    return Engine(Path(folder), states_at=states_at).snapshot()


@pytest.mark.usefixtures("ways")
@bounded
@given(directories, st.data())
def test_the_engine_finds_places_scores_counts_and_orders_as_a_plain_evaluation_does(
    documents: list[Document], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        snapshot, oracle = opened(folder, documents), Oracle(documents)
        for query in data.draw(st.lists(queries(NOON), min_size=1, max_size=4)):
            expected = oracle.answer(query)
            found = snapshot.search(query)
            hits = {str(snapshot.identity(hit)): hit for hit in found.hits}
            assert hits.keys() == expected.keys()
            assert found.total == len(expected) == len(found.hits)
            assert found.facets == oracle.facets(query)
            for identity, hit in hits.items():
                other = expected[identity]
                assert hit.score == pytest.approx(other.score, abs=1e-4)
                assert hit.distance_km == pytest.approx(other.distance, abs=1e-4)
                assert hit.open == other.open
                asked = {*itertools.chain(*query.preferred), *query.serving}
                assert {key for key in asked if snapshot.has_key(hit, key)} == other.keys
                assert hit.spot == other.spot or _as_near(oracle, identity, hit.spot, other.spot, query)
            order = [expected[identity] for identity in hits]
            assert all(before(a, b) for a, b in itertools.pairwise(order))


def _as_near(oracle: Oracle, identity: str, one: int | None, other: int | None, query: EngineQuery) -> bool:
    """Two spots of a document that are equally far, within rounding."""
    document = next(d for d in oracle.documents if d.id == identity)
    if one is None or other is None or query.point is None:
        return False
    distances = [
        oracle.best_spot(
            replace(document, spots=(document.spots[spot],)), query._replace(radius_km=None), True
        )
        for spot in (one, other)
    ]
    (a, b) = distances
    return a is not None and b is not None and abs((a[1] or 0) - (b[1] or 0)) < 2e-5


@pytest.mark.usefixtures("ways")
@bounded
@given(directories, queries(NOON), st.integers(1, 7))
def test_pages_hold_everything_once_and_in_the_same_order(
    documents: list[Document], query: EngineQuery, size: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        snapshot = opened(folder, documents)
        whole = snapshot.search(query).hits
        pages = [
            snapshot.search(query._replace(offset=at, limit=size)).hits
            for at in range(0, len(whole) + size, size)
        ]
        assert [hit for page in pages for hit in page] == list(whole)


def town_and_country(chance: random.Random, number: int) -> Document:
    """A document of a country with three towns: most are in one of them, some have several locations or none."""
    towns = ((60.39, 5.32), (59.91, 10.75), (69.65, 18.96))
    latitude, longitude = chance.choice(towns)
    scatter = chance.choice([0.01, 0.1, 3.0])
    spots = tuple(
        Spot(
            min(latitude + chance.gauss(0, scatter), 90.0),
            longitude + chance.gauss(0, scatter),
            chance.choice([None, *SCHEDULES]),
        )
        for _ in range(chance.choices([0, 1, 3], [1, 8, 1])[0])
    )
    return service(
        number,
        terms={
            word: chance.choice([1.0, 4.0])
            for word in WORDS
            if chance.random() < (0.05 if word in WORDS[:3] else 0.2)
        },
        keys={
            key: chance.choice([1.0, 1.0, 0.5])
            for key in NEEDS + AREAS + LANGUAGES
            if chance.random() < (0.02 if key == NEEDS[0] else 0.3)
        },
        spots=spots,
        ages=chance.choice([(0, 150), (13, 25)]),
        trust=chance.choice([1.0, 1.0, 0.5]),
        prominence=chance.choice([0.0, 0.3, 1.0]),
        reach=chance.choices([0, 1, 2], [8, 1, 1])[0],
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 2**32),
    st.lists(queries(NOON), min_size=1, max_size=6),
    st.sampled_from([1, 5, 20]),
    st.integers(0, 3),
)
def test_of_a_crowd_the_same_come_first_as_if_each_of_it_were_scored(
    seed: int, asked: list[EngineQuery], limit: int, page: int
) -> None:
    chance = random.Random(seed)
    documents = [town_and_country(chance, number) for number in range(700)]
    with tempfile.TemporaryDirectory() as folder:
        opened(folder, documents)
        gone = [documents[number].id for number in chance.sample(range(700), 30)]
        index.apply(Path(folder), [], gone, position=2)
        snapshot = Engine(Path(folder), states_at=states_at).snapshot()
        for query in asked:
            query = query._replace(radius_km=None, sort="best", limit=limit, offset=page * limit)
            if chance.random() < 0.8:
                query = query._replace(
                    wanted={NEEDS[0]: 1.0, **{need: chance.random() / 2 for need in NEEDS[1:]}},
                    terms=(),
                    boosts=tuple(Term(((word, 1.0),)) for word in WORDS if chance.random() < 0.1),
                )
            told = []
            for crowd in (0, len(documents)):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(asking, "COSTS", Costs(crowd=crowd))
                    told.append(snapshot.search(query))
            assert told[0] == told[1]


class OurBM25(BM25F):
    """BM25 with the idf that the engine uses."""

    def idf(self, searcher: Searcher, fieldname: str, text: str) -> float:
        documents, having = searcher.doc_count_all(), searcher.doc_frequency(fieldname, text)
        return math.log(1 + (documents - having + 0.5) / (having + 0.5))


@bounded
@given(directories, st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True))
def test_whooshs_own_searcher_finds_the_same_by_text_in_the_same_order(
    documents: list[Document], words: list[str]
) -> None:
    plain = [replace(d, trust=1.0, reach=2) for d in documents]
    with tempfile.TemporaryDirectory() as folder:
        snapshot = opened(folder, plain)
        terms = tuple(Term(((word, 1.0),)) for word in words)
        found = snapshot.search(
            EngineQuery(terms=terms, minimum_text=0.0, limit=100, weights=Weights(text=1.0))
        )
        if not plain:
            assert found.total == 0
            return
        told = sum(
            math.log(1 + (len(plain) - having + 0.5) / (having + 0.5))
            for having in (sum(word in d.terms for d in plain) for word in dict.fromkeys(words))
        )
        with Searcher(snapshot.whoosh(), weighting=OurBM25(B=ranking.B, K1=ranking.K1)) as searcher:
            results = searcher.search(
                whoosh_query.Or([whoosh_query.Term("text", word) for word in words]), limit=None
            )
            theirs = {hit.docnum: hit.score for hit in results}
        # ours is a share: divided by all that could be told, and by the limit k1 + 1 of BM25's saturation
        ours = {hit.document: hit.score * told * (ranking.K1 + 1) for hit in found.hits}
        assert ours == pytest.approx(theirs, abs=1e-3)
        scores = [theirs[hit.document] for hit in found.hits]
        assert all(a >= b - 1e-4 for a, b in itertools.pairwise(scores))


@bounded
@given(directories)
def test_every_document_is_found_by_its_id_with_its_pieces(documents: list[Document]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        snapshot = opened(folder, documents)
        hits = {
            str(snapshot.identity(hit)): hit
            for hit in snapshot.search(EngineQuery(limit=len(documents))).hits
        }
        assert hits.keys() == {document.id for document in documents}
        for document in documents:
            hit = hits[document.id]
            for name in ("static", "text:nb"):
                assert snapshot.piece(hit, name) == document.pieces.get(name, b"")
            assert all(snapshot.has_key(hit, key) for key in document.keys)
            assert not snapshot.has_key(hit, "need:none")
