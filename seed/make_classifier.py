"""Makes ``seed/classifier.npz`` anew: python seed/make_classifier.py

Of the lines in ``seed/lines``, each with the needs it asks for, and of the words of the taxonomy. To be run when those,
or the phrases and ideas, have changed. Takes some minutes, and needs scikit-learn (1.9) beside the project's packages.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from directory.config import SEED_DIR
from directory.needs import Needs
from directory.places import Places
from directory.search.matching.classifying import code_points, features
from directory.search.understand.classifier import FILE, LINES, MOST_FEATURES, NOTHING, idea, lines_digest
from directory.search.understand.lexicon import Lexicon
from directory.search.understand.understanding import Understanding
from directory.spelling import words

ROWS = 1 << 16
# What an example counts: by a need that a line asks for, by one that fits it too, and by a wording of the taxonomy.
ASKED, FITS, WORDING = 1.0, 0.3, 0.5
IDEA = 0.5  # what an idea counts beside a need that was told: the weights are multiplied by it afterwards
COST, ROUNDS = 20.0, 100  # of the regression


class Example(NamedTuple):
    need: str
    weight: float
    words: tuple[str, ...]
    beside: Mapping[str, float]


class Reader:
    """Stands where the classifier will, and keeps what it would be given of one line."""

    def __init__(self) -> None:
        self.words: tuple[str, ...] = ()
        self.beside: dict[str, float] = {}

    def __call__(
        self, words: Sequence[str], told: Mapping[str, float], ideas: Collection[str]
    ) -> dict[str, float]:
        self.words = tuple(words)
        self.beside = {**told, **{idea(name): IDEA for name in ideas}}
        return {NOTHING: 1.0}


def lines() -> Iterator[tuple[str, str, str]]:
    """(language, needs, text): needs are joined by "+" where they are meant alike, by "," where the next fit less."""
    for path in sorted(SEED_DIR.glob(LINES)):
        for line in path.read_text("utf-8").splitlines():
            needs, text = line.split("\t")
            yield path.stem, needs, text


def examples() -> Iterator[Example]:
    needs, reader = Needs.load(SEED_DIR), Reader()
    understand = Understanding(needs, Places.load(SEED_DIR), lexicon=Lexicon(needs, reader))
    for language, asked, text in lines():
        reader.words, reader.beside = (), {}
        understand(text, language=language)
        for place, meant in enumerate(asked.split(",")):
            for slug in (alike := meant.split("+")):
                if slug != NOTHING and slug not in needs:
                    raise ValueError(f"{language}: {slug} is no need: {text}")
                yield Example(slug, (FITS if place else ASKED) / len(alike), reader.words, reader.beside)
    for need in needs:
        for wording in need.wordings if need.parent else ():
            yield Example(need.slug, WORDING, tuple(words(wording.text)), {})


def of_letters(given: Sequence[Example]) -> csr_matrix:
    room = np.empty(MOST_FEATURES, np.uint32)
    columns, counts, ends = [], [], [0]
    for example in given:
        count = features(code_points(f" {' '.join(example.words)} "), room)
        columns.append((room[:count] & (ROWS - 1)).astype(np.int64))
        counts.append(np.full(count, max(count, 1) ** -0.5))
        ends.append(ends[-1] + count)
    return csr_matrix((np.concatenate(counts), np.concatenate(columns), ends), shape=(len(given), ROWS))


def of_what_was_told(given: Sequence[Example], names: Sequence[str]) -> csr_matrix:
    number = {name: n for n, name in enumerate(names)}
    rows, columns, values = [], [], []
    for row, example in enumerate(given):
        for name, value in example.beside.items():
            rows.append(row)
            columns.append(number[name])
            values.append(value)
    return csr_matrix((values, (rows, columns)), shape=(len(given), len(names)))


def make(path: Path) -> None:
    given = [example for example in examples() if example.words]
    beside = sorted({name for example in given for name in example.beside})
    learnt = LogisticRegression(C=COST, max_iter=ROUNDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # more rounds make it no better
        learnt.fit(
            hstack([of_letters(given), of_what_was_told(given, beside)], format="csr"),
            [example.need for example in given],
            [example.weight for example in given],
        )
    weights = learnt.coef_.T
    letters, told = weights[:ROWS], weights[ROWS:]
    told *= np.array([[IDEA if name.startswith(idea("")) else 1.0] for name in beside])
    scale = np.abs(letters).max(axis=0) / 127
    np.savez_compressed(
        path,
        classes=learnt.classes_.astype(str),
        beside=np.array(beside),
        letters=np.rint(letters / scale).astype(np.int8),
        scale=scale,
        weights=told,
        bias=learnt.intercept_,
        learnt_from=lines_digest(SEED_DIR),
    )


if __name__ == "__main__":
    make(SEED_DIR / FILE)
