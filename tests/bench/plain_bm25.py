"""The baseline of relevance: plain BM25 by Whoosh's own searcher over the same fields, without any understanding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from whoosh.analysis import Analyzer, StandardAnalyzer, StemmingAnalyzer
from whoosh.fields import ID, TEXT, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.index import FileIndex
from whoosh.qparser import MultifieldParser, OrGroup
from whoosh.scoring import BM25F

from directory.catalogue.entries import ServiceEntry
from directory.needs import Needs
from directory.search.analysis import FIELD_WEIGHTS
from tests.bench.house import DEPTH

Ranker = Callable[[Mapping[str, Any]], list[str]]
FIELDS = ("name", "organization", "need", "description")


# name of the baseline -> how words are analysed, and what a word in each field is worth
BASELINES: dict[str, tuple[Callable[[], Analyzer], dict[str, float] | None]] = {
    "Whoosh BM25F, StandardAnalyzer": (StandardAnalyzer, None),
    "Whoosh BM25F, StemmingAnalyzer": (StemmingAnalyzer, None),
    "Whoosh BM25F, stemming, our field weights": (StemmingAnalyzer, FIELD_WEIGHTS),
}


def rankers(entries: Iterable[ServiceEntry], needs: Needs) -> dict[str, Ranker]:
    """Everything is in memory; the entries are read once."""
    rows = [_row(entry, needs) for entry in entries]
    indexes = {analyzer: _index(rows, analyzer()) for analyzer in {a for a, _ in BASELINES.values()}}
    return {name: _ranker(indexes[analyzer], weights) for name, (analyzer, weights) in BASELINES.items()}


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


def _index(rows: Iterable[Mapping[str, str]], analyzer: Analyzer) -> FileIndex:
    fields = {name: TEXT(analyzer=analyzer, phrase=False) for name in FIELDS}
    index = RamStorage().create_index(Schema(slug=ID(stored=True), **fields))
    with index.writer() as writer:
        for row in rows:
            writer.add_document(**row)
    return index


def _ranker(index: FileIndex, weights: dict[str, float] | None) -> Ranker:
    # No plugins but these: nothing in a judged query is meant as an operator.
    parser = MultifieldParser(FIELDS, index.schema, fieldboosts=weights, plugins=[], group=OrGroup)
    searcher = index.searcher(weighting=BM25F())

    def rank(query: Mapping[str, Any]) -> list[str]:
        return [hit["slug"] for hit in searcher.search(parser.parse(query["query"]), limit=DEPTH)]

    return rank
