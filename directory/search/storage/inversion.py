"""From documents with terms to terms with documents, in bounded memory.

Postings are collected as flat arrays in the order in which documents come. Every few million of them, a run goes to a
temporary file, and its terms to another (``vocabulary``): most terms of a large directory are names and words of one
service alone, and would outgrow all else. At the end each run is sorted by (term, document), and the runs are merged a
few million at a time.
"""

from __future__ import annotations

import mmap
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import compress, count, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from directory.search.storage.vocabulary import merge_terms, read_terms, write_terms

RUN = 4_000_000  # postings in memory at a time: some 200 MB while they are sorted
MOST_TERMS = 100_000  # of a batch, whose terms become objects


class Batch(NamedTuple):
    """Postings of some terms in order; ``starts`` says where each begins in ``documents`` and ``weights``."""

    terms: list[str]
    starts: np.ndarray
    documents: np.ndarray  # uint32, ascending within a term
    weights: np.ndarray  # float32


class _Run(NamedTuple):
    """Postings in order, in a file; ``data`` is what both arrays look into."""

    keys: np.ndarray  # uint64: rank of the term, document
    weights: np.ndarray  # float32
    data: mmap.mmap


_NO_KEYS, _NO_WEIGHTS = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.float32)


class Inversion:
    """Collects the terms of documents 0, 1, 2 …; ``folder`` takes runs, under names that begin with ``name``."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name, self._run = folder, name, RUN
        self._runs: list[tuple[Path, int]] = []
        self._vocabularies: list[Path] = []
        self._documents = 0
        self._lengths: list[np.ndarray] = []
        self._open_run()

    def _open_run(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._terms, self._weights, self._counts = array("I"), array("f"), array("I")
        self._first = self._documents

    def add(self, terms: Mapping[str, float]) -> None:
        """The next document's terms. A weight that is not a positive finite number is dropped with its term."""
        self._terms.extend(map(self._numbers.__getitem__, terms))
        self._weights.extend(terms.values())
        self._counts.append(len(terms))
        self._documents += 1
        if len(self._terms) >= self._run:
            self._close_run()
            self._open_run()

    def _close_run(self) -> None:
        terms = self._sorted_terms()[np.frombuffer(self._terms, dtype=np.uint32)]
        weights = np.frombuffer(self._weights, dtype=np.float32)
        documents = np.repeat(
            np.arange(self._first, self._documents, dtype=np.uint32), np.array(self._counts, dtype=np.intp)
        )
        good = np.isfinite(weights) & (weights > 0)
        if not good.all():
            terms, weights, documents = terms[good], weights[good], documents[good]
        lengths = np.bincount(documents - self._first, weights, minlength=self._documents - self._first)
        self._lengths.append(lengths.astype(np.float32))
        path = self._folder / f"{self._name}-{len(self._runs)}.run"
        with path.open("wb") as file:
            for part in (terms, documents, weights):
                file.write(part.data)
        self._runs.append((path, len(terms)))

    def _sorted_terms(self) -> np.ndarray:
        """Put the terms of the run into a file, in order; from a term's number to its place (uint32) there."""
        terms = sorted(self._numbers)
        path = self._folder / f"{self._name}-{len(self._runs)}.terms"
        write_terms(path, terms)
        self._vocabularies.append(path)
        place = np.empty(len(terms), dtype=np.uint32)
        place[np.fromiter(map(self._numbers.__getitem__, terms), np.intp, len(terms))] = np.arange(len(terms))
        self._numbers.clear()
        return place

    def lengths(self) -> np.ndarray:
        """Sum of the weights of each document, in the order they came. Call it once all are added."""
        if self._counts:
            self._close_run()
            self._open_run()
        return np.concatenate(self._lengths) if self._lengths else np.empty(0, dtype=np.float32)

    def batches(self, place: np.ndarray) -> Iterator[Batch]:
        """All postings, in order of term (code points) and of the documents' new numbers, ``place[old]``."""
        self.lengths()
        place = place.astype(np.uint32)
        merged = self._folder / f"{self._name}.terms"
        number, ranks = merge_terms(merged, self._vocabularies)
        totals = np.zeros(number, dtype=np.int64)
        runs = []
        for (path, size), rank in zip(self._runs, ranks, strict=True):
            if size:
                runs.append(self._sorted_run(path, size, rank, place, totals))
        ranks.clear()
        yield from self._merged(read_terms(merged), totals, runs)
        for path in (merged, *self._vocabularies, *(path for path, _ in self._runs)):
            path.unlink()

    @staticmethod
    def _sorted_run(path: Path, size: int, rank: np.ndarray, place: np.ndarray, totals: np.ndarray) -> _Run:
        """The run with the places of terms and documents in all, in order of these; ``totals`` counts along."""
        data: bytes | mmap.mmap = path.read_bytes()
        keys = rank[np.frombuffer(data, np.uint32, size)].astype(np.uint64)
        keys <<= np.uint64(32)
        keys |= place[np.frombuffer(data, np.uint32, size, size * 4)]
        order = np.argsort(keys)
        keys = keys[order]
        weights = np.frombuffer(data, np.float32, size, size * 8)[order]
        terms = (keys >> np.uint64(32)).astype(np.uint32)
        begins = np.flatnonzero(np.append(True, terms[1:] != terms[:-1]))
        totals[terms[begins]] += np.diff(np.append(begins, size))
        with path.open("r+b") as file:  # sorted, it takes as many bytes as it did: 8 and 4 for 4, 4 and 4
            file.write(keys.data)
            file.write(weights.data)
            file.flush()
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return _Run(
            np.frombuffer(data, np.uint64, size), np.frombuffer(data, np.float32, size, size * 8), data
        )

    def _merged(self, terms: Iterator[str], totals: np.ndarray, runs: list[_Run]) -> Iterator[Batch]:
        begin, ends = 0, np.cumsum(totals)
        while begin < len(totals):
            done = int(ends[begin - 1]) if begin else 0
            end = max(begin + 1, int(np.searchsorted(ends, done + self._run, side="right")))
            end = min(end, begin + MOST_TERMS)
            low, high = np.uint64(begin << 32), np.uint64(end << 32)
            cuts = [slice(*np.searchsorted(run.keys, (low, high)).tolist()) for run in runs]
            keys = np.concatenate([_NO_KEYS, *(run.keys[cut] for run, cut in zip(runs, cuts, strict=True))])
            weights = np.concatenate(
                [_NO_WEIGHTS, *(run.weights[cut] for run, cut in zip(runs, cuts, strict=True))]
            )
            for run in runs:  # what was read is not read again, and would count as this process's memory
                run.data.madvise(mmap.MADV_DONTNEED)
            if len(runs) > 1:
                order = np.argsort(keys)
                keys, weights = keys[order], weights[order]
                del order
            # A term whose weights were all dropped has no postings, and no place in the dictionary.
            kept = totals[begin:end] > 0
            starts = (ends[begin:end] - totals[begin:end] - done)[kept]
            named = list(compress(islice(terms, end - begin), kept.tolist()))
            documents = keys.astype(np.uint32)  # the lower half
            del keys
            yield Batch(named, starts, documents, weights)
            begin = end
