"""How a search comes into what is compiled: arrays by their addresses, all else in two arrays of numbers.

To hand over an array by itself takes as long as to go through a hundred postings, and a search goes by sixty of them.
Whoever asks for ``addresses`` keeps the arrays for as long as these are used.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import as_dtype, from_dtype

from directory.search.matching.compiled import compiled
from directory.search.matching.layout import (
    REAL,
    SIZES,
    WHOLE,
    Asked,
    Columns,
    Counted,
    Keys,
    Lists,
    Room,
    Times,
)

# The type of each array, by its name; those of WIDE have two dimensions.
TYPES: Mapping[type, Mapping[str, Any]] = {
    Columns: {
        "posting": np.uint32, "weight": np.float32, "hilbert": np.uint64,
        "latitude": np.float64, "longitude": np.float64, "unit": np.float32, "spot": np.int16, "schedule": np.int32,
        "extra_count": np.uint16, "extra_document": np.uint32, "extra_spot": np.int16, "extra_latitude": np.float64,
        "extra_longitude": np.float64, "extra_schedule": np.int32, "extra_hilbert": np.uint64,
        "extra_along": np.uint32, "youngest": np.uint8, "oldest": np.uint8, "reach": np.uint8, "verified_on": np.int32,
        "trust": np.float32, "prominence": np.float32, "name_rank": np.uint32, "bits": np.uint64, "key": np.uint32,
        "key_end": np.int64, "block_unit": np.float32, "block_km": np.float32, "block_trust": np.float32,
        "block_prominence": np.float32, "block_regional": np.uint64, "block_national": np.uint64, "norm": np.float32,
        "dead": np.uint8,
    },
    Room: {
        "slot": np.int32, "marked": np.uint8, "document": np.int32, "text": np.float32, "share": np.float32,
        "missing": np.float32, "factor": np.float32, "best": np.float32, "most": np.float32, "stage": np.int32,
        "touched": np.int32, "visited": np.int32, "at": np.int64, "least": np.float64, "farthest": np.float64,
        "state": np.int8, "spot": np.int16, "rank": np.float64, "worst": np.float64,
    },
    Times: {"states": np.int8, "known": np.float64, "extras_known": np.float64},
    Counted: {"facet": np.int64, "dense": np.int64, "sparse": np.int64, "counts": np.int64},
}  # fmt: skip
WIDE = frozenset({"unit", "block_unit", "bits", "facet", "dense", "sparse"})


def addresses(arrays: NamedTuple) -> np.ndarray:
    """(n, 3) int64: of each array where it is, its length, and its width. Raises TypeError for one of another type."""
    rows = []
    for (name, kind), array in zip(TYPES[type(arrays)].items(), arrays, strict=True):
        if array.dtype != kind or array.ndim != 1 + (name in WIDE) or not array.flags.c_contiguous:
            raise TypeError(f"{name} is {array.dtype} of shape {array.shape}")
        rows.append((array.__array_interface__["data"][0], *array.shape, 1)[:3])
    return np.array(rows, dtype=np.int64)


def _taking(kind: Any) -> Any:
    """The way back, within what is compiled: the arrays, as ``kind``, from their addresses."""
    arrays = [types.Array(from_dtype(np.dtype(t)), 1 + (n in WIDE), "C") for n, t in TYPES[kind].items()]
    result = types.NamedTuple(arrays, kind)

    def build(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        table = context.make_array(signature.args[0])(context, builder, arguments[0]).data

        def number(row: int, column: int) -> Any:
            return builder.load(cgutils.gep_inbounds(builder, table, 3 * row + column))

        values = []
        for row, kind_of in enumerate(arrays):
            array = context.make_array(kind_of)(context, builder)
            size = context.get_constant(types.intp, kind_of.dtype.bitwidth // 8)
            length, width = number(row, 1), number(row, 2)
            wide = kind_of.ndim == 2
            populate_array(
                array,
                data=builder.inttoptr(number(row, 0), array.data.type),
                shape=cgutils.pack_array(builder, [length, width] if wide else [length]),
                strides=cgutils.pack_array(builder, [builder.mul(size, width), size] if wide else [size]),
                itemsize=size,
                meminfo=None,
            )
            values.append(array._getvalue())
        return context.make_tuple(builder, result, values)

    def take(context: Any, table: Any) -> Any:
        return result(table), build

    def in_python(table: np.ndarray) -> NamedTuple:
        found = []
        for array, (address, length, width) in zip(arrays, table.tolist(), strict=True):
            shape, dtype = (length, width)[: array.ndim], as_dtype(array.dtype)
            data = (ctypes.c_char * (length * width * dtype.itemsize)).from_address(address)
            found.append(np.ndarray(shape, dtype, data))
        return kind(*found)

    return in_python if config.DISABLE_JIT else intrinsic(take)  # type: ignore[attr-defined]


columns_at, room_at, times_at, counted_at = map(_taking, (Columns, Room, Times, Counted))


@compiled
def asked_of(whole: np.ndarray, real: np.ndarray) -> Asked:
    return Asked(
        whole[0] != 0,
        whole[1] != 0,
        whole[2] != 0,
        whole[3] != 0,
        whole[4],
        whole[5],
        whole[6],
        whole[7],
        whole[8],
        whole[9],
        whole[10],
        whole[11],
        real[0],
        real[1],
        real[2],
        real[3],
        real[4],
        real[5],
        real[6],
        real[7],
        real[8],
        real[9],
        real[10],
        real[11],
        real[12],
    )


@compiled
def sought_of(whole: np.ndarray, real: np.ndarray) -> tuple[Lists, Keys]:
    """What stands behind the numbers of ``Asked``: how many there are of each, as told with SIZES; then all of them."""
    at, real_at = WHOLE + SIZES, REAL
    wanted, terms, filters = whole[WHOLE], whole[WHOLE + 1], whole[WHOLE + 2]
    ranges, told, keys, groups = whole[WHOLE + 3], whole[WHOLE + 4], whole[WHOLE + 5], whole[WHOLE + 6]
    wanted_rows = at + 2 * ranges
    ends = wanted_rows + wanted
    rows = ends + told
    last = rows + 3 * keys
    lists = Lists(
        whole[at:wanted_rows].reshape((ranges, 2)),
        whole[wanted_rows:ends],
        real[real_at : real_at + ranges],
        whole[ends:rows],
        real[real_at + ranges : real_at + ranges + told],
        wanted,
        terms,
    )
    return lists, Keys(
        whole[rows:last].reshape((keys, 3)),
        real[real_at + ranges + told : real_at + ranges + told + keys],
        whole[last : last + groups],
        filters,
    )
