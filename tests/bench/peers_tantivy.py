"""tantivy (Rust) by tantivy-py in the comparison of speed: words, filters and boxes by tantivy; distances, and counts
within a circle, by numpy, as tantivy measures no distances and counts only what it finds itself.

What it finds everywhere it counts and orders itself, in Rust. Near a place it is asked for all within the box.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import tantivy

from directory.places import bounding_box
from directory.search.analysis import FIELD_WEIGHTS
from tests.bench.asked import FIRST, RADIUS_KM, Answer, Question
from tests.bench.generator import Service
from tests.bench.peer import InFolder

HEAP = 256_000_000  # bytes, of the writer
LIKELY = 2000  # so many within a box are asked for at once; where there are more, again for all of them
COUNTED: dict[str, Any] = {"needs": {"terms": {"field": "needs", "size": 100}}}


class Tantivy(InFolder):
    """``fields``: field -> what a word in it is worth, and how the field's text is made."""

    name = "tantivy, four fields"
    fields: Sequence[tuple[str, float]] = tuple(FIELD_WEIGHTS.items())

    def texts(self, service: Service) -> dict[str, str]:
        return {
            "name": service.name,
            "need": service.need_text,
            "organization": service.organization,
            "description": service.description,
        }

    def build(self, services: Iterable[Service]) -> None:
        schema = tantivy.SchemaBuilder()
        for name, _ in self.fields:
            schema.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
        for name in ("languages", "areas"):
            schema.add_text_field(name, tokenizer_name="raw", index_option="basic")
        schema.add_text_field("needs", tokenizer_name="raw", index_option="basic", fast=True)
        for name in ("lat", "lon"):
            schema.add_float_field(name, indexed=True, fast=True)
        schema.add_unsigned_field("number", fast=True)
        schema.add_bytes_field("pieces", stored=True)
        self._schema = schema.build()
        self.folder.mkdir()
        self._index = tantivy.Index(self._schema, path=str(self.folder))
        writer = self._index.writer(heap_size=HEAP)
        for service in services:
            writer.add_document(self._document(service))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def _document(self, service: Service) -> tantivy.Document:
        document = tantivy.Document(
            needs=list(service.needs),
            languages=list(service.languages),
            areas=list(service.areas),
            **self.texts(service),
        )
        document.add_unsigned("number", service.number)
        document.add_bytes("pieces", b"".join(service.pieces().values()))
        if service.lat is not None and service.lon is not None:
            document.add_float("lat", service.lat)
            document.add_float("lon", service.lon)
        return document

    def search(self, question: Question) -> Answer:
        must = [self._text(question.words)] if question.words else []
        must += [
            tantivy.Query.const_score_query(
                tantivy.Query.term_query(self._schema, field, value, "basic"), 0.0
            )
            for field, value in (("needs", question.need), ("languages", question.language))
            if value
        ]
        if question.point is None:
            query = self._all(must)
            found = self._searcher.search(query, FIRST)
            buckets = self._searcher.aggregate(query, COUNTED)["needs"]["buckets"]
            return Answer(found.count, {b["key"]: b["doc_count"] for b in buckets}, self._numbers(found.hits))
        must.append(tantivy.Query.const_score_query(self._around(question), 0.0))
        query = self._all(must)
        found = self._searcher.search(query, LIKELY)
        if found.count > LIKELY:
            found = self._searcher.search(query, found.count, count=False)
        if not found.hits:
            return Answer(0, {}, [])
        scores = np.array([score for score, _ in found.hits])
        numbers = np.array(self._numbers(found.hits), dtype=np.intp)
        return self._facts.answer(question, numbers, scores if question.words else np.ones(len(scores)))

    def _text(self, words: Sequence[str]) -> tantivy.Query:
        terms = (
            (weight, tantivy.Query.term_query(self._schema, field, word, "freq"))
            for word in words
            for field, weight in self.fields
        )
        boosted = [q if weight == 1.0 else tantivy.Query.boost_query(q, weight) for weight, q in terms]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in boosted])

    def _around(self, question: Question) -> tantivy.Query:
        assert question.point is not None
        south, west, north, east = bounding_box(*question.point, RADIUS_KM)
        number = tantivy.FieldType.Float
        box = self._all(
            [
                tantivy.Query.range_query(self._schema, "lat", number, south, north),
                tantivy.Query.range_query(self._schema, "lon", number, west, east),
            ]
        )
        if not question.serving:
            return box
        areas = [tantivy.Query.term_query(self._schema, "areas", key, "basic") for key in question.serving]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, q) for q in chain([box], areas)])

    def _all(self, queries: Sequence[tantivy.Query]) -> tantivy.Query:
        if len(queries) == 1:
            return queries[0]
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])

    def _numbers(self, hits: list[tuple[float, tantivy.DocAddress]]) -> list[int]:
        return self._searcher.fast_field_values("number", [address for _, address in hits])

    def numbers(self, answer: Answer) -> list[int]:
        return list(answer.first)  # type: ignore[arg-type]


class TantivyCombined(Tantivy):
    """All words in one field, each as many times as its field's weight."""

    name = "tantivy, one field"
    fields = (("text", 1.0),)

    def texts(self, service: Service) -> dict[str, str]:
        parts = super().texts(service).items()
        return {"text": " ".join(text for field, text in parts for _ in range(round(FIELD_WEIGHTS[field])))}
