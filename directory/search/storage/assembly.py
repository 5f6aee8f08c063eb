"""One segment is put together: documents in, a folder of arrays, postings and pieces out.

Documents are numbered along a Hilbert curve by their first spot; those without a spot come last. Files of a segment,
none of which is ever changed afterwards: ``terms.trm|pst|wts`` (see ``postings``), ``arrays.bin`` (one array entry a
document unless said otherwise, see ``SegmentBuilder.finish``), ``pieces.bin`` (the pieces, one after the other).

Memory while building: postings are spilled (``inversion``), pieces go straight to disk; what stays is some 300 bytes a
document, and the vocabulary.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from itertools import count
from pathlib import Path
from uuid import UUID

import numpy as np

from directory.search.matching import curve
from directory.search.matching.sphere import unit_vectors
from directory.search.storage.arrays import write_arrays
from directory.search.storage.document import Document, Spot
from directory.search.storage.inversion import Inversion
from directory.search.storage.postings import KEY, SCHEMA, TEXT, TermsWriter

ARRAYS, PIECES = "arrays.bin", "pieces.bin"
DENSE = 64  # a key that at least one document in so many has gets a bit set as well
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
        self._piece_rows = array("Q")  # name, document, offset, length
        self._extras = array("d")  # document, spot, latitude, longitude, schedule
        self._places = array("d")  # latitude, longitude
        self._numbers = array("q")  # spot, schedule, extras, youngest, oldest, reach, verified_on
        self._factors = array("f")  # trust, prominence
        self._ids = array("Q")  # high, low
        self._names: list[str] = []
        self._offset = 0
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
        for name, piece in document.pieces.items():
            self._piece_rows.extend((self._piece_names[name], number, self._offset, len(piece)))
            self._pieces.write(piece)
            self._offset += len(piece)
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
        places = np.array(self._places).reshape(-1, 2)
        placed = ~np.isnan(places[:, 0])
        hilbert = np.full(documents, _NO_SPOT, dtype=np.uint64)
        hilbert[placed] = curve.keys(places[placed, 0], places[placed, 1])
        order = np.argsort(hilbert, kind="stable")
        place = np.empty(documents, dtype=np.uint32)
        place[order] = np.arange(documents, dtype=np.uint32)

        numbers = np.array(self._numbers, dtype=np.int64).reshape(-1, 7)[order]
        factors = np.array(self._factors, dtype=np.float32).reshape(-1, 2)[order]
        ids = np.array(self._ids, dtype=np.uint64).reshape(-1, 2)[order]
        id_order = np.lexsort((ids[:, 1], ids[:, 0])).astype(np.uint32)
        _refuse_duplicates(ids[id_order])
        arrays = {
            "hilbert": hilbert[order][
                : int(placed.sum())
            ],  # of those with a spot: the first so many documents
            "latitude": places[
                order, 0
            ],  # of the first spot that can be measured to; NaN where there is none
            "longitude": places[order, 1],
            "unit": unit_vectors(places[order, 0], places[order, 1]),  # the same as points on a unit sphere
            "spot": numbers[:, 0].astype(np.int16),  # its index among the document's spots, or -1
            "schedule": numbers[:, 1].astype(np.int32),  # its row in meta["schedules"], or -1
            "extra_count": numbers[:, 2].astype(np.uint16),
            "youngest": numbers[:, 3].astype(np.uint8),
            "oldest": numbers[:, 4].astype(np.uint8),
            "reach": numbers[:, 5].astype(np.uint8),
            "verified_on": numbers[:, 6].astype(np.int32),
            "trust": factors[:, 0],
            "prominence": factors[:, 1],
            "length": self._terms.lengths()[order],  # sum of the weights of its terms
            "id_high": ids[:, 0],
            "id_low": ids[:, 1],
            "id_order": id_order,  # documents, by id
            **self._extra_arrays(place),
            **self._name_arrays(order, ids),
            **self._piece_arrays(place),
            **self._term_arrays(place),
        }
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

    def _name_arrays(self, order: np.ndarray, ids: np.ndarray) -> dict[str, np.ndarray]:
        """``name_rank`` orders the segment's documents by sort name, then id: no two are equal."""
        names = [self._names[i] for i in order.tolist()]
        keys = list(zip(names, ids[:, 0].tolist(), ids[:, 1].tolist(), strict=True))
        rank = np.empty(len(names), dtype=np.uint32)
        rank[sorted(range(len(names)), key=keys.__getitem__)] = np.arange(len(names), dtype=np.uint32)
        encoded = [name.encode("utf-8", "surrogatepass") for name in names]
        ends = np.cumsum([0, *map(len, encoded)], dtype=np.uint64)
        return {"name_rank": rank, "name_end": ends, "name": np.frombuffer(b"".join(encoded), dtype=np.uint8)}

    def _piece_arrays(self, place: np.ndarray) -> dict[str, np.ndarray]:
        """By name (a row for each) and document: where the piece begins, and its length or NO_PIECE."""
        rows = np.array(self._piece_rows, dtype=np.uint64).reshape(-1, 4)
        at = np.zeros((len(self._piece_names), len(place)), dtype=np.uint64)
        length = np.full(at.shape, NO_PIECE, dtype=np.uint32)
        name, document = rows[:, 0].astype(np.intp), place[rows[:, 1].astype(np.intp)]
        at[name, document] = rows[:, 2]
        length[name, document] = rows[:, 3]
        return {"piece_at": at, "piece_length": length}

    def _term_arrays(self, place: np.ndarray) -> dict[str, np.ndarray]:
        """Write the postings. ``bits``: a row for each dense key, little-endian bit sets over documents.

        ``key_end`` and ``key``: the keys of each document, by their place in the dictionary.
        """
        documents = len(place)
        dense, bits = [], []
        holding, held = [], []
        number = 0
        words = -(-documents // 64)
        with closing(TermsWriter(self._folder)) as writer:
            writer.start_field(KEY, SCHEMA[KEY])
            for batch in self._keys.batches(place):
                writer.add_terms(*batch)
                counts = np.diff(np.append(batch.starts, len(batch.documents)))
                owners = np.repeat(np.arange(number, number + len(counts), dtype=np.uint32), counts)
                is_dense = counts * DENSE >= documents
                for i in np.flatnonzero(is_dense).tolist():
                    has = np.zeros(words * 64, dtype=bool)
                    has[batch.documents[batch.starts[i] : batch.starts[i] + counts[i]]] = True
                    bits.append(np.packbits(has, bitorder="little").view(np.uint64))
                    dense.append(number + i)
                    self._dense.append(batch.terms[i])
                holding.append(batch.documents)
                held.append(owners)
                number += len(counts)
            writer.finish_field()
            writer.start_field(TEXT, SCHEMA[TEXT])
            for batch in self._terms.batches(place):
                writer.add_terms(*batch)
            writer.finish_field()
        holders = np.concatenate([np.empty(0, dtype=np.uint32), *holding])
        keys = np.concatenate([np.empty(0, dtype=np.uint32), *held])
        by_document = np.argsort(holders, kind="stable")
        return {
            "dense": np.array(dense, dtype=np.uint32),
            "bits": np.array(bits, dtype=np.uint64).reshape(len(dense), words),
            "key_end": np.append(0, np.cumsum(np.bincount(holders, minlength=documents))).astype(np.int64),
            "key": keys[by_document],
        }


def build_segment(folder: Path, documents: Iterable[Document]) -> int:
    """Make a segment in a new folder; how many documents it has."""
    folder.mkdir(mode=0o700)
    with closing(SegmentBuilder(folder)) as builder:
        for document in documents:
            builder.add(document)
        builder.finish()
        return len(builder)


def _finite(value: float, otherwise: float) -> float:
    return value if math.isfinite(value) else otherwise


def _refuse_duplicates(ids: np.ndarray) -> None:
    same = np.flatnonzero((ids[1:] == ids[:-1]).all(axis=1))
    if len(same):
        high, low = ids[same[0]].tolist()
        raise ValueError(f"two documents have the id {UUID(int=high << 64 | low)}")
