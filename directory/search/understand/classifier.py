"""What a line is likely to ask for, where its words stand in no list: learnt from lines that ask for something.

Softmax regression over the letters of the line and over what the phrases and ideas found in it. ``seed/classifier.npz``
holds the weights; ``seed/make_classifier.py`` makes them of ``seed/lines`` and of the words of the taxonomy. Nothing of
a line is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np

from directory.search.matching.classifying import code_points, probabilities

FILE, LINES = "classifier.npz", "lines/*.tsv"
NOTHING = "none"  # the class of what is no need of this directory
MOST_FEATURES = 4096


class Classifies(Protocol):
    """Each class and its probability, for folded words, needs that the rules found with their weights, and ideas."""

    def __call__(
        self, words: Sequence[str], told: Mapping[str, float], ideas: Collection[str]
    ) -> dict[str, float]: ...


class Classifier:
    """``classes``: needs, and ``NOTHING``; ``beside``: what has a weight beside the letters, needs that were told and
    ideas (see ``idea``); ``learnt_from``: see ``lines_digest``. Only read once it is made, by all threads."""

    def __init__(
        self,
        classes: Sequence[str],
        beside: Sequence[str],
        letters: np.ndarray,
        scale: np.ndarray,
        weights: np.ndarray,
        bias: np.ndarray,
        learnt_from: str = "",
    ) -> None:
        self.classes, self.learnt_from = tuple(classes), learnt_from
        self._rows = {name: row for row, name in enumerate(beside)}
        self._letters, self._scale, self._weights, self._bias = letters, scale, weights, bias

    @classmethod
    def load(cls, seed_dir: Path) -> Classifier:
        """Raises OSError or ValueError where the file is missing or broken."""
        try:
            with (seed_dir / FILE).open("rb") as file, np.load(file) as kept:
                return cls(
                    kept["classes"].tolist(),
                    kept["beside"].tolist(),
                    kept["letters"],
                    kept["scale"],
                    kept["weights"],
                    kept["bias"],
                    str(kept["learnt_from"]),
                )
        except (EOFError, KeyError, BadZipFile) as error:
            raise ValueError(f"{FILE}: {error}") from error

    def __call__(
        self, words: Sequence[str], told: Mapping[str, float], ideas: Collection[str]
    ) -> dict[str, float]:
        found = {**told, **{idea(name): 1.0 for name in ideas}}
        known = [(self._rows[name], weight) for name, weight in found.items() if name in self._rows]
        result = np.empty(len(self.classes))
        probabilities(
            code_points(f" {' '.join(words)} "),
            self._letters,
            self._scale,
            np.array([row for row, _ in known], np.int64),
            np.array([weight for _, weight in known], np.float64),
            self._weights,
            self._bias,
            np.empty(MOST_FEATURES, np.uint32),
            result,
        )
        return dict(zip(self.classes, result.tolist(), strict=True))


def lines_digest(seed_dir: Path) -> str:
    """Of the lines that it is learnt from, as they stand."""
    return blake2b(
        b"".join(path.read_bytes() for path in sorted(seed_dir.glob(LINES))), digest_size=8
    ).hexdigest()


def idea(name: str) -> str:
    """What an idea is called beside the needs."""
    return f"idea:{name}"
