"""What the words and places of a process are made of: the files of the seed, and the code that makes them of these."""

from __future__ import annotations

import sys
from hashlib import blake2b
from pathlib import Path

import numpy as np
import rapidfuzz
import Stemmer

from directory.config import SEED_DIR

_CODE = Path(__file__).resolve().parents[2]
SEED = ("needs*.json", "classifier.npz", "gazetteer*", "places*", "ordinary_words*")
# Under ``directory/``: the code by which they are made, and what they are made as.
SOURCES = ("needs.py", "spelling.py", "languages/*.py", "places/*.py", "search/affixes.py", "search/analysis.py",
    "search/matching/classifying.py", "search/matching/compiled.py", "search/query.py", "search/understand/*.py",
    "search/wordbook.py")  # fmt: skip


def fingerprint() -> str:
    """Of all that they are made of, as it is on the disk now: no two versions have the same."""
    seen = blake2b(digest_size=8)
    seen.update(repr((sys.version, Stemmer.version(), rapidfuzz.__version__, np.__version__)).encode())
    paths = {path for pattern in SEED for path in SEED_DIR.glob(pattern)}
    paths |= {path for pattern in SOURCES for path in _CODE.glob(pattern)}
    for path in sorted(paths):
        seen.update(path.name.encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()


# What this process knows how to make: its code is not read again when the files change.
IMPORTED = fingerprint()
