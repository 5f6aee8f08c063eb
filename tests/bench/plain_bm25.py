"""The baseline of relevance: plain BM25 by Whoosh's own searcher over the same fields, without any understanding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from whoosh.analysis import Analyzer, StandardAnalyzer, StemmingAnalyzer
from whoosh.fields import ID, TEXT, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.qparser import MultifieldParser, OrGroup
from whoosh.scoring import BM25F

from directory.catalogue.entries import ServiceEntry
from directory.needs import Needs
from directory.search.analysis import FIELD_WEIGHTS
from tests.bench.house import DEPTH

Ranker = Callable[[Mapping[str, Any]], list[str]]
FIELDS = ("name", "organization", "need", "description")


def rankers(entries: Iterable[ServiceEntry], needs: Needs) -> dict[str, Ranker]:
    """Name of the baseline -> its ranker. Everything is in memory; the entries are read once."""
    rows = [_row(entry, needs) for entry in entries]
    return {
        "Whoosh BM25F, StandardAnalyzer": _ranker(rows, StandardAnalyzer(), None),
        "Whoosh BM25F, StemmingAnalyzer": _ranker(rows, StemmingAnalyzer(), None),
        "Whoosh BM25F, stemming, our field weights": _ranker(rows, StemmingAnalyzer(), FIELD_WEIGHTS),
    }


def _row(entry: ServiceEntry, needs: Needs) -> dict[str, str]:
    places = (
        part for p in entry.locations for part in (p.address_1, p.city, p.municipality, p.county) if part
    )
    return {
        "slug": entry.slug,
        "name": "\n".join(entry.names.values()),
        "organization": entry.organization.name,
        "need": "\n".join(w.text for slug in entry.needs for w in needs[slug].wordings),
        "description": "\n".join((*entry.descriptions.values(), *places)),
    }


def _ranker(
    rows: Iterable[Mapping[str, str]], analyzer: Analyzer, weights: Mapping[str, float] | None
) -> Ranker:
    schema = Schema(slug=ID(stored=True), **{name: TEXT(analyzer=analyzer) for name in FIELDS})
    index = RamStorage().create_index(schema)
    with index.writer() as writer:
        for row in rows:
            writer.add_document(**row)
    # No plugins but these: nothing in a judged query is meant as an operator.
    parser = MultifieldParser(FIELDS, schema, fieldboosts=weights, plugins=[], group=OrGroup)
    searcher = index.searcher(weighting=BM25F())

    def rank(query: Mapping[str, Any]) -> list[str]:
        return [hit["slug"] for hit in searcher.search(parser.parse(query["query"]), limit=DEPTH)]

    return rank
