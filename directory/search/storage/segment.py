"""One immutable segment, opened: its arrays, dictionary, postings and pieces, all memory-mapped.

Documents are known by their number within the segment; see ``assembly`` for their order and for the arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import numpy as np
from whoosh.reading import SegmentReader

from directory.search.matching.layout import Columns
from directory.search.storage.arrays import map_arrays, map_file
from directory.search.storage.assembly import ARRAYS, NO_PIECE, PIECES
from directory.search.storage.document import Document, Spot
from directory.search.storage.postings import KEY, TEXT, Postings, RawCodec, RawTermsReader, whoosh_reader

_CACHED_TERMS = 20_000


class KeyTable(NamedTuple):
    """The keys with one of some prefixes, in order; arrays are int64."""

    prefixes: tuple[str, ...]  # ascending
    names: list[str]
    first: list[int]  # where the names of each prefix begin; one more than prefixes
    facet: (
        np.ndarray
    )  # (n, 2): of each prefix, the number of its first key in the dictionary, and that after its last
    dense: np.ndarray  # (n, 2): of those that have a bit set its row, and which of the names it is
    sparse: (
        np.ndarray
    )  # (n, 3): of the others where their postings start, how many, and which of the names it is


class Segment:
    """Raises OSError or ValueError where a file is missing or is not what it should be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        arrays, meta = map_arrays(folder / ARRAYS)
        self._pieces = map_file(folder / PIECES)
        self._dictionary = RawTermsReader(RawCodec(), folder)
        self.documents: int = meta["documents"]
        self.schedules: list[tuple[str, str]] = [(expression, zone) for expression, zone in meta["schedules"]]
        self._piece_names: list[str] = meta["pieces"]
        self._piece_columns = {name: column for column, name in enumerate(self._piece_names)}
        self.array = arrays
        # one number out of a view is had in half the time it takes out of an array
        self._piece_at, self._piece_length = arrays["piece_at"].data, arrays["piece_length"].data
        self._bit_rows: dict[str, int] = {key: row for row, key in enumerate(meta["dense"])}
        self._words: dict[str, list[str]] = {}
        self._tables: dict[tuple[str, ...], KeyTable] = {}
        self._cache: dict[tuple[str, str], tuple[int, int]] = {}
        self._keys: dict[str, tuple[int, int, int] | None] = {}
        posting, weight = self._dictionary.all_postings
        self.columns = Columns(
            posting=posting,
            weight=weight,
            **{name: arrays[name] for name in Columns._fields if name in arrays},
        )

    # terms and keys

    def range(self, field: str, term: str) -> tuple[int, int] | None:
        """Where the postings of a term are in ``columns.posting`` and ``weight``: (start, count), or None.

        Only terms that the segment has are remembered: what a person typed is not.
        """
        found = self._cache.get((field, term))
        if found is None and (found := self._dictionary.find(field, term)) is not None:
            if len(self._cache) >= _CACHED_TERMS:
                self._cache.clear()
            self._cache[field, term] = found
        return found

    def postings(self, field: str, term: str) -> Postings | None:
        """Documents (uint32, ascending) and weights (float32), or None. Those of deleted documents are still there."""
        if (found := self.range(field, term)) is None:
            return None
        start, count = found
        return self.columns.posting[start : start + count], self.columns.weight[start : start + count]

    def key(self, key: str) -> tuple[int, int, int] | None:
        """(start, count, row of its bit set or -1) of a key, or None.

        For keys that a query filters or weighs by, none of which is made of what a person typed: those that the segment
        lacks are remembered too.
        """
        try:
            return self._keys[key]
        except KeyError:
            found = self.range(KEY, key)
            if len(self._keys) >= _CACHED_TERMS:
                self._keys.clear()
            row = self._keys[key] = None if found is None else (*found, self.bits_of(key))
            return row

    def bits_of(self, key: str) -> int:
        """The row of a key's bit set in ``columns.bits``, or -1."""
        return self._bit_rows.get(key, -1)

    def terms(self, prefix: str = "") -> Iterator[str]:
        return (term for term, _, _ in self._dictionary.walk(TEXT, prefix))

    def words(self, first: str) -> list[str]:
        """The terms of the text that begin with a letter, kept in memory: for likeness all of them are looked at."""
        words = self._words.get(first) or list(self.terms(first))
        if words:
            self._words[first] = words
        return words

    def keys(self, prefix: str = "") -> Iterator[str]:
        return (key for key, _, _ in self._dictionary.walk(KEY, prefix))

    def keys_with(self, prefixes: tuple[str, ...]) -> KeyTable:
        table = self._tables.get(prefixes)
        if table is None:
            ordered = tuple(sorted(prefixes))
            names: list[str] = []
            begins, facet, dense, sparse = [0], [], [], []
            for prefix in ordered:
                first = self._dictionary.position(KEY, prefix)
                for i, (key, start, count) in enumerate(self._dictionary.walk(KEY, prefix), len(names)):
                    names.append(key)
                    if (row := self._bit_rows.get(key)) is not None:
                        dense.append((row, i))
                    else:
                        sparse.append((start, count, i))
                facet.append((first, first + len(names) - begins[-1]))
                begins.append(len(names))
            table = self._tables[prefixes] = KeyTable(
                prefixes=ordered,
                names=names,
                first=begins,
                facet=np.array(facet, dtype=np.int64).reshape(-1, 2),
                dense=np.array(dense, dtype=np.int64).reshape(-1, 2),
                sparse=np.array(sparse, dtype=np.int64).reshape(-1, 3),
            )
        return table

    # single documents

    def lookup(self, identity: UUID) -> int | None:
        high, low = np.uint64(identity.int >> 64), np.uint64(identity.int & 0xFFFFFFFFFFFFFFFF)
        order = self.array["id_order"]
        at = int(self.array["id_high"].searchsorted(high, sorter=order))
        while at < self.documents and self.array["id_high"][order[at]] == high:
            if self.array["id_low"][order[at]] == low:
                return int(order[at])
            at += 1
        return None

    def identity(self, document: int) -> UUID:
        return UUID(int=int(self.array["id_high"][document]) << 64 | int(self.array["id_low"][document]))

    def sort_name(self, document: int) -> str:
        start, end = self.array["name_end"][document : document + 2].tolist()
        return self.array["name"][start:end].tobytes().decode("utf-8", "surrogatepass")

    def piece(self, document: int, name: str) -> bytes | None:
        column = self._piece_columns.get(name)
        if column is None or (length := self._piece_length[document, column]) == NO_PIECE:
            return None
        start = self._piece_at[document, column]
        return self._pieces[start : start + length]

    # the whole

    def whoosh(self, deleted: Iterable[int] = ()) -> SegmentReader:
        """Whoosh's own reader of this segment."""
        return whoosh_reader(self.folder, self.documents, self.array["length"], deleted)

    def restore(self, alive: np.ndarray) -> Iterator[Document]:
        """The documents as they were given, of the numbers in ``alive``: for merging. Order of terms is not kept,
        nor are spots that can't be measured to (their index is: a spot without a place stands for them)."""
        terms, keys = self._forward(TEXT), self._forward(KEY)
        array = self.array
        extra_rows = np.searchsorted(array["extra_document"], np.arange(self.documents + 1))
        for number in alive.tolist():
            main = int(array["spot"][number])
            spots: dict[int, Spot] = {}
            if main >= 0:
                spots[main] = self._spot(
                    array["latitude"][number], array["longitude"][number], array["schedule"][number]
                )
            for row in range(*extra_rows[number : number + 2].tolist()):
                spots[int(array["extra_spot"][row])] = self._spot(
                    array["extra_latitude"][row], array["extra_longitude"][row], array["extra_schedule"][row]
                )
            nowhere = Spot(float("nan"), float("nan"))
            schedule = int(array["schedule"][number])
            yield Document(
                id=str(self.identity(number)),
                terms=terms(number),
                keys=keys(number),
                spots=tuple(spots.get(i, nowhere) for i in range(max(spots, default=-1) + 1)),
                # A spot's own hours were resolved when it was added, so this matters only where there is no spot.
                schedule=None if spots or schedule < 0 else self.schedules[schedule],
                ages=(int(array["youngest"][number]), int(array["oldest"][number])),
                trust=float(array["trust"][number]),
                prominence=float(array["prominence"][number]),
                reach=int(array["reach"][number]),
                verified_on=int(array["verified_on"][number]),
                sort_name=self.sort_name(number),
                pieces={n: p for n in self._piece_names if (p := self.piece(number, n)) is not None},
            )

    def _spot(self, latitude: float, longitude: float, schedule: int) -> Spot:
        return Spot(float(latitude), float(longitude), None if schedule < 0 else self.schedules[schedule])

    def _forward(self, field: str) -> Callable[[int], dict[str, float]]:
        """From a document to its terms and weights."""
        rows = list(self._dictionary.walk(field))
        if not rows:
            return lambda number: {}
        names = [name for name, _, _ in rows]
        counts = np.array([count for _, _, count in rows])
        documents, weights = self._dictionary.range(rows[0][1], int(counts.sum()))
        order = np.argsort(documents, kind="stable")
        owners = np.repeat(np.arange(len(names), dtype=np.uint32), counts)[order]
        values = weights[order]
        ends = np.searchsorted(documents[order], np.arange(self.documents + 1, dtype=np.uint32)).tolist()

        def of(number: int) -> dict[str, float]:
            low, high = ends[number], ends[number + 1]
            found = zip(owners[low:high].tolist(), values[low:high].tolist(), strict=True)
            return {names[owner]: value for owner, value in found}

        return of
