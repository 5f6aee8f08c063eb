"""Named numpy arrays in one file, memory-mapped: one descriptor, one fsync, and all workers share the pages.

Layout: 8 bytes of magic, the header's length (8 bytes, little-endian), the header (UTF-8 JSON: ``meta``, and name ->
[dtype, shape, offset]), then the arrays, each at a multiple of 64 bytes.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_MAGIC = b"VEIVARR1"
_ALIGN = 64


def _padded(length: int) -> int:
    return -(-length // _ALIGN) * _ALIGN


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
    """Write the file; not synced. ``meta`` is anything that JSON holds."""
    # Offsets count from the end of the header, whose own length would else depend on them.
    layout, offset = {}, 0
    for name, array in arrays.items():
        layout[name] = [array.dtype.str, list(array.shape), offset]
        offset = _padded(offset + array.nbytes)
    header = json.dumps({"meta": meta, "arrays": layout}, ensure_ascii=False).encode()
    header += b" " * (_padded(16 + len(header)) - 16 - len(header))
    with path.open("wb") as file:
        file.write(_MAGIC + len(header).to_bytes(8, "little") + header)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array).data)
            file.write(b"\0" * (_padded(array.nbytes) - array.nbytes))


def map_file(path: Path) -> mmap.mmap | bytes:
    """The file's bytes, memory-mapped for reading; an empty file can't be mapped and comes as ``b""``."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def map_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays (read only, backed by the mapped file) and the meta. Raises ValueError where the file is not one."""
    data = map_file(path)
    if data[:8] != _MAGIC:
        raise ValueError(f"{path.name} is not an array file")
    length = int.from_bytes(data[8:16], "little")
    try:
        header = json.loads(data[16 : 16 + length])
        arrays = {
            # An empty one may stand at the end of the file, where nothing can be mapped.
            name: np.frombuffer(
                b"" if 0 in shape else data,
                dtype=dtype,
                count=int(np.prod(shape, dtype=np.int64)),
                offset=0 if 0 in shape else 16 + length + offset,
            ).reshape(shape)
            for name, (dtype, shape, offset) in header["arrays"].items()
        }
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} has a damaged header") from error
    return arrays, header["meta"]
