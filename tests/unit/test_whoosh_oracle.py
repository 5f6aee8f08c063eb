"""Whoosh's own searcher over an index that has been updated finds what the engine finds: words, filters, totals."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whoosh import query as whoosh_query
from whoosh.searching import Searcher

from directory.search import index
from directory.search.engine import Engine
from directory.search.query import EngineQuery, Term
from directory.search.storage.document import Document
from tests.engine_oracle import AREAS, LANGUAGES, NEEDS, WORDS, documents

IDENTITIES = [UUID(int=number * 2**100) for number in range(15)]
words = st.lists(st.sampled_from([*WORDS, "nowhere"]), max_size=4, unique=True)
groups = st.frozensets(st.sampled_from([*NEEDS, *AREAS, *LANGUAGES, "need:none"]), min_size=1, max_size=3)


@st.composite
def named(draw: st.DrawFn) -> Document:
    document = draw(documents())
    document.id = str(draw(st.sampled_from(IDENTITIES)))
    return document


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(named(), min_size=1, max_size=12),
    st.lists(
        st.tuples(st.lists(named(), max_size=3), st.sets(st.sampled_from(IDENTITIES), max_size=2)), max_size=6
    ),
    st.lists(st.tuples(words, st.lists(groups, max_size=3)), min_size=1, max_size=6),
)
def test_the_same_services_are_found_by_words_and_filters(
    first: list[Document],
    changes: list[tuple[list[Document], set[UUID]]],
    queries: list[tuple[list[str], list[frozenset[str]]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        patch.setattr(index, "_ABSORBED", 1)  # several segments, and some that are merged
        patch.setattr(index, "_SEGMENTS", 3)
        path = Path(folder)
        there = {document.id: document for document in first}
        index.rebuild(path, there.values(), position=0, fingerprint="a")
        for position, (changed, removed) in enumerate(changes, 1):
            gone = {str(identity) for identity in removed} - {document.id for document in changed}
            index.apply(path, changed, gone, position=position)
            there = {i: d for i, d in there.items() if i not in gone} | {d.id: d for d in changed}
        snapshot = Engine(path).snapshot()
        assert snapshot.documents == len(there)
        if not there:
            return
        numbers = _numbers(path)
        with Searcher(snapshot.whoosh()) as searcher:
            for texts, filters in queries:
                asked: list[whoosh_query.Query] = [
                    whoosh_query.Or([whoosh_query.Term("key", key) for key in sorted(group)])
                    for group in filters
                ]
                if texts:
                    asked.append(whoosh_query.Or([whoosh_query.Term("text", text) for text in texts]))
                wanted = whoosh_query.And(asked) if asked else whoosh_query.Every()
                theirs = {hit.docnum for hit in searcher.search(wanted, limit=None)}
                found = snapshot.search(
                    EngineQuery(
                        terms=tuple(Term(((text, 1.0),)) for text in texts),
                        minimum_text=0.0,
                        filters=tuple(filters),
                        limit=100,
                    )
                )
                ours = {numbers[hit.segment] + hit.document for hit in found.hits}
                assert ours == theirs
                assert found.total == len(theirs)


def _numbers(path: Path) -> list[int]:
    """Where each segment's documents begin, as Whoosh counts them."""
    starts, number = [], 0
    for entry in index.read_generation(path).segments:
        starts.append(number)
        number += entry.documents
    return starts
