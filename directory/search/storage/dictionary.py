"""Writes a dictionary as Whoosh's own writer does, byte for byte, with 16 to 20 bytes in memory a term instead of 150.

A million services have some five million terms, most of them of one service alone.
"""

from __future__ import annotations

import struct
from array import array

import numpy as np
from whoosh.filedb.filetables import OrderedHashWriter
from whoosh.filedb.structfile import StructFile

_LENGTHS = struct.Struct("!ii")  # of a key and of its value, before them
_SLOT = np.dtype([("hash", ">u4"), ("position", ">i8")])


class DictionaryWriter(OrderedHashWriter):
    """Keys are to be added in order; raises ValueError where one is not greater than the one before."""

    def __init__(self, file: StructFile) -> None:
        super().__init__(file)
        self._hashes, self._positions = array("I"), array("q")

    def add(self, key: bytes, value: bytes) -> None:
        if key <= self.lastkey:
            raise ValueError(f"Keys must increase: {self.lastkey!r}..{key!r}")
        position = self.dbfile.tell()
        self.dbfile.write(_LENGTHS.pack(len(key), len(value)) + key + value)
        self.index.append(position)
        self._hashes.append(self.hashfn(key))
        self._positions.append(position)
        self.lastkey = key

    def _write_hashes(self) -> None:
        """256 tables; a key stands in that of the lowest 8 bits of its hash, at the first free slot from its own on."""
        hashes = np.frombuffer(self._hashes, dtype=np.uint32)
        positions = np.frombuffer(self._positions, dtype=np.int64)
        table_of = hashes.astype(np.uint8)  # by the lowest bits
        by_table = np.argsort(table_of, kind="stable").astype(np.uint32)
        ends = np.cumsum(np.bincount(table_of, minlength=256)).tolist()
        for start, end in zip([0, *ends], ends, strict=False):
            chosen, size = by_table[start:end], 2 * (end - start)
            self.directory.append((self.dbfile.tell(), size))
            taken, slots = bytearray(size), []
            for slot in ((hashes[chosen] >> 8) % max(size, 1)).tolist():
                while taken[slot]:
                    slot = (slot + 1) % size
                taken[slot] = 1
                slots.append(slot)
            table = np.zeros(size, dtype=_SLOT)
            table["hash"][slots], table["position"][slots] = hashes[chosen], positions[chosen]
            self.dbfile.write(table.tobytes())
