"""Whoosh's own searcher in the comparison of speed: its BM25F, filters, ranges and facets; geopy for distances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from geopy.distance import geodesic
from whoosh import index
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.fields import KEYWORD, NUMERIC, STORED, TEXT, Schema
from whoosh.query import And, Every, NumericRange, Or, Query, Term
from whoosh.scoring import BM25F
from whoosh.sorting import FieldFacet

from directory.places import bounding_box
from directory.search.analysis import FIELD_WEIGHTS
from tests.bench.asked import FIRST, RADIUS_KM, Answer, Question
from tests.bench.generator import Service
from tests.bench.peer import InFolder

MOST = 200_000  # services


class Whoosh(InFolder):
    name = "Whoosh's own searcher"
    patience = 1_000_000

    @classmethod
    def left_out(cls, size: int) -> str | None:
        """At 1,000 services a second it is built for hours where a million are, and then asked for minutes."""
        return None if size <= MOST else f"more than {MOST:,} services would take it hours"

    def build(self, services: Iterable[Service]) -> None:
        schema = Schema(
            **{name: TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=False) for name in FIELD_WEIGHTS},
            **{name: KEYWORD() for name in ("needs", "languages", "areas")},
            lat=NUMERIC(float),
            lon=NUMERIC(float),
            number=STORED,
            lists=STORED,
            point=STORED,
            pieces=STORED,
        )
        self.folder.mkdir()
        made = index.create_in(self.folder, schema)
        with made.writer(limitmb=256) as writer:
            for service in services:
                point = None if service.lat is None or service.lon is None else (service.lat, service.lon)
                writer.add_document(
                    name=service.name,
                    need=service.need_text,
                    organization=service.organization,
                    description=service.description,
                    needs=" ".join(service.needs),
                    languages=" ".join(service.languages),
                    areas=" ".join(key.replace(" ", "_") for key in service.areas),
                    number=service.number,
                    lists=(service.needs, service.areas, service.reach),
                    point=point,
                    pieces=service.pieces(),
                    **({"lat": point[0], "lon": point[1]} if point else {}),
                )
        self._searcher = made.searcher(weighting=BM25F())

    def search(self, question: Question) -> Answer:
        query: Query = Every()
        if question.words:
            query = Or(
                [
                    Term(field, word, boost=weight)
                    for word in question.words
                    for field, weight in FIELD_WEIGHTS.items()
                ]
            )
        only: list[Query] = [Term("needs", question.need)] if question.need else []
        if question.language:
            only.append(Term("languages", question.language))
        if question.point is None:
            facet = FieldFacet("needs", allow_overlap=True)
            found = self._searcher.search(query, limit=FIRST, filter=_all(only), groupedby={"needs": facet})
            counts = {slug: len(members) for slug, members in found.groups("needs").items()}
            first = [docnum for _, docnum in found.top_n]
            return Answer(len(found), counts, first)
        only.append(self._around(question))
        found = self._searcher.search(query, limit=None, filter=_all(only))
        return self._within(question, [(score, docnum) for score, docnum in found.top_n])

    def _around(self, question: Question) -> Query:
        assert question.point is not None
        south, west, north, east = bounding_box(*question.point, RADIUS_KM)
        box = And([NumericRange("lat", south, north), NumericRange("lon", west, east)])
        areas = [Term("areas", key.replace(" ", "_")) for key in question.serving]
        return Or([box, *areas]) if areas else box

    def _within(self, question: Question, hits: list[tuple[float, int]]) -> Answer:
        counts: Counter[str] = Counter()
        kept: list[tuple[float, int, int, float, bool]] = []
        for score, docnum in hits:
            stored = self._searcher.stored_fields(docnum)
            needs, areas, _ = stored["lists"]
            point = stored.get("point")
            distance = float(geodesic(question.point, point).km) if point else float("nan")
            serving = any(key in question.serving for key in areas)
            if serving or distance <= RADIUS_KM:
                counts.update(needs)
                kept.append((score if question.words else 1.0, docnum, stored["number"], distance, serving))
        if not kept:
            return Answer(0, {}, [])
        scores, docnums, numbers, distances, servings = zip(*kept, strict=True)
        best = self._facts.best(np.array(numbers), np.array(scores), np.array(distances), np.array(servings))
        return Answer(len(kept), dict(counts), [docnums[i] for i in best.tolist()])

    def numbers(self, answer: Answer) -> list[int]:
        return [self._searcher.stored_fields(docnum)["number"] for docnum in answer.first]


def _all(queries: list[Query]) -> Query | None:
    return And(queries) if queries else None
