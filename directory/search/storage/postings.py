"""How Whoosh keeps our terms: its dictionary, with postings as two raw arrays that a reader maps into memory.

A codec on Whoosh's W3Codec. The term dictionary (``.trm``) is Whoosh's own. A term's row names a range of two files
shared by all terms: document numbers (``.pst``, uint32, ascending within a term) and weights (``.wts``, float32). So a
term's postings are two numpy views, nothing is decoded, and Whoosh's own searcher reads the same files.

Two fields: ``key`` (facts, weight is the strength) and ``text`` (terms, weight is the frequency weighted by field).
Nothing is analysed here. Whoosh keeps the dictionary's directory as a pickle: the folder must be ours alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from whoosh.codec.whoosh3 import (
    W3Codec,
    W3FieldWriter,
    W3PerDocReader,
    W3Segment,
    W3TermInfo,
    W3TermsReader,
)
from whoosh.fields import FieldType, Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile
from whoosh.formats import Existence
from whoosh.matching import LeafMatcher, ReadTooFar
from whoosh.reading import SegmentReader

from directory.search.storage.arrays import map_file
from directory.search.storage.dictionary import DictionaryWriter

KEY, TEXT = "key", "text"  # in the order of their dictionary
SEGMENT_NAME = "terms"
_WEIGHTS_EXT = ".wts"
# Of a W3TermInfo as bytes: flags, weight, document frequency, lengths, maximum weight, first and last document; then
# the range in the arrays (start, count).
_TERM = struct.Struct("!BfIBBfIIqi")
Postings = tuple[np.ndarray, np.ndarray]


class Prepared(FieldType):
    """A field of terms that are ready: no analyser, no stored value."""

    def __init__(self, scorable: bool) -> None:
        super().__init__(format=Existence(), analyzer=None, scorable=scorable)  # type: ignore[arg-type]


SCHEMA = Schema(**{KEY: Prepared(scorable=False), TEXT: Prepared(scorable=True)})


class _MappedFile(StructFile):
    """A Whoosh file over a memory map, safe to read from several threads once it is open."""

    def __init__(self, path: Path) -> None:
        self._data = map_file(path)
        super().__init__(self._data, name=path.name)  # type: ignore[arg-type]
        self.is_real = False

    def get(self, position: int, length: int) -> bytes:
        return self._data[position : position + length]


class RawSegment(W3Segment):
    """What Whoosh must know of one segment: its number of documents, who is deleted, and the lengths of ``text``."""

    def __init__(self, documents: int, lengths: np.ndarray, deleted: Iterable[int] = ()) -> None:
        super().__init__(RawCodec(), SEGMENT_NAME, doccount=documents, segid="", deleted=set(deleted) or None)
        self.lengths = lengths

    def segment_id(self) -> str:
        return SEGMENT_NAME


class _LengthsReader(W3PerDocReader):
    """Document lengths as they are, where Whoosh rounds them to a byte."""

    def has_column(self, fieldname: str) -> bool:
        return False

    def doc_field_length(self, docnum: int, fieldname: str, default: float = 0) -> float:
        return float(self._segment.lengths[docnum]) if fieldname == TEXT else default

    def field_length(self, fieldname: str) -> float:
        return float(self._segment.lengths.sum(dtype=np.float64)) if fieldname == TEXT else 0.0

    def min_field_length(self, fieldname: str) -> float:
        return float(self._segment.lengths.min(initial=0.0)) if fieldname == TEXT else 0.0

    def max_field_length(self, fieldname: str) -> float:
        return float(self._segment.lengths.max(initial=0.0)) if fieldname == TEXT else 0.0

    def stored_fields(self, docnum: int) -> dict[str, object]:
        return {}


class RawTermsReader(W3TermsReader):
    """The dictionary of one segment and its postings."""

    def __init__(self, codec: W3Codec, folder: Path) -> None:
        path = folder / f"{SEGMENT_NAME}{W3Codec.TERMS_EXT}"
        postings = _MappedFile(folder / f"{SEGMENT_NAME}{W3Codec.POSTS_EXT}")
        super().__init__(codec, _MappedFile(path), path.stat().st_size, postings)
        self._documents = _mapped(folder / f"{SEGMENT_NAME}{W3Codec.POSTS_EXT}", np.uint32)
        self._weights = _mapped(folder / f"{SEGMENT_NAME}{_WEIGHTS_EXT}", np.float32)

    @property
    def all_postings(self) -> Postings:
        """Documents and weights of all terms, one after the other."""
        return self._documents, self._weights

    def find(self, fieldname: str, term: str) -> tuple[int, int] | None:
        """Where a term's postings are: (start, count); None where the segment has no such term."""
        try:
            key = self._keycoder(fieldname, term.encode())
        except UnicodeEncodeError:  # a lone surrogate: nothing is indexed under it
            return None
        for position, length in self._tindex.ranges_for_key(key):
            start, count = _TERM.unpack(self._dbfile.get(position, length))[-2:]
            return start, count
        return None

    def range(self, start: int, count: int) -> Postings:
        """Documents (uint32, ascending) and weights (float32)."""
        return self._documents[start : start + count], self._weights[start : start + count]

    def walk(self, fieldname: str, prefix: str = "") -> Iterator[tuple[str, int, int]]:
        """(term, start, count) of the terms that begin with the prefix, in code point order."""
        try:
            begin = self._keycoder(fieldname, prefix.encode())
        except UnicodeEncodeError:
            return
        for key, row in self._tindex.items_from(begin):
            if not key.startswith(begin):
                return
            yield (key[2:].decode(), *_TERM.unpack(row)[-2:])

    def position(self, fieldname: str, prefix: str) -> int:
        """How many terms of the dictionary, of all fields, come before the first one with this prefix."""
        key, table = self._keycoder(fieldname, prefix.encode("utf-8", "replace")), self._tindex
        low, high = 0, table.indexlen
        while low < high:
            middle = (low + high) // 2
            if table.key_at(table._get_pos(table.indexbase + middle * table.indexsize)) < key:
                low = middle + 1
            else:
                high = middle
        return low

    def matcher(
        self, fieldname: str, tbytes: bytes, format_: Existence, scorer: object = None
    ) -> ArrayMatcher:
        info = self.term_info(fieldname, tbytes)
        found = self.find(fieldname, tbytes.decode())
        assert found is not None
        return ArrayMatcher(*self.range(*found), (fieldname, tbytes), info, format_, scorer)


class ArrayMatcher(LeafMatcher):
    """Whoosh's view of one term's postings: the whole list is one block."""

    def __init__(
        self,
        documents: np.ndarray,
        weights: np.ndarray,
        term: tuple[str, bytes],
        info: W3TermInfo,
        format_: Existence,
        scorer: object,
    ) -> None:
        self._documents, self._weights, self._term, self._info = documents, weights, term, info
        self.format, self.scorer = format_, scorer
        self._at = 0

    def is_active(self) -> bool:
        return self._at < len(self._documents)

    def reset(self) -> None:
        self._at = 0

    def copy(self) -> ArrayMatcher:
        other = ArrayMatcher(self._documents, self._weights, self._term, self._info, self.format, self.scorer)
        other._at = self._at
        return other

    def id(self) -> int:
        return int(self._documents[self._at])

    def weight(self) -> float:
        return float(self._weights[self._at])

    def value(self) -> bytes:
        return b""

    def next(self) -> None:
        if not self.is_active():
            raise ReadTooFar
        self._at += 1

    def skip_to(self, id: int) -> None:
        if not self.is_active():
            raise ReadTooFar
        self._at += int(self._documents[self._at :].searchsorted(np.uint32(id)))

    def skip_to_quality(self, minquality: float) -> int:
        if self.block_quality() > minquality:
            return 0
        self._at = len(self._documents)
        return 1

    def block_min_length(self) -> int:
        return self._info.min_length() or 0

    def block_max_length(self) -> int:
        return self._info.max_length()

    def block_max_weight(self) -> float:
        return self._info.max_weight()


class TermsWriter(W3FieldWriter):
    """Writes a segment's dictionary and postings, whole terms at a time, in order of field and of term."""

    def __init__(self, folder: Path) -> None:
        self._weightsfile = (folder / f"{SEGMENT_NAME}{_WEIGHTS_EXT}").open("wb")
        self._written = 0
        super().__init__(RawCodec(), FileStorage(str(folder)), RawSegment(0, np.empty(0)))
        file = self._tindex.dbfile
        file.seek(0)  # over the same first bytes that Whoosh's own writer began with
        self._tindex = DictionaryWriter(file)
        self._fieldmap = self._tindex.extras["fieldmap"] = {}

    def add_terms(
        self, terms: Iterable[str], starts: np.ndarray, documents: np.ndarray, weights: np.ndarray
    ) -> None:
        """The postings of several terms one after the other; ``starts`` says where each begins. None may be empty."""
        if not len(starts):
            return
        self._postfile.write(np.ascontiguousarray(documents, dtype=np.uint32).data)
        self._weightsfile.write(np.ascontiguousarray(weights, dtype=np.float32).data)
        ends = np.append(starts[1:], len(documents))
        rows = zip(
            terms,
            np.add.reduceat(weights, starts, dtype=np.float64).tolist(),
            np.maximum.reduceat(weights, starts).tolist(),
            documents[starts].tolist(),
            documents[ends - 1].tolist(),
            (starts + self._written).tolist(),
            (ends - starts).tolist(),
            strict=True,
        )
        prefix, add, pack = struct.pack("!H", self._fieldid), self._tindex.add, _TERM.pack
        for term, total, most, first, last, start, count in rows:
            # Lengths 0 and 255 (the longest there is) keep Whoosh's bound on a term's quality from being too low.
            add(prefix + term.encode(), pack(0, total, count, 0, 255, most, first, last, start, count))
        self._written += len(documents)

    def close(self) -> None:
        self._weightsfile.close()
        super().close()


class RawCodec(W3Codec):
    """Reads what ``TermsWriter`` wrote."""

    def terms_reader(self, storage: FileStorage, segment: RawSegment) -> RawTermsReader:
        return RawTermsReader(self, Path(storage.folder))

    def per_document_reader(self, storage: FileStorage, segment: RawSegment) -> _LengthsReader:
        return _LengthsReader(storage, segment)


def whoosh_reader(
    folder: Path, documents: int, lengths: np.ndarray, deleted: Iterable[int] = ()
) -> SegmentReader:
    """Whoosh's own reader of one segment, for walks through the dictionary, spelling, and its own searcher."""
    return SegmentReader(FileStorage(str(folder)), SCHEMA, RawSegment(documents, lengths, deleted))


def _mapped(path: Path, dtype: type) -> np.ndarray:
    return np.frombuffer(map_file(path), dtype=dtype)
