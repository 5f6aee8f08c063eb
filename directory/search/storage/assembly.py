"""One segment is put together: documents in, a folder of arrays, postings and pieces out.

Documents are numbered along a Hilbert curve by their first spot; those without a spot come last. Files of a segment,
none of which is ever changed afterwards: ``terms.trm|pst|wts`` (see ``postings``), ``arrays.bin`` (one array entry a
document unless said otherwise, see ``SegmentBuilder.finish``), ``pieces.bin`` (the pieces, one after the other).

Memory while building: words and postings are spilled (``inversion``), pieces go straight to disk; what stays is some
250 bytes a document, and at the end its arrays, some 450 more.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from uuid import UUID

import numpy as np

from directory.search.matching import curve
from directory.search.matching.sphere import most_km, unit_vectors
from directory.search.storage.arrays import write_arrays
from directory.search.storage.document import Document, Spot
from directory.search.storage.inversion import Inversion
from directory.search.storage.postings import KEY, SCHEMA, TEXT, TermsWriter

ARRAYS, PIECES = "arrays.bin", "pieces.bin"
DENSE = 64  # a key that at least one document in so many has gets a bit set as well
BLOCK = 64  # documents of a word of bits
_NO_SPOT = 1 << 63  # sorts after every key of the curve
NO_PIECE = 0xFFFFFFFF


def usable(spot: Spot) -> bool:
    """Whether a spot can be measured to: finite degrees within their range."""
    # NaN fails every comparison
    return -90.0 <= spot.latitude <= 90.0 and -180.0 <= spot.longitude <= 180.0


class SegmentBuilder:
    """Writes into ``folder``, which must exist and be empty. Nothing is synced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys = Inversion(folder, "key")
        self._terms = Inversion(folder, "text")
        self._pieces = (folder / PIECES).open("wb", buffering=1 << 20)
        self._piece_names: defaultdict[str, int] = defaultdict(count().__next__)
        self._schedules: defaultdict[tuple[str, str], int] = defaultdict(count().__next__)
        self._piece_name, self._piece_length = array("I"), array("I")  # piece by piece as they are written
        self._piece_count = array("I")  # of each document
        self._extras = array("d")  # document, spot, latitude, longitude, schedule
        self._places = array("d")  # latitude, longitude
        self._numbers = array("q")  # spot, schedule, extras, youngest, oldest, reach, verified_on
        self._factors = array("f")  # trust, prominence
        self._ids = array("Q")  # high, low
        self._names: list[str] = []
        self._dense: list[str] = []

    def __len__(self) -> int:
        return len(self._names)

    def add(self, document: Document) -> None:
        """Raises ValueError where the id is not a UUID."""
        number, identity = len(self._names), UUID(document.id).int
        spots = [(i, spot) for i, spot in enumerate(document.spots) if usable(spot)]
        first, at = spots[0] if spots else (-1, Spot(math.nan, math.nan))
        self._ids.extend((identity >> 64, identity & 0xFFFFFFFFFFFFFFFF))
        self._names.append(document.sort_name)
        self._places.extend((at.latitude, at.longitude))
        self._numbers.extend(
            (
                first,
                self._schedule(at.schedule or document.schedule),
                max(0, len(spots) - 1),
                min(max(document.ages[0], 0), 255),
                min(max(document.ages[1], 0), 255),
                document.reach,
                document.verified_on,
            )
        )
        self._factors.extend((_finite(document.trust, 1.0), _finite(document.prominence, 0.0)))
        for i, spot in spots[1:]:
            schedule = self._schedule(spot.schedule or document.schedule)
            self._extras.extend((number, i, spot.latitude, spot.longitude, schedule))
        self._piece_name.extend(map(self._piece_names.__getitem__, document.pieces))
        self._piece_length.extend(map(len, document.pieces.values()))
        self._piece_count.append(len(document.pieces))
        self._pieces.writelines(document.pieces.values())
        self._keys.add(document.keys)
        self._terms.add(document.terms)

    def _schedule(self, schedule: tuple[str, str] | None) -> int:
        return -1 if schedule is None else self._schedules[schedule]

    def close(self) -> None:
        self._pieces.close()

    def finish(self) -> None:
        """Write what is left. Raises ValueError where two documents have the same id."""
        self.close()
        documents = len(self._names)
        places = np.frombuffer(self._places).reshape(-1, 2)
        placed = ~np.isnan(places[:, 0])
        hilbert = np.full(documents, _NO_SPOT, dtype=np.uint64)
        hilbert[placed] = curve.keys(places[placed, 0], places[placed, 1])
        order = np.argsort(hilbert, kind="stable")
        place = np.empty(documents, dtype=np.uint32)
        place[order] = np.arange(documents, dtype=np.uint32)
        ids = np.frombuffer(self._ids, dtype=np.uint64).reshape(-1, 2)[order]
        id_order = np.lexsort((ids[:, 1], ids[:, 0])).astype(np.uint32)
        _refuse_duplicates(ids[id_order])
        lengths = self._terms.lengths()[order]
        # What takes most while it is worked out goes first, before the rest is there beside it.
        terms = self._term_arrays(place)
        names = self._name_arrays(order, id_order)
        pieces = self._piece_arrays(place)

        numbers = np.frombuffer(self._numbers, dtype=np.int64).reshape(-1, 7)
        factors = np.frombuffer(self._factors, dtype=np.float32).reshape(-1, 2)
        arrays = {
            # of those with a spot: the first so many documents
            "hilbert": hilbert[order[: int(placed.sum())]],
            # of the first spot that can be measured to; NaN where there is none
            "latitude": places[order, 0],
            "longitude": places[order, 1],
            "unit": unit_vectors(places[order, 0], places[order, 1]),  # the same as points on a unit sphere
            "spot": numbers[order, 0].astype(np.int16),  # its index among the document's spots, or -1
            "schedule": numbers[order, 1].astype(np.int32),  # its row in meta["schedules"], or -1
            "extra_count": numbers[order, 2].astype(np.uint16),
            "youngest": numbers[order, 3].astype(np.uint8),
            "oldest": numbers[order, 4].astype(np.uint8),
            "reach": numbers[order, 5].astype(np.uint8),
            "verified_on": numbers[order, 6].astype(np.int32),
            "trust": factors[order, 0],
            "prominence": factors[order, 1],
            "length": lengths,  # sum of the weights of its terms
            "id_high": ids[:, 0],
            "id_low": ids[:, 1],
            "id_order": id_order,  # documents, by id
            **self._extra_arrays(place),
            **names,
            **pieces,
            **terms,
        }
        arrays |= _block_arrays(arrays)
        meta = {
            "documents": documents,
            "dense": self._dense,
            "schedules": [list(schedule) for schedule in self._schedules],
            "pieces": list(self._piece_names),
        }
        write_arrays(self._folder / ARRAYS, arrays, meta)

    def _extra_arrays(self, place: np.ndarray) -> dict[str, np.ndarray]:
        """Further spots, in order of document; and their order along the curve."""
        rows = np.array(self._extras).reshape(-1, 5)
        documents = place[rows[:, 0].astype(np.int64)]
        order = np.lexsort((rows[:, 1], documents))
        rows, documents = rows[order], documents[order]
        hilbert = curve.keys(rows[:, 2], rows[:, 3])
        along = np.argsort(hilbert, kind="stable")
        return {
            "extra_document": documents.astype(np.uint32),
            "extra_spot": rows[:, 1].astype(np.int16),
            "extra_latitude": rows[:, 2],
            "extra_longitude": rows[:, 3],
            "extra_schedule": rows[:, 4].astype(np.int32),
            "extra_hilbert": hilbert[along],
            "extra_along": along.astype(np.uint32),
        }

    def _name_arrays(self, order: np.ndarray, id_order: np.ndarray) -> dict[str, np.ndarray]:
        """``name_rank`` orders the segment's documents by sort name, then id: no two are equal."""
        names = [self._names[i] for i in order.tolist()]
        rank = np.empty(len(names), dtype=np.uint32)
        rank[sorted(id_order.tolist(), key=names.__getitem__)] = np.arange(len(names), dtype=np.uint32)
        encoded = [name.encode("utf-8", "surrogatepass") for name in names]
        ends = np.cumsum([0, *map(len, encoded)], dtype=np.uint64)
        return {"name_rank": rank, "name_end": ends, "name": np.frombuffer(b"".join(encoded), dtype=np.uint8)}

    def _piece_arrays(self, place: np.ndarray) -> dict[str, np.ndarray]:
        """By document (a row for each) and name: where the piece begins, and its length or NO_PIECE."""
        at = np.zeros((len(place), len(self._piece_names)), dtype=np.uint64)
        length = np.full(at.shape, NO_PIECE, dtype=np.uint32)
        name = np.frombuffer(self._piece_name, dtype=np.uint32)
        document = np.repeat(place, np.frombuffer(self._piece_count, dtype=np.uint32))
        lengths = np.frombuffer(self._piece_length, dtype=np.uint32)
        length[document, name] = lengths
        # one piece begins where the one before it ends
        at[document, name] = np.cumsum(lengths, dtype=np.uint64) - lengths
        return {"piece_at": at, "piece_length": length}

    def _term_arrays(self, place: np.ndarray) -> dict[str, np.ndarray]:
        """Write the postings. ``bits``: a row for each dense key, little-endian bit sets over documents.

        ``key_end`` and ``key``: the keys of each document, by their place in the dictionary.
        """
        documents = len(place)
        dense, bits = [], []
        held: list[tuple[int, np.ndarray, np.ndarray]] = []
        number = 0
        words = -(-documents // BLOCK)
        with closing(TermsWriter(self._folder)) as writer:
            writer.start_field(KEY, SCHEMA[KEY])
            for batch in self._keys.batches(place):
                writer.add_terms(*batch)
                counts = np.diff(np.append(batch.starts, len(batch.documents)))
                is_dense = counts * DENSE >= documents
                for i in np.flatnonzero(is_dense).tolist():
                    having = batch.documents[batch.starts[i] : batch.starts[i] + counts[i]]
                    bits.append(_bits(having, documents))
                    dense.append(number + i)
                    self._dense.append(batch.terms[i])
                held.append((number, counts, batch.documents))
                number += len(counts)
            writer.finish_field()
            key_end, key = _keys_of_documents(held, documents)
            writer.start_field(TEXT, SCHEMA[TEXT])
            for batch in self._terms.batches(place):
                writer.add_terms(*batch)
            writer.finish_field()
        return {
            "dense": np.array(dense, dtype=np.uint32),
            "bits": np.array(bits, dtype=np.uint64).reshape(len(dense), words),
            "key_end": key_end,
            "key": key,
        }


def _block_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What holds of each 64 documents together: see ``Columns``."""
    documents = len(arrays["spot"])
    starts = np.arange(0, documents, BLOCK)

    def of_each(reduce: np.ufunc, values: np.ndarray) -> np.ndarray:
        return reduce.reduceat(values, starts) if documents else values

    placed = arrays["spot"] >= 0
    middle = of_each(np.add, np.where(placed[:, None], arrays["unit"], 0))
    middle /= np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-6)
    owner = np.concatenate([np.flatnonzero(placed), arrays["extra_document"]]) // BLOCK
    extras = unit_vectors(arrays["extra_latitude"], arrays["extra_longitude"])
    some_placed, all_placed = of_each(np.logical_or, placed), of_each(np.logical_and, placed)
    km = np.where(some_placed, np.where(all_placed, 0.0, np.inf), -1.0)
    np.maximum.at(km, owner, most_km(np.concatenate([arrays["unit"][placed], extras]), middle[owner]))
    return {
        "block_unit": middle.astype(np.float32),
        # single precision, rounded up
        "block_km": np.where(some_placed, km * (1 + 1e-6) + 0.01, -1.0).astype(np.float32),
        "block_trust": of_each(np.maximum, arrays["trust"]),
        "block_prominence": of_each(np.maximum, arrays["prominence"]),
        "block_regional": _bits(np.flatnonzero(arrays["reach"] == 1), documents),
        "block_national": _bits(np.flatnonzero(arrays["reach"] == 2), documents),
    }


def _bits(having: np.ndarray, documents: int) -> np.ndarray:
    """A bit for each document, little-endian."""
    has = np.zeros(-(-documents // BLOCK) * BLOCK, dtype=bool)
    has[having] = True
    return np.packbits(has, bitorder="little").view(np.uint64)


def build_segment(folder: Path, documents: Iterable[Document]) -> int:
    """Make a segment in a new folder; how many documents it has."""
    folder.mkdir(mode=0o700)
    with closing(SegmentBuilder(folder)) as builder:
        for document in documents:
            builder.add(document)
        builder.finish()
        return len(builder)


def _keys_of_documents(
    held: list[tuple[int, np.ndarray, np.ndarray]], documents: int
) -> tuple[np.ndarray, np.ndarray]:
    """``key_end`` and ``key``, of batches in order: the number of the first key, how many documents each key has, and
    these. Empties the list."""
    end = np.zeros(documents + 1, dtype=np.int64)
    for _, _, holders in held:
        end[1:] += np.bincount(holders, minlength=documents)
    np.cumsum(end, out=end)
    key, free = np.empty(end[-1], dtype=np.uint32), end[:-1].copy()
    held.reverse()
    while held:
        first, counts, holders = held.pop()
        pairs = holders.astype(np.uint64) << np.uint64(32)
        pairs |= np.repeat(np.arange(first, first + len(counts), dtype=np.uint64), counts)
        pairs.sort()
        holders = (pairs >> np.uint64(32)).astype(np.uint32)
        more = np.bincount(holders, minlength=documents)
        # a place for each: after those that came before it, of its document
        key[np.arange(len(pairs)) + np.repeat(free - np.cumsum(more) + more, more)] = pairs.astype(np.uint32)
        free += more
    return end, key


def _finite(value: float, otherwise: float) -> float:
    return value if math.isfinite(value) else otherwise


def _refuse_duplicates(ids: np.ndarray) -> None:
    same = np.flatnonzero((ids[1:] == ids[:-1]).all(axis=1))
    if len(same):
        high, low = ids[same[0]].tolist()
        raise ValueError(f"two documents have the id {UUID(int=high << 64 | low)}")
