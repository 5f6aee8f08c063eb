"""Our engine in the comparison of speed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from directory.search import index
from directory.search.engine import Engine
from directory.search.query import EngineQuery, Hit, Term
from tests.bench.asked import FIRST, RADIUS_KM, WEIGHTS, Answer, Question
from tests.bench.generator import Service
from tests.bench.peer import InFolder

NEED = "need:"


class Veiviser(InFolder):
    name = "Veiviser"

    def build(self, services: Iterable[Service]) -> None:
        documents = (service.document() for service in services)
        index.rebuild(self.folder, documents, position=0, fingerprint="bench")
        self._engine = Engine(self.folder)

    def search(self, question: Question) -> Answer:
        filters = [frozenset({f"{NEED}{question.need}"})] if question.need else []
        if question.language:
            filters.append(frozenset({f"language:{question.language}"}))
        query = EngineQuery(
            wanted={f"{NEED}{question.need}": 1.0} if question.need and not question.words else {},
            terms=tuple(Term(((word, 1.0),)) for word in question.words),
            minimum_text=0.0,  # one of the words is enough
            filters=tuple(filters),
            point=question.point,
            radius_km=RADIUS_KM if question.point else None,
            serving=frozenset(question.serving),
            limit=FIRST,
            facets=(NEED,),
            weights=WEIGHTS,
        )
        with self._engine.snapshot() as snapshot:
            found = snapshot.search(query)
        facets = {key.removeprefix(NEED): count for key, count in found.facets[NEED].items()}
        return Answer(found.total, facets, found.hits)

    def numbers(self, answer: Answer) -> list[int]:
        with self._engine.snapshot() as snapshot:
            return [snapshot.identity(cast(Hit, hit)).int & 0xFFFFFFFFFFFFFFFF for hit in answer.first]
